"""A convolutional pair for pictures of any height and width from 8 up, and any channel count.

The encoder reads the picture in blocks of pixels (space to depth), which loses nothing and spares it convolutions at full
resolution. The decoder works at two or four times the encoder's finest resolution, by default at that of the picture: pixels that
one place draws together, in blocks, are drawn with less regard for their neighbours, and leave a grid between items. How its finest
level is computed, where it can be, stands in `doubling`.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gaiamorph.networks.base import Autoencoder, NetworkSettings, activation, initialise, initialise_output
from gaiamorph.networks.doubling import BlocksActivation, BlocksConv, DoubledConv
from gaiamorph.networks.edges import computed_in
from gaiamorph.networks.folding import fold, unfold

FINEST = {1: 16, 2: 32, 4: 32}
"""Channels where the decoder is finest, by default: by the side of the blocks that it draws."""
WIDEST = 128
"""They double from level to level, to at most this many (in proportion where there are others at the finest)."""
LARGE = 48
"""Pictures from so many pixels on are read in larger blocks, and drawn so where ``blocks`` is 0."""


class Conv(Autoencoder):
    """Pyramid with ``depth`` 3x3 convolutions a level; ``width`` channels at the finest."""

    DEPTH = 1

    def __init__(
        self, shape: tuple[int, ...], latent_dim: int, settings: NetworkSettings, gaussian: bool = False
    ) -> None:
        super().__init__(shape, latent_dim, settings, gaussian)
        channels, height, width = shape
        if min(height, width) < 8:
            raise ValueError(f"the conv network needs pictures of at least 8 x 8 pixels, not {height} x {width}")
        shorter, depth = min(height, width), settings.depth or self.DEPTH
        usual = 4 if shorter >= LARGE else 2
        drawn = settings.blocks or usual
        self.width = settings.width or FINEST[drawn]
        sizes = _pyramid(math.ceil(height / drawn), math.ceil(width / drawn), settings.coarsest)
        widest = WIDEST * self.width // FINEST[drawn]
        widths = [min(self.width * 2**i, widest) for i in range(len(sizes))]
        read = max(2 * drawn, settings.read or usual)
        start = min(int(math.log2(min(4, read) // drawn)), len(sizes) - 1) if shorter >= 16 else 0
        read = drawn * 2**start
        coarse = (widths[-1], *sizes[-1])

        self.encoder = nn.Sequential(Fold(read), *_convs(channels * read * read, widths[start], depth))
        for narrow, wide in zip(widths[start:], widths[start + 1 :], strict=False):
            self.encoder.extend([nn.Conv2d(narrow, wide, 3, stride=2, padding=1), activation()])
            self.encoder.extend(_convs(wide, wide, depth - 1))
        to_code = _Read(coarse, self.outputs * latent_dim)
        self.encoder.extend([Flatten(), to_code])

        self.decoder = nn.Sequential(_Draw(latent_dim, coarse), activation(), Unflatten(coarse))
        for i in range(len(sizes) - 1, 0, -1):
            self.decoder.extend(_convs(widths[i], widths[i - 1], depth))
            self.decoder.append(Double(sizes[i - 1]))
        to_picture: nn.Conv2d
        if drawn == depth == 1 and len(sizes) > 1 and height % 2 == width % 2 == 0:
            self.decoder[-1] = nn.Identity()  # in the place of what doubles, for files know weights by their place
            finest = [DoubledConv(widths[0], widths[0]), BlocksActivation()]
            to_picture = BlocksConv(widths[0], channels)
        else:
            finest = _convs(widths[0], widths[0], depth)
            to_picture = nn.Conv2d(widths[0], channels * drawn * drawn, 3, padding=1)
        self.decoder.extend([*finest, to_picture, Unfold(drawn, height, width)])

        initialise(self)
        initialise_output(to_code)
        initialise_output(to_picture)
        if settings.linear == "on":
            self.add_linear_path()

    def trunk(self, outputs: int) -> tuple[nn.Module, nn.Linear]:
        assert isinstance(self.encoder, nn.Sequential)
        last = self.encoder[-1]
        assert isinstance(last, _Read)
        return self.encoder[:-1], _Read(last.shape, outputs)


def _pyramid(height: int, width: int, coarsest: int) -> list[tuple[int, int]]:
    """Sizes from fine to coarse, each half of the one before, rounded up; the last is the first not above ``coarsest``."""
    sizes = [(height, width)]
    while min(sizes[-1]) > coarsest:
        sizes.append((math.ceil(sizes[-1][0] / 2), math.ceil(sizes[-1][1] / 2)))
    return sizes


def _convs(channels_in: int, channels_out: int, count: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for i in range(count):
        layers += [nn.Conv2d(channels_in if i == 0 else channels_out, channels_out, 3, padding=1), activation()]
    return layers


class Flatten(nn.Module):
    """(B, C, H, W) -> (B, H W C): as it lies in memory, where convolutions leave channels last."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


class Unflatten(nn.Module):
    """The inverse of `Flatten`."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        channels, height, width = self.shape
        return x.view(-1, height, width, channels).permute(0, 3, 1, 2)


class _Read(nn.Linear):
    """A linear layer on what `Flatten` gives. Its weights are in the order of `torch.flatten`, channels first: moving
    them takes less time than moving a batch."""

    def __init__(self, shape: tuple[int, int, int], out_features: int) -> None:
        super().__init__(math.prod(shape), out_features)
        self.shape = shape

    def forward(self, input: Tensor) -> Tensor:
        weight = self.weight.unflatten(1, (self.shape[0], -1)).transpose(1, 2)
        return F.linear(input, _laid_out(weight).flatten(1), self.bias)


class _Draw(nn.Linear):
    """A linear layer that gives what `Unflatten` takes, with weights channels first, as those of `_Read`."""

    def __init__(self, in_features: int, shape: tuple[int, int, int]) -> None:
        super().__init__(in_features, math.prod(shape))
        self.channels = shape[0]

    def forward(self, input: Tensor) -> Tensor:
        weight, bias = (w.unflatten(0, (self.channels, -1)).transpose(0, 1) for w in (self.weight, self.bias))
        return F.linear(input, _laid_out(weight).flatten(0, 1), bias.flatten())


def _laid_out(weight: Tensor) -> Tensor:
    """In memory as it is indexed; the cast that autocast would do to it is done with the move."""
    return weight.to(computed_in(weight), memory_format=torch.contiguous_format)


class Fold(nn.Module):
    """(B, C, H, W) -> (B, C p p, ceil(H / p), ceil(W / p)); edges are repeated where p does not divide."""

    def __init__(self, patch: int) -> None:
        super().__init__()
        self.patch = patch

    def forward(self, x: Tensor) -> Tensor:
        below, right = -x.shape[-2] % self.patch, -x.shape[-1] % self.patch
        if below or right:
            x = F.pad(x, (0, right, 0, below), mode="replicate")
        return fold(x, self.patch)


class Unfold(nn.Module):
    """The inverse of `Fold`, cropped to (H, W)."""

    def __init__(self, patch: int, height: int, width: int) -> None:
        super().__init__()
        self.patch, self.height, self.width = patch, height, width

    def forward(self, x: Tensor) -> Tensor:
        return unfold(x, self.patch)[..., : self.height, : self.width]


class Double(nn.Module):
    """Twice the size by repeating pixels, cropped to the size that the encoder had at this level."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.height, self.width = size

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2, mode="nearest")[..., : self.height, : self.width]
