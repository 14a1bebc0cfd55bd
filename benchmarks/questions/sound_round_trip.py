"""Recordings as pictures and back, without a model: what a codec alone costs.

Syllables of finches (GAIAMORPH_FINCH), spoken digits (GAIAMORPH_DIGITS), Mandarin syllables (GAIAMORPH_PINYIN).
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

import gaiamorph as gm
from common import Question
from gaiamorph.data.sounds import SECONDS
from gaiamorph.evaluation.judge import open_labels
from gaiamorph.evaluation.sounds import cepstral_distortion, log_spectral_distance
from questions import speech, syllables

COUNT = 300
SETS: dict[str, tuple[Any, dict[str, dict[str, Any]]]] = {
    "finch": (syllables.grouped, {"mel": syllables.READING}),
    "digits": (speech.labelled, {"mel": {"rate": 16_000, "trim": 30.0}, "world": speech.READING}),
    "pinyin": (speech.labelled, {"mel": {"rate": 16_000, "trim": 30.0}, "world": speech.READING}),
}


def measured(data: gm.Dataset) -> dict[str, float]:
    """Of recordings of the test split."""
    kind: Any = data.kind
    held = np.random.default_rng(0).permutation(data.splits["test"])[:COUNT]
    real = data.items[held]
    waves = [kind.recording(data.original(data.names[i])) for i in held]  # type: ignore[misc]
    made = kind.delivered(real)
    again = kind.items(made)
    judge, labels = open_labels(data), data.attributes["label"].astype(str).to_numpy()[held]
    powers = [(np.square(one).mean(), np.square(two).mean()) for one, two in zip(made, waves, strict=True)]
    return {
        "recordings": len(held),
        "log-spectral distance": float(np.mean([log_spectral_distance(a, b, kind) for a, b in zip(made, waves, strict=True)])),
        "cepstral distortion": float(cepstral_distortion(kind, again, real).mean()),
        "level": float(np.median([abs(10 * np.log10(a / b)) for a, b in powers])),
        "samples": max(abs(len(a) - len(b)) for a, b in zip(made, waves, strict=True)),
        "seconds": float(np.abs(2.0 ** kind.facts(again)[:, SECONDS] / 2.0 ** kind.facts(real)[:, SECONDS] - 1).max()),
        "labels kept": judge.accuracy(kind.to_tensor(again), labels),
        "labels of recordings": judge.accuracy(kind.to_tensor(real), labels),
    }  # fmt: skip


def answer(question: Question) -> None:
    for name, (linked, codecs) in SETS.items():
        if (source := os.environ.get(f"GAIAMORPH_{name.upper()}")) is None:
            print(f"set GAIAMORPH_{name.upper()} to the folder with these recordings")
            continue
        folder = linked(Path(source), question.runs / question.name / name)
        for key in question.missing(data=[name], codec=list(codecs)):
            data = gm.open_data(folder, **codecs[key["codec"]])
            question.results.add(**key, **measured(speech.heard_by_the_judge(data) if name == "digits" else data))
