"""Realism: how near the features of made items are to those of real ones."""

from __future__ import annotations

import numpy as np


def kernel_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Kernel distance of two sets of features (N, F) and (M, F); 0 is best, and sampling noise may go below it.

    The unbiased squared maximum mean discrepancy with the kernel (x.y / F + 1)^3 (Binkowski et al. 2018).
    Unlike a Fréchet distance it has no bias on small sets. Figures depend on the feature space: state it.
    """
    if len(a) < 2 or len(b) < 2:
        raise ValueError("two sets of at least two items each are needed")

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x.astype(np.float64) @ y.astype(np.float64).T / x.shape[1] + 1) ** 3

    aa, bb = kernel(a, a), kernel(b, b)
    within_a = (aa.sum() - np.trace(aa)) / (len(a) * (len(a) - 1))
    within_b = (bb.sum() - np.trace(bb)) / (len(b) * (len(b) - 1))
    return float(within_a + within_b - 2 * kernel(a, b).mean())
