"""What every encoder/decoder pair has in common."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from gaiamorph.networks.edges import centred, full_precision, sigmoid

NEGATIVE_SLOPE = 0.2
"""Slope of every leaky ReLU below zero; the initialisation has to know it."""


@dataclass
class NetworkSettings:
    """Size of one encoder/decoder pair. The same numbers serve every architecture."""

    name: Literal["auto", "mlp", "conv", "adain"] = "auto"
    """Architecture. auto: conv for pictures, mlp for vectors."""
    width: int = 0
    """Channels (conv, adain) or units (mlp) of the widest-resolution layer; 0 takes the architecture's own default."""
    depth: int = 0
    """Layers per resolution (conv), hidden layers (mlp) or residual blocks (adain); 0 takes the default."""
    output: Literal["sigmoid", "linear"] = "sigmoid"
    """Output activation: ``sigmoid`` keeps the output in [0, 1], as the data is; ``linear`` has no limits, and draws sparse
    pictures worse."""
    coarsest: int = 8
    """conv: height or width at which the pyramid of convolutions ends and a linear layer takes over. With 4 reconstructions and
    interpolations are worse: all detail has to pass through 16 places."""
    blocks: int = 1
    """conv: side, 1, 2 or 4, of the blocks of pixels that the decoder draws at once. Larger ones are a level less and drawn
    sooner, but interpolations are up to seven times as far from real pictures. 0: 4 in pictures of 48 pixels and more, 2 in smaller
    ones."""
    read: int = 0
    """conv: side, 2 or 4, of the blocks of pixels that the encoder reads, where they are not larger anyway: twice those that are
    drawn, and 4 at most. What reads finely draws more of its own kind of texture. 0: 4 in pictures of 48 pixels and more, 2 in
    smaller ones."""
    linear: Literal["on", "off"] = "off"
    """conv: a linear layer from item to code, and one from code to item, beside the others. They learn in a few hundred steps what
    principal components say. Reconstructions of ae and vae err up to a quarter less; for gaia see docs/models/gaia_search.md."""
    codes: Literal["free", "sphere"] = "free"
    """Where codes lie: anywhere (``free``), or √latent_dim from 0 (``sphere``), where a decoder puts whatever it is given first.
    Halfway between two free codes of many numbers lies a shorter one, and a decoder has to make up for that. With the sphere gaia
    draws photographs of faces better, and what is mostly black worse. The codes of its discriminator are free."""


UNSAID = {"coarsest": 4, "blocks": 0, "read": 2}
"""Settings of networks in files that were written before there was a choice, where they are not today's defaults."""


