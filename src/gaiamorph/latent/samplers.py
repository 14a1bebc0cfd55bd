"""New codes from the distribution of the training codes."""

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

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
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    (n, d), mean = z.shape, z.mean(0, dtype=np.float64)
    axes = np.linalg.svd(z - mean, full_matrices=False)[2] if n > d else np.eye(d)
    turned = (z - mean) @ axes.T
    scale = np.maximum(turned.std(0), 1e-6)
    turned /= scale
    fitted = []
    # The matrices are small, and threads would wait for each other: on two busy cores it took ten times as long.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a looser fit still gives a valid mixture
        for kind, parameters in (("full", d * (d + 1) / 2), ("diag", 2 * d)):
            most = min(MOST_COMPONENTS, int(n / (ITEMS_PER_PARAMETER * parameters)))
            for k in range(1, max(most, kind == "diag") + 1):
                mixture = GaussianMixture(k, covariance_type=kind, reg_covar=1e-4, random_state=seed)
                fitted.append(mixture.fit(turned))
        best = min(fitted, key=lambda mixture: mixture.bic(turned))
    covariances = best.covariances_ if best.covariance_type == "full" else best.covariances_[:, :, None] * np.eye(d)
    back = axes * scale[:, None]  # turned row vector -> code: t * scale @ axes
    factors = np.einsum("ji,kjl->kil", back, np.linalg.cholesky(covariances))
    parts = best.weights_, best.means_ @ back + mean, factors
    return Mixture(*(part.astype(np.float32) for part in parts))
