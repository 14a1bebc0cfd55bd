"""Interpolation weights, and the codes that they mix."""

from __future__ import annotations

import pytest
import torch

from gaiamorph.models.interpolation import MIXED, SAMPLERS, mix_codes


def test_samplers():
    generator = torch.Generator().manual_seed(0)
    normal = SAMPLERS["gaussian"](20_000, generator)
    assert normal.min() < 0 < 1 < normal.max()
    middle = SAMPLERS["middle"](20_000, generator)
    for drawn, spread in ((normal, 0.25), (middle, 0.1)):
        assert float(drawn.mean()) == pytest.approx(0.5, abs=0.01)
        assert float(drawn.std()) == pytest.approx(spread, rel=0.04)


def test_dirichlet_shares_and_what_they_mix():
    shares = SAMPLERS["dirichlet"](20_000, torch.Generator().manual_seed(0))
    assert shares.shape == (20_000, MIXED)
    torch.testing.assert_close(shares.sum(1), torch.ones(20_000))
    assert shares.min() >= 0
    # Dirichlet(1, ..., 1) over K: mean 1/K, variance (K - 1) / (K^2 (K + 1)).
    torch.testing.assert_close(shares.mean(0), torch.full((MIXED,), 1 / MIXED), atol=0.01, rtol=0)
    variance = (MIXED - 1) / (MIXED**2 * (MIXED + 1))
    torch.testing.assert_close(shares.var(0), torch.full((MIXED,), variance), atol=0.002, rtol=0)
    z = torch.arange(16.0)[:, None]
    picked = torch.eye(4).repeat(4, 1)  # row i takes only item i % 4 of its mixture
    expected = [float((i - 4 * (i % 4)) % 16) for i in range(16)]
    assert mix_codes(z, picked)[:, 0].tolist() == expected


def test_hull_is_pairs_and_mixtures_in_turn():
    shares = SAMPLERS["hull"](20_000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(shares.sum(1), torch.ones(20_000))
    pairs, mixtures = shares[::2], shares[1::2]
    assert not pairs[:, [1, 3]].any()
    assert float(pairs[:, 2].mean()) == pytest.approx(0.5, abs=0.01)
    assert float(pairs[:, 2].std()) == pytest.approx(0.1, rel=0.04)
    torch.testing.assert_close(mixtures.mean(0), torch.full((MIXED,), 1 / MIXED), atol=0.01, rtol=0)
    # Partners of a pair lie half of the batch apart.
    z = torch.arange(8.0)[:, None]
    weight = torch.tensor([[0.0, 0, 1, 0]]).expand(8, MIXED)
    assert mix_codes(z, weight)[:, 0].tolist() == [4, 5, 6, 7, 0, 1, 2, 3]
