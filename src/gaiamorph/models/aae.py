"""The adversarial autoencoder (Makhzani et al. 2015, arXiv 1511.05644)."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from gaiamorph.defaults import BY_DATA
from gaiamorph.models.base import Batch, Model, Step
from gaiamorph.models.gradients import GradientScale
from gaiamorph.models.losses import ERRORS, adversarial_losses, generator_share
from gaiamorph.networks import MLP, NetworkSettings, full_precision

WIDTH = 256
"""Units in each of the two hidden layers of the discriminator."""


class AAE(Model):
    """A discriminator of codes pulls their distribution onto a prior. Players "generator" and "discriminator".

        L_D = -log D(z') - log(1 - D(G.encode(x))),  z' ~ Normal(0, I)
        L_G = ||x - G(x)|| + weight * -log D(G.encode(x))

    The paper takes its reconstruction and its regularisation step in turns; here both are taken at once, and
    ``weight`` says how they compare.
    """

    name = "aae"

    @dataclass
    class Settings:
        error: Literal["l1", "l2"] = BY_DATA
        """Reconstruction error: mean absolute or mean squared difference. By default l1, but l2 for sparse pictures."""
        weight: float = 0.01
        """Of the adversarial term. Errors of [0, 1] data are some hundredths, and -log D is near log 2."""

    def build(self) -> None:
        self.error = ERRORS[self.settings.error]
        self.generator = self.pair()
        size = NetworkSettings("mlp", WIDTH, 2)
        self.discriminator = MLP((self.latent_dim,), 1, size).encoder

    def draw(self, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        return {"z": torch.randn(count, self.latent_dim, generator=generator)}

    def step(self, batch: Batch) -> Step:
        x, G, s, to_G = batch.x, self.generator, self.settings, GradientScale()
        z = G.encode(x)
        reconstruction = self.error(x, G.decode(z))
        logits = self.discriminator(torch.cat([batch.noise["z"].to(z.dtype), to_G(z)]))
        real, fake = full_precision(logits).chunk(2)
        loss_D, loss_G = adversarial_losses(real, fake)
        to_G.factor = s.weight * generator_share(fake)
        return Step(
            {"generator": (reconstruction + s.weight * loss_G).detach(), "discriminator": loss_D.detach()},
            metrics={
                "reconstruction": reconstruction,
                "D(prior)": real.sigmoid().mean(),
                "D(z)": fake.sigmoid().mean(),
            },
            joint=reconstruction + loss_D,
        )
