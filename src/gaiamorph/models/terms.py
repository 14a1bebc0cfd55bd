"""Terms of GAIA's generator loss beside F, I and ||x - G(x)||, without their weights."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gaiamorph.models.balance import SMALLEST
from gaiamorph.models.base import of_first_rank
from gaiamorph.models.interpolation import mix_codes
from gaiamorph.models.sets import coarse, energy_distance, independent_pairs

REMEMBERED = 16
"""Items of a step that the next steps remember. They come from the first process alone, so that all processes have the same."""
MEMORY = {3: 128, 1: 512}
"""Items of earlier steps in each set, by the dimensions of an item. Vectors are short, so a longer memory costs little."""


def pairwise_distance(x: Tensor, z: Tensor) -> Tensor:
    """L_dist, which keeps the local structure of X in Z (Sainburg et al. 2018, "pairwise distance loss").

        mean over i, j of [log2(1 + d_x(i, j)) - log2(1 + d_z(i, j))]^2

    x: (B, *shape), z: (B, latent_dim). d(i, j) is the squared distance of items i and j, divided by its mean over the batch.
    """

    def log_distances(items: Tensor) -> Tensor:
        # Not by a matrix product, whose rounding shows where a distance is 0.
        squares = torch.cdist(items, items, compute_mode="donot_use_mm_for_euclid_dist").square() / items.shape[1]
        return torch.log2(1 + squares / squares.mean().clamp_min(1e-6))  # the mean is 0 if all codes are equal

    with torch.autocast(x.device.type, enabled=False):
        return (log_distances(x.flatten(1)) - log_distances(z)).square().mean()


class SetDistance(nn.Module):
    """q R E(x, G(z_interp)): how unlike interpolations as a set are to real items as a set.

    D redraws items one by one, so each interpolation may be realistic, and all of them too alike. E is the energy distance. A batch
    alone is too small a sample for it, so items of earlier steps are remembered. q is how much better than the batch mean G
    reconstructs: while G draws the mean whatever it is given, variety teaches it nothing.
    """

    earlier: Tensor
    """(2, memory, d): real and made items as `coarse` versions."""
    known: Tensor
    """(memory,): 1 where the memory holds an item, else 0."""

    def __init__(
        self, shape: tuple[int, ...], error: Callable[[Tensor, Tensor], Tensor], memory: int | None = None
    ) -> None:
        super().__init__()
        self.error = error
        self.memory = MEMORY[len(shape)] if memory is None else memory
        self.register_buffer("earlier", torch.zeros(2, self.memory, coarse(torch.zeros(1, *shape)).shape[1]))
        self.register_buffer("known", torch.zeros(self.memory))

    def forward(self, x: Tensor, Gz: Tensor, weight: Tensor, R: Tensor, reconstruction: Tensor) -> Tensor:
        """x, G(z_interp): (B, *shape). weight: as in `mix_codes`. R and ||x - G(x)|| are constants to the gradient."""
        of_mean = self.error(x, x.mean(0).expand_as(x)).clamp_min(SMALLEST)
        q = (1 - reconstruction.detach() / of_mean).clamp_min(0)
        mixed = mix_codes(torch.eye(len(x), device=x.device), weight)
        return q * R.detach() * self.energy(x, Gz, mixed)

    def energy(self, x: Tensor, y: Tensor, mixed: Tensor) -> Tensor:
        """E of made items y (B, *shape) from real ones x, then remembered. mixed (B, B): the share of each x in each y."""
        x, y = coarse(x), coarse(y).to(x.dtype)
        distance = energy_distance(x, y, independent_pairs(mixed, self.known, REMEMBERED), self.earlier.unbind())
        if self.training:
            fresh = of_first_rank(torch.stack([x[:REMEMBERED], y[:REMEMBERED].detach()]))
            # In place, since a CUDA graph reads this memory again in the next step.
            self.earlier.copy_(torch.cat([fresh, self.earlier], 1)[:, : self.memory])
            self.known.copy_(torch.cat([self.known.new_ones(fresh.shape[1]), self.known])[: self.memory])
        return distance
