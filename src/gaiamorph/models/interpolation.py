"""How codes of a batch are mixed in training: which items, and with which weights."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor


def interpolate_pairs(z: Tensor, weight: Tensor) -> Tensor:
    """The reference pairing of GAIA: z (B, latent_dim), weight (B,) -> z_interp (B, latent_dim).

    The batch is halved. Item i of the first half meets item i of the second. Then the reversed first half meets the second again.
    ``weight`` is the share of the second half's item.
    """
    first, second = z.chunk(2)
    return torch.lerp(torch.cat([first, first.flip(0)]), torch.cat([second, second]), weight[:, None].to(z.dtype))


def mix_codes(z: Tensor, weight: Tensor) -> Tensor:
    """Mixtures of the codes of a batch: z (B, latent_dim) -> (B, latent_dim).

    weight: (B,) for pairs, as in `interpolate_pairs`. (B, K) for mixtures of K items: row i has the shares of item i and of every
    (B / K)-th item before it.
    """
    if weight.ndim == 1:
        return interpolate_pairs(z, weight)
    size, number = weight.shape
    shares = weight.to(z.dtype)
    return torch.stack([shares[:, k, None] * z.roll(k * size // number, 0) for k in range(number)]).sum(0)


def gaussian(count: int, generator: torch.Generator) -> Tensor:
    """Normal(0.5, 0.25), unclipped: some mixtures lie beyond their ends, as in the reference."""
    return 0.5 + 0.25 * torch.randn(count, generator=generator)


def middle(count: int, generator: torch.Generator) -> Tensor:
    """Normal(0.5, 0.1): halfway, where an interpolation is farthest from both items."""
    return 0.5 + 0.1 * torch.randn(count, generator=generator)


MIXED = 4
"""Items in a Dirichlet mixture."""


def dirichlet(count: int, generator: torch.Generator) -> Tensor:
    """Dirichlet(1, ..., 1) shares (count, MIXED), uniform over all mixtures of MIXED items."""
    # Exponential variables divided by their sum; 1 - rand is never 0. NumPy's logarithm, since torch's would start threads here,
    # where batches are drawn, and they would contend with those of the step.
    drawn = -torch.from_numpy(np.log(1 - torch.rand(count, MIXED, generator=generator).numpy()))
    return drawn / drawn.sum(1, keepdim=True).clamp_min(1e-12)


def hull(count: int, generator: torch.Generator) -> Tensor:
    """Shares (count, MIXED): pairs as in `middle` and mixtures as in `dirichlet`, alternating. In many dimensions, pairs alone stay
    far from the mean of all codes, and nothing teaches G what to draw there."""
    second = middle(count, generator)
    shares = dirichlet(count, generator)
    shares[::2] = 0
    shares[::2, 0], shares[::2, MIXED // 2] = 1 - second[::2], second[::2]  # with the item half of the batch away
    return shares


SAMPLERS: dict[str, Callable[[int, torch.Generator], Tensor]] = {
    "gaussian": gaussian,
    "middle": middle,
    "dirichlet": dirichlet,
    "hull": hull,
}


def items_mixed(sampler: str) -> int:
    """Items in a mixture of this sampler, at most."""
    return MIXED if sampler in ("dirichlet", "hull") else 2
