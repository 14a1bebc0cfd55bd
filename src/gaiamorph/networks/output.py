"""The output of the networks: its precision, and a sigmoid that can leave its limits."""

from typing import Any

import torch
from torch import Tensor

NEAREST = 1e-3
"""Sigmoid gradients vanish at 0 and 1, so a saturated output could never recover. Within `NEAREST` of a limit we use the gradient
at `NEAREST`, but only when it points away from the limit. Towards a limit gradients vanish as usual: otherwise pixels that are to
be black would be driven on without end. On mostly black pictures that made training unstable."""

HUGE = 1e30
"""Times any gradient that matters, it exceeds 1."""


def full_precision(x: Tensor) -> Tensor:
    """bfloat16 -> float32. Codes, outputs and their errors need more than the 8 bits that autocast leaves."""
    return x.float() if x.dtype == torch.bfloat16 else x


def centred(x: Tensor) -> Tensor:
    """2 x - 1: [0, 1] -> [-1, 1], in one pass over memory."""
    return torch.add(x.new_full((), -1.0), x, alpha=2)


def sigmoid(x: Tensor) -> Tensor:
    """The sigmoid of x, in float32 at least. Its gradient follows the rule of `NEAREST`."""
    return _Sigmoid.apply(full_precision(x))  # type: ignore[return-value]


class _Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = torch.sigmoid(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Tensor:
        (gradient,), (y,) = grad_outputs, ctx.saved_tensors
        # A gradient step raises y where the gradient is negative. There `least` is NEAREST, elsewhere 0. The product has the
        # result of a comparison, and takes a quarter of the time of torch.where.
        least = (gradient * -HUGE).clamp_(0, NEAREST)
        y = torch.minimum(torch.maximum(y, least), least.add_(1 - NEAREST))
        return torch.ops.aten.sigmoid_backward(gradient, y)
