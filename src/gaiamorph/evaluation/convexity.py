"""Convexity: does realism hold all the way between two items?"""

from __future__ import annotations

import numpy as np

from gaiamorph.evaluation.case import Case, Figure
from gaiamorph.evaluation.realism import kernel_distance

WEIGHTS = np.linspace(0, 1, 11)


def curve(case: Case, space: str) -> np.ndarray:
    """Kernel distance (11,) of decoded points from held-out real items, at weights 0, 0.1, ... 1 between random pairs."""
    real = case.real_features(space)
    return np.array([kernel_distance(case.features(space, case.between(w)), real) for w in WEIGHTS])


def convexity(case: Case) -> list[Figure]:
    """The gap: how much less real the middle is than the ends."""
    figures = []
    for space in case.feature_spaces:
        distances = curve(case, space)
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
