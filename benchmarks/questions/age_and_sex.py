"""Attribute vectors of age and sex on UTKFace: do edits of held-out people change one thing?

The data are the photographs of UTKFace (non-commercial research only: figures may be shown, pictures not) in the folder
``GAIAMORPH_UTKFACE``, aligned by ``gaiamorph align utkface --margin 0.1``, 64 x 64 pixels, with the columns ``age`` and ``female``.
In this collection women are younger. Vectors are fitted on the training split as it is, and on a part of it in which age and sex
correlate more. The judge's training set has as many women as men of every age.
"""

import dataclasses
import os

import numpy as np

import gaiamorph as gm
from common import Question, cost
from gaiamorph.data.attributes import Design, attributes_of
from gaiamorph.evaluation.attributes import METHODS, movement
from gaiamorph.evaluation.judge import Judge, train_judge
from gaiamorph.latent.attributes import fit

COLUMNS, SIZE = ["age", "female"], 64
RECIPES = {"gaia": None, "gaia (paper)": "paper"}
YEARS, JUDGE_STEPS, EDITED, ITEMS = 5, 3000, 500, 4000
AMOUNTS = (1.0, 1.5)
CORRELATIONS = (None, -0.6)
"""None: as it is."""


def balanced(design: Design, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rows of which every age, in steps of `YEARS`, has as many women as men."""
    age, female = design.values[rows].T
    chosen = []
    for step in np.unique(age // YEARS):
        sides = [rows[(age // YEARS == step) & (female == sex)] for sex in (0, 1)]
        count = min(map(len, sides))
        chosen += [rng.permutation(side)[:count] for side in sides]
    return np.concatenate(chosen)


def correlated(design: Design, rows: np.ndarray, wanted: float, rng: np.random.Generator) -> np.ndarray:
    """Rows with this correlation of age and sex, as many women as men: the mean ages are moved apart until it is met."""
    age, female = design.values[rows].T
    z = (age - age.mean()) / age.std()

    def drawn(pull: float) -> np.ndarray:
        share = 1 / (1 + np.exp(-pull * z * (2 * female - 1)))
        kept = np.random.default_rng(0).random(len(rows)) < share
        return np.flatnonzero(kept)

    pulls = np.linspace(0, np.sign(wanted) * 20, 201)
    found = min((drawn(p) for p in pulls), key=lambda some: abs(np.corrcoef(age[some], female[some])[0, 1] - wanted))
    sides = [found[female[found] == sex] for sex in (0, 1)]
    count = min(*map(len, sides), ITEMS // 2)
    return rows[np.concatenate([rng.permutation(side)[:count] for side in sides])]


def measure(space: gm.LatentSpace, data: gm.Dataset, judge: Judge, design: Design) -> list[dict[str, float]]:
    """For each correlation and amount: the movement in edits of held-out people, in units of the judge's gaps."""
    rng = np.random.default_rng(0)
    train, test = data.splits["train"], np.sort(rng.permutation(data.splits["test"])[:EDITED])
    z, z_train = space.encode(data.items[test]), space.encode(data.items[train])
    found = []
    for wanted in CORRELATIONS:
        rows = train if wanted is None else correlated(design, train, wanted, rng)
        places = np.searchsorted(train, rows)
        values = design.values[rows]
        fits = {method: fit(z_train[places], values, method).vectors for method in METHODS}
        for amount in AMOUNTS:
            row = {"wanted": wanted or 0.0, "amount": amount, "items": len(rows)}
            row["correlation"] = float(np.corrcoef(values.T)[0, 1])
            for method, vectors in fits.items():
                moved = movement(space, judge, z, design.rows(test), vectors, amount)
                row |= {f"target/{method}": moved.on_target, f"others/{method}": moved.off_target}
                row |= {
                    f"{one} moves {other}/{method}": float(moved.matrix[i, j])
                    for i, one in enumerate(moved.names)
                    for j, other in enumerate(moved.names)
                }
            found.append(row)
    return found


def answer(question: Question) -> None:
    if (source := os.environ.get("GAIAMORPH_UTKFACE")) is None:
        print("set GAIAMORPH_UTKFACE to the folder with the aligned photographs of UTKFace")
        return
    judges: dict[int, Judge] = {}
    settings = {"size": SIZE} | ({"steps": question.steps} if question.steps else {})
    for key in question.missing(seed=question.seeds or (0, 1, 2), model=question.models or list(RECIPES)):
        recipe = RECIPES[key["model"]]
        own = gm.recipe(recipe, "gaia") if recipe else {}
        space = question.train(source, question.folder(*key.values()), seed=key["seed"], **settings, **own)
        data = space.open_data(source)
        design = attributes_of(data, columns=COLUMNS)
        if key["seed"] not in judges:
            fair = balanced(design, data.splits["train"], np.random.default_rng(key["seed"]))
            some = dataclasses.replace(data, splits=data.splits | {"train": np.sort(fair)})
            judges[key["seed"]] = train_judge(some, design, data.splits["test"], key["seed"], JUDGE_STEPS)
        judge = judges[key["seed"]]
        question.results.head["judge"] = dict(zip(COLUMNS, judge.skill.tolist(), strict=True))
        assert space.info.validation is not None
        for row in measure(space, data, judge, design):
            question.results.add(**key, **cost(space), validation=space.info.validation.l1, **row)
