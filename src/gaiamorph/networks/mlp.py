"""A multilayer perceptron pair, for vectors. Pictures are flattened."""

import itertools
import math

from torch import nn

from gaiamorph.networks.base import Autoencoder, NetworkSettings, activation, initialise, initialise_output


class MLP(Autoencoder):
    """``depth`` hidden layers of ``width`` leaky ReLU units on each side."""

    WIDTH, DEPTH = 128, 5

    def build(self, outputs: int, settings: NetworkSettings) -> None:
        size, hidden = math.prod(self.shape), [self.width] * self.depth
        self.encoder = nn.Sequential(nn.Flatten(), *_stack(size, *hidden, outputs * self.latent_dim))
        self.decoder = nn.Sequential(*_stack(self.latent_dim, *hidden, size), nn.Unflatten(1, self.shape))


def _stack(*sizes: int) -> nn.Sequential:
    last = nn.Linear(sizes[-2], sizes[-1])
    layers = [layer for pair in itertools.pairwise(sizes[:-1]) for layer in (nn.Linear(*pair), activation())]
    stack = nn.Sequential(*layers, last)
    initialise(stack)
    initialise_output(last)
    return stack
