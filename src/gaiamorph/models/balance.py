"""How GAIA weighs R, F and I against each other, and the signs that its game has failed.

Each objective is a function (slope, R, F, I) -> `Weights`. R, F and I are means over all processes, without gradient.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

SMALLEST = 1e-8
"""Lower bound of R where it divides."""
W_MAX = 0.5
"""Largest w of `balanced`. On faces, 1.0 puts interpolations farther from real pictures and costs reconstruction."""
I_WEIGHT = 6.0
"""Of I in L_G of `interpolations`. With 3, paths between lines are half as close to lines. From 8 on, short trainings collapse."""


class Weights(NamedTuple):
    """Weights of F and I in the two losses, and each player's share of the learning rate."""

    F_in_G: Tensor
    I_in_G: Tensor
    F_in_D: Tensor
    I_in_D: Tensor
    rate_G: Tensor | float = 1.0
    rate_D: Tensor | float = 1.0


def balanced(slope: float, R: Tensor, F: Tensor, I: Tensor) -> Weights:
    """Scale-free: differences are divided by R, so that one slope s serves data of any contrast.

    w = w_max sigmoid(s (R - (F + I)/2) / R);  v = sigmoid(s (I - F) / R)
    L_D = R - w (F + I)/2;  L_G = v I + (1 - v) F
    """
    scale = R.clamp_min(SMALLEST)
    w = W_MAX * torch.sigmoid(slope * (R - (F + I) / 2) / scale)
    v = torch.sigmoid(slope * (I - F) / scale)
    return Weights(1 - v, v, w / 2, w / 2)


def interpolations(slope: float, R: Tensor, F: Tensor, I: Tensor) -> Weights:
    """D works against interpolations alone. Where G reconstructs well, a larger F asks D for the opposite of a smaller R.

    w = sigmoid(s (R - I) / R);  L_D = R - w I;  L_G = F + 6 I
    """
    w = torch.sigmoid(slope * (R - I) / R.clamp_min(SMALLEST))
    one = torch.ones_like(R)
    return Weights(one, I_WEIGHT * one, torch.zeros_like(R), w)


def paper(slope: float, R: Tensor, F: Tensor, I: Tensor) -> Weights:
    """As printed in the paper. It diverges or collapses: two negative terms of L_D stand against one positive.

    L_G = F + I;  L_D = R - F - I;  delta_D = sigmoid(b (R - (F + I)/2));  delta_G = 1 - delta_D
    """
    delta_D = torch.sigmoid(slope * (R - (F + I) / 2))
    one = torch.ones_like(R)
    return Weights(one, one, one, one, 1 - delta_D, delta_D)


BALANCES: dict[str, Callable[[float, Tensor, Tensor, Tensor], Weights]] = {
    "balanced": balanced, "interpolations": interpolations, "paper": paper,
}  # fmt: skip

COLLAPSED, ABOVE = 0.3, 1.5
"""Interpolations have collapsed if I < 0.3 F and F > 1.5 R. In a healthy run the three are within a third of each other. Under the
paper's objective on plane sets, I / F fell to 0.02 - 0.2."""
EMPTY = 0.2
"""All made items look alike if I < 0.2 R. I / R was 1e-5 where both players drew lines black, and above 0.5 in healthy runs."""
RUNAWAY = 4.0
"""The discriminator has run away if F > 4 R."""


def diagnose(R: float, F: float, I: float) -> str | None:
    """A warning with its remedy if recent means are those of a failed training, else None."""
    remedy = "use the objective 'balanced', a larger 'direct', or a lower learning rate"
    if I < COLLAPSED * F and F > ABOVE * R:
        return (
            "interpolations have collapsed: they all look alike to the discriminator while reconstructions do not "
            f"(I near 0, F high); {remedy}"
        )
    if I < EMPTY * R:
        return (
            "everything that is made looks alike (the discriminator redraws it without error, but not real items); for "
            "pictures that are mostly empty use error 'l2', or a lower learning rate"
        )
    if F > RUNAWAY * R:
        return (
            f"the discriminator has run away (F more than {RUNAWAY:g} times R): its errors no longer tell the generator "
            f"anything; {remedy}"
        )
    return None
