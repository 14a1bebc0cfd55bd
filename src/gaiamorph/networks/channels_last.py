"""Linear layers between vectors and channels-last pictures. Gain on one thread: 17 % of a network's passes at 32 x 32 pixels.

torch.flatten copies channels-last pictures, and its gradient arrives in another layout than the activations, which slows the
backward pass. Here pictures are flattened as they lie in memory, and the much smaller weights are reordered in each pass. Stored
weights have the order of torch.flatten, so values and gradients equal those of nn.Flatten and nn.Linear, to rounding.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Flatten(nn.Module):
    """(B, C, H, W) -> (B, H W C)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


class Unflatten(nn.Module):
    """The inverse of `Flatten`. shape: (C, H, W)."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        channels, height, width = self.shape
        return x.view(-1, height, width, channels).permute(0, 3, 1, 2)


class FromFlat(nn.Linear):
    """A linear layer on the output of `Flatten`."""

    def __init__(self, shape: tuple[int, int, int], out_features: int) -> None:
        super().__init__(math.prod(shape), out_features)
        self.shape = shape

    def forward(self, input: Tensor) -> Tensor:
        weight = self.weight.unflatten(1, (self.shape[0], -1)).transpose(1, 2)
        return F.linear(input, _contiguous(weight).flatten(1), self.bias)


class ToFlat(nn.Linear):
    """A linear layer that gives the input of `Unflatten`."""

    def __init__(self, in_features: int, shape: tuple[int, int, int]) -> None:
        super().__init__(in_features, math.prod(shape))
        self.channels = shape[0]

    def forward(self, input: Tensor) -> Tensor:
        weight, bias = (w.unflatten(0, (self.channels, -1)).transpose(0, 1) for w in (self.weight, self.bias))
        return F.linear(input, _contiguous(weight).flatten(0, 1), bias.flatten())


def computed_in(x: Tensor) -> torch.dtype:
    """The number format that layers compute in: autocast's, or that of x."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


def _contiguous(weight: Tensor) -> Tensor:
    """In the order of its indices, cast as autocast would cast it: one copy instead of two."""
    return weight.to(computed_in(weight), memory_format=torch.contiguous_format)
