"""Space to depth and back, as fast as memory allows.

`torch.pixel_unshuffle` moves one value at a time. Here the ``patch`` values of a row of a block move as one wide number, and
folded pictures lie channels-last in memory, as the convolutions that read and write them want it: three to four times as fast.
Compiled code moves values by loops of its own, and devices without some of the wide numbers cannot: they have torch's operations.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

_WIDE = {4: torch.int32, 8: torch.int64, 16: torch.complex128}
"""A type of that many bytes, which is moved and never computed with."""
Move = Callable[[Tensor, int], Tensor]


def fold(x: Tensor, patch: int) -> Tensor:
    """(B, C, H, W) -> (B, C p p, H / p, W / p) in channels-last memory; channels in the order of `torch.pixel_unshuffle`.

    patch: 2 or 4, dividing H and W; or 1, where nothing moves but channels in memory.
    """
    if patch == 1:
        return x.contiguous(memory_format=torch.channels_last)
    return _Moved.apply(x, patch, _folded, _unfolded)  # type: ignore[return-value]


def unfold(x: Tensor, patch: int) -> Tensor:
    """The inverse: (B, C p p, h, w) -> (B, C, h p, w p), contiguous, as `torch.pixel_shuffle`."""
    if patch == 1:
        return x.contiguous()
    return _Moved.apply(x, patch, _unfolded, _folded)  # type: ignore[return-value]


def _plainly(x: Tensor) -> bool:
    """Whether torch's own operation is to be taken."""
    return torch.compiler.is_compiling() or x.device.type not in ("cpu", "cuda")


def _folded(x: Tensor, patch: int) -> Tensor:
    if _plainly(x):
        return F.pixel_unshuffle(x, patch)
    count, channels, height, width = x.shape
    wide = _WIDE[patch * x.element_size()]
    order = _order(channels, height, width, patch, x.device)
    rows = x.contiguous().view(-1).view(wide).view(count, -1)
    blocks = rows.gather(1, order.expand(count, -1)).view(-1).view(x.dtype)
    return blocks.view(count, height // patch, width // patch, channels * patch * patch).permute(0, 3, 1, 2)


@lru_cache(16)
def _order(channels: int, height: int, width: int, patch: int, device: torch.device) -> Tensor:
    """Where each row of a block lies in its picture: (C H W / patch,). To gather them takes half of the time, or less, that a
    copy with the dimensions permuted does, for its innermost loops are a few numbers long."""
    rows = torch.arange(channels * height * width // patch, device=device)
    return rows.view(channels, height // patch, patch, width // patch).permute(1, 3, 0, 2).reshape(-1)


def _unfolded(x: Tensor, patch: int) -> Tensor:
    if _plainly(x):
        return F.pixel_shuffle(x, patch)
    count, channels, height, width = x.shape
    wide = _WIDE[patch * x.element_size()]
    blocks = x.permute(0, 2, 3, 1).contiguous().view(-1).view(wide)
    blocks = blocks.view(count, height, width, channels // patch**2, patch)
    rows = blocks.permute(0, 3, 1, 4, 2).contiguous().view(-1).view(x.dtype)
    return rows.view(count, channels // patch**2, height * patch, width * patch)


class _Moved(torch.autograd.Function):
    """Values moved one way, and gradients the way back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, patch: int, there: Move, back: Move) -> Tensor:
        ctx.patch, ctx.there, ctx.back = patch, there, back
        return there(x, patch)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, None, None]:
        return _Moved.apply(grad_outputs[0], ctx.patch, ctx.back, ctx.there), None, None, None  # type: ignore[return-value]
