"""Terms of GAIA's generator loss beside F and I, each a callable of what a step has `Made`."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gaiamorph.models.balance import SMALLEST
from gaiamorph.models.interpolation import mix_codes
from gaiamorph.models.losses import pairwise_distance_loss
from gaiamorph.models.sets import EnergyDistance


@dataclass(frozen=True)
class Made:
    """One step: items x (B, *shape), codes z (B, d), G(z_interp), interpolation weights, the error function, R without gradient,
    and the reconstruction error ||x - G(x)||."""

    x: Tensor
    z: Tensor
    Gz: Tensor
    weight: Tensor
    error: Callable[[Tensor, Tensor], Tensor]
    R: Tensor
    reconstruction: Tensor


@dataclass(frozen=True)
class Direct:
    """weight ||x - G(x)||. It keeps G from giving up parts of the data."""

    weight: float

    def __call__(self, made: Made) -> Tensor:
        return self.weight * made.reconstruction


@dataclass(frozen=True)
class PairwiseDistance:
    """weight L_dist (`pairwise_distance_loss`): distances between codes follow those between items."""

    weight: float

    def __call__(self, made: Made) -> Tensor:
        return self.weight * pairwise_distance_loss(made.x, made.z)


class SetDistance(nn.Module):
    """U = weight q R E(x, G(z_interp)): how unlike interpolations as a set are to real items as a set.

    D redraws items one by one, so each interpolation may be realistic, and all of them too alike. E is the energy distance. q is
    how much better than the batch mean G reconstructs: while G draws the mean whatever it is given, variety teaches it nothing.
    """

    def __init__(self, shape: tuple[int, ...], weight: float) -> None:
        super().__init__()
        self.weight = weight
        self.energy = EnergyDistance(shape)

    def forward(self, made: Made) -> Tensor:
        x = made.x
        of_mean = made.error(x, x.mean(0).expand_as(x)).clamp_min(SMALLEST)
        q = (1 - made.reconstruction.detach() / of_mean).clamp_min(0)
        mixed = mix_codes(torch.eye(len(x), device=x.device), made.weight)
        return self.weight * q * made.R * self.energy(x, made.Gz, mixed)
