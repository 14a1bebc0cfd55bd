"""Paths between codes."""

from __future__ import annotations

import numpy as np


def linear(a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Codes (S, latent_dim) on the straight line from a to b (latent_dim,).

    weights: (S,), the share of b. Weights below 0 or above 1 extrapolate.
    """
    w = np.asarray(weights, dtype=np.float32)[:, None]
    return (1 - w) * a + w * b
