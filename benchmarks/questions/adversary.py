"""Photographs of faces: what changes when the discriminator does not work against the generator?

Midpoints between held-out photographs of different training people are compared with held-out photographs of training people.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from common import Question, cost, sharp
from gaiamorph.evaluation import Case
from gaiamorph.evaluation.realism import kernel_distance
from gaiamorph.evaluation.sharpness import octave_energies
from gaiamorph.models.balance import BALANCES, balanced

VARIANTS = {
    "gaia": sharp(),
    "gaia without fake terms": sharp(),
    "gaia without fake terms and U": sharp(set_distance=0.0),
    "ae": {"model": "ae", **sharp("ae")},
}
STEPS, PAIRS = 3000, 400


@contextmanager
def without_fake_terms(on: bool) -> Iterator[None]:
    """D's loss without F and I. No setting does this, for it serves nothing but this question."""

    def without(slope, R, F, I):
        weights = balanced(slope, R, F, I)
        return weights._replace(F_in_D=0 * weights.F_in_D, I_in_D=0 * weights.I_in_D)

    BALANCES["balanced"] = without if on else balanced
    try:
        yield
    finally:
        BALANCES["balanced"] = balanced


def largest_ratio(folder: Path, steps: int) -> float:
    """Of R, F and I to one another, in any row of the second half of a training."""
    late = pd.read_csv(folder / "metrics.csv").query(f"step > {steps / 2}")[["R", "F", "I"]]
    return float((late.max(axis=1) / late.min(axis=1)).max())


def measure(case: Case, name: str, items: np.ndarray) -> dict[str, float]:
    found = {f"{name}_fine_detail": octave_energies(items)[-1] / octave_energies(case.real)[-1]}
    for features in case.feature_names:
        found[f"{name}_{features}"] = kernel_distance(case.features(features, items), case.real_features[features])
    return found


def answer(question: Question) -> None:
    steps = question.steps or STEPS
    for key in question.missing(seed=question.seeds or (0, 1, 2), variant=VARIANTS, steps=(steps,)):
        seed, variant = key["seed"], key["variant"]
        folder = question.folder(seed, variant.replace(" ", "_"), steps)
        with without_fake_terms("fake terms" in variant):
            settings = {"size": 32, "align": False, "steps": steps, "batch_size": 64, "seed": seed, **VARIANTS[variant]}
            space = question.train("sample:faces", folder, **settings)
        data = space.open_data("sample:faces")
        case = Case(space, data, split="test_seen", seed=seed, features=["pca", "hed"])
        people = data.attributes["person"].to_numpy()[case.indices]
        ends = np.random.default_rng([seed, 9]).choice(len(people), (2, 4 * PAIRS))
        a, b = ends[:, people[ends[0]] != people[ends[1]]][:, :PAIRS]
        if not question.results.has(variant="pixel blend", seed=seed):
            blend = np.round((case.real[a].astype(float) + case.real[b]) / 2).astype(np.uint8)
            question.results.add(variant="pixel blend", seed=seed, **measure(case, "midpoints", blend))
        found = measure(case, "midpoints", space.decode((case.z[a] + case.z[b]) / 2))
        found |= measure(case, "reconstructions", case.reconstructions)
        if variant != "ae":
            found["largest_ratio"] = largest_ratio(folder, steps)
        question.results.add(**key, **cost(space), validation=space.info.validation.l1, **found)
