"""What all encoder/decoder pairs have in common."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import torch
from torch import Tensor, nn

from gaiamorph.defaults import BY_DATA
from gaiamorph.networks.output import centred, full_precision, sigmoid

NEGATIVE_SLOPE = 0.2
"""Slope of every leaky ReLU below zero. The initialisation depends on it."""
EPSILON = 1e-8
"""Added to the mean square of a code before a division by its root."""


@dataclass
class NetworkSettings:
    """Architecture and size of one encoder/decoder pair."""

    name: Literal["auto", "mlp", "conv", "adain"] = "auto"
    """Architecture. auto: conv for pictures, mlp for vectors."""
    width: int = 0
    """Channels (conv, adain) at the finest resolution, or units of a layer (mlp). 0: the architecture's default."""
    depth: int = 0
    """Layers per resolution (conv), hidden layers (mlp) or residual blocks (adain). 0: the architecture's default."""
    blocks: int = 1
    """conv: the decoder's last layer draws blocks of this many pixels a side: 1, 2 or 4. Larger blocks are faster, but
    interpolations are up to seven times as far from real pictures. 0: 4 for pictures of 48 pixels and more, otherwise 2."""
    codes: Literal["free", "sphere"] = BY_DATA
    """Where codes lie: anywhere (free), or at the distance √latent_dim from 0 (sphere). The mean of two long free codes is shorter
    than they are, and the decoder has to learn that. By default sphere for gaia on pictures that are not sparse, otherwise free.
    Codes of gaia's discriminator are always free."""


class Autoencoder(nn.Module):
    """An encoder and a decoder: x (B, *shape) in [0, 1] -> z (B, latent_dim) -> x (B, *shape).

    The encoder sees x scaled to [-1, 1]; a sigmoid follows the decoder.
    With ``gaussian`` the encoder gives a mean and a log variance for each entry of a code; ``encode`` returns the mean.
    """

    WIDTH: ClassVar[int]
    DEPTH: ClassVar[int]
    """The width and depth that 0 stands for."""
    DISCRIMINATOR_WIDTH: ClassVar[float] = 1.0
    """Default width of a discriminator of this architecture, as a share of the generator's width."""

    encoder: nn.Module
    decoder: nn.Module

    def __init__(
        self, shape: tuple[int, ...], latent_dim: int, settings: NetworkSettings, gaussian: bool = False
    ) -> None:
        super().__init__()
        self.shape, self.latent_dim, self.gaussian = tuple(shape), latent_dim, gaussian
        self.on_sphere = settings.codes == "sphere"
        self.width, self.depth = settings.width or self.WIDTH, settings.depth or self.DEPTH
        self.build(2 if gaussian else 1, settings)

    def build(self, outputs: int, settings: NetworkSettings) -> None:
        """Set ``encoder`` and ``decoder``. outputs: numbers that the encoder gives for each entry of a code."""
        raise NotImplementedError

    def encode(self, x: Tensor) -> Tensor:
        """x (B, *shape) in [0, 1] -> z (B, latent_dim)."""
        return self.placed(self._encode(x)[:, : self.latent_dim])

    def placed(self, z: Tensor) -> Tensor:
        """z (B, latent_dim), moved to where codes lie: see `NetworkSettings.codes`. A code of zeros stays at 0."""
        return z * torch.rsqrt(z.square().mean(1, keepdim=True) + EPSILON) if self.on_sphere else z

    def encode_gaussian(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, *shape) -> mean and log variance of its code, (B, latent_dim) each."""
        mean, log_variance = self._encode(x).chunk(2, 1)
        return mean, log_variance

    def decode(self, z: Tensor) -> Tensor:
        """z (B, latent_dim) -> x (B, *shape) in [0, 1]."""
        return sigmoid(self.decoder(self.placed(z)))

    def decode_each(self, *codes: Tensor) -> tuple[Tensor, ...]:
        """`decode` of several z of equal length, in one pass."""
        return self.decode(torch.cat(codes)).chunk(len(codes))

    def redraw(self, *batches: Tensor, noise: Tensor | None = None) -> tuple[Tensor, ...]:
        """Encode and decode several x (B, *shape) in one pass. noise (B, *shape) is added to each of them first."""
        x = torch.cat(batches if noise is None else [x + noise for x in batches])
        return self(x).chunk(len(batches))

    def forward(self, x: Tensor) -> Tensor:
        """x (B, *shape) -> its reconstruction (B, *shape)."""
        return self.decode(self._encode(x)[:, : self.latent_dim])

    def _encode(self, x: Tensor) -> Tensor:
        return full_precision(self.encoder(centred(x)))

    def without_encoder(self) -> Self:
        """The same pair, its encoder removed: for models that only decode."""
        self.encoder = nn.Identity()
        return self

    def trunk(self, outputs: int) -> tuple[nn.Module, nn.Linear]:
        """The encoder without its last layer, and a new last layer with ``outputs`` numbers: the parts of a `Critic`."""
        assert isinstance(self.encoder, nn.Sequential)
        *_, last = self.encoder
        assert isinstance(last, nn.Linear)
        return self.encoder[:-1], nn.Linear(last.in_features, outputs)


class Critic(nn.Module):
    """A discriminator that gives numbers instead of pictures: an encoder with a last layer of its own."""

    def __init__(self, pair: Autoencoder, outputs: int = 1) -> None:
        """pair: provides the encoder; its decoder is not used."""
        super().__init__()
        self.trunk, self.head = pair.trunk(outputs)
        initialise_output(self.head)

    def features(self, *batches: Tensor) -> Tensor:
        """n batches x (B, *shape) in [0, 1] -> (n B, features), the input of the last layer."""
        return full_precision(self.trunk(centred(torch.cat(batches))))

    def forward(self, *batches: Tensor) -> Tensor:
        """n batches x (B, *shape) in [0, 1] -> (n B, outputs), without activation."""
        return full_precision(self.head(self.features(*batches)))


def activation() -> nn.Module:
    """The leaky ReLU between all layers."""
    return nn.LeakyReLU(NEGATIVE_SLOPE, inplace=True)


def initialise(module: nn.Module) -> None:
    """He initialisation for leaky ReLU (He et al. 2015, arXiv 1502.01852), biases at zero.

    The gain must count the negative slope. With another gain, deep stacks start with vanishing outputs and never leave
    the mean picture.
    """
    for layer in module.modules():
        # Drawing a normal on the meta device imports torch._dynamo: seconds, for numbers that nobody sees.
        if isinstance(layer, (nn.Linear, nn.Conv2d)) and not layer.weight.is_meta:
            nn.init.kaiming_normal_(layer.weight, a=NEGATIVE_SLOPE, nonlinearity="leaky_relu")
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]


def initialise_output(layer: nn.Linear | nn.Conv2d, gain: float = 1.0) -> None:
    """For a last layer, without activation: input of unit variance gives output of standard deviation ``gain``."""
    if not layer.weight.is_meta:
        nn.init.normal_(layer.weight, std=gain / math.sqrt(layer.weight[0].numel()))
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
