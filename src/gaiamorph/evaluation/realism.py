"""Realism: how near the features of made items are to those of real ones."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from gaiamorph.evaluation.case import Case, Figure

ITEMS_PER_FEATURE = 2
"""A Fréchet distance is reported only where both sets have this many items to each feature: below, it is mostly bias."""
NEIGHBOURS = 3
"""Of the hyperspheres in improved precision and recall."""


def kernel_distance(
    a: np.ndarray, b: np.ndarray, groups_a: np.ndarray | None = None, groups_b: np.ndarray | None = None
) -> float:
    """Kernel distance of two sets of features (N, F) and (M, F); 0 is best, and sampling noise may go below it.

    The unbiased squared maximum mean discrepancy with the kernel (x.y / F + 1)^3 (Binkowski et al. 2018).
    Unlike a Fréchet distance it has no bias on small sets. Figures depend on the feature space: state it.

    It is unbiased only over independent items. Where they are made of one another, as reconstructions are of the real items
    that they are compared with, or show the same people, ``groups_a`` (N, k) and ``groups_b`` (M, l) say of which
    groups each item is made: pairs of items that have a group in common are left out of all three means. That is
    the mean over all ways to cross-validate by group, each with as few groups as a pair of items needs.

    Raises ValueError where no pair is left in one of the means.
    """

    def mean(x: np.ndarray, y: np.ndarray, left_out: np.ndarray) -> float:
        kernel = (x.astype(np.float64) @ y.astype(np.float64).T / x.shape[1] + 1) ** 3
        if left_out.all():
            raise ValueError("two sets of at least two unrelated items each are needed")
        return float(kernel[~left_out].mean())

    within_a = mean(a, a, related(groups_a, groups_a, len(a), len(a)) | np.eye(len(a), dtype=bool))
    within_b = mean(b, b, related(groups_b, groups_b, len(b), len(b)) | np.eye(len(b), dtype=bool))
    return within_a + within_b - 2 * mean(a, b, related(groups_a, groups_b, len(a), len(b)))


def related(groups_a: np.ndarray | None, groups_b: np.ndarray | None, n: int, m: int) -> np.ndarray:
    """(n, m), boolean: whether items have one of their groups (n, k) and (m, l) in common. Without groups none have."""
    found = np.zeros((n, m), bool)
    if groups_a is None or groups_b is None:
        return found
    for one in groups_a.T:
        for other in groups_b.T:
            found |= one[:, None] == other[None]
    return found


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance of Gaussians fitted to features (N, F) and (M, F) (Heusel et al. 2017).

    |mean_a - mean_b|^2 + trace(C_a + C_b - 2 (C_a C_b)^(1/2))
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    covariance_a, covariance_b = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    # The trace of the root is the sum of the roots of the eigenvalues of C_a C_b, which are real and not negative.
    eigenvalues = np.linalg.eigvals(covariance_a @ covariance_b).real.clip(0)
    means = ((a.mean(0) - b.mean(0)) ** 2).sum()
    return float(means + np.trace(covariance_a) + np.trace(covariance_b) - 2 * np.sqrt(eigenvalues).sum())


def precision_recall(made: np.ndarray, real: np.ndarray) -> tuple[float, float]:
    """Improved precision and recall (Kynkäänniemi et al. 2019) of features (N, F) and (M, F).

    precision: share of made items within a real item's distance to its third nearest real one; recall: the reverse.
    """

    def share(points: np.ndarray, centres: np.ndarray) -> float:
        radii = np.sort(cdist(centres, centres), 1)[:, min(NEIGHBOURS, len(centres) - 1)]
        return float((cdist(points, centres) <= radii).any(1).mean())

    return share(made, real), share(real, made)


def realism(case: Case) -> list[Figure]:
    """Of interpolants, midpoints, mixtures of five, reconstructions and samples; beside them pixel blending and the
    floor, which is what training items score."""
    of_two, of_five, of_one = (
        case.code_groups[case.pairs],
        case.code_groups[case.fives_and_shares[0]],
        case.code_groups[:, None],
    )
    sets: dict[str, tuple[np.ndarray, np.ndarray | None]] = {
        "interpolants": (case.interpolants, of_two),
        "midpoints": (case.midpoints, of_two),
        "mixtures of five": (case.mixtures, of_five),
        "reconstructions": (case.reconstructions, of_one),
        "samples": (case.space.sample(len(case.real), seed=case.seed), None),
        "blends of values": (case.blends, case.groups[case.pairs]),
        "floor (training items)": (case.training, case.groups_of(case.training_indices)[:, None]),
    }
    real_groups = case.groups[:, None]
    figures = []
    for space in case.feature_spaces:
        real = case.real_features[space]
        for name, (items, groups) in sets.items():
            made = case.features(space, items)
            figures.append(
                Figure(
                    f"kernel distance/{space}/{name}",
                    kernel_distance(made, real, groups, real_groups),
                    f"{space} features",
                    "lower",
                    f"how far {name} are, as a set, from held-out real items (pairs of items of one group, or made of one "
                    "another, are left out); the floor is what real ones score",
                )
            )
            if min(len(made), len(real)) >= ITEMS_PER_FEATURE * real.shape[1]:
                figures.append(
                    Figure(
                        f"frechet distance/{space}/{name}",
                        frechet_distance(made, real),
                        f"{space} features",
                        "lower",
                        f"Fréchet distance of {name} from held-out real items",
                    )
                )
            precision, recall = precision_recall(made, real)
            figures += [
                Figure(f"precision/{space}/{name}", precision, "of 1", "higher", f"share of {name} that look real"),
                Figure(f"recall/{space}/{name}", recall, "of 1", "higher", f"share of real items that {name} reach"),
            ]
    return figures
