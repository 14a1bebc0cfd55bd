"""Gaussian noise on whole items, at the price of one random number for each.

Fresh normal numbers for every value of a batch cost a few per cent of a training step, on every process anew, and a transfer
where there is a graphics card. Instead, each item takes its noise from a place of its own in one long row of them.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

PLACES = 2**20
"""Where an item's noise may begin."""
SEED = 0


def places(count: int, generator: torch.Generator) -> Tensor:
    """Where in the row ``count`` items take their noise from: (count,), int64."""
    return torch.randint(PLACES, (count,), generator=generator)


def noise_at(places: Tensor, like: Tensor) -> Tensor:
    """Standard normal noise for the items of a batch: places (B,), like (B, *shape) -> as ``like``, also in memory."""
    shape = like.shape[1:]
    values = _row(math.prod(shape), places.device).unfold(0, math.prod(shape), 1)[places].to(like.dtype)
    if like.is_contiguous():
        return values.view(-1, *shape)
    channels, height, width = shape
    return values.view(-1, height, width, channels).permute(0, 3, 1, 2)


@lru_cache(2)
def _row(length: int, device: torch.device) -> Tensor:
    """One row for all runs, however they are seeded: what is random is where an item begins."""
    return torch.randn(PLACES + length, generator=torch.Generator().manual_seed(SEED)).to(device)
