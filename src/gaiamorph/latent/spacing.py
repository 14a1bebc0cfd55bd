"""Weights of the steps of a path."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

RESOLUTION = 128
"""Pieces of a path whose lengths are measured."""


def even(steps: int, first: float = 0.0, last: float = 1.0) -> np.ndarray:
    """``steps`` weights at equal distances in z, both ends included."""
    return np.linspace(first, last, steps)


def perceptual(
    features: Callable[[np.ndarray], np.ndarray], steps: int, first: float = 0.0, last: float = 1.0
) -> np.ndarray:
    """``steps`` weights with equal lengths of the decoded path between them, measured in a feature space.

    features: weights (S,) -> features (S, F) of the decoded items.
    The length of the path is the sum of 128 straight pieces. A path of length 0 is spaced evenly.
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
