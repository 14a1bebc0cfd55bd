"""Identity along continua of faces: whether the ends are the people, and whether the middle is as near to one as to the other.

Faces are found by YuNet, and recognised by dlib's network: 128 numbers a face, 0.6 and more is another person. Both are
independent of any space. Frames are measured in the size in which `morph` gives them.
"""

import importlib
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from gaiamorph.drawing import to_pil
from gaiamorph.errors import UserError
from gaiamorph.evaluation.case import Case, Metric
from gaiamorph.evaluation.judge import FACE_SIZE, SAME_PERSON, recogniser

PAIRS = 24
"""Pairs of the case that are measured. Each takes some three seconds on one core."""
WEIGHTS = np.linspace(0, 1, 11)
LOOKED_AT, LEAST_FACES = 8, 0.75
"""Held-out items that are searched for faces, and the share of them that must have one."""
BOX = 1.25
"""Half the side of the recogniser's box, in distances between the eyes."""
NOISE = 0.005
"""A distance may fall by this much where it should rise. Moving a photograph by two pixels changes its distances by 0.002 (sd)."""
WAYS = ("carried", "space", "cross-fade")


class Face(NamedTuple):
    """A face: its descriptor (128,), and the detector's score. NaN and 0 if there is none, or none that stands upright."""

    descriptor: np.ndarray
    score: float


def face_of(picture: np.ndarray) -> Face:
    """The largest face of a picture uint8 (H, W, 1 or 3)."""
    from gaiamorph.data.alignment.faces import find_faces

    dlib: Any = importlib.import_module("dlib")  # not everybody has it, so a type checker cannot know it
    landmarks, network, _ = recogniser()
    scale = max(1.0, FACE_SIZE / max(picture.shape[:2]))
    size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    coloured = np.array(to_pil(picture).convert("RGB").resize(size, Image.Resampling.BICUBIC))
    found = find_faces(coloured)
    if not found or found[0].turned:
        return Face(np.full(128, np.nan), 0.0)
    points = found[0].points
    half = BOX * np.linalg.norm(points[1] - points[0])
    low, high = (np.rint(points.mean(0) + sign * half).astype(int).tolist() for sign in (-1, 1))
    shape = landmarks(coloured, dlib.rectangle(*low, *high))
    return Face(np.array(network.compute_face_descriptor(coloured, shape)), found[0].score)


@cache
def installed() -> bool:
    """Whether there are a detector and a recogniser."""
    from gaiamorph.data.alignment.faces import model_file

    try:
        model_file()
        recogniser()
    except UserError:
        return False
    return True


def distances(faces: list[Face], end: Face) -> np.ndarray:
    """Distances (S,) of faces from that of an end. NaN where there is no face."""
    return np.linalg.norm(np.array([face.descriptor for face in faces]) - end.descriptor, axis=1)


def grows(values: np.ndarray) -> bool:
    """Whether distances (S,) rise at every step, within the recogniser's noise. A frame without a face breaks it."""
    return bool((np.diff(values) > -NOISE).all())


def identity(case: Case) -> Iterator[Metric]:
    """Means over pairs, for photographs of faces. Nothing for other things, or if detector or recogniser are not installed."""
    if not (case.space.can_encode and case.space.kind.has_photographs and installed()):
        return
    some = case.real[:: max(1, len(case.real) // LOOKED_AT)][:LOOKED_AT]
    if np.mean([face_of(picture).score > 0 for picture in some]) < LEAST_FACES:
        return
    pairs = case.pairs[:PAIRS]
    measured = [_measured(case, *pair) for pair in pairs.tolist()]
    # Without a face in a photograph there is nothing to compare with.
    measured = [one for one in measured if np.isfinite(one["apart"])]
    if not measured:
        return
    about = (
        f"mean over {len(measured)} pairs, without frames that have no face; distances of dlib's recogniser, of which "
        f"{SAME_PERSON} and more is another person"
    )

    def mean(name: str) -> float:
        known = [one[name] for one in measured if np.isfinite(one[name])]
        return float(np.mean(known)) if known else float("nan")

    for name, what in (("own", "from their own photograph"), ("other", "from the other photograph")):
        better = "lower" if name == "own" else "neither"
        yield Metric(
            f"identity/ends/{name}", mean(name), "distance", better, f"the space's reconstructions {what}; {about}"
        )
    for way in WAYS:
        yield Metric(
            f"identity/middle/{way}", mean(f"{way} middle"), "distance", "lower", f"from both photographs; {about}"
        )
        meaning = "difference of the distances from both photographs, without sign, at the middle"
        yield Metric(f"identity/balance/{way}", mean(f"{way} balance"), "distance", "lower", f"{meaning}; {about}")
        meaning = f"share of pairs whose middle is within {SAME_PERSON} of both photographs"
        yield Metric(f"identity/both/{way}", mean(f"{way} both"), "of 1", "higher", meaning)
    meaning = (
        "share of pairs whose distance from A rises and from B falls at every tenth of the way, with carried detail"
    )
    yield Metric("identity/monotone/carried", mean("monotone"), "of 1", "higher", meaning)
    meaning = (
        "least score of the face detector along a continuum with carried detail, minus the mean of its photographs"
    )
    yield Metric("identity/face score/carried", mean("score"), "of 1", "higher", meaning)


def _measured(case: Case, first: int, second: int) -> dict[str, float]:
    """The numbers of one pair, by name."""
    data = case.data
    names = [data.names[case.indices[i]] for i in (first, second)]
    ends = [
        data.original(name) if data.original else case.real[i] for name, i in zip(names, (first, second), strict=True)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # held-out items may well be unlike the training data
        full = case.space.morph(*ends, weights=WEIGHTS)
        alone = case.space.morph(*ends, weights=[0, 0.5, 1], detail="none")
    half = len(WEIGHTS) // 2
    fade = full.kind.blend(full.a.item[None], full.b.item[None], 0.5)[0]
    path = [face_of(frame) for frame in full.frames]
    a, b = path[0], path[-1]  # the photographs themselves
    start, middle, end = (face_of(frame) for frame in alone.frames)
    found = {
        "apart": float(distances([a], b)[0]),
        "own": np.mean([*distances([start], a), *distances([end], b)]),
        "other": np.mean([*distances([start], b), *distances([end], a)]),
        "monotone": grows(distances(path, a)) and grows(-distances(path, b)),
        "score": min(face.score for face in path) - (a.score + b.score) / 2,
    }
    for way, face in zip(WAYS, (path[half], middle, face_of(fade)), strict=True):
        from_a, from_b = (float(distances([face], one)[0]) for one in (a, b))
        found |= {
            f"{way} middle": (from_a + from_b) / 2,
            f"{way} balance": abs(from_a - from_b),
            f"{way} both": np.maximum(from_a, from_b) < SAME_PERSON,
        }
    return {name: float(value) for name, value in found.items()}
