"""Continua at full size between people that training has not seen, beside cross-fades and landmark morphs.

The data are the London set with the Canadian one (CC BY 4.0) in the folder ``GAIAMORPH_LONDON``, aligned, 512 x 512 pixels. The
space draws 64 x 64. Landmark morphs need the templates, which the neutral photographs have; so they are made for pairs of these.
"""

import itertools
import os
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import gaiamorph as gm
import landmarks
from common import IMAGES, Question, cost
from gaiamorph import drawing
from gaiamorph.evaluation.doubled import doubled_edges
from gaiamorph.evaluation.identity import Face, distances, face_of, grows
from gaiamorph.evaluation.judge import SAME_PERSON

SETTINGS = {"size": 64, "align": True, "batch_size": 32, "steps": 4000}
PAIRS, WITH_LANDMARKS, SHOWN, SMALL = 40, 10, 6, 128
WEIGHTS = np.linspace(0, 1, 11)
REFINED, ALONE, ON_SHEET = 200, np.linspace(0, 1, 5), 24
"""Steps of refinement, weights and pairs of what the space draws alone."""
FINE = 2.0
"""Detail is finer than this many pixels (standard deviation of a Gaussian)."""


def fine(picture: np.ndarray) -> float:
    """Contrast of fine detail in the inner three quarters of a picture uint8 (H, W, C)."""
    grey, edge = picture.mean(2).astype(np.float32), len(picture) // 8
    return float((grey - cv2.GaussianBlur(grey, (0, 0), FINE))[edge:-edge, edge:-edge].std())


def pairs_of(data: gm.Dataset, only: list[int]) -> list[tuple[int, int]]:
    """Pairs of different people, in a fixed random order."""
    assert data.groups is not None
    found = [(i, j) for i, j in itertools.combinations(only, 2) if data.groups[i] != data.groups[j]]
    return [found[k] for k in np.random.default_rng(0).permutation(len(found))]


def at_the_middle(frame: np.ndarray, a: np.ndarray, b: np.ndarray, faces: list[Face]) -> dict[str, float]:
    """Numbers of a frame halfway, without the name of how it was made."""
    from_a, from_b = (float(distances([face_of(frame)], face)[0]) for face in faces)
    return {
        "a": from_a, "b": from_b, "balance": abs(from_a - from_b), "both": max(from_a, from_b) < SAME_PERSON,
        "fine": 2 * fine(frame) / (fine(a) + fine(b)), "doubled": float(doubled_edges(frame[None], a, b)[0]),
    }  # fmt: skip


def measured(space: gm.LatentSpace, ends: tuple[Path, Path], with_landmarks: bool) -> dict[str, Any]:
    began = time.perf_counter()
    full = space.morph(*ends, weights=WEIGHTS)
    seconds = time.perf_counter() - began
    alone = space.morph(*ends, weights=ALONE, detail="none", full_size=full.full_size).frames
    a, b = full.a.item, full.b.item
    path = [face_of(frame) for frame in full.frames]
    faces = [path[0], path[-1]]
    ways = {"carried": full.frames[5], "space": alone[2], "fade": full.kind.blend(a[None], b[None], 0.5)[0]}
    if with_landmarks:
        (one, points_one), (two, points_two) = (
            landmarks.aligned_with_points(end, space.kind.reading()["align"]) for end in ends
        )
        ways["landmarks"] = landmarks.morph(one, two, points_one, points_two, [0.5])[0]
    photographs = (faces[0].score + faces[1].score) / 2
    return {
        "exact": bool((full.frames[0] == a).all() and (full.frames[-1] == b).all()),
        "frame_seconds": seconds,
        "score_alone": float(np.mean([face_of(frame).score for frame in alone[1:-1]])) - photographs,
        "monotone": grows(distances(path, faces[0])) and grows(-distances(path, faces[1])),
        "score": min(face.score for face in path) - photographs,
        **{f"{way}/{name}": value for way, frame in ways.items() for name, value in at_the_middle(frame, a, b, faces).items()},
    }  # fmt: skip


def ends_alone(space: gm.LatentSpace, paths: list[Path]) -> dict[str, float]:
    """Mean distance of the space's own pictures from their photographs, plainly and with refined codes."""
    photographs = [face_of(space.kind.at(space.kind.full_size(path)).photograph(path)) for path in paths]
    found = {}
    for name, steps in (("", 0), ("_refined", REFINED)):
        drawn = map(face_of, space.decode(space.encode(paths, refine=steps)))
        found[name] = float(
            np.nanmean([distances([one], face)[0] for one, face in zip(drawn, photographs, strict=True)])
        )
    return found


