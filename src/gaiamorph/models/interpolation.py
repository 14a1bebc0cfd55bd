"""How codes of a batch are mixed in training: which items, and with which weights."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

MIXED = 4
"""Items in a Dirichlet mixture."""


def mix_codes(z: Tensor, weight: Tensor) -> Tensor:
    """Mixtures of the codes of a batch: z (B, latent_dim) -> z_interp (B, latent_dim).

    weight (B,): pairs, as in GAIA's reference code. The batch is halved. Item i of the first half meets item i of the second. Then
    the reversed first half meets the second again. ``weight`` is the share of the second half's item.
    weight (B, K): mixtures of K items. Row i has the shares of item i and of every (B / K)-th item before it.
    """
    shares = weight.to(z.dtype)
    if weight.ndim == 1:
        first, second = z.chunk(2)
        return torch.lerp(torch.cat([first, first.flip(0)]), torch.cat([second, second]), shares[:, None])
    size, number = weight.shape
    return torch.stack([shares[:, k, None] * z.roll(k * size // number, 0) for k in range(number)]).sum(0)


def normal(sd: float, count: int, generator: torch.Generator) -> Tensor:
    """Weights Normal(0.5, sd) of the second of two items (count,). Unclipped: some mixtures lie beyond their ends."""
    return 0.5 + sd * torch.randn(count, generator=generator)


def dirichlet(count: int, generator: torch.Generator) -> Tensor:
    """Dirichlet(1, ..., 1) shares (count, MIXED), uniform over all mixtures of MIXED items."""
    # Exponential variables divided by their sum; 1 - rand is never 0. NumPy's logarithm, since torch's would start threads here,
    # where batches are drawn, and they would contend with those of the step.
    drawn = -torch.from_numpy(np.log(1 - torch.rand(count, MIXED, generator=generator).numpy()))
    return drawn / drawn.sum(1, keepdim=True).clamp_min(1e-12)


def hull(count: int, generator: torch.Generator) -> Tensor:
    """Shares (count, MIXED): pairs of the sampler middle and Dirichlet mixtures, alternating.

    In many dimensions, pairs alone stay far from the mean of all codes, and nothing teaches G what to draw there.
    """
    second = SAMPLERS["middle"](count, generator)
    shares = dirichlet(count, generator)
    shares[::2] = 0
    shares[::2, 0], shares[::2, MIXED // 2] = 1 - second[::2], second[::2]  # with the item half of the batch away
    return shares


SAMPLERS: dict[str, Callable[[int, torch.Generator], Tensor]] = {
    "gaussian": partial(normal, 0.25),  # as in the reference
    "middle": partial(normal, 0.1),  # halfway, where an interpolation is farthest from both items
    "dirichlet": dirichlet,
    "hull": hull,
}
