"""Where pictures enter and leave the networks: full size and full precision, so a large part of a step's memory traffic.

Each function here does in one or two passes over memory what otherwise takes three to seven: a block of rows at a time, and
several batches at once, which need not be put together before or taken apart after. Values and gradients are the same to rounding,
but for outputs at their limits: see `NEAREST`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor


def full_precision(x: Tensor) -> Tensor:
    """float32 where autocast left bfloat16: codes, outputs and the errors made of them need more than 8 bits."""
    return x.float() if x.dtype == torch.bfloat16 else x


def computed_in(x: Tensor) -> torch.dtype:
    """The numbers that layers compute in on what lies where x does: autocast's, or x's own."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


def centred(*batches: Tensor, noise: Tensor | None = None) -> Tensor:
    """2 (x + noise) - 1 of n batches (B, *shape), one after another: [0, 1] -> [-1, 1], (n B, *shape).

    Under autocast in the lower precision, which the first layer computes in. noise: (B, *shape), the same for all batches.
    """
    return _Centred.apply(computed_in(batches[0]), noise, *batches)  # type: ignore[return-value]


def sigmoid(x: Tensor, parts: int = 1) -> tuple[Tensor, ...]:
    """The sigmoid of x (n B, ...), in float32 or x's own: ``parts`` tensors of n B / parts rows."""
    return _Sigmoid.apply(x, parts)  # type: ignore[return-value]


NEAREST = 1e-3
"""An output nearer to 0 or 1 than that, a quarter of a grey level, has the gradient of one that is as near, where that leads away
from the limit. A step that goes too far may leave every output at a limit: without this no gradient leads back from there, and
the generator has died. Towards the limit gradients vanish as they do: else what is black, and is to be, would be driven on
without an end, and on pictures that are mostly black that throws the generator about."""
HUGE = 1e30
"""Times any gradient that counts it is more than 1."""
BLOCK = 2**18
"""Numbers that are worked on at a time: with what is made of them they stay in the cache of a processor's core."""


def blocks(x: Tensor) -> Iterator[slice]:
    """The rows of x, as many at a time as make a block. All at once where there is no such cache."""
    rows = max(1, BLOCK // max(1, math.prod(x.shape[1:]))) if x.device.type == "cpu" else max(1, len(x))
    for first in range(0, len(x), rows):
        yield slice(first, first + rows)


class _Centred(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, dtype: torch.dtype, noise: Tensor | None, *batches: Tensor) -> Tensor:
        x = batches[0]
        ctx.dtype, ctx.count = x.dtype, len(x)
        result = torch.empty((len(batches) * len(x), *x.shape[1:]), dtype=dtype, device=x.device)
        if x.ndim == 4 and not x.is_contiguous():
            result = result.contiguous(memory_format=torch.channels_last)
        minus_one = x.new_full((), -1.0)
        for part in blocks(x):
            rest = minus_one if noise is None else torch.add(minus_one, noise[part], alpha=2)
            for batch, to in zip(batches, result.chunk(len(batches)), strict=True):
                torch.add(rest, batch[part], alpha=2, out=to[part])
        return result

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        gradients = []
        for needed, incoming in zip(ctx.needs_input_grad[2:], grad_outputs[0].split(ctx.count), strict=True):
            if not needed:
                gradients.append(None)
                continue
            gradient = torch.empty_like(incoming, dtype=ctx.dtype)
            for part in blocks(incoming):
                torch.add(incoming[part], incoming[part], out=gradient[part])  # doubling is exact in any precision
            gradients.append(gradient)
        return None, None, *gradients


class _Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, parts: int) -> tuple[Tensor, ...]:
        ctx.dtype = x.dtype
        y = torch.empty_like(x, dtype=torch.float32 if x.dtype == torch.bfloat16 else x.dtype)
        for part in blocks(x):
            y[part].copy_(x[part]).sigmoid_()
        ctx.save_for_backward(y)
        return y.chunk(parts)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None]:
        (y,) = ctx.saved_tensors
        result = torch.empty_like(y, dtype=ctx.dtype)
        # Taken apart here, gradients of the parts need not be put together first.
        for gradient, y_part, to in zip(grad_outputs, *(t.chunk(len(grad_outputs)) for t in (y, result)), strict=True):
            for part in blocks(y_part):
                g, y_at = gradient[part], y_part[part]
                # Where a descent raises y it is taken to lie no nearer to 0, where it lowers y no nearer to 1. In arithmetic, for
                # comparing and choosing take four times as long: least is NEAREST for the ones and 0 for the others.
                least = (g * -HUGE).clamp_(0, NEAREST)
                y_off = torch.maximum(y_at, least)
                torch.minimum(y_off, least.add_(1 - NEAREST), out=y_off)
                torch.ops.aten.sigmoid_backward.grad_input(g, y_off, grad_input=to[part])
        return result, None
