"""New codes from the distribution of the training codes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

MOST_COMPONENTS = 10
ITEMS_PER_PARAMETER = 5
"""Items for each parameter that a full covariance needs."""


@dataclass(frozen=True)
class Mixture:
    """A Gaussian mixture over codes: weights (K,), means (K, d), and factors (K, d, d) with covariance L L^T."""

    weights: np.ndarray
    means: np.ndarray
    factors: np.ndarray

    def sample(self, count: int, seed: int) -> np.ndarray:
        """codes (count, d), float32."""
        rng = np.random.default_rng(seed)
        component = rng.choice(len(self.weights), size=count, p=self.weights / self.weights.sum())
        noise = rng.standard_normal((count, self.means.shape[1]))
        return (self.means[component] + np.einsum("nij,nj->ni", self.factors[component], noise)).astype(np.float32)


@dataclass(frozen=True)
class Prior:
    """Distribution of each entry of a code, for a model without an encoder."""

    name: Literal["normal", "uniform"]
    latent_dim: int

    def sample(self, count: int, seed: int) -> np.ndarray:
        """codes (count, latent_dim), float32: standard normal, or uniform between -1 and 1."""
        rng, shape = np.random.default_rng(seed), (count, self.latent_dim)
        codes = rng.standard_normal(shape) if self.name == "normal" else rng.uniform(-1, 1, shape)
        return codes.astype(np.float32)


def fit_mixture(z: np.ndarray, seed: int) -> Mixture:
    """A Gaussian mixture fitted to z (N, d), with the number of components (1 to 10) of the lowest BIC.

    Codes are first rotated to their principal axes, where a diagonal covariance loses little. Components have full
    covariances only if there are enough items for each parameter.
    """
    from threadpoolctl import threadpool_limits

    z = z.astype(np.float64)
    mean = z.mean(0)
    _, _, axes = np.linalg.svd(z - mean, full_matrices=False) if len(z) > z.shape[1] else (0, 0, np.eye(z.shape[1]))
    turned = (z - mean) @ axes.T
    scale = np.maximum(turned.std(0), 1e-6)
    turned /= scale
    # The matrices are small, and threads would wait for each other: on two busy cores it took ten times as long.
    with threadpool_limits(1):
        kind, mixture = _best_mixture(turned, seed)
    covariances = np.asarray(mixture.covariances_)
    roots = np.linalg.cholesky(covariances) if kind == "full" else np.apply_along_axis(np.diag, 1, np.sqrt(covariances))
    back = axes * scale[:, None]  # turned row vector -> code: t * scale @ axes
    factors = np.einsum("ji,kjl->kil", back, roots)
    return Mixture(
        np.asarray(mixture.weights_, dtype=np.float32),
        (np.asarray(mixture.means_) @ back + mean).astype(np.float32),
        factors.astype(np.float32),
    )


def _best_mixture(turned: np.ndarray, seed: int) -> tuple[str, GaussianMixture]:
    """The kind of covariance (full or diag) and the fitted mixture with the lowest BIC."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    d = turned.shape[1]
    fitted = []
    for kind, parameters in (("full", d * (d + 1) / 2), ("diag", 2 * d)):
        most = min(MOST_COMPONENTS, int(len(turned) / (ITEMS_PER_PARAMETER * parameters)))
        for k in range(1, max(most, kind == "diag") + 1):
            mixture = GaussianMixture(k, covariance_type=kind, reg_covar=1e-4, random_state=seed)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # a looser fit still gives a valid mixture
                fitted.append((kind, mixture.fit(turned)))
    return min(fitted, key=lambda found: found[1].bic(turned))
