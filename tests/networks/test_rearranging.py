"""Pixel shuffle by wide numbers equals torch's, with gradients, in every number format and layout."""

import pytest
import torch
import torch.nn.functional as F

from gaiamorph.networks.rearranging import pixel_shuffle, pixel_unshuffle


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize(("channels", "side"), [(1, 2), (3, 2), (3, 4), (1, 1)])
def test_equals_torch(channels, side, dtype, layout):
    x = torch.randn(2, channels, 8, 16).to(dtype).contiguous(memory_format=layout)
    blocks = torch.randn(2, channels * side * side, 2, 4).to(dtype).contiguous(memory_format=layout)
    for own, plain, given in ((pixel_unshuffle, F.pixel_unshuffle, x), (pixel_shuffle, F.pixel_shuffle, blocks)):
        a, b = given.clone().requires_grad_(), given.clone().requires_grad_()
        y, wanted = own(a, side), plain(b, side)
        assert torch.equal(y, wanted)
        gradient = torch.randn_like(wanted)
        assert torch.equal(*(torch.autograd.grad(out, at, gradient)[0] for out, at in ((y, a), (wanted, b))))
