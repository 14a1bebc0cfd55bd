"""Paths between codes."""

from collections.abc import Callable

import numpy as np

RESOLUTION = 128
"""Pieces of a path whose lengths are measured."""


def linear(a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Codes (S, latent_dim) on the line from a to b (latent_dim,). weights: (S,), shares of b. Outside [0, 1] they extrapolate."""
    w = np.asarray(weights, dtype=np.float32)[:, None]
    return (1 - w) * a + w * b


def knots(weights: np.ndarray, pieces: int) -> np.ndarray:
    """The weights, 0, 1, and others between them: sorted, with at most 1 / ``pieces`` from one to the next."""
    given = np.unique(np.concatenate([[0.0, 1.0], weights]))
    counts = np.ceil(np.diff(given) * pieces - 1e-9).astype(int)
    between = [np.linspace(a, b, n, endpoint=False) for a, b, n in zip(given[:-1], given[1:], counts, strict=True)]
    return np.concatenate([*between, given[-1:]])


def perceptual(features: Callable[[np.ndarray], np.ndarray], steps: int) -> np.ndarray:
    """``steps`` weights with equal lengths of the decoded path between them, measured in a feature space.

    features: weights (S,) -> features (S, F) of the decoded items.
    The length of the path is the sum of 128 straight pieces. A path of length 0 is spaced evenly.
    """
    fine = np.linspace(0, 1, RESOLUTION + 1)
    lengths = np.linalg.norm(np.diff(features(fine).astype(np.float64), axis=0), axis=1)
    travelled = np.concatenate([[0.0], np.cumsum(lengths)])
    if travelled[-1] <= 0:
        return np.linspace(0, 1, steps)
    weights = np.interp(np.linspace(0, travelled[-1], steps), travelled, fine)
    weights[0], weights[-1] = 0, 1
    return weights
