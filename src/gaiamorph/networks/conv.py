"""A convolutional pair for pictures of any height and width from 8 pixels up, and any channel count.

The encoder reads blocks of pixels as channels (pixel unshuffle), so it has no convolution at full resolution. By default the
decoder draws each pixel by itself. A decoder that draws blocks ignores the neighbours of a block, and interpolations show a grid.
"""

import itertools
import math

import torch.nn.functional as F
from torch import Tensor, nn

from gaiamorph.networks.base import (
    NEGATIVE_SLOPE,
    Autoencoder,
    NetworkSettings,
    activation,
    initialise,
    initialise_output,
)
from gaiamorph.networks.channels_last import Flatten, FromFlat, ToFlat, Unflatten, computed_in
from gaiamorph.networks.doubling import BlocksActivation, BlocksConv, UpsampledConv
from gaiamorph.networks.rearranging import pixel_shuffle, pixel_unshuffle

FINEST = {1: 16, 2: 32, 4: 32}
"""Default width by the side of the blocks that the decoder draws."""
WIDEST = 128
"""The width doubles from level to level, up to this many channels (in proportion, if ``width`` is not the default)."""
COARSEST = 8
"""The pyramid ends at this height or width. At 4, all detail passes through 16 places, and pictures become worse."""
LARGE = 48
"""Pixels. The encoder reads blocks of 4 x 4 from this height or width on, and of 2 x 2 below it."""
SMALL = 16
"""Pixels. Below this height or width the encoder reads blocks no larger than those that the decoder draws."""


class Conv(Autoencoder):
    """Pyramid with ``depth`` 3 x 3 convolutions a level, ``width`` channels at the finest."""

    WIDTH, DEPTH = 0, 1  # the default width depends on the blocks: see `FINEST`

    def build(self, outputs: int, settings: NetworkSettings) -> None:
        channels, height, width = self.shape
        shorter = min(height, width)
        if shorter < 8:
            raise ValueError(f"the conv network needs pictures of at least 8 x 8 pixels, not {height} x {width}")
        usual = 4 if shorter >= LARGE else 2
        drawn = settings.blocks or usual
        self.width = self.width or FINEST[drawn]
        halvings = max(0, math.ceil(math.log2(math.ceil(shorter / drawn) / COARSEST)))
        sizes = [
            (math.ceil(height / scale), math.ceil(width / scale))
            for scale in (drawn * 2**i for i in range(halvings + 1))
        ]
        widest = WIDEST * self.width // FINEST[drawn]
        widths = [min(self.width * 2**i, widest) for i in range(len(sizes))]
        # The level of the pyramid at which the encoder starts.
        start = min(int(math.log2(min(4, max(2 * drawn, usual)) // drawn)), len(sizes) - 1) if shorter >= SMALL else 0
        read = drawn * 2**start
        coarse = (widths[-1], *sizes[-1])

        self.encoder = nn.Sequential(ToBlocks(read), *_convs(channels * read * read, widths[start], self.depth))
        for narrow, wide in zip(widths[start:], widths[start + 1 :], strict=False):
            self.encoder.extend([nn.Conv2d(narrow, wide, 3, stride=2, padding=1), activation()])
            self.encoder.extend(_convs(wide, wide, self.depth - 1))
        to_code = FromFlat(coarse, outputs * self.latent_dim)
        self.encoder.extend([Flatten(), to_code])

        self.decoder = nn.Sequential(ToFlat(self.latent_dim, coarse), activation(), Unflatten(coarse))
        for i in range(len(sizes) - 1, 0, -1):
            self.decoder.extend(_convs(widths[i], widths[i - 1], self.depth))
            self.decoder.append(Upsample(sizes[i - 1]))
        to_picture: nn.Conv2d
        if drawn == self.depth == 1 and len(sizes) > 1 and height % 2 == width % 2 == 0:
            self.decoder[-1] = nn.Identity()  # so that the layers after it keep their names in files
            last = [UpsampledConv(widths[0], widths[0]), BlocksActivation(NEGATIVE_SLOPE)]
            to_picture = BlocksConv(widths[0], channels)
        else:
            last = _convs(widths[0], widths[0], self.depth)
            to_picture = nn.Conv2d(widths[0], channels * drawn * drawn, 3, padding=1)
        self.decoder.extend([*last, to_picture, FromBlocks(drawn, height, width)])

        initialise(self)
        initialise_output(to_code)
        initialise_output(to_picture)

    def trunk(self, outputs: int) -> tuple[nn.Module, nn.Linear]:
        assert isinstance(self.encoder, nn.Sequential)
        last = self.encoder[-1]
        assert isinstance(last, FromFlat)
        return self.encoder[:-1], FromFlat(last.shape, outputs)


def _convs(channels_in: int, channels_out: int, count: int) -> list[nn.Module]:
    widths = [channels_in] + [channels_out] * count
    return [m for pair in itertools.pairwise(widths) for m in (nn.Conv2d(*pair, 3, padding=1), activation())]


class ToBlocks(nn.Module):
    """Pixel unshuffle: (B, C, H, W) -> (B, C s s, ceil(H / s), ceil(W / s)). Edges are repeated if s does not divide."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        x = x.to(computed_in(x))  # the layer after it would cast anyway, and half as many bytes are moved
        below, right = -x.shape[-2] % self.side, -x.shape[-1] % self.side
        if below or right:
            x = F.pad(x, (0, right, 0, below), mode="replicate")
        return pixel_unshuffle(x, self.side)


class FromBlocks(nn.Module):
    """The inverse of `ToBlocks`, cropped to (H, W)."""

    def __init__(self, side: int, height: int, width: int) -> None:
        super().__init__()
        self.side, self.height, self.width = side, height, width

    def forward(self, x: Tensor) -> Tensor:
        return pixel_shuffle(x, self.side)[..., : self.height, : self.width]


class Upsample(nn.Module):
    """Twice the size by repeating pixels, cropped to ``size``, which the encoder had at this level."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.height, self.width = size

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2, mode="nearest")[..., : self.height, : self.width]
