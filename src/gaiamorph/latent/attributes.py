"""Attribute vectors: directions in z along which one property changes.

With Z (N, latent_dim) the codes of items and A (N, K) their attributes, each method gives W (K, latent_dim), one vector
an attribute, so that z + amount * w_k changes attribute k by ``amount`` of its units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
    strength: the penalty of ridge; 0 for other methods.
    """

    vectors: np.ndarray
    r2: float
    unique: np.ndarray
    items: np.ndarray
    error: np.ndarray
    strength: float = 0.0


def mean_difference(z: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, float]:
    """mean(Z with the attribute) - mean(Z without it), each attribute by itself -> W (K, d).

    z: (N, d), a: (N, K) without missing values. For a numeric attribute it is the slope of z on it, which is the same if a
    is 0 or 1. Attributes that correlate in the data share their vectors (Larsen et al. 2016; White 2016, arXiv 1609.04468).
    """
    centred = a - a.mean(0)
    return centred.T @ (z - z.mean(0)) / (centred**2).sum(0)[:, None], 0.0


def least_squares(z: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, float]:
    """Ordinary least squares, Z = A W + b: w_k is the change of z with attribute k, the others held fixed.

    (Sainburg et al. 2018, arXiv 1807.06650.)
    """
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit(a, z).coef_.T, 0.0


def ridge(z: np.ndarray, a: np.ndarray, strength: float | None = None) -> tuple[np.ndarray, float]:
    """Least squares with a penalty on W, for attributes that nearly determine each other.

    The penalty has the lowest leave-one-out error. Attributes are scaled to unit variance first, so units do not matter.
    """
    from sklearn.linear_model import Ridge, RidgeCV

    sd = a.std(0)
    standard = (a - a.mean(0)) / sd
    if strength is None:
        strength = float(RidgeCV(STRENGTHS).fit(standard, z).alpha_)  # type: ignore[arg-type]
    return Ridge(strength).fit(standard, z).coef_.T / sd[:, None], strength


METHODS: dict[str, Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, float]]] = {
    "least_squares": least_squares,
    "mean_difference": mean_difference,
    "ridge": ridge,
}


def fit(z: np.ndarray, a: np.ndarray, method: str = "least_squares", seed: int = 0) -> Fit:
    """Vectors by one of `METHODS`, with their uncertainty.

    z: (N, latent_dim). a: (N, K), NaN for a missing value. ``mean_difference`` uses every item that has the attribute, the
    other methods only items that have all attributes. Columns must vary, and must not be linear functions of others.
    """
    z, a = np.asarray(z, dtype=np.float64), np.asarray(a, dtype=np.float64)
    if method != "mean_difference":
        return _fit(z, a, method, seed)
    # Each attribute by itself: an item without another attribute still counts.
    alone = [_fit(z, a[:, k : k + 1], method, seed) for k in range(a.shape[1])]
    together = ~np.isnan(a).any(1)
    r2 = explained(z[together], a[together]) if together.sum() > a.shape[1] + 1 else float("nan")
    vectors, unique, items, error = (
        np.concatenate([getattr(f, name) for f in alone]) for name in ("vectors", "unique", "items", "error")
    )
    return Fit(vectors, r2, unique, items, error)


def _fit(z: np.ndarray, a: np.ndarray, method: str, seed: int) -> Fit:
    complete = ~np.isnan(a).any(1)
    z, a = z[complete], a[complete]
    vectors, strength = METHODS[method](z, a)
    whole = explained(z, a)
    unique = np.array([whole - explained(z, np.delete(a, k, 1)) for k in range(a.shape[1])])
    spread = _bootstrap(z, a, method, strength, seed)
    length = np.linalg.norm(vectors, axis=1)
    error = np.sqrt((spread**2).sum(1)) / np.maximum(length, 1e-12)
    return Fit(vectors, whole, unique, np.full(len(vectors), len(z)), error, strength)


def _bootstrap(z: np.ndarray, a: np.ndarray, method: str, strength: float, seed: int) -> np.ndarray:
    """Standard deviation (K, d) of the vectors over samples of items drawn with replacement."""
    rng = np.random.default_rng([seed, 31])
    drawn = []
    for _ in range(RESAMPLES):
        rows = rng.integers(0, len(z), len(z))
        some = a[rows]
        if (some.min(0) == some.max(0)).any():
            continue  # no drawn item has a rare attribute
        drawn.append(ridge(z[rows], some, strength)[0] if method == "ridge" else METHODS[method](z[rows], some)[0])
    return np.std(drawn, 0) if len(drawn) > 1 else np.full((a.shape[1], z.shape[1]), np.nan)


def explained(z: np.ndarray, a: np.ndarray) -> float:
    """Share of the variance of z (N, d) that a linear function of a (N, K) explains, all entries of z pooled."""
    centred = z - z.mean(0)
    total = float((centred**2).sum())
    if not a.shape[1] or not total:
        return 0.0
    basis = a - a.mean(0)
    rest = centred - basis @ np.linalg.lstsq(basis, centred, rcond=None)[0]
    return 1 - float((rest**2).sum()) / total


def cosines(a: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """Cosines (K, M) between vectors a (K, d) and b (M, d). Without b, between those of a."""
    unit_a, unit_b = (
        v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12) for v in (a, a if b is None else b)
    )
    return unit_a @ unit_b.T


def coordinates(difference: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Least-squares coordinates (K,) of a difference of codes (d,) in the vectors (K, d)."""
    return np.linalg.lstsq(vectors.T, difference, rcond=None)[0]
