"""How two players that pull in opposite directions share one backward pass."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

SMALLEST_WEIGHT = 1e-12
"""Stands for a weight w of 0, by which `GradientScale` divides. What it adds to a gradient is below rounding."""


class GradientScale:
    """The identity, whose gradient is multiplied by ``factor`` (1 until it is set, any time before the backward pass).

    Put between a generator and its discriminator: if the discriminator's loss holds -w F and the generator's
    holds v F, then a backward pass of the first, with the factor -v / w here, gives both their own gradients.
    The plain way runs backward through the discriminator twice.
    """

    def __init__(self, factor: Tensor | float = 1.0) -> None:
        self.factor = factor

    def __call__(self, x: Tensor) -> Tensor:
        return _Scale.apply(x, self)  # type: ignore[return-value]


class _Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: GradientScale) -> Tensor:
        ctx.scale = scale
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None]:
        return grad_outputs[0] * ctx.scale.factor, None