def space_of(question: Question, source: str, seed: int) -> gm.LatentSpace:
    return question.train(source, question.folder(seed), **SETTINGS, seed=seed)


def answer(question: Question) -> None:
    if (source := os.environ.get("GAIAMORPH_LONDON")) is None:
        print("set GAIAMORPH_LONDON to the folder with the London set")
        return
    warnings.simplefilter("ignore", gm.UnlikeTrainingWarning)
    for key in question.missing(seed=question.seeds or (0, 1, 2)):
        space = space_of(question, source, key["seed"])
        data = space.open_data(source)
        paths = [Path(source, name) for name in data.names]
        held = data.splits["test"].tolist()
        marked = [i for i in held if paths[i].with_suffix(landmarks.TEMPLATE).exists()]
        chosen = pairs_of(data, held)[:PAIRS]
        rows = [measured(space, (paths[i], paths[j]), False) for i, j in chosen]
        beside = [measured(space, (paths[i], paths[j]), True) for i, j in pairs_of(data, marked)[:WITH_LANDMARKS]]
        means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        means |= {f"beside/{name}": float(np.mean([row[name] for row in beside])) for name in beside[0] if "/" in name}
        known = np.random.default_rng(0).permutation(data.splits["train"])[:PAIRS]
        for name, only in (("ends", held), ("ends_known", known)):
            means |= {f"{name}{way}": value for way, value in ends_alone(space, [paths[i] for i in only]).items()}
        assert space.info.validation is not None
        question.results.add(**key, pairs=len(rows), **means, validation=space.info.validation.l1, **cost(space))


def save(rows: list[list[np.ndarray | None]], heads: Sequence[str], name: str, side: int = SMALL) -> None:
    """A sheet of photographs, small enough for a page."""
    small = [
        [None if frame is None else cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA) for frame in row]
        for row in rows
    ]
    drawing.sheet(small, (), heads, side).save(IMAGES / f"{name}.jpg", quality=88)


def picture(question: Question) -> None:
    """Frames of eight pairs, seed 0, and an edit. No original is shown: t runs from 0.1 to 0.9."""
    source = os.environ["GAIAMORPH_LONDON"]
    warnings.simplefilter("ignore", gm.UnlikeTrainingWarning)
    space = space_of(question, source, 0)
    data = space.open_data(source)
    paths = [Path(source, name) for name in data.names]
    held = data.splits["test"].tolist()
    inner = WEIGHTS[1:-1]
    rows = [list(space.morph(paths[i], paths[j], weights=inner).frames) for i, j in pairs_of(data, held)[:SHOWN]]
    heads = [f"{w:.1f}" for w in inner]
    save(rows, heads, "full_size")
    for seed in question.seeds or (0, 1, 2):
        one = space_of(question, source, seed)
        some = one.open_data(source)
        names = [Path(source, name) for name in some.names]
        drawn = [
            list(one.morph(names[i], names[j], weights=ALONE, detail="none").frames)
            for i, j in pairs_of(some, some.splits["test"].tolist())[:ON_SHEET]
        ]
        half = ON_SHEET // 2
        both = [[*left, None, *right] for left, right in zip(drawn[:half], drawn[half:], strict=True)]
        save(both, (), f"space_alone_{seed}", SETTINGS["size"])
    chosen = pairs_of(data, [i for i in held if paths[i].with_suffix(landmarks.TEMPLATE).exists()])[:SHOWN]
    sides = []
    for i, j in chosen:
        full = space.morph(paths[i], paths[j], weights=[0.5])
        (one, points_one), (two, points_two) = (
            landmarks.aligned_with_points(paths[k], space.kind.reading()["align"]) for k in (i, j)
        )
        sides.append([
            full.frames[0], landmarks.morph(one, two, points_one, points_two, [0.5])[0],
            full.kind.blend(full.a.item[None], full.b.item[None], 0.5)[0],
        ])  # fmt: skip
    save(sides, ["GAIA, full size", "landmarks", "cross-fade"], "full_size_rivals")
    space.fit_attributes(data, ["gender", "age", "smiling"])
    name = next(name for name in space.attributes if name.startswith("gender"))
    amounts = [-1, -0.5, 0.5, 1]
    edits = [list(space.edit_path(paths[i], name, amounts).frames) for i in held[:3]]
    save(edits, [f"{amount:+g}" for amount in amounts], "full_size_edit")
