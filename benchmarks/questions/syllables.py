"""Continua between the syllables of birds that sing: all models, a cross-fade and a blend of spectrograms.

Needs the Bengalese finch syllables (GAIAMORPH_FINCH). Songs are held out. Every frame is judged as it is heard: made into a
waveform, and analysed again.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import gaiamorph as gm
from common import Question, cost
from gaiamorph.evaluation.judge import LabelFeatures, open_labels
from gaiamorph.evaluation.labels import monotone, shares_of, third
from gaiamorph.evaluation.sounds import contrast, harmonicity, log_spectral_distance

STEPS, PAIRS, FRAMES, MODELS = 2000, 200, 9, ("gaia", "ae", "vae")
READING = {"fmin": 500.0, "fmax": 12_000.0, "rate": 32_000}
RIVALS = ("cross-fade", "blend")


def grouped(source: Path, target: Path) -> Path:
    """A folder of links, whose groups are songs."""
    if not (target / "metadata.csv").exists():
        target.mkdir(parents=True, exist_ok=True)
        table = pd.read_csv(source / "metadata.csv").rename(columns={"song": "group"})
        table["label"] = table["bird"] + " " + table["label"].astype(str)  # birds have letters of their own
        for name in table["file_name"]:
            (target / name).symlink_to((source / name).resolve())
        table[["file_name", "label", "group", "bird"]].to_csv(target / "metadata.csv", index=False)
    return target


def pairs_of(data: gm.Dataset) -> np.ndarray:
    """(PAIRS, 2): indices of held-out items of one bird with different labels."""
    table, held = data.attributes, data.splits["test"]
    rng, found = np.random.default_rng(0), []
    while len(found) < PAIRS:
        a, b = rng.choice(held, 2, replace=False)
        if table["bird"][a] == table["bird"][b] and table["label"][a] != table["label"][b]:
            found.append((a, b))
    return np.array(found)


def faded(a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> list[np.ndarray]:
    """Cross-fades of two waveforms from their beginning on, each as long as it should be between the two."""
    made = []
    for w in weights:
        size = round(len(a) ** (1 - w) * len(b) ** w)
        one, two = (np.pad(x, (0, max(0, size - len(x))))[:size] for x in (a, b))
        made.append(((1 - w) * one + w * two).astype(np.float32))
    return made


def frames_of(
    way: str, space: gm.LatentSpace | None, data: gm.Dataset, pair: np.ndarray, detail: str
) -> list[np.ndarray]:
    kind: Any = data.kind
    weights = np.linspace(0, 1, FRAMES)
    things = [data.original(data.names[i]) for i in pair] if data.original else []
    if way == "cross-fade":
        a, b = (kind.recording(thing) for thing in things)
        return faded(a, b, weights)
    if way == "blend":
        a, b = (np.repeat(data.items[i][None], FRAMES, 0) for i in pair)
        return list(kind.delivered(kind.blend(a, b, weights)))
    assert space is not None
    return list(space.morph(*things, weights=weights, detail=detail).frames)


def measured(
    way: str, space: gm.LatentSpace | None, data: gm.Dataset, judge: LabelFeatures, detail: str
) -> dict[str, float]:
    kind: Any = data.kind
    pairs = pairs_of(data)
    known = judge.indices(data.attributes["label"])
    a, b = known[pairs.T]
    items, ends, noise = [], [], []
    for pair in pairs:
        frames = frames_of(way, space, data, pair, detail)
        items.append(np.stack([kind.item(frame) for frame in frames]))
        own = [kind.recording(data.original(data.names[i])) for i in pair]  # type: ignore[misc]
        ends.append([log_spectral_distance(frames[i], wave, kind) for i, wave in zip((0, -1), own, strict=True)])
        noise.append(harmonicity(frames[FRAMES // 2], kind.rate) - np.mean([harmonicity(x, kind.rate) for x in own]))
    made = np.stack(items)
    flat = judge.probabilities(kind.to_tensor(made.reshape(-1, *kind.item_shape)))
    walked, middles = flat.reshape(PAIRS, FRAMES, -1), made[:, FRAMES // 2]
    real = contrast(kind, data.items[np.sort(pairs.ravel())])
    return {
        "third": float(third(walked[:, FRAMES // 2], a, b).mean()),
        "monotone": float(monotone(shares_of(walked, a, b)).mean()),
        "ends right": float(np.mean([walked[:, 0].argmax(1) == a, walked[:, -1].argmax(1) == b])),
        "contrast": contrast(kind, middles) - real,
        "harmonicity": float(np.mean(noise)),
        "ends dB": float(np.mean(ends)),
    }  # fmt: skip


def answer(question: Question) -> None:
    if (source := os.environ.get("GAIAMORPH_FINCH")) is None:
        print("set GAIAMORPH_FINCH to the folder with the finch syllables")
        return
    folder = grouped(Path(source), question.runs / question.name / "syllables")
    for seed in question.seeds or (0, 1, 2):
        data, judge = gm.open_data(folder, seed=seed, **READING), None
        for model in question.models or (*RIVALS, *MODELS):
            ways = [model] if model in RIVALS else [model, f"{model}, detail"]
            if not [*question.missing(seed=[seed], way=ways)]:
                continue
            space = None
            if model not in RIVALS:
                steps = question.steps or STEPS
                out = question.folder(seed, model)
                space = question.train(folder, out, model=model, seed=seed, steps=steps, **READING)
            judge = judge or open_labels(data)
            held = data.splits["test"]
            skill = judge.accuracy(
                data.kind.to_tensor(data.items[held]), data.attributes["label"].astype(str).to_numpy()[held]
            )
            for key in question.missing(seed=[seed], way=ways):
                detail = "carried" if "detail" in key["way"] else "none"
                found = measured(model, space, data, judge, detail)
                question.results.add(**key, **(cost(space) if space else {}), skill=skill, **found)
