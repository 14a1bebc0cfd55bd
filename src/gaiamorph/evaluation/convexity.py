"""Convexity: does realism hold all the way between two items?"""

from __future__ import annotations

import numpy as np

from gaiamorph.evaluation.case import Case, Figure, once
from gaiamorph.evaluation.realism import kernel_distance

WEIGHTS = np.linspace(0, 1, 11)
PAIRS_OF_CURVE = 200


@once
def curves(case: Case) -> dict[str, np.ndarray]:
    """Kernel distance (11,) of decoded points from held-out real items, at weights 0, 0.1, ... 1 between random pairs, by
    feature space."""
    items = [case.between(w, PAIRS_OF_CURVE) for w in WEIGHTS]
    groups = case.code_groups[case.pairs[:PAIRS_OF_CURVE]], case.groups[:, None]
    return {
        space: np.array([kernel_distance(case.features(space, made), real, *groups) for made in items])
        for space, real in case.real_features.items()
    }


def convexity(case: Case) -> list[Figure]:
    """The gap: how much less real the middle is than the ends."""
    figures = []
    for space, distances in curves(case).items():
        figures.append(
            Figure(
                f"convexity gap/{space}",
                float(distances[len(distances) // 2] - (distances[0] + distances[-1]) / 2),
                f"{space} features",
                "lower",
                "kernel distance halfway between two items, less that at the ends; 0 where the set of codes is convex",
            )
        )
    return figures
