"""Terms of GAIA's generator loss beside F and I: each a callable of what a step has `Made`, without its weight."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gaiamorph.models.balance import SMALLEST
from gaiamorph.models.interpolation import mix_codes
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


def direct(made: Made) -> Tensor:
    """||x - G(x)||. It keeps G from giving up parts of the data."""
    return made.reconstruction


def pairwise_distance(made: Made) -> Tensor:
    """L_dist: distances between codes follow those between items."""
    return pairwise_distance_loss(made.x, made.z)


def pairwise_distance_loss(x: Tensor, z: Tensor) -> Tensor:
    """L_dist, which keeps the local structure of X in Z (Sainburg et al. 2018, "pairwise distance loss").

        mean over i, j of [log2(1 + d_x(i, j)) - log2(1 + d_z(i, j))]^2

    x: (B, *shape), z: (B, latent_dim). d(i, j) is the squared distance of items i and j, divided by its mean over the batch.
    """

    def log_distances(items: Tensor) -> Tensor:
        with torch.autocast(items.device.type, enabled=False):
            # Exact, since a matrix product leaves rounding where a distance is 0.
            items = items.flatten(1)
            squares = torch.cdist(items, items, compute_mode="donot_use_mm_for_euclid_dist").square()
            squares = squares / items.shape[1]
            return torch.log2(1 + squares / squares.mean().clamp_min(1e-6))  # the mean is 0 if all codes are equal

    return (log_distances(x) - log_distances(z)).square().mean()


class SetDistance(nn.Module):
    """q R E(x, G(z_interp)): how unlike interpolations as a set are to real items as a set.

    D redraws items one by one, so each interpolation may be realistic, and all of them too alike. E is the energy distance. q is
    how much better than the batch mean G reconstructs: while G draws the mean whatever it is given, variety teaches it nothing.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.energy = EnergyDistance(shape)

    def forward(self, made: Made) -> Tensor:
        x = made.x
        of_mean = made.error(x, x.mean(0).expand_as(x)).clamp_min(SMALLEST)
        q = (1 - made.reconstruction.detach() / of_mean).clamp_min(0)
        mixed = mix_codes(torch.eye(len(x), device=x.device), made.weight)
        return q * made.R * self.energy(x, made.Gz, mixed)
