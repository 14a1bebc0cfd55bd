"""BEGAN: boundary equilibrium generative adversarial networks (Berthelot et al. 2017, arXiv 1703.10717)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gaiamorph.models.base import Batch, PriorModel, Step, across_ranks
from gaiamorph.models.gradients import SMALLEST_WEIGHT, GradientScale
from gaiamorph.models.losses import ERRORS


class BEGAN(PriorModel):
    """The discriminator is an autoencoder. An integral controller keeps the balance. Nothing encodes.

        L(v) = |v - D(v)|;  z ~ Uniform(-1, 1)
        L_D = L(x) - k L(G(z));  L_G = L(G(z))
        k <- clip(k + rate (gamma L(x) - L(G(z))), 0, 1)
        M = L(x) + |gamma L(x) - L(G(z))|                                      the paper's measure of convergence

    Differs from the paper: one z serves both players, where it draws one for each.
    """

    name = "began"
    prior = "uniform"
    k: Tensor

    @dataclass
    class Settings:
        gamma: float = 0.5
        """Wanted ratio L(G(z)) : L(x). Lower is sharper and less varied."""
        rate: float = 1e-3
        """Step of the controller (lambda_k)."""

    def build(self) -> None:
        self.generator = self.pair().without_encoder()
        self.discriminator = self.pair()
        self.register_buffer("k", torch.zeros(()))

    def step(self, batch: Batch) -> Step:
        x, l1, to_G = batch.x, ERRORS["l1"], GradientScale()
        Gz = to_G(self.generator.decode(batch.noise["z"]))
        Dx, DGz = self.discriminator.redraw(x, Gz)
        real, fake = l1(x, Dx), l1(Gz, DGz)
        k = self.k.clamp_min(SMALLEST_WEIGHT)
        to_G.factor = -1 / k
        R, F = across_ranks(torch.stack([real, fake])).unbind()
        difference = self.settings.gamma * R - F
        step = Step(
            {"generator": fake.detach(), "discriminator": (real - k * fake).detach()},
            metrics={"R": real, "F": fake, "k": k, "M": R + difference.abs()},
            joint=real - k * fake,
        )
        if self.training:
            self.k.add_(self.settings.rate * difference).clamp_(0, 1)
        return step
