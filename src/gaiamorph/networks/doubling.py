"""Pictures doubled by repeating pixels, and the two 3 x 3 convolutions after that, computed at half of the size.

A 3 x 3 convolution sees no more than 2 x 2 different pixels of a doubled picture, most of them several times. With weights that are
added up beforehand, a convolution of 2 x 2 gives the same from the small picture, where each place draws a block of 2 x 2 large
pixels as channels beside one another: 4/9 of the arithmetic, on four times as many channels, which processors multiply faster. The
doubled picture is never written, and not kept for the backward pass.

All pixels of a block shall depend on the same 2 x 2 small ones, so blocks begin a pixel before the picture: block i of a row has
its pixels 2i - 1 and 2i. The second convolution brings them into the usual blocks (2i and 2i + 1), which `unfold` puts together.
Weights are those of the plain layers, and values and gradients are as theirs, to rounding.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gaiamorph.networks.base import NEGATIVE_SLOPE
from gaiamorph.networks.folding import unfold

OF_SMALL = ((1, 1, 0), (0, 0, 1), (1, 0, 0), (0, 1, 1))
"""In one direction, a row for each pixel of a block and each of the two small pixels that it depends on: which of the 3 weights of
the plain convolution lie between the two."""
OF_BLOCKS = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0), (0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
"""The same for each pixel of a usual block, each of the two blocks that it depends on, and each pixel of those."""


class DoubledConv(nn.Conv2d):
    """(B, I, h, w) -> what a 3 x 3 convolution makes of it when it is doubled, in blocks: (B, 4 O, h + 1, w + 1)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, 3, padding=1)

    def forward(self, input: Tensor) -> Tensor:
        assert self.bias is not None
        weight = _sums(OF_SMALL, self.weight).unflatten(0, (2, 2, 2, 2))  # pixel, small one, down and across; O, I
        weight = weight.permute(0, 2, 4, 5, 1, 3).flatten(0, 2)
        return F.conv2d(input, weight, self.bias.repeat(4), padding=1)


class BlocksConv(nn.Conv2d):
    """Blocks (B, 4 I, h + 1, w + 1) -> what a 3 x 3 convolution makes of the picture that they are: (B, O, 2 h, 2 w)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, 3, padding=1)

    def forward(self, input: Tensor) -> Tensor:
        assert self.bias is not None
        weight = _sums(OF_BLOCKS, self.weight).unflatten(0, (2, 2, 2, 2, 2, 2))  # pixel, block, its pixel, twice; O, I
        weight = weight.permute(6, 0, 3, 2, 5, 7, 1, 4).flatten(3, 5).flatten(0, 2)
        return unfold(F.conv2d(input, weight, self.bias.repeat_interleave(4)), 2)


class BlocksActivation(nn.Module):
    """Leaky ReLU of blocks, in place; and 0 for pixels outside of the picture, as the padding of a convolution would have them."""

    def forward(self, input: Tensor) -> Tensor:
        return _Activation.apply(input)  # type: ignore[return-value]


class _Activation(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = _cut(F.leaky_relu_(x, NEGATIVE_SLOPE))
        ctx.mark_dirty(y)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return _cut(torch.ops.aten.leaky_relu_backward(grad_outputs[0], y, NEGATIVE_SLOPE, True))


def _cut(blocks: Tensor) -> Tensor:
    """The same, with 0 written, in place, where pixels lie outside of the picture."""
    pixels = blocks.permute(0, 2, 3, 1).unflatten(3, (2, 2, -1))
    pixels[:, 0, :, 0].zero_()
    pixels[:, -1, :, 1].zero_()
    pixels[:, :, 0, :, 0].zero_()
    pixels[:, :, -1, :, 1].zero_()
    return blocks


def _sums(which: tuple[tuple[int, ...], ...], weight: Tensor) -> Tensor:
    """Weights (O, I, 3, 3), added up as ``which`` (n, 3) says in both directions: (n n, O, I)."""
    # A compiler sees no cache, works out the same once, and warns of it.
    in_both = _in_both.__wrapped__ if torch.compiler.is_compiling() else _in_both
    with torch.autocast(weight.device.type, enabled=False):  # else they would be rounded before and after
        sums = in_both(which, weight.device).to(weight.dtype) @ weight.permute(2, 3, 0, 1).reshape(9, -1)
    return sums.unflatten(1, weight.shape[:2])


@lru_cache(8)
def _in_both(which: tuple[tuple[int, ...], ...], device: torch.device) -> Tensor:
    one = torch.tensor(which, dtype=torch.float32)
    return torch.kron(one, one).to(device)
