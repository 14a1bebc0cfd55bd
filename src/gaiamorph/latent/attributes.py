"""Attribute vectors: directions in z along which one property changes.

With Z (N, latent_dim) the codes of items and A (N, K) their attributes, each method gives W (K, latent_dim). Then
z + amount * w_k changes attribute k by ``amount`` of its units.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

RESAMPLES = 200
"""Bootstrap samples for the standard error of a vector."""
STRENGTHS = np.logspace(-3, 4, 15)
"""Penalties that ridge chooses from, for attributes of unit variance."""


@dataclass(frozen=True)
class Fit:
    """W (K, latent_dim) with its uncertainty.

    r2: share of the variance of z that the attributes explain together, all entries of z pooled.
    unique: (K,), the decrease of r2 without attribute k, the others refitted.
    items: (K,), number of items behind each vector.
    error: (K,), bootstrap standard error of a vector as a share of its length. 0.1 is sharp, 1 is noise.
    """

    vectors: np.ndarray
    r2: float
    unique: np.ndarray
    items: np.ndarray
    error: np.ndarray


def mean_difference(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    """mean(Z with the attribute) - mean(Z without it), each attribute by itself (Larsen et al. 2016).

    For a numeric attribute it is the slope of z on it, which is the same if a is 0 or 1. Attributes that correlate in the
    data share their vectors (White 2016, arXiv 1609.04468).
    """
    centred = a - a.mean(0)
    return centred.T @ (z - z.mean(0)) / (centred**2).sum(0)[:, None]


def least_squares(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Ordinary least squares, Z = A W + b: attribute k changes, the others stay (Sainburg et al. 2018, arXiv 1807.06650)."""
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit(a, z).coef_.T


def ridge(z: np.ndarray, a: np.ndarray, penalty: float | None = None) -> np.ndarray:
    """Least squares with a penalty on W, for attributes that nearly determine each other.

    Attributes are scaled to unit variance first, so units do not matter. penalty: see `best_penalty`, the default.
    """
    from sklearn.linear_model import Ridge

    sd = a.std(0)
    chosen = best_penalty(z, a) if penalty is None else penalty
    return Ridge(chosen).fit((a - a.mean(0)) / sd, z).coef_.T / sd[:, None]


def best_penalty(z: np.ndarray, a: np.ndarray) -> float:
    """The penalty of ridge with the lowest leave-one-out error."""
    from sklearn.linear_model import RidgeCV

    return float(RidgeCV(STRENGTHS).fit((a - a.mean(0)) / a.std(0), z).alpha_)  # type: ignore[arg-type]


METHODS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "least_squares": least_squares, "mean_difference": mean_difference, "ridge": ridge,
}  # fmt: skip


def fit(z: np.ndarray, a: np.ndarray, method: str = "least_squares", seed: int = 0) -> Fit:
    """Vectors by one of `METHODS`, with their uncertainty.

    z: (N, latent_dim). a: (N, K), NaN for a missing value. ``mean_difference`` uses every item that has the attribute, the
    other methods only items that have all attributes. Columns must vary, and must not be linear functions of others.
    """
    z, a = np.asarray(z, dtype=np.float64), np.asarray(a, dtype=np.float64)
    # A mean difference takes each attribute by itself: an item without another attribute still counts.
    groups = np.split(a, a.shape[1], 1) if method == "mean_difference" else [a]
    fits = [_fit(z, group, method, seed) for group in groups]
    vectors, unique, items, error = map(np.concatenate, zip(*fits, strict=True))
    complete = ~np.isnan(a).any(1)
    return Fit(vectors, explained(z[complete], a[complete]), unique, items, error)


def _fit(z: np.ndarray, a: np.ndarray, method: str, seed: int) -> tuple[np.ndarray, ...]:
    """The vectors, unique, items and error of a `Fit` to the items that have all attributes in a."""
    complete = ~np.isnan(a).any(1)
    z, a = z[complete], a[complete]
    # The penalty is chosen once, not in each bootstrap sample.
    estimate = partial(ridge, penalty=best_penalty(z, a)) if method == "ridge" else METHODS[method]
    vectors, r2 = estimate(z, a), explained(z, a)
    unique = np.array([r2 - explained(z, np.delete(a, k, 1)) for k in range(a.shape[1])])
    rng = np.random.default_rng([seed, 31])
    samples = (rng.integers(0, len(z), len(z)) for _ in range(RESAMPLES))
    # A sample may have no item with a rare attribute.
    drawn = [estimate(z[rows], a[rows]) for rows in samples if (np.ptp(a[rows], 0) > 0).all()]
    spread = np.std(drawn, 0) if len(drawn) > 1 else np.full(vectors.shape, np.nan)
    error = np.linalg.norm(spread, axis=1) / np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)
    return vectors, unique, np.full(len(vectors), len(z)), error


def explained(z: np.ndarray, a: np.ndarray) -> float:
    """Share of the variance of z (N, d) that a linear function of a (N, K) explains, all entries of z pooled."""
    centred, basis = z - z.mean(0), a - a.mean(0)
    total = float((centred**2).sum())
    if not a.shape[1] or not total:
        return 0.0
    rest = centred - basis @ np.linalg.lstsq(basis, centred, rcond=None)[0]
    return 1 - float((rest**2).sum()) / total


def cosines(a: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """Cosines (K, M) between vectors a (K, d) and b (M, d). Without b, between those of a."""
    from sklearn.metrics.pairwise import cosine_similarity

    return cosine_similarity(a, b)
