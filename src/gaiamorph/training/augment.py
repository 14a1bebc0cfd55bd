"""Augmentation of a batch of pictures, all at once and on the device."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def draw(count: int, shift: int, generator: torch.Generator) -> dict[str, Tensor]:
    """The random numbers for ``count`` pictures: whether to flip (count,), and how far to shift (count, 2)."""
    return {
        "flip": torch.rand(count, generator=generator) < 0.5,
        "shift": torch.randint(-shift, shift + 1, (count, 2), generator=generator),
    }


def flip(x: Tensor, chosen: Tensor) -> Tensor:
    """Mirror the chosen pictures: x (B, C, H, W), chosen (B,) bool."""
    return torch.where(chosen[:, None, None, None], x.flip(-1), x)


def shift(x: Tensor, by: Tensor, most: int) -> Tensor:
    """Move each picture by whole pixels, repeating its edge: x (B, C, H, W), by (B, 2) as (down, right), up to ``most``."""
    count, _, height, width = x.shape
    padded = F.pad(x, (most, most, most, most), mode="replicate")
    rows = torch.arange(height, device=x.device) + most - by[:, :1]
    columns = torch.arange(width, device=x.device) + most - by[:, 1:]
    items = torch.arange(count, device=x.device)[:, None, None]
    # Advanced indices around a slice put the channels last: (B, H, W, C), the layout convolutions like.
    return padded[items, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
