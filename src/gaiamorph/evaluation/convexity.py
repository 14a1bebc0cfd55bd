"""Convexity: whether items stay realistic all the way between two items."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gaiamorph.evaluation.case import Case, Metric
from gaiamorph.evaluation.kernel import kernel_distances

WEIGHTS = np.linspace(0, 1, 11)
PAIRS_OF_CURVE = 200


@lru_cache(maxsize=1)
def along(case: Case) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernel distance of decoded points from held-out real items, at weights 0, 0.1, ... 1 between the pairs.

    By feature space: distances (11,), and distances (11, n) with one block of groups left out after another.
    """
    items = [case.between(w, PAIRS_OF_CURVE) for w in WEIGHTS]
    groups = case.code_groups[case.pairs[:PAIRS_OF_CURVE]], case.groups[:, None]
    found = {}
    for space, real in case.real_features.items():
        distances, without = zip(
            *(kernel_distances(case.features(space, made), real, *groups) for made in items), strict=True
        )
        found[space] = np.array(distances), np.array(without)
    return found


def curves(case: Case) -> dict[str, np.ndarray]:
    """The distances (11,) by feature space."""
    return {space: distances for space, (distances, _) in along(case).items()}


def gap(distances: np.ndarray) -> np.ndarray:
    """The distance at the middle minus the mean of the ends: (...) from distances (11, ...)."""
    return distances[len(distances) // 2] - (distances[0] + distances[-1]) / 2


def convexity(case: Case) -> list[Metric]:
    """How much less real the middle is than the ends."""
    return [
        Metric(
            f"convexity gap/{space}",
            float(gap(distances)),
            f"{space} features",
            "lower",
            "kernel distance halfway between two items, minus that at the ends; 0 for a convex set of codes",
            tuple(gap(without).tolist()),
        )
        for space, (distances, without) in along(case).items()
    ]