class Autoencoder(nn.Module):
    """An encoder and a decoder: x (B, *shape) in [0, 1] -> z (B, latent_dim) -> x (B, *shape).

    Subclasses set ``encoder`` and ``decoder``, both taking and giving plain tensors.
    Inside, the input is centred to [-1, 1], so that the first layer sees zero-mean data.
    With ``gaussian`` the encoder gives a mean and a log variance for each entry of a code; ``encode`` is the mean.
    """

    DEPTH: ClassVar[int]
    """What a depth of 0 stands for."""
    width: int
    """That of the settings, or what 0 stands for."""
    DISCRIMINATOR_WIDTH: ClassVar[float] = 1.0
    """Width of a discriminator of the same architecture, as a share of the generator's, where none is asked for."""
    LAYOUT: ClassVar[torch.memory_format] = torch.contiguous_format
    """How the pictures that it draws lie in memory. What they are compared with should lie alike: two layouts in one
    operation cost several times its time."""

    encoder: nn.Module
    decoder: nn.Module
    linear_encoder: nn.Module | None
    linear_decoder: nn.Module | None

    def __init__(
        self, shape: tuple[int, ...], latent_dim: int, settings: NetworkSettings, gaussian: bool = False
    ) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.latent_dim = latent_dim
        self.output = settings.output
        self.gaussian = gaussian
        self.on_sphere = settings.codes == "sphere"
        self.linear_encoder = self.linear_decoder = None

    @property
    def outputs(self) -> int:
        """Numbers that the encoder gives for each entry of a code."""
        return 2 if self.gaussian else 1

    def encode(self, x: Tensor) -> Tensor:
        """x (B, *shape) in [0, 1] -> z (B, latent_dim)."""
        return self.placed(self._encoded(x)[:, : self.latent_dim])

    def placed(self, z: Tensor) -> Tensor:
        """z (B, latent_dim), where codes lie: see `NetworkSettings.codes`."""
        return to_sphere(z) if self.on_sphere else z

    def encode_gaussian(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, *shape) -> mean and log variance of its code, (B, latent_dim) each."""
        mean, log_variance = self._encoded(x).chunk(2, 1)
        return mean, log_variance

    def add_linear_path(self) -> None:
        """A linear encoder and decoder, whose outputs are added to those of the others. They start small."""
        values = math.prod(self.shape)
        read, draw = nn.Linear(values, self.outputs * self.latent_dim), nn.Linear(self.latent_dim, values)
        for layer in (read, draw):
            initialise_output(layer, gain=0.1)
        self.linear_encoder = nn.Sequential(nn.Flatten(), read)
        self.linear_decoder = nn.Sequential(draw, nn.Unflatten(1, self.shape))

    def _encoded(self, *batches: Tensor, noise: Tensor | None = None) -> Tensor:
        x = centred(*batches, noise=noise)
        z = self.encoder(x)
        return full_precision(z if self.linear_encoder is None else z + self.linear_encoder(x))

    def without_encoder(self) -> Autoencoder:
        """Itself, without the encoder: for models whose codes are only ever drawn."""
        self.encoder, self.linear_encoder = nn.Identity(), None
        return self

    def encoder_parameters(self) -> list[nn.Parameter]:
        return [p for part in (self.encoder, self.linear_encoder) if part is not None for p in part.parameters()]

    def decoder_parameters(self) -> list[nn.Parameter]:
        return [p for part in (self.decoder, self.linear_decoder) if part is not None for p in part.parameters()]

    def trunk(self, outputs: int) -> tuple[nn.Module, nn.Linear]:
        """The encoder without its last layer, and a new last layer with that many outputs: what a `Critic` is made of."""
        assert isinstance(self.encoder, nn.Sequential)
        last = self.encoder[-1]
        assert isinstance(last, nn.Linear)
        return self.encoder[:-1], nn.Linear(last.in_features, outputs)

    def decode(self, z: Tensor) -> Tensor:
        """z (B, latent_dim) -> x (B, *shape)."""
        return self.decode_each(z)[0]

    def decode_each(self, *codes: Tensor) -> tuple[Tensor, ...]:
        """`decode` of several z of the same length, in one pass."""
        return self._decoded(torch.cat(codes), len(codes))

    def redraw(self, *batches: Tensor, noise: Tensor | None = None) -> tuple[Tensor, ...]:
        """Each of several x (B, *shape), encoded and decoded, in one pass. noise (B, *shape) is added to every one."""
        z = self._encoded(*batches, noise=noise)[:, : self.latent_dim]
        return self._decoded(z, len(batches))

    def forward(self, x: Tensor) -> Tensor:
        return self.redraw(x)[0]

    def _decoded(self, z: Tensor, parts: int) -> tuple[Tensor, ...]:
        z = self.placed(z)
        x = self.decoder(z)
        if self.linear_decoder is not None:
            x = x + self.linear_decoder(z)
        if self.output == "sigmoid":
            return sigmoid(x, parts)
        return (0.5 * (full_precision(x) + 1)).chunk(parts)  # starts at mid-grey (0.5), where a sigmoid starts too


class Critic(nn.Module):
    """A discriminator that judges rather than redraws: an architecture's encoder with ``outputs`` numbers at its end."""

    def __init__(self, pair: Autoencoder, outputs: int = 1) -> None:
        """pair: gives its encoder away; its decoder is not used."""
        super().__init__()
        self.trunk, self.head = pair.trunk(outputs)
        initialise_output(self.head)

    def features(self, *batches: Tensor) -> Tensor:
        """n times x (B, *shape) in [0, 1] -> (n B, features), before the last layer."""
        return full_precision(self.trunk(centred(*batches)))

    def forward(self, *batches: Tensor) -> Tensor:
        """n times x (B, *shape) in [0, 1] -> (n B, outputs), without activation."""
        return full_precision(self.head(self.features(*batches)))


def to_sphere(z: Tensor) -> Tensor:
    """z (B, D) -> the same directions, √D from 0; what is 0 stays there."""
    return z * torch.rsqrt(z.square().mean(1, keepdim=True) + SMALLEST)


SMALLEST = 1e-8
"""What the mean square of a code is raised by where it divides."""


def activation() -> nn.Module:
    return nn.LeakyReLU(NEGATIVE_SLOPE, inplace=True)


def initialise(module: nn.Module) -> None:
    """He et al. 2015 initialisation for leaky ReLU, biases at zero.

    The gain counts the leaky slope. Deep stacks initialised for another activation start with
    vanishing outputs and stay at the mean picture ("dead starts").
    """
    for layer in module.modules():
        # Drawing a normal on the meta device imports torch._dynamo: seconds, for numbers that nobody sees.
        if isinstance(layer, (nn.Linear, nn.Conv2d)) and not layer.weight.is_meta:
            nn.init.kaiming_normal_(layer.weight, a=NEGATIVE_SLOPE, nonlinearity="leaky_relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def initialise_output(layer: nn.Linear | nn.Conv2d, gain: float = 1.0) -> None:
    """A last layer has no activation after it: unit variance out for unit variance in, times ``gain``."""
    if layer.weight.is_meta:
        return
    fan_in = layer.weight[0].numel()
    nn.init.normal_(layer.weight, std=gain / math.sqrt(fan_in))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
