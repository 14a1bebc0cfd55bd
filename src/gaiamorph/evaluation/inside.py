"""Share inside the data: do interpolants of vectors lie where data lies, and is all of the data reached?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from gaiamorph.evaluation.case import Case, Figure

BANDWIDTH = 0.08
"""Of the Gaussian kernel, in units of the data's standard deviation (all columns together)."""
THRESHOLD_PERCENTILE = 1.0
REACH = 0.1
"""A real point is covered when an interpolant lies this near, in the same units."""


@dataclass(frozen=True)
class Inside:
    """share: of the points inside the data (1 is best; real points score 0.99 by construction).
    coverage: share of real points with one of the points within 0.1 standard deviations (1 is best)."""

    share: float
    coverage: float


def inside_data(points: np.ndarray, fitted: np.ndarray, threshold: np.ndarray, covered: np.ndarray) -> Inside:
    """Measure points (N, D) against real ones.

    fitted: real points under the kernel density (5,000 in our benchmarks); threshold: other real points, the
    lowest hundredth of whose densities sets the limit; covered: real points whose coverage is measured.
    Standardised by the mean and standard deviation of each column of ``fitted``.
    """
    mean, sd = fitted.mean(0), fitted.std(0)

    def standard(x: np.ndarray) -> np.ndarray:
        return (x.astype(np.float64) - mean) / sd

    centres = standard(fitted)
    limit = np.percentile(_density(standard(threshold), centres), THRESHOLD_PERCENTILE)
    z = standard(points)
    nearest, _ = KDTree(z).query(standard(covered))
    return Inside(float((_density(z, centres) >= limit).mean()), float((nearest <= REACH).mean()))


def _density(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Unnormalised Gaussian kernel density of x (N, D) under centres (M, D)."""
    densities = []
    for start in range(0, len(x), 512):
        squares = ((x[start : start + 512, None] - centres) ** 2).sum(2)
        densities.append(np.exp(-squares / (2 * BANDWIDTH**2)).sum(1))
    return np.concatenate(densities)


def inside(case: Case) -> list[Figure]:
    """For vectors: interpolants against training items (half under the density, half for its limit) and held-out ones."""
    if case.pictures:
        return []
    training = np.random.default_rng([case.seed, 27]).permutation(case.training)
    fitted, threshold = np.array_split(training, 2)
    found = inside_data(case.interpolants, fitted, threshold, case.real)
    return [
        Figure("inside the data", found.share, "of 1", "higher", "share of interpolants that lie where real items lie"),
        Figure(
            "coverage",
            found.coverage,
            "of 1",
            "higher",
            "share of real items with an interpolant within 0.1 sd of them",
        ),
    ]
