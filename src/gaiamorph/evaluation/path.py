"""Paths: are the steps of a continuum even, and does each come nearer to its end?"""

from __future__ import annotations

import numpy as np

from gaiamorph.evaluation.case import Case, Figure

PATHS, STEPS = 50, 11


def evenness(points: np.ndarray) -> float:
    """Standard deviation of step lengths as a share of their mean: points (S, F); 0 is even."""
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return float(lengths.std() / max(lengths.mean(), 1e-12))


def approach(points: np.ndarray) -> float:
    """Share of the steps of a path (S, F) that come nearer to its last point; 1 is a monotone approach."""
    distances = np.linalg.norm(points - points[-1], axis=1)
    return float((np.diff(distances) < 0).mean())


def path(case: Case) -> list[Figure]:
    """Means over straight paths between random pairs, eleven steps each, in each feature space."""
    count = min(PATHS, len(case.pairs))
    items = case.paths(count, STEPS)
    figures = []
    for space in case.feature_spaces:
        points = case.features(space, items.reshape(-1, *items.shape[2:])).reshape(count, STEPS, -1)
        figures += [
            Figure(
                f"path evenness/{space}",
                float(np.mean([evenness(p) for p in points])),
                "of mean step",
                "lower",
                "how uneven the perceived steps of a continuum are: sd of step lengths over their mean",
            ),
            Figure(
                f"path approach/{space}",
                float(np.mean([approach(p) for p in points])),
                "of 1",
                "higher",
                "share of steps that come nearer to the second end",
            ),
        ]
    return figures
