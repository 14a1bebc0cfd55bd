"""How GAIA weighs R, F and I against each other: the objectives, each a small callable (R, F, I) -> `Weights`.

All weights are constants to the gradient. R, F and I are means over all processes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

SMALLEST = 1e-8
"""Lower bound of R where it divides."""


class Weights(NamedTuple):
    """Weights of F and I in the two losses, and each player's share of the learning rate."""

    F_in_G: Tensor
    I_in_G: Tensor
    F_in_D: Tensor
    I_in_D: Tensor
    rate_G: Tensor | float = 1.0
    rate_D: Tensor | float = 1.0


@dataclass(frozen=True)
class Balanced:
    """Scale-free: differences are divided by R, so that one slope s serves data of any contrast.

    w = w_max sigmoid(s (R - (F + I)/2) / R);  v = sigmoid(s (I - F) / R)
    L_D = R - w (F + I)/2;  L_G = v I + (1 - v) F
    """

    slope: float
    w_max: ClassVar[float] = 0.5
    """On faces, 1.0 puts interpolations farther from real pictures and costs reconstruction."""

    def __call__(self, R: Tensor, F: Tensor, I: Tensor) -> Weights:
        scale = R.clamp_min(SMALLEST)
        w = self.w_max * torch.sigmoid(self.slope * (R - (F + I) / 2) / scale)
        v = torch.sigmoid(self.slope * (I - F) / scale)
        return Weights(1 - v, v, w / 2, w / 2)


@dataclass(frozen=True)
class Interpolations:
    """D works against interpolations alone. Where G reconstructs well, a larger F asks D for the opposite of a smaller R.

    w = sigmoid(s (R - I) / R);  L_D = R - w I;  L_G = F + 6 I
    """

    slope: float
    weight: ClassVar[float] = 6.0
    """Of I in L_G. With 3, paths between lines are half as close to lines. From 8 on, short trainings collapse."""

    def __call__(self, R: Tensor, F: Tensor, I: Tensor) -> Weights:
        w = torch.sigmoid(self.slope * (R - I) / R.clamp_min(SMALLEST))
        one = torch.ones_like(R)
        return Weights(one, self.weight * one, torch.zeros_like(R), w)


@dataclass(frozen=True)
class Paper:
    """As printed in the paper. It diverges or collapses: two negative terms of L_D stand against one positive.

    L_G = F + I;  L_D = R - F - I;  delta_D = sigmoid(b (R - (F + I)/2));  delta_G = 1 - delta_D
    """

    slope: float

    def __call__(self, R: Tensor, F: Tensor, I: Tensor) -> Weights:
        delta_D = torch.sigmoid(self.slope * (R - (F + I) / 2))
        one = torch.ones_like(R)
        return Weights(one, one, one, one, 1 - delta_D, delta_D)


BALANCES: dict[str, Callable[[float], Callable[[Tensor, Tensor, Tensor], Weights]]] = {
    "balanced": Balanced,
    "interpolations": Interpolations,
    "paper": Paper,
}
