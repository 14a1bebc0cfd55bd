"""Speech by the vocoder WORLD: what a space adds to the linear interpolation of WORLD's parameters.

Spoken digits (GAIAMORPH_DIGITS): speakers held out, 200 pairs of one speaker with different digits, judged as in `syllables`. The
classifier, unlike a space, has heard the other half of these speakers' recordings: it has to know their digits.
Mandarin syllables (GAIAMORPH_PINYIN): whole syllables held out, pairs of one syllable with different tones: does the pitch halfway
lie halfway, and does a reconstruction keep its tone?
"""

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

import gaiamorph as gm
from common import Question, cost
from gaiamorph.data.sounds import LEVEL
from gaiamorph.evaluation.judge import LabelFeatures, open_labels
from questions.syllables import FRAMES, frames_of, measured

STEPS, PAIRS, WAYS = 2000, 200, ("blend", "gaia", "ae")
READING: dict[str, Any] = {"codec": "world", "rate": 16_000, "trim": 30.0}


def labelled(source: Path, target: Path) -> Path:
    """A folder of links. Groups are the speakers of digits, and Mandarin syllables, whose labels are tones."""
    target.mkdir(parents=True, exist_ok=True)
    if (source / "metadata.csv").exists():
        table = pd.read_csv(source / "metadata.csv").rename(columns={"digit": "label"})
    else:
        named = [
            (path.name, re.match(r"cmn-([a-zü:]+)([1-4])\.", path.name)) for path in sorted(source.glob("cmn-*.mp3"))
        ]
        rows = [(name, f"tone {found[2]}", f"_{found[1]}") for name, found in named if found]
        table = pd.DataFrame(rows, columns=["file_name", "label", "group"])
    for name in table["file_name"]:
        if not (target / name).exists():
            (target / name).symlink_to((source / name).resolve())
    table.to_csv(target / "metadata.csv", index=False)
    return target


def heard_by_the_judge(data: gm.Dataset) -> gm.Dataset:
    """The same data, with half of the held-out recordings among those of the training."""
    train, held = data.splits["train"], data.splits["test"]
    return replace(data, splits=data.splits | {"train": np.concatenate([train, held[::2]]), "test": held[1::2]})


def pairs_of(data: gm.Dataset) -> np.ndarray:
    """(PAIRS, 2): indices of held-out items of one group (a speaker, a syllable) with different labels."""
    assert data.groups is not None
    labels, held, rng = data.attributes["label"].astype(str).to_numpy(), data.splits["test"], np.random.default_rng(0)
    found: list[tuple[int, int]] = []
    while len(found) < PAIRS:
        a, b = (int(i) for i in rng.choice(held, 2))
        if data.groups[a] == data.groups[b] and labels[a] != labels[b]:
            found.append((a, b))
    return np.array(found)


def skill(judge: LabelFeatures, data: gm.Dataset) -> float:
    """Share of held-out recordings whose label the classifier tells right."""
    held = data.splits["test"]
    return judge.accuracy(data.kind.to_tensor(data.items[held]), data.attributes["label"].astype(str).to_numpy()[held])


def contours(kind: Any, items: np.ndarray) -> np.ndarray:
    """log2 of the pitch (N, moments)."""
    return kind.facts(items)[:, LEVEL + 1 :]


def tones(way: str, space: gm.LatentSpace | None, data: gm.Dataset, detail: str) -> dict[str, float]:
    """Semitones that the pitch halfway is off the mean of both, and the share of reconstructions whose tone is told right."""
    kind: Any = data.kind
    train, held = data.splits["train"], data.splits["test"]
    labels = data.attributes["label"].astype(str).to_numpy()
    judge = LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1).fit(
        contours(kind, data.items[train]), labels[train]
    )
    off = []
    for pair in pairs_of(data):
        wave = frames_of(way, space, data, pair, detail)[FRAMES // 2]
        wanted = contours(kind, data.items[pair]).mean(0)
        off.append(12 * np.abs(contours(kind, kind.item(wave)[None])[0] - wanted).mean())
    whole = (
        data.items[held]
        if space is None
        else space.kind.with_facts(space.decode_items(space.encode(data.items[held])), kind.facts(data.items[held]))
    )
    again = np.stack([kind.item(wave) for wave in kind.delivered(whole)])
    right = float((judge.predict(contours(kind, again)) == labels[held]).mean())
    return {
        "semitones": float(np.median(off)),
        "tones right": right,
        "skill": judge.score(contours(kind, data.items[held]), labels[held]),
    }


def answer(question: Question) -> None:
    sets = {"digits": os.environ.get("GAIAMORPH_DIGITS"), "pinyin": os.environ.get("GAIAMORPH_PINYIN")}
    for name, source in sets.items():
        if source is None:
            print(f"set GAIAMORPH_{name.upper()} to the folder with these recordings")
            continue
        folder = labelled(Path(source), question.runs / question.name / name)
        for seed in question.seeds or (0, 1, 2):
            data, judge = gm.open_data(folder, seed=seed, **READING), None
            judged = heard_by_the_judge(data)
            for model in question.models or WAYS:
                ways = [model] if model == "blend" else [model, f"{model}, detail"]
                if not [*question.missing(seed=[seed], data=[name], way=ways)]:
                    continue
                out, space = question.folder(seed, name, model), None
                if model != "blend":
                    steps = question.steps or STEPS
                    space = question.train(folder, out, model=model, seed=seed, steps=steps, **READING)
                for key in question.missing(seed=[seed], data=[name], way=ways):
                    detail = "carried" if "detail" in key["way"] else "none"
                    if name == "digits":
                        judge = judge or open_labels(judged)
                        found = measured(model, space, data, judge, detail, pairs_of(judged))
                        found["skill"] = skill(judge, judged)
                    else:
                        found = tones(model, space, data, detail)
                    question.results.add(**key, **(cost(space) if space else {}), **found)
