"""Realism: distances between the features of generated items and of real ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.spatial.distance import cdist

from gaiamorph.evaluation.case import PAIRS, Case, Metric
from gaiamorph.evaluation.kernel import kernel_distances

ITEMS_PER_FEATURE = 2
"""A Fréchet distance needs this many items a feature in both sets. With fewer it is mostly bias."""
NEIGHBOURS = 3
"""Nearest neighbours that define the hyperspheres of improved precision and recall."""


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance of Gaussians fitted to features (N, F) and (M, F) (Heusel et al. 2017).

    |mean_a - mean_b|^2 + trace(C_a + C_b - 2 (C_a C_b)^(1/2))
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    covariance_a, covariance_b = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    # trace((C_a C_b)^(1/2)) is the sum of the roots of the eigenvalues, which are real and not negative.
    eigenvalues = np.linalg.eigvals(covariance_a @ covariance_b).real.clip(0)
    means = ((a.mean(0) - b.mean(0)) ** 2).sum()
    return float(means + np.trace(covariance_a) + np.trace(covariance_b) - 2 * np.sqrt(eigenvalues).sum())


def precision_recall(made: np.ndarray, real: np.ndarray) -> tuple[float, float]:
    """Improved precision and recall (Kynkäänniemi et al. 2019) of features (N, F) and (M, F).

    precision: share of made items that lie in the hypersphere of a real item, whose radius is the distance to its third
    nearest real item. recall: the same with both sets exchanged.
    """

    def share(points: np.ndarray, centres: np.ndarray) -> float:
        radii = np.sort(cdist(centres, centres), 1)[:, min(NEIGHBOURS, len(centres) - 1)]
        return float((cdist(points, centres) <= radii).any(1).mean())

    return share(made, real), share(real, made)


def realism(case: Case) -> Iterator[Metric]:
    """Kernel distance, precision and recall of seven sets of items in each feature space.

    Mixtures are of five codes each, with Dirichlet shares.
    The floor is the score of training items: real items against other real items.
    """
    of_two, of_one = case.code_groups[case.pairs], case.code_groups[:, None]
    rng = np.random.default_rng([case.seed, 23])
    five, shares = rng.integers(0, len(case.z), (PAIRS, 5)), rng.dirichlet(np.ones(5), PAIRS)
    mixtures = case.space.decode(np.einsum("nk,nkd->nd", shares, case.z[five]))
    sets: dict[str, tuple[np.ndarray, np.ndarray | None]] = {
        "interpolants": (case.interpolants, of_two),
        "midpoints": (case.midpoints, of_two),
        "mixtures of five": (mixtures, case.code_groups[five]),
        "reconstructions": (case.reconstructions, of_one),
        "samples": (case.space.sample(len(case.real), seed=case.seed), None),
        "blends of values": (case.blends, case.groups[case.pairs]),
        "floor (training items)": (case.training, case.groups_of(case.training_indices)[:, None]),
    }
    for space, real in case.real_features.items():
        unit = f"{space} features"
        for name, (items, groups) in sets.items():
            made = case.features(space, items)
            distance, without = kernel_distances(made, real, groups, case.groups[:, None])
            meaning = f"distance of {name}, as a set, from held-out real items of other groups; the floor is that of real items"
            swings = tuple(without.tolist())
            yield Metric(f"kernel distance/{space}/{name}", distance, unit, "lower", meaning, swings)
            if min(len(made), len(real)) >= ITEMS_PER_FEATURE * real.shape[1]:
                frechet, meaning = frechet_distance(made, real), f"Fréchet distance of {name} from held-out real items"
                yield Metric(f"frechet distance/{space}/{name}", frechet, unit, "lower", meaning)
            precision, recall = precision_recall(made, real)
            yield Metric(f"precision/{space}/{name}", precision, "of 1", "higher", f"share of {name} that look real")
            yield Metric(f"recall/{space}/{name}", recall, "of 1", "higher", f"share of real items that {name} reach")
