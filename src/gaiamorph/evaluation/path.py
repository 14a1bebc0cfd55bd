"""Paths: whether the steps of a continuum are even, and whether each approaches the end."""

from __future__ import annotations

import numpy as np

from gaiamorph.evaluation.case import Case, Metric

PATHS, STEPS = 50, 11


def evenness(points: np.ndarray) -> float:
    """Standard deviation of the step lengths of a path (S, F), divided by their mean. 0 is even."""
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return float(lengths.std() / max(lengths.mean(), 1e-12))


def approach(points: np.ndarray) -> float:
    """Share of the steps of a path (S, F) that approach its last point. 1 is a monotone approach."""
    distances = np.linalg.norm(points - points[-1], axis=1)
    return float((np.diff(distances) < 0).mean())


def path(case: Case) -> list[Metric]:
    """Means over straight paths of 11 steps between the pairs, in each feature space."""
    count = min(PATHS, len(case.pairs))
    items = case.paths(count, STEPS)
    found = []
    for space in case.feature_spaces:
        points = case.features(space, items.reshape(-1, *items.shape[2:])).reshape(count, STEPS, -1)
        found += [
            Metric(
                f"path evenness/{space}",
                float(np.mean([evenness(p) for p in points])),
                "of mean step",
                "lower",
                "unevenness of the perceived steps of a continuum: sd of step lengths over their mean",
            ),
            Metric(
                f"path approach/{space}",
                float(np.mean([approach(p) for p in points])),
                "of 1",
                "higher",
                "share of steps that approach the second end",
            ),
        ]
    return found
