"""Convexity: does realism hold all the way between two items?"""

from __future__ import annotations

import numpy as np

from gaiamorph.evaluation.case import Case, Figure, once
from gaiamorph.evaluation.kernel import kernel_distances

WEIGHTS = np.linspace(0, 1, 11)
PAIRS_OF_CURVE = 200


@once
def along(case: Case) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By feature space, kernel distance of decoded points from held-out real items, at weights 0, 0.1, ... 1 between random pairs:
    (11,), and (11, n) without each block of their groups in turn."""
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
    """The distances alone."""
    return {space: distances for space, (distances, _) in along(case).items()}


def gap(distances: np.ndarray) -> np.ndarray:
    """Distances (11, ...) along the way -> (...): that of the middle less those of the ends."""
    return distances[len(distances) // 2] - (distances[0] + distances[-1]) / 2


def convexity(case: Case) -> list[Figure]:
    """The gap: how much less real the middle is than the ends."""
    return [
        Figure(
            f"convexity gap/{space}",
            float(gap(distances)),
            f"{space} features",
            "lower",
            "kernel distance halfway between two items, less that at the ends; 0 where the set of codes is convex",
            tuple(gap(without).tolist()),
        )
        for space, (distances, without) in along(case).items()
    ]
