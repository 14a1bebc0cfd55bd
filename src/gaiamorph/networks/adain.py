"""The content-and-style pair of GAIA's paper, after MUNIT (Huang et al. 2018, arXiv 1804.04732).

The content path keeps where things are, the style path what they look like. The decoder passes the content through residual
blocks. An MLP computes their scales and shifts from the style (adaptive instance normalisation, Huang & Belongie 2017, arXiv
1703.06868). The first half of a code is content, the second half style.
"""

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gaiamorph.networks.base import Autoencoder, NetworkSettings, activation, initialise, initialise_output

DOWNSAMPLINGS = 2
STYLE_LEVELS = 4
EPSILON = 1e-5
"""Added to a variance before a division by its root."""


class AdaIN(Autoencoder):
    """``depth`` residual blocks on each side, ``width`` channels at full resolution, four times as many at a quarter of it."""

    WIDTH, DEPTH = 32, 4
    DISCRIMINATOR_WIDTH = 0.5

    def build(self, outputs: int, settings: NetworkSettings) -> None:
        _, height, width = self.shape
        if min(height, width) < 8:
            raise ValueError(f"the adain network needs pictures of at least 8 x 8 pixels, not {height} x {width}")
        if self.latent_dim < 2:
            raise ValueError("the adain network needs a latent_dim of at least 2: half content, half style")
        dims = self.latent_dim - self.latent_dim // 2, self.latent_dim // 2
        self.encoder = _Encoder(self.shape, dims, outputs, self.width, self.depth)
        self.decoder = _Decoder(self.shape, dims, self.width, self.depth)

    def trunk(self, outputs: int) -> tuple[nn.Module, nn.Linear]:
        assert isinstance(self.encoder, _Encoder)
        features = self.encoder.to_content.in_features + self.encoder.to_style.in_features
        return _Trunk(self.encoder), nn.Linear(features, outputs)


def _sizes(height: int, width: int) -> list[tuple[int, int]]:
    """Full size, half and quarter, rounded up."""
    return [(math.ceil(height / 2**i), math.ceil(width / 2**i)) for i in range(DOWNSAMPLINGS + 1)]


class _Encoder(nn.Module):
    def __init__(self, shape: tuple[int, ...], dims: tuple[int, int], outputs: int, base: int, depth: int) -> None:
        """dims: lengths of content and style. base: channels at full resolution."""
        super().__init__()
        channels, height, width = shape
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
        self.to_content = nn.Linear(wide * math.prod(_sizes(height, width)[-1]), outputs * dims[0])
        self.to_style = nn.Linear(wide, outputs * dims[1])
        initialise(self)
        initialise_output(self.to_content)
        initialise_output(self.to_style)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, C, H, W) -> (B, outputs * latent_dim): content and style of each output in turn."""
        content, style = self.to_content(self.content(x).flatten(1)), self.to_style(self.style(x))
        both = zip(content.chunk(self.outputs, 1), style.chunk(self.outputs, 1), strict=True)
        return torch.cat([half for pair in both for half in pair], 1)


class _Trunk(nn.Module):
    """Both paths of an encoder, without their last layers."""

    def __init__(self, encoder: _Encoder) -> None:
        super().__init__()
        self.content, self.style = encoder.content, encoder.style

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.content(x).flatten(1), self.style(x)], 1)


class _Decoder(nn.Module):
    def __init__(self, shape: tuple[int, ...], dims: tuple[int, int], base: int, depth: int) -> None:
        super().__init__()
        channels, height, width = shape
        self.sizes = _sizes(height, width)
        self.content_dim, style_dim = dims
        wide = base * 2**DOWNSAMPLINGS
        coarse = (wide, *self.sizes[-1])
        self.from_content = nn.Sequential(nn.Linear(self.content_dim, math.prod(coarse)), nn.Unflatten(1, coarse))
        self.blocks = nn.ModuleList(_AdaptiveResidual(wide) for _ in range(depth))
        last = nn.Linear(wide, 4 * wide * depth)
        self.from_style = nn.Sequential(
            nn.Linear(style_dim, wide), activation(), nn.Linear(wide, wide), activation(), last
        )
        widths = [base * 2**i for i in range(DOWNSAMPLINGS, -1, -1)]
        self.grow = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 5, padding=2), nn.GroupNorm(1, b), activation())
            for a, b in itertools.pairwise(widths)
        )
        self.to_picture = nn.Conv2d(base, channels, 7, padding=3)
        initialise(self)
        # Small at first: every style then gives scales near 1 and shifts near 0.
        initialise_output(last, gain=0.1)
        initialise_output(self.to_picture)

    def forward(self, z: Tensor) -> Tensor:
        """z (B, latent_dim) -> (B, C, H, W)."""
        x = self.from_content(z[:, : self.content_dim])
        parameters = self.from_style(z[:, self.content_dim :]).chunk(len(self.blocks), 1)
        for block, own in zip(self.blocks, parameters, strict=True):
            x = block(x, own)
        for (height, width), layer in zip(self.sizes[-2::-1], self.grow, strict=True):
            x = layer(F.interpolate(x, scale_factor=2, mode="nearest")[..., :height, :width])
        return self.to_picture(x)


class _Normalise(nn.Module):
    """Instance normalisation without parameters. Unlike torch's, it accepts a map of one value, which becomes 0."""

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
        """x (B, C, H, W), parameters (B, 4 C): scale minus 1, and shift, for each of the two convolutions."""
        scale_1, shift_1, scale_2, shift_2 = (p[:, :, None, None] for p in parameters.chunk(4, 1))
        y = self.activation((1 + scale_1) * self.normalise(self.first(x)) + shift_1)
        return x + (1 + scale_2) * self.normalise(self.second(y)) + shift_2
