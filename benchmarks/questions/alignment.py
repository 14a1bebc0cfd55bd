"""Aligned and unaligned photographs: GAIA, 64 x 64, the same steps, the same held-out people.

The data are sample:faces, and the London set with the Canadian one (CC BY 4.0) in the folder ``GAIAMORPH_LONDON``. Interpolations
run between photographs of people that training has not seen. A face detector scores the frames halfway; 0 where it finds no face.
"""

import os
from typing import Any

import numpy as np

import gaiamorph as gm
from common import IMAGES, Question, cost, sharp
from gaiamorph import drawing
from gaiamorph.data.alignment.faces import find_faces

SETTINGS = {**sharp(), "size": 64, "batch_size": 32, "steps": 1500}
PAIRS, SHOWN, FRAMES = 48, 8, 7


def sources() -> dict[str, str]:
    london = os.environ.get("GAIAMORPH_LONDON")
    return {"faces": "sample:faces"} | ({"london": london} if london else {})


def pairs_of(data: gm.Dataset) -> list[tuple[str, str]]:
    """Fixed pairs of held-out photographs of different people, by name."""
    held = data.splits["test"]
    assert data.groups is not None
    chosen: list[tuple[str, str]] = []
    rng = np.random.default_rng(0)
    while len(chosen) < PAIRS:
        i, j = rng.choice(held, 2, replace=False)
        if data.groups[i] != data.groups[j]:
            chosen.append((data.names[i], data.names[j]))
    return chosen


def ends(data: gm.Dataset, pairs: list[tuple[str, str]]) -> np.ndarray:
    """Items (pairs, 2, H, W, C)."""
    place = {name: i for i, name in enumerate(data.names)}
    return np.stack([data.items[[place[a], place[b]]] for a, b in pairs])


def score(frame: np.ndarray) -> float:
    """The detector's score of an upright face in a frame, enlarged four times; 0 if there is none."""
    picture = drawing.to_pil(frame)
    found = find_faces(np.asarray(picture.resize((4 * picture.width, 4 * picture.height))))
    return found[0].score if found and not found[0].turned else 0.0


def settings_of(question: Question, seed: int, align: bool) -> dict[str, Any]:
    return SETTINGS | {"seed": seed, "align": align} | ({"steps": question.steps} if question.steps else {})


def answer(question: Question) -> None:
    found = sources()
    for key in question.missing(seed=question.seeds or (0, 1, 2), data=list(found), align=(True, False)):
        source = found[key["data"]]
        data = gm.open_data(source, size=64, align=key["align"], seed=key["seed"])
        folder = question.folder(key["data"], key["align"], key["seed"])
        space = question.train(source, folder, **settings_of(question, key["seed"], key["align"]))
        held = ends(data, pairs_of(data))
        codes = space.encode(held.reshape(-1, *held.shape[2:])).reshape(PAIRS, 2, -1)
        scores = [score(frame) for frame in space.decode(codes.mean(1))]
        assert space.info.validation is not None
        question.results.add(
            **key, steps=space.info.training.steps, items=len(data), validation=space.info.validation.l1,
            spread=data.traits.spread, score=float(np.mean(scores)), found=float(np.mean(np.array(scores) > 0)), **cost(space),
        )  # fmt: skip


def picture(question: Question) -> None:
    """Frames of the first eight pairs, seed 0: aligned on the left, unaligned on the right. No original is shown."""
    for name, source in sources().items():
        sides = []
        for align in (True, False):
            data = gm.open_data(source, size=64, align=align)
            space = gm.load(question.folder(name, align, 0))
            held = ends(data, pairs_of(data)[:SHOWN])
            sides.append([list(space.morph(a, b, FRAMES).frames) for a, b in held])
        rows = [[*left, None, *right] for left, right in zip(*sides, strict=True)]
        drawing.sheet(rows, (), ("aligned", *[""] * FRAMES, "as they come"), 64).save(IMAGES / f"alignment_{name}.png")
