"""Where pictures enter and leave the networks: full size and full precision, so a large part of a step's memory traffic.

Each function here does in one or two passes over memory what otherwise takes three or four; values and gradients are the same to
rounding. With the errors (`models.losses.l1`) they make a bfloat16 step a twentieth faster.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def full_precision(x: Tensor) -> Tensor:
    """float32 where autocast left bfloat16: codes, outputs and the errors made of them need more than 8 bits."""
    return x.float() if x.dtype == torch.bfloat16 else x


def centred(x: Tensor) -> Tensor:
    """2 x - 1: [0, 1] -> [-1, 1], of any shape; under autocast in the lower precision, which the first layer computes in."""
    kind = x.device.type
    lower = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype
    return _Centred.apply(x, lower)  # type: ignore[return-value]


def sigmoid(x: Tensor) -> Tensor:
    """The sigmoid of x, of any shape, in float32."""
    return _Sigmoid.apply(x) if x.dtype == torch.bfloat16 else torch.sigmoid(x)  # type: ignore[return-value]


class _Centred(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dtype: torch.dtype) -> Tensor:
        ctx.dtype = x.dtype
        return torch.add(x.new_tensor(-1.0), x, alpha=2).to(dtype)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None]:
        return (2 * grad_outputs[0]).to(ctx.dtype), None  # doubling is exact in any precision


class _Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.dtype = x.dtype
        y = x.float().sigmoid_()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return torch.ops.aten.sigmoid_backward(grad_outputs[0], y).to(ctx.dtype)
