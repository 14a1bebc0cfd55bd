"""Folding is what torch calls pixel_unshuffle, both ways, and so are its gradients."""

import pytest
import torch
import torch.nn.functional as F

from gaiamorph.networks import folding
from gaiamorph.networks.folding import fold, unfold


@pytest.mark.parametrize("patch", [1, 2, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_as_torch_has_it(patch, dtype):
    x = torch.rand(3, 2, 8, 12).to(dtype).requires_grad_()
    folded = fold(x, patch)
    assert torch.equal(folded, F.pixel_unshuffle(x, patch))
    assert folded.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(unfold(folded, patch), x)
    weight = torch.rand_like(folded)
    (ours,) = torch.autograd.grad((fold(x, patch) * weight).sum(), x)
    (theirs,) = torch.autograd.grad((F.pixel_unshuffle(x, patch) * weight).sum(), x)
    assert torch.equal(ours, theirs)
    (ours,) = torch.autograd.grad((unfold(weight.requires_grad_(), patch) * x).sum(), weight)
    assert torch.equal(ours, F.pixel_unshuffle(x, patch))


@pytest.mark.parametrize("patch", [1, 2, 4])
def test_pieces_of_a_batch_and_any_memory_order(patch):
    x = torch.rand(6, 3, 8, 8).to(memory_format=torch.channels_last)
    assert torch.equal(fold(x[1::2], patch), F.pixel_unshuffle(x[1::2], patch))
    assert torch.equal(fold(x[:, :1], patch), F.pixel_unshuffle(x[:, :1], patch))
    grey = torch.rand(6, 8, 8, 1).permute(0, 3, 1, 2)  # contiguous, with strides of its own where there is one channel
    assert torch.equal(fold(grey, patch), F.pixel_unshuffle(grey, patch))
    assert torch.equal(unfold(fold(grey, patch), patch), grey)


@pytest.mark.parametrize("patch", [1, 2, 4])
def test_torch_does_it_where_numbers_cannot_be_that_wide(patch, monkeypatch):
    """As on Apple's graphics chips, for which the device "meta" stands here."""
    x = torch.rand(2, 3, 8, 8)
    expected = fold(x, patch)
    monkeypatch.setattr(folding, "_WIDE", {})
    y = fold(x.to("meta"), patch)
    assert y.shape == expected.shape
    assert unfold(y, patch).shape == x.shape
