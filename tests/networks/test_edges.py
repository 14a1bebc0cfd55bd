"""The shortcuts at the edges of the networks against the plain expressions that they stand for."""

import pytest
import torch

from gaiamorph.networks.edges import centred, sigmoid


def test_centred():
    x = torch.rand(4, 3, 8, 8, requires_grad=True)
    weight = torch.randn_like(x)
    assert torch.equal(centred(x), 2 * x - 1)
    (gradient,) = torch.autograd.grad((centred(x) * weight).sum(), x)
    assert torch.equal(gradient, 2 * weight)
    with torch.autocast("cpu", torch.bfloat16):
        lower = centred(x)
    assert torch.equal(lower, (2 * x - 1).bfloat16())
    (gradient,) = torch.autograd.grad((lower * weight.bfloat16()).sum(), x)
    assert torch.equal(gradient, 2 * weight.bfloat16().float())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_sigmoid(dtype):
    x = (4 * torch.randn(4, 8)).to(dtype).requires_grad_()
    y = sigmoid(x)
    assert y.dtype == torch.float32
    torch.testing.assert_close(y, torch.sigmoid(x.float()))
    weight = torch.randn(4, 8)
    (ours,) = torch.autograd.grad((y * weight).sum(), x)
    (theirs,) = torch.autograd.grad((torch.sigmoid(x.float()) * weight).sum(), x)
    assert torch.equal(ours, theirs)
