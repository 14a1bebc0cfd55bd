"""Where on a path the steps are put."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

RESOLUTION = 128
"""Pieces into which a path is cut to measure its length."""


def even(steps: int, first: float = 0.0, last: float = 1.0) -> np.ndarray:
    """``steps`` weights at equal distances in z, both ends included."""
    return np.linspace(first, last, steps)


def perceptual(
    features: Callable[[np.ndarray], np.ndarray], steps: int, first: float = 0.0, last: float = 1.0
) -> np.ndarray:
    """``steps`` weights between which the decoded path has equal length in a feature space.

    features: weights (S,) -> features (S, F) of what is decoded there.
    The path is cut into 128 pieces; its length is the sum of theirs. A path of no length is spaced evenly.
    """
    fine = np.linspace(first, last, RESOLUTION + 1)
    points = features(fine)
    lengths = np.linalg.norm(np.diff(points.astype(np.float64), axis=0), axis=1)
    travelled = np.concatenate([[0.0], np.cumsum(lengths)])
    if travelled[-1] <= 0:
        return even(steps, first, last)
    weights = np.interp(np.linspace(0, travelled[-1], steps), travelled, fine)
    weights[0], weights[-1] = first, last
    return weights
