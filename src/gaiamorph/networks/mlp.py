"""A multilayer perceptron pair, for vectors. Pictures are flattened."""

from __future__ import annotations

import math

from torch import nn

from gaiamorph.networks.base import Autoencoder, NetworkSettings, activation, initialise, initialise_output


class MLP(Autoencoder):
    """``depth`` hidden layers of ``width`` leaky ReLU units on each side."""

    WIDTH, DEPTH = 128, 5

    def __init__(
        self, shape: tuple[int, ...], latent_dim: int, settings: NetworkSettings, gaussian: bool = False
    ) -> None:
        super().__init__(shape, latent_dim, settings, gaussian)
        self.width = settings.width or self.WIDTH
        size = math.prod(shape)
        self.encoder = nn.Sequential(nn.Flatten(), *_stack(size, self.outputs * latent_dim, self.width, self.depth))
        self.decoder = nn.Sequential(*_stack(latent_dim, size, self.width, self.depth), nn.Unflatten(1, self.shape))


def _stack(size_in: int, size_out: int, width: int, depth: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for i in range(depth):
        layers += [nn.Linear(size_in if i == 0 else width, width), activation()]
    last = nn.Linear(width, size_out)
    stack = nn.Sequential(*layers, last)
    initialise(stack)
    initialise_output(last)
    return list(stack)
