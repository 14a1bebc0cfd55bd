"""Augmentation of a batch of pictures, all at once and on the device."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def draw(count: int, shift: int, generator: torch.Generator, affine: float = 0.0) -> dict[str, Tensor]:
    """The random numbers for ``count`` pictures: whether to flip (count,), how far to shift (count, 2), and, unless it is 0, the
    ``affine`` changes (count, 3)."""
    drawn = {
        "flip": torch.rand(count, generator=generator) < 0.5,
        "shift": torch.randint(-shift, shift + 1, (count, 2), generator=generator),
    }
    if affine:
        drawn["affine"] = torch.randn(count, 3, generator=generator) * torch.tensor([affine, affine, affine / 2])
    return drawn


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


def affine(x: Tensor, by: Tensor) -> Tensor:
    """Turn and stretch each picture about its centre, repeating its edge: x (B, C, H, W), values in [0, 1].

    by (B, 3): the turn in radians, anticlockwise as one looks at it; the logarithm of how much larger; and that of how much wider
    and, by as much, lower.
    """
    turn, larger, wider = by.to(x.dtype).unbind(1)
    # The grid says where each pixel comes from, so these are the inverses; a picture need not be square.
    across, down = (-larger - wider).exp(), (-larger + wider).exp()
    height, width = x.shape[2:]
    zero = torch.zeros_like(turn)
    rows = [
        torch.stack([turn.cos() * across, -turn.sin() * across * (height / width), zero], 1),
        torch.stack([turn.sin() * down * (width / height), turn.cos() * down, zero], 1),
    ]
    grid = F.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    # Bicubic, for bilinear would teach all models softer pictures; it may overshoot.
    return F.grid_sample(x, grid, mode="bicubic", padding_mode="border", align_corners=False).clamp_(0, 1)
