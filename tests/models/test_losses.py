"""Losses that compare items of a batch with one another, against explicit loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gaiamorph.models.terms import pairwise_distance


def numpy_distance_loss(x, z):
    def logs(values):
        n = len(values)
        d = np.array([[((values[i] - values[j]) ** 2).mean() for j in range(n)] for i in range(n)])
        return np.log2(1 + d / d.mean())

    return ((logs(x) - logs(z)) ** 2).mean()


def test_distance_loss():
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(30, 7)), rng.normal(size=(30, 3))
    assert float(pairwise_distance(torch.tensor(x), torch.tensor(z))) == pytest.approx(
        numpy_distance_loss(x, z), rel=1e-4
    )


def test_distance_loss_is_zero_for_scaled_copies_and_finite_on_collapse():
    x = torch.rand(40, 6)
    assert float(pairwise_distance(x, 5 * x)) < 1e-6
    z = torch.zeros(40, 3, requires_grad=True)
    loss = pairwise_distance(x, z)
    loss.backward()
    assert torch.isfinite(loss.detach())
    assert torch.isfinite(z.grad).all()
