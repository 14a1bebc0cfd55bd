"""How codes of a batch are mixed in training: who with whom, and how far."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor


def interpolate_pairs(z: Tensor, weight: Tensor) -> Tensor:
    """The reference pairing of GAIA: z (B, latent_dim), weight (B,) -> z_interp (B, latent_dim).

    The batch is halved. Item i of the first half meets item i of the second; then the first half,
    reversed, meets the second again. ``weight`` is the share of the second half's item.
    """
    first, second = z.chunk(2)
    return torch.lerp(torch.cat([first, first.flip(0)]), torch.cat([second, second]), weight[:, None].to(z.dtype))


def mix_codes(z: Tensor, weight: Tensor) -> Tensor:
    """Mixtures of the codes of a batch: z (B, latent_dim) -> (B, latent_dim).

    weight: (B,) for pairs, as in `interpolate_pairs`; (B, K) for mixtures of K items, where item i, then every
    (B / K)-th one before it in turn, has the share that stands in row i.
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
    """Normal(0.5, 0.1): where interpolations have the least to do with either item."""
    return 0.5 + 0.1 * torch.randn(count, generator=generator)


def uniform(count: int, generator: torch.Generator) -> Tensor:
    """Uniform(0, 1): the weights that a continuum uses."""
    return torch.rand(count, generator=generator)


MIXED = 4
"""Items in a Dirichlet mixture."""


def dirichlet(count: int, generator: torch.Generator) -> Tensor:
    """Dirichlet(1, ..., 1) shares (count, MIXED), uniform over all mixtures of so many items."""
    # Exponential variables divided by their sum; 1 - rand is never 0. NumPy's logarithm: torch's starts threads of its own where
    # batches are drawn, beside those of the step, and they wait busily.
    drawn = -torch.from_numpy(np.log(1 - torch.rand(count, MIXED, generator=generator).numpy()))
    return drawn / drawn.sum(1, keepdim=True).clamp_min(1e-12)


def hull(count: int, generator: torch.Generator) -> Tensor:
    """Shares (count, MIXED), of pairs (`middle`) and of mixtures (`dirichlet`) in turn. In many dimensions what lies halfway
    between two items is far from the mean of all, where nothing else tells G what to draw."""
    second = middle(count, generator)
    shares = dirichlet(count, generator)
    shares[::2] = 0
    shares[::2, 0], shares[::2, MIXED // 2] = 1 - second[::2], second[::2]  # with the item half of the batch away
    return shares


SAMPLERS: dict[str, Callable[[int, torch.Generator], Tensor]] = {
    "gaussian": gaussian,
    "middle": middle,
    "uniform": uniform,
    "dirichlet": dirichlet,
    "hull": hull,
}
OF_MANY = ("dirichlet", "hull")
"""Those that mix MIXED items; the others mix two."""
