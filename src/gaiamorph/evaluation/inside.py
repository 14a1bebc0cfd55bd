"""Share inside the data: whether interpolants of vectors lie where the data lies, and reach all of it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree

from gaiamorph.evaluation.case import Case, Metric

BANDWIDTH = 0.08
"""Width of the Gaussian kernel of the density, in standard deviations of each column."""


class Inside(NamedTuple):
    """Shares of points inside the data, and of real points within 0.1 standard deviations of one. 1 is best."""

    share: float
    coverage: float


def inside_data(points: np.ndarray, fitted: np.ndarray, threshold: np.ndarray, covered: np.ndarray) -> Inside:
    """Measure points (N, D) against real ones.

    fitted: real points of the kernel density (5,000 in our benchmarks). threshold: other real points; the lowest
    hundredth of their densities is the limit, so real points score 0.99. covered: real points whose coverage is measured.
    All are standardised by the mean and standard deviation of each column of ``fitted``.
    """
    from sklearn.neighbors import KernelDensity
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    density = make_pipeline(StandardScaler(), KernelDensity(bandwidth=BANDWIDTH)).fit(fitted)
    limit = np.percentile(density.score_samples(threshold), 1)
    standard = density[0].transform
    nearest, _ = KDTree(standard(points)).query(standard(covered))
    return Inside(float((density.score_samples(points) >= limit).mean()), float((nearest <= 0.1).mean()))


def inside(case: Case) -> Iterator[Metric]:
    """Interpolants against training items (half make the density, half its limit) and held-out items. Empty for images."""
    if case.space.kind.is_image:
        return
    training = np.random.default_rng([case.seed, 27]).permutation(case.training)
    fitted, threshold = np.array_split(training, 2)
    share, coverage = inside_data(case.interpolants, fitted, threshold, case.real)
    meaning = "share of interpolants that lie where real items lie"
    yield Metric("inside the data", share, "of 1", "higher", meaning)
    yield Metric("coverage", coverage, "of 1", "higher", "share of real items with an interpolant within 0.1 sd")
