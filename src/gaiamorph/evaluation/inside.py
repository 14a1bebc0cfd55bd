"""Share inside the data: whether interpolants of vectors lie where the data lies, and reach all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from gaiamorph.evaluation.case import Case, Metric

BANDWIDTH = 0.08
"""Width of the Gaussian kernel, in standard deviations of each column."""
THRESHOLD_PERCENTILE = 1.0
"""Points below this percentile of real densities count as outside."""
REACH = 0.1
"""A real point is covered if an interpolant lies at most this far away, in the same units."""


@dataclass(frozen=True)
class Inside:
    """share: points inside the data (1 is best; real points score 0.99 by construction).
    coverage: real points with one of the points within 0.1 standard deviations (1 is best)."""

    share: float
    coverage: float


def inside_data(points: np.ndarray, fitted: np.ndarray, threshold: np.ndarray, covered: np.ndarray) -> Inside:
    """Measure points (N, D) against real ones.

    fitted: real points of the kernel density (5,000 in our benchmarks). threshold: other real points; the lowest
    hundredth of their densities is the limit. covered: real points whose coverage is measured.
    All are standardised by the mean and standard deviation of each column of ``fitted``.
    """
    mean, sd = fitted.mean(0), fitted.std(0)
    sd = np.where(sd > 0, sd, 1)  # a constant column keeps its own unit

    def standard(x: np.ndarray) -> np.ndarray:
        return (x.astype(np.float64) - mean) / sd

    centres = standard(fitted)
    limit = np.percentile(_density(standard(threshold), centres), THRESHOLD_PERCENTILE)
    z = standard(points)
    nearest, _ = KDTree(z).query(standard(covered))
    return Inside(float((_density(z, centres) >= limit).mean()), float((nearest <= REACH).mean()))


def _density(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Unnormalised Gaussian kernel density of x (N, D) under centres (M, D)."""
    squares = (cdist(part, centres, "sqeuclidean") for part in np.array_split(x, max(1, len(x) // 512)))
    return np.concatenate([np.exp(-s / (2 * BANDWIDTH**2)).sum(1) for s in squares])


def inside(case: Case) -> Iterator[Metric]:
    """Interpolants against training and held-out items. Empty for images.

    Half of the training items make the density, the other half its limit.
    """
    if case.space.kind.is_image:
        return
    training = np.random.default_rng([case.seed, 27]).permutation(case.training)
    fitted, threshold = np.array_split(training, 2)
    found = inside_data(case.interpolants, fitted, threshold, case.real)
    yield Metric(
        "inside the data", found.share, "of 1", "higher", "share of interpolants that lie where real items lie"
    )
    yield Metric("coverage", found.coverage, "of 1", "higher", "share of real items with an interpolant within 0.1 sd")
