"""Interpolation, spacing and sampling of codes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gaiamorph.latent import interpolate
from gaiamorph.latent.samplers import fit_mixture
from gaiamorph.models.interpolation import mix_codes


def test_linear_ends_and_extrapolation():
    a, b = np.float32([1, 2]), np.float32([3, 10])
    path = interpolate.linear(a, b, np.array([0, 0.25, 1, 2]))
    np.testing.assert_allclose(path, [[1, 2], [1.5, 4], [3, 10], [5, 18]])
    assert (path[0] == a).all()
    assert (path[2] == b).all()


def test_reference_pairing():
    z = torch.arange(6.0)[:, None]
    at_first, at_second = mix_codes(z, torch.zeros(6)), mix_codes(z, torch.ones(6))
    assert at_first[:, 0].tolist() == [0, 1, 2, 2, 1, 0]
    assert at_second[:, 0].tolist() == [3, 4, 5, 3, 4, 5]
    assert mix_codes(z, torch.full((6,), 0.5))[:, 0].tolist() == [1.5, 2.5, 3.5, 2.5, 2.5, 2.5]


def test_perceptual_spacing_makes_equal_steps():
    """A path that speeds up like t^3: features between the steps must be equally far apart."""

    def features(w):
        return np.stack([w**3, 2 * w**3], 1)

    weights = interpolate.perceptual(features, 9)
    assert weights[0] == 0
    assert weights[-1] == 1
    lengths = np.linalg.norm(np.diff(features(weights), axis=0), axis=1)
    assert lengths.max() / lengths.min() < 1.05
    even = np.linalg.norm(np.diff(features(np.linspace(0, 1, 9)), axis=0), axis=1)
    assert even.max() / even.min() > 50


def test_perceptual_spacing_of_a_path_without_length():
    np.testing.assert_array_equal(interpolate.perceptual(lambda w: np.zeros((len(w), 2)), 5), np.linspace(0, 1, 5))


def test_mixture_finds_two_clusters_of_correlated_codes():
    rng = np.random.default_rng(0)
    shape = np.array([[1.0, 0.9], [0.0, 0.3]])
    z = rng.normal(size=(4000, 2)) @ shape
    z[2000:] += [8, -4]
    drawn = fit_mixture(z.astype(np.float32), 0).sample(4000, seed=1)
    left = drawn[:, 0] < 4
    assert 0.4 < left.mean() < 0.6
    np.testing.assert_allclose(np.cov(drawn[left].T), shape.T @ shape, atol=0.15)
    np.testing.assert_allclose(drawn[~left].mean(0), [8, -4], atol=0.15)


@pytest.mark.parametrize(("count", "dim"), [(3, 64), (40, 64), (252, 64), (50, 1), (2, 1)])
def test_mixture_of_few_items(count, dim):
    rng = np.random.default_rng(0)
    z = (5 + rng.normal(size=(count, dim)) * np.linspace(1, 3, dim)).astype(np.float32)
    drawn = fit_mixture(z, 0).sample(500, seed=0)
    assert np.isfinite(drawn).all()
    assert np.abs(drawn.mean(0) - z.mean(0)).max() < 3
    assert drawn.std() < 3 * z.std() + 1


def test_sampling_is_reproducible():
    z = np.random.default_rng(0).normal(size=(300, 4))
    mixture = fit_mixture(z, 0)
    assert (mixture.sample(10, seed=5) == mixture.sample(10, seed=5)).all()
    assert (mixture.sample(10, seed=5) != mixture.sample(10, seed=6)).any()
