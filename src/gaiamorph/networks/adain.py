"""The content-and-style pair of GAIA's paper, in the manner of MUNIT (Huang et al. 2018).

A content path keeps where things are, a style path what they look like; the decoder takes the content map
through residual blocks whose scale and shift an MLP makes from the style (adaptive instance normalisation,
Huang & Belongie 2017). A code is content and style side by side, half each.
"""

from __future__ import annotations

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gaiamorph.networks.base import Autoencoder, NetworkSettings, activation, initialise, initialise_output

DOWNSAMPLINGS = 2
STYLE_LEVELS = 4
EPSILON = 1e-5


class AdaIN(Autoencoder):
    """``depth`` residual blocks on each side; ``width`` channels at full resolution, four times as many at a quarter."""

    WIDTH, DEPTH = 32, 4
    DISCRIMINATOR_WIDTH = 0.5
    LAYOUT = torch.channels_last

    def __init__(
        self, shape: tuple[int, ...], latent_dim: int, settings: NetworkSettings, gaussian: bool = False
    ) -> None:
        super().__init__(shape, latent_dim, settings, gaussian)
        channels, height, width = shape
        if min(height, width) < 8:
            raise ValueError(f"the adain network needs pictures of at least 8 x 8 pixels, not {height} x {width}")
        if latent_dim < 2:
            raise ValueError("the adain network needs a latent_dim of at least 2: half content, half style")
        self.width, depth = settings.width or self.WIDTH, settings.depth or self.DEPTH
        style_dim = latent_dim // 2
        self.encoder = _Encoder(
            channels, height, width, latent_dim - style_dim, style_dim, self.outputs, self.width, depth
        )
        self.decoder = _Decoder(channels, height, width, latent_dim - style_dim, style_dim, self.width, depth)

    def trunk(self, outputs: int) -> tuple[nn.Module, nn.Linear]:
        assert isinstance(self.encoder, _Encoder)
        features = self.encoder.to_content.in_features + self.encoder.to_style.in_features
        return _Trunk(self.encoder), nn.Linear(features, outputs)


def _sizes(height: int, width: int) -> list[tuple[int, int]]:
    """Full size, half, quarter (rounded up)."""
    sizes = [(height, width)]
    for _ in range(DOWNSAMPLINGS):
        sizes.append((math.ceil(sizes[-1][0] / 2), math.ceil(sizes[-1][1] / 2)))
    return sizes


class _Encoder(nn.Module):
    def __init__(
        self,
        channels: int,
        height: int,
        width: int,
        content_dim: int,
        style_dim: int,
        outputs: int,
        base: int,
        depth: int,
    ) -> None:
        super().__init__()
        self.outputs = outputs
        wide = base * 2**DOWNSAMPLINGS
        content: list[nn.Module] = [nn.Conv2d(channels, base, 7, padding=3), _Normalise(), activation()]
        style: list[nn.Module] = [nn.Conv2d(channels, base, 7, padding=3), activation()]
        for i in range(DOWNSAMPLINGS):
            content += [nn.Conv2d(base * 2**i, base * 2 ** (i + 1), 3, 2, 1), _Normalise(), activation()]
        for i in range(STYLE_LEVELS):
            c_in, c_out = (min(base * 2**k, wide) for k in (i, i + 1))
            style += [nn.Conv2d(c_in, c_out, 3, 2, 1), activation()]
        self.content = nn.Sequential(*content, *(_Residual(wide) for _ in range(depth)))
        self.style = nn.Sequential(*style, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        coarse = _sizes(height, width)[-1]
        self.to_content = nn.Linear(wide * coarse[0] * coarse[1], outputs * content_dim)
        self.to_style = nn.Linear(wide, outputs * style_dim)
        initialise(self)
        initialise_output(self.to_content)
        initialise_output(self.to_style)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, C, H, W) -> (B, outputs * (content_dim + style_dim)): content beside style, for each output."""
        content, style = self.to_content(self.content(x).flatten(1)), self.to_style(self.style(x))
        both = zip(content.chunk(self.outputs, 1), style.chunk(self.outputs, 1), strict=True)
        return torch.cat([half for pair in both for half in pair], 1)


class _Trunk(nn.Module):
    """Both paths of an encoder without their last layers."""

    def __init__(self, encoder: _Encoder) -> None:
        super().__init__()
        self.content, self.style = encoder.content, encoder.style

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.content(x).flatten(1), self.style(x)], 1)


class _Decoder(nn.Module):
    def __init__(
        self, channels: int, height: int, width: int, content_dim: int, style_dim: int, base: int, depth: int
    ) -> None:
        super().__init__()
        self.sizes = _sizes(height, width)
        self.content_dim = content_dim
        wide = base * 2**DOWNSAMPLINGS
        self.from_content = nn.Sequential(
            nn.Linear(content_dim, wide * self.sizes[-1][0] * self.sizes[-1][1]),
            nn.Unflatten(1, (wide, *self.sizes[-1])),
        )
        self.blocks = nn.ModuleList(_AdaptiveResidual(wide) for _ in range(depth))
        self.from_style = nn.Sequential(
            nn.Linear(style_dim, wide),
            activation(),
            nn.Linear(wide, wide),
            activation(),
            nn.Linear(wide, 4 * wide * depth),
        )
        widths = [base * 2**i for i in range(DOWNSAMPLINGS, -1, -1)]
        self.grow = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 5, padding=2), nn.GroupNorm(1, b), activation())
            for a, b in itertools.pairwise(widths)
        )
        self.to_picture = nn.Conv2d(base, channels, 7, padding=3)
        initialise(self)
        # At the start every style gives scale 1 and shift 0.
        last = self.from_style[-1]
        assert isinstance(last, nn.Linear)
        initialise_output(last, gain=0.1)
        initialise_output(self.to_picture)

    def forward(self, z: Tensor) -> Tensor:
        """z (B, content_dim + style_dim) -> (B, C, H, W)."""
        x = self.from_content(z[:, : self.content_dim])
        parameters = self.from_style(z[:, self.content_dim :]).chunk(len(self.blocks), 1)
        for block, own in zip(self.blocks, parameters, strict=True):
            x = block(x, own)
        for level, layer in enumerate(self.grow):
            height, width = self.sizes[-2 - level]
            x = F.interpolate(x, scale_factor=2, mode="nearest")[..., :height, :width]
            x = layer(x)
        return self.to_picture(x)


class _Normalise(nn.Module):
    """Instance normalisation without parameters. A map of one value has no variance and passes as zero."""

    def forward(self, x: Tensor) -> Tensor:
        variance, mean = torch.var_mean(x, (2, 3), keepdim=True, correction=0)
        return (x - mean) * torch.rsqrt(variance + EPSILON)


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.normalise, self.activation = _Normalise(), activation()

    def forward(self, x: Tensor) -> Tensor:
        y = self.activation(self.normalise(self.first(x)))
        return x + self.normalise(self.second(y))


class _AdaptiveResidual(_Residual):
    def forward(self, x: Tensor, parameters: Tensor) -> Tensor:  # type: ignore[override]
        """x (B, C, H, W), parameters (B, 4 C): scale - 1 and shift for each of the two convolutions."""
        scale_1, shift_1, scale_2, shift_2 = (p[:, :, None, None] for p in parameters.chunk(4, 1))
        y = self.activation((1 + scale_1) * self.normalise(self.first(x)) + shift_1)
        return x + (1 + scale_2) * self.normalise(self.second(y)) + shift_2
