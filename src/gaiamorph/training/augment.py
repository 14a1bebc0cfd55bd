"""Augmentation of a batch of pictures, all at once and on the device."""

import torch
import torch.nn.functional as F
from torch import Tensor


def draw(count: int, shift: int, generator: torch.Generator, affine: float = 0.0) -> dict[str, Tensor]:
    """Random numbers for ``count`` pictures: flip (count,), shift (count, 2), and affine (count, 3) unless ``affine`` is 0."""
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

    by (B, 3): the rotation (radians, anticlockwise), the log scale and the log aspect ratio.
    """
    turn, larger, wider = by.to(x.dtype).unbind(1)
    # The grid says where each pixel comes from, so these are the inverses. A picture need not be square.
    across, down, zero = (-larger - wider).exp(), (-larger + wider).exp(), torch.zeros_like(turn)
    ratio = x.shape[2] / x.shape[3]
    first = [turn.cos() * across, -turn.sin() * across * ratio, zero]
    second = [turn.sin() * down / ratio, turn.cos() * down, zero]
    grid = F.affine_grid(torch.stack(first + second, 1).view(-1, 2, 3), list(x.shape), align_corners=False)
    # Bilinear would teach all models softer pictures. Bicubic may overshoot.
    return F.grid_sample(x, grid, mode="bicubic", padding_mode="border", align_corners=False).clamp_(0, 1)
