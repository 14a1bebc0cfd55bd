"""Gaussian noise on whole items, at the price of one random number for each.

Fresh normal numbers for every value of a batch cost a few per cent of a training step, on every process anew, and a transfer
where there is a graphics card. Instead, each item takes its noise from a place of its own: a vector from one long row of
numbers, a picture from one large picture of them.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

SIDE = 2**10
PLACES = SIDE**2
"""Where an item's noise may begin."""
SEED = 0


def places(count: int, generator: torch.Generator) -> Tensor:
    """Where ``count`` items take their noise from: (count,), int64."""
    return torch.randint(PLACES, (count,), generator=generator)


def noise_at(places: Tensor, like: Tensor, *strengths: float) -> Tensor:
    """Normal noise for the items of a batch: places (B,), like (B, *shape) -> as ``like``, also in memory.

    strengths: standard deviations. The first is that of numbers drawn for each value by itself; in pictures those after it are of
    noise that is smooth over 2, 4, 8 ... pixels, and all are added up.
    """
    if like.ndim != 4:
        row = _row(math.prod(like.shape[1:]), places.device).unfold(0, math.prod(like.shape[1:]), 1)
        return row[places].view(like.shape).to(like.dtype) * strengths[0]
    height, width = like.shape[2:]
    picture = _picture(*like.shape[1:], strengths, places.device)
    cut = picture.unfold(0, height, 1).unfold(1, width, 1)[places // SIDE, places % SIDE]
    layout = torch.contiguous_format if like.is_contiguous() else torch.channels_last
    return cut.to(like.dtype).contiguous(memory_format=layout)


# One for all runs, however they are seeded: what is random is where an item begins.


@lru_cache(2)
def _row(length: int, device: torch.device) -> Tensor:
    return torch.randn(PLACES + length, generator=torch.Generator().manual_seed(SEED)).to(device)


@lru_cache(2)
def _picture(channels: int, height: int, width: int, strengths: tuple[float, ...], device: torch.device) -> Tensor:
    """(SIDE + height, SIDE + width, channels)."""
    generator = torch.Generator().manual_seed(SEED)
    size = (SIDE + height, SIDE + width)
    total = torch.zeros(1, channels, *size)
    for octave, strength in enumerate(strengths):
        # One more at each end, for what lies at an edge is smoothed with nothing.
        coarse = [math.ceil(n / 2**octave) + 2 for n in size]
        drawn = torch.randn(1, channels, *coarse, generator=generator)
        if octave:
            drawn = F.interpolate(drawn, scale_factor=2**octave, mode="bicubic")
        first = 2**octave
        drawn = drawn[..., first : first + size[0], first : first + size[1]]
        total += drawn * (strength / drawn.std())
    return total[0].permute(1, 2, 0).contiguous().to(device)
