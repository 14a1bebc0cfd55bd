"""A small set, from scratch and from the space of a large one, by `train --from`: the same steps, the same held-out people.

The small set are `PHOTOGRAPHS` neutral faces of the London set (CC BY 4.0), all by one camera, in the folder ``GAIAMORPH_LONDON``.
The large one is UTKFace: the spaces are those of the question ``age_and_sex``. Interpolations run between people of the same
camera that neither training has seen.
"""

import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

import gaiamorph as gm
from common import Question, cost
from gaiamorph.evaluation.identity import Face, distances, face_of

PHOTOGRAPHS, STEPS, PAIRS, WEIGHTS = 60, 1000, 24, np.linspace(0, 1, 5)
WAYS = ("from scratch", "fine-tuned", "not tuned")


def chosen(source: Path, target: Path) -> list[Path]:
    """The small set as a folder, and the other photographs by the same camera."""
    table = pd.read_csv(source / "metadata.csv").set_index("file_name")
    names = [n for n in table.index if str(n).startswith("neutral_") and (source / n).exists()]
    order = np.random.default_rng(0).permutation(sorted(names)).tolist()
    if not (target / "metadata.csv").exists():
        target.mkdir(parents=True, exist_ok=True)
        for name in order[:PHOTOGRAPHS]:
            shutil.copy(source / name, target / name)
        table.loc[order[:PHOTOGRAPHS]].to_csv(target / "metadata.csv")
    return [source / name for name in order[PHOTOGRAPHS:]]


def measured(space: gm.LatentSpace, held: list[Path]) -> dict[str, float]:
    """Means over pairs of held-out photographs; all frames are the space's own."""
    faces: dict[Path, Face] = {}
    rows: list[dict[str, float]] = []
    for k in range(PAIRS):
        pair = held[k % len(held)], held[(k + 1 + k // len(held)) % len(held)]
        full = space.morph(*pair, weights=WEIGHTS, detail="none")
        for path, end in zip(pair, (full.a, full.b), strict=True):
            faces.setdefault(path, face_of(end.item))
        score = float(np.mean([faces[path].score for path in pair]))
        own = [
            float(distances([face_of(full.frames[i])], faces[path])[0]) for i, path in zip((0, -1), pair, strict=True)
        ]
        error = np.mean([
            np.abs(cv2.resize(end.item, full.frames[0].shape[1::-1], interpolation=cv2.INTER_AREA) - frame.astype(float)).mean()
            for end, frame in ((full.a, full.frames[0]), (full.b, full.frames[-1]))
        ])  # fmt: skip
        rows.append({
            "ends": float(np.mean(own)), "error": float(error) / 255,
            "score": float(np.mean([face_of(frame).score for frame in full.frames[1:-1]])) - score,
        })  # fmt: skip
    return {name: float(np.nanmean([row[name] for row in rows])) for name in rows[0]}


def space_of(question: Question, folder: Path, way: str, seed: int) -> gm.LatentSpace:
    large = question.runs / "age_and_sex" / f"{seed}-gaia"
    if way == "not tuned":
        return gm.load(large)
    own: dict[str, Any] = (
        {"from_": large} if way == "fine-tuned" else {"align": gm.load(large).kind.reading()["align"], "size": 64}
    )
    return question.train(
        folder, question.folder(seed, way), seed=seed, steps=question.steps or STEPS, batch_size=32, **own
    )


def answer(question: Question) -> None:
    if (source := os.environ.get("GAIAMORPH_LONDON")) is None:
        print("set GAIAMORPH_LONDON to the folder with the London set")
        return
    warnings.simplefilter("ignore", gm.UnlikeTrainingWarning)
    folder = question.runs / question.name / "photographs"
    held = chosen(Path(source), folder)
    for key in question.missing(seed=question.seeds or (0, 1, 2), way=WAYS):
        space = space_of(question, folder, **key)
        question.results.add(**key, **cost(space), **measured(space, held))
