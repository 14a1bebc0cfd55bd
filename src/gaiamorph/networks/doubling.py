"""The decoder's last two convolutions, computed before the upsampling. Gain on one thread: 17 % of a network's passes at 32 x 32.

A 3 x 3 convolution of an upsampled picture sees at most 2 x 2 different pixels. A 2 x 2 convolution of the small picture, with
weights summed beforehand, gives the same: 4/9 of the multiplications, on four times as many channels. The large picture is never
stored.

Each place of the small picture gives a block of 2 x 2 large pixels as channels. All pixels of a block must depend on the same 2 x 2
small ones, so block i of a row holds the large pixels 2i - 1 and 2i. The second convolution returns to pixels 2i and 2i + 1.
Weights are those of the plain layers, and values and gradients equal theirs, to rounding.
"""

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gaiamorph.networks.rearranging import pixel_shuffle

OF_SMALL = ((1, 1, 0), (0, 0, 1), (1, 0, 0), (0, 1, 1))
"""In one direction: a row for each pixel of a block and each of its two small pixels. Entries: whether each of the 3 weights of the
plain convolution connects the two."""
OF_BLOCKS = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0), (0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
"""The same for each pixel of an output block, each of the two input blocks, and each pixel of those."""


class UpsampledConv(nn.Conv2d):
    """(B, I, h, w) -> a 3 x 3 convolution of it upsampled, as blocks: (B, 4 O, h + 1, w + 1)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, 3, padding=1)

    def forward(self, input: Tensor) -> Tensor:
        assert self.bias is not None
        weight = _sums(OF_SMALL, self.weight).unflatten(0, (2, 2, 2, 2))  # pixel, small pixel, down and across; O, I
        weight = weight.permute(0, 2, 4, 5, 1, 3).flatten(0, 2)
        return F.conv2d(input, weight, self.bias.repeat(4), padding=1)


class BlocksConv(nn.Conv2d):
    """Blocks (B, 4 I, h + 1, w + 1) -> a 3 x 3 convolution of their pixels: (B, O, 2 h, 2 w)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, 3, padding=1)

    def forward(self, input: Tensor) -> Tensor:
        assert self.bias is not None
        weight = _sums(OF_BLOCKS, self.weight).unflatten(0, (2, 2, 2, 2, 2, 2))  # pixel, block, its pixel, twice; O, I
        weight = weight.permute(6, 0, 3, 2, 5, 7, 1, 4).flatten(3, 5).flatten(0, 2)
        return pixel_shuffle(F.conv2d(input, weight, self.bias.repeat_interleave(4)), 2)


class BlocksActivation(nn.Module):
    """Leaky ReLU of blocks. Pixels outside the picture become 0, as in the padding of the plain convolution."""

    def __init__(self, negative_slope: float) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, input: Tensor) -> Tensor:
        return _BlocksActivation.apply(input, self.negative_slope)  # type: ignore[return-value]


class _BlocksActivation(torch.autograd.Function):
    """In place, where autograd would copy the gradient once for each side of the picture."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: float) -> Tensor:
        y = _without_outside(F.leaky_relu_(x, slope))
        ctx.slope = slope
        ctx.mark_dirty(y)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None]:
        (y,) = ctx.saved_tensors
        return _without_outside(torch.ops.aten.leaky_relu_backward(grad_outputs[0], y, ctx.slope, True)), None


def _without_outside(blocks: Tensor) -> Tensor:
    """The blocks with 0 in all pixels outside the picture, in place."""
    pixels = blocks.permute(0, 2, 3, 1).unflatten(3, (2, 2, -1))
    pixels[:, 0, :, 0].zero_()
    pixels[:, -1, :, 1].zero_()
    pixels[:, :, 0, :, 0].zero_()
    pixels[:, :, -1, :, 1].zero_()
    return blocks


def _sums(which: tuple[tuple[int, ...], ...], weight: Tensor) -> Tensor:
    """Sums of the weights (O, I, 3, 3) that ``which`` (n, 3) selects in both directions: (n n, O, I)."""
    # torch.compile ignores caches, and warns of it.
    in_both = _in_both.__wrapped__ if torch.compiler.is_compiling() else _in_both
    with torch.autocast(weight.device.type, enabled=False):  # weights are rounded once, after the sums
        sums = in_both(which, weight.device).to(weight.dtype) @ weight.permute(2, 3, 0, 1).reshape(9, -1)
    return sums.unflatten(1, weight.shape[:2])


@lru_cache(8)
def _in_both(which: tuple[tuple[int, ...], ...], device: torch.device) -> Tensor:
    # Made in inference mode, it could not be used in a training that follows in the same process.
    with torch.inference_mode(False):
        one = torch.tensor(which, dtype=torch.float32)
        return torch.kron(one, one).to(device)
