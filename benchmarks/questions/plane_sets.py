"""Sets in the plane, each a plain `.npy` and no setting given: share of interpolations inside the data, coverage, error."""

from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

import numpy as np
from PIL import Image

import gaiamorph as gm
from common import IMAGES, SPAWN, Question, cost
from gaiamorph.data import synthetic
from gaiamorph.evaluation.inside import inside_data

SETS = ("moons", "circles", "s-curve", "blobs", "swiss-roll")
MODELS = ("gaia", "ae", "vae", "vae_gan", "aae", "acai")
STEPS, ITEMS = 6000, 12_000
AT_ONCE = 2
"""Trainings at a time. Networks this small gain more by a second training than by a second thread."""


def interpolations(space: gm.LatentSpace, name: str, seed: int) -> np.ndarray:
    """1,000 points, decoded at uniform weights between random pairs of fresh real points."""
    a, b = (space.encode(synthetic.draw(name, 1000, seed, split)) for split in ("first ends", "second ends"))
    weights = np.random.default_rng([seed, 7]).random((1000, 1)).astype(np.float32)
    return space.decode((1 - weights) * a + weights * b)


def measure(space: gm.LatentSpace, name: str, seed: int) -> dict[str, float]:
    """All real points are fresh: no training saw them, and each use has its own."""
    fitted, threshold = synthetic.draw(name, 5000, seed, "density"), synthetic.draw(name, 5000, seed, "threshold")
    covered = synthetic.draw(name, 1000, seed, "test")
    inside, coverage = inside_data(interpolations(space, name, seed), fitted, threshold, covered)
    error = np.abs((space.reconstruct(covered) - covered) / fitted.std(0)).mean()
    return {"inside": inside, "coverage": coverage, "reconstruction": float(error)}


def train(question: Question, key: dict[str, Any]) -> dict[str, Any]:
    settings = {"steps": STEPS, "model": key["model"], "seed": key["seed"], "threads": 1}
    folder = question.folder(*key.values())
    points = folder.with_suffix(".npy")
    points.parent.mkdir(parents=True, exist_ok=True)
    np.save(points, synthetic.draw(key["set"], ITEMS, key["seed"]))
    space = question.train(points, folder, **settings)
    return {**key, **cost(space), **measure(space, key["set"], key["seed"])}


def answer(question: Question) -> None:
    keys = list(question.missing(set=SETS, model=question.models or MODELS, seed=question.seeds or (0, 1, 2)))
    with ProcessPoolExecutor(AT_ONCE, mp_context=SPAWN) as pool:
        for made in as_completed([pool.submit(train, question, key) for key in keys]):
            question.results.add(**made.result())


def picture(question: Question) -> None:
    """Interpolations of every model over real points, seed 0."""
    from matplotlib.figure import Figure

    titles = ("real", *MODELS)
    figure = Figure(figsize=(2.1 * len(titles), 2.1 * len(SETS)), layout="constrained")
    for row, name in zip(figure.subplots(len(SETS), len(titles)), SETS, strict=True):
        real = synthetic.draw(name, 1000, 0, "test")
        low, high = real.min(0), real.max(0)
        (left, bottom), (right, top) = low - 0.1 * (high - low), high + 0.1 * (high - low)
        for ax, model in zip(row, titles, strict=True):
            ax.scatter(*real.T, s=2, color="#bbbbbb", linewidths=0)
            if model != "real":
                space = gm.load(question.folder(name, model, 0))
                ax.scatter(*interpolations(space, name, 0).T, s=2, color="#1f5fa8", linewidths=0)
            ax.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
            if name == SETS[0]:
                ax.set_title(model, fontsize=10)
        row[0].set_ylabel(name, fontsize=10)
    figure.savefig(IMAGES / "plane.png", dpi=90)
    with Image.open(IMAGES / "plane.png") as drawn:  # few colours: a third of the size
        drawn.convert("RGB").quantize(32, dither=Image.Dither.NONE).save(IMAGES / "plane.png", optimize=True)
