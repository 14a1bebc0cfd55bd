"""Realism: how near the features of made items are to those of real ones."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from gaiamorph.evaluation.case import Case, Figure
from gaiamorph.evaluation.kernel import kernel_distances

ITEMS_PER_FEATURE = 2
"""A Fréchet distance is reported only where both sets have this many items to each feature: below, it is mostly bias."""
NEIGHBOURS = 3
"""Of the hyperspheres in improved precision and recall."""


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
            distance, without = kernel_distances(made, real, groups, real_groups)
            figures.append(
                Figure(
                    f"kernel distance/{space}/{name}",
                    distance,
                    f"{space} features",
                    "lower",
                    f"how far {name} are, as a set, from held-out real items (pairs of items of one group, or made of one "
                    "another, are left out); the floor is what real ones score",
                    tuple(without.tolist()),
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
