"""Losses that compare items of a batch with one another, against explicit loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gaiamorph.models.losses import distances, energy_distance, pairwise_distance_loss


def numpy_distance_loss(x, z):
    def logs(values):
        n = len(values)
        d = np.array([[((values[i] - values[j]) ** 2).mean() for j in range(n)] for i in range(n)])
        return np.log2(1 + d / d.mean())

    return ((logs(x) - logs(z)) ** 2).mean()


def numpy_energy_distance(x, y):
    def mean(a, b, same=False):
        return np.mean(
            [np.linalg.norm(a[i] - b[j]) for i in range(len(a)) for j in range(len(b)) if not (same and i == j)]
        )

    return (2 * mean(x, y) - mean(x, x, True) - mean(y, y, True)) / mean(x, x, True)


def test_distance_loss():
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(30, 7)), rng.normal(size=(30, 3))
    assert float(pairwise_distance_loss(torch.tensor(x), torch.tensor(z))) == pytest.approx(
        numpy_distance_loss(x, z), rel=1e-4
    )


def test_distance_loss_is_zero_for_scaled_copies_and_finite_on_collapse():
    x = torch.rand(40, 6)
    assert float(pairwise_distance_loss(x, 5 * x)) < 1e-6
    z = torch.zeros(40, 3, requires_grad=True)
    loss = pairwise_distance_loss(x, z)
    loss.backward()
    assert torch.isfinite(loss.detach())
    assert torch.isfinite(z.grad).all()


def test_energy_distance():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(9, 4)), 2 * rng.normal(size=(7, 4)) + 1
    ours = energy_distance(torch.tensor(x), torch.tensor(y))
    assert float(ours) == pytest.approx(numpy_energy_distance(x, y), rel=1e-6)
    assert float(energy_distance(torch.tensor(1e4 * x), torch.tensor(1e4 * y))) == pytest.approx(float(ours), rel=1e-6)
    same = [float(energy_distance(*torch.randn(2, 16, 4))) for _ in range(400)]
    assert abs(np.mean(same)) < 4 * np.std(same) / 20
    with torch.autocast("cpu", torch.bfloat16):
        lower = energy_distance(*(torch.tensor(v, dtype=torch.float32) for v in (x, y)))
    assert float(lower) == pytest.approx(float(ours), rel=1e-5)


def test_energy_distance_of_codes_that_are_all_alike():
    x, y = torch.ones(6, 3, requires_grad=True), torch.ones(6, 3, requires_grad=True)
    energy_distance(x, y).backward()
    assert torch.isfinite(x.grad).all()
    assert torch.isfinite(y.grad).all()
    a = torch.randn(5, 3, dtype=torch.float64)
    torch.testing.assert_close(distances(a), torch.cdist(a, a), atol=1e-4, rtol=0)
