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


def numpy_energy_distance(x, y, sources=None):
    """sources: for each of y the members of x that it is made of."""
    of = [{("x", i)} for i in range(len(x))]
    of += (
        [{("y", j)} for j in range(len(y))] if sources is None else [{("x", i) for i in made_of} for made_of in sources]
    )
    items = [*x, *y]
    halves = range(len(x)), range(len(x), len(items))

    def mean(first, second):
        return np.mean([np.linalg.norm(items[i] - items[j]) for i in first for j in second if not of[i] & of[j]])

    of_x, between, of_y = mean(halves[0], halves[0]), mean(*halves), mean(halves[1], halves[1])
    return (2 * between - of_x - of_y) / of_x


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


def test_energy_distance_leaves_out_what_is_made_of_one_another():
    """Mixtures that are as varied as what they are made of are no farther from it than strangers are."""
    rng = np.random.default_rng(0)
    shares = np.zeros((16, 16))
    sources = [(i, (i + 5) % 16) for i in range(16)]
    for j, (a, b) in enumerate(sources):
        shares[j, a], shares[j, b] = 0.5**0.5, -(0.5**0.5)
    found, biased = [], []
    for _ in range(200):
        x = rng.normal(size=(16, 4))
        y = shares @ x
        found.append(float(energy_distance(torch.tensor(x), torch.tensor(y), torch.tensor(shares))))
        biased.append(float(energy_distance(torch.tensor(x), torch.tensor(y))))
    assert found[-1] == pytest.approx(numpy_energy_distance(x, y, sources), rel=1e-6)
    assert abs(np.mean(found)) < 3 * np.std(found) / 200**0.5
    assert np.mean(biased) < -10 * np.std(biased) / 200**0.5


def test_energy_distance_where_all_are_made_of_one_another():
    x = torch.randn(2, 3, requires_grad=True)
    distance = energy_distance(x, x.mean(0).expand(2, 3), torch.full((2, 2), 0.5))
    distance.backward()
    assert float(distance.detach()) == 0
    assert not x.grad.any()


def test_energy_distance_of_codes_that_are_all_alike():
    x, y = torch.ones(6, 3, requires_grad=True), torch.ones(6, 3, requires_grad=True)
    energy_distance(x, y).backward()
    assert torch.isfinite(x.grad).all()
    assert torch.isfinite(y.grad).all()
    a = torch.randn(5, 3, dtype=torch.float64)
    torch.testing.assert_close(distances(a), torch.cdist(a, a), atol=1e-4, rtol=0)
