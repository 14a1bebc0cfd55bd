"""Attribute vectors on cartoon faces with correlated attributes: do edits change one thing?

For each correlation a set of faces is drawn (benchmarks/cartoons), and a model trained on it. A judge, trained on the set with
correlation 0, says how far edits of held-out faces move each attribute. Then edits are compared with real held-out faces, at the
amounts where the judge says that the edited attribute moved by `SAME`.
"""

import subprocess
from pathlib import Path

import numpy as np

import gaiamorph as gm
from common import HERE, Question, cost
from gaiamorph.data.attributes import attributes_of
from gaiamorph.evaluation.attributes import METHODS, Movement, edited, movement
from gaiamorph.evaluation.judge import Judge, train_judge
from gaiamorph.evaluation.realism import frechet_distance, kernel_distance
from gaiamorph.features import open_features
from gaiamorph.latent.attributes import cosines, fit

DRAWING, FACES = HERE / "cartoons", 4000
CORRELATIONS = (0.7, 0.0, 0.3, 0.5, 0.9)
AMOUNTS, SAME = (0.5, 1.0, 1.5, 2.0, 3.0), 0.8


def drawn(folder: Path, correlation: float) -> Path:
    """The set of faces with this correlation, drawn if it is not there."""
    target = folder / f"{correlation:g}"
    if not (target / "metadata.csv").exists():
        if not (DRAWING / "node_modules").exists():
            subprocess.run(["npm", "install", "--silent"], cwd=DRAWING, check=True)
        subprocess.run(["node", "make.mjs", str(target), str(correlation), str(FACES), "0"], cwd=DRAWING, check=True)
    return target


def amounts_for(moves: list[Movement], wanted: float) -> dict[str, float]:
    """By attribute, the amount that moves it as far as wanted; the largest one tried if none does."""
    found = {}
    for k, name in enumerate(moves[0].names):
        rising = np.maximum.accumulate([0.0, *(m.matrix[k, k] for m in moves)])
        found[name] = float(np.interp(wanted, rising, [0.0, *AMOUNTS]))
    return found


def measure(space: gm.LatentSpace, data: gm.Dataset, judge: Judge) -> dict[str, float]:
    whole = attributes_of(data)
    train, test = data.splits["train"], data.splits["test"]
    z, design = space.encode(data.items[test]), whole.rows(test)
    fits = {method: fit(space.encode(data.items[train]), whole.values[train], method) for method in METHODS}
    found = {"lowest cosine": float(np.diag(cosines(*(f.vectors for f in fits.values()))).min())}
    for method, f in fits.items():
        moved = movement(space, judge, z, design, f.vectors)
        found |= {f"target/{method}": moved.on_target, f"others/{method}": moved.off_target}
    vectors = fits["least_squares"].vectors
    amounts = amounts_for([movement(space, judge, z, design, vectors, amount) for amount in AMOUNTS], SAME)
    edits = np.concatenate(
        [edited(space, z, design, vectors, whole.names.index(name), amount) for name, amount in amounts.items()]
    )
    real = data.items[np.concatenate([test, data.splits["validation"]])]

    def features(name: str) -> list[np.ndarray]:
        seen = open_features(name, data.kind.to_tensor(data.items[train]))
        return [np.concatenate([seen(x).numpy() for x in data.kind.to_tensor(y).split(256)]) for y in (edits, real)]

    return {
        **found,
        "frechet distance/pca": frechet_distance(*features("pca")),
        "kernel distance/hed": kernel_distance(*features("hed")),
        "amount": float(np.mean(list(amounts.values()))),
    }


def answer(question: Question) -> None:
    judges: dict[int, Judge] = {}
    settings = {"steps": question.steps or 8000, "batch_size": 32, "size": 32}
    for key in question.missing(
        correlation=CORRELATIONS, seed=question.seeds or (0, 1, 2), model=question.models or ("gaia", "ae", "vae"),
        steps=(settings["steps"],),
    ):  # fmt: skip
        correlation, seed = key["correlation"], key["seed"]
        if seed not in judges:
            fair = gm.open_data(drawn(question.runs / "cartoons-faces", 0.0), size=32, seed=seed)
            judges[seed] = train_judge(fair, attributes_of(fair), fair.splits["test"], seed)
        judge, source = judges[seed], drawn(question.runs / "cartoons-faces", correlation)
        folder = question.folder(*key.values())
        space = question.train(
            source, folder, seed=seed, model=key["model"], **settings, **gm.recipe("cartoons", key["model"])
        )
        skill = dict(zip([a.name for a in judge.attributes], judge.skill.tolist(), strict=True))
        question.results.head.setdefault("judge", skill)
        question.results.add(**key, **cost(space), **measure(space, space.open_data(source), judge))
