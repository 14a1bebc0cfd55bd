"""The adversarial autoencoder (Makhzani et al. 2015, arXiv 1511.05644)."""

from dataclasses import dataclass
from typing import Literal

from gaiamorph.defaults import BY_DATA
from gaiamorph.models.base import Batch, Model, Step
from gaiamorph.models.losses import ERRORS, adversaries
from gaiamorph.networks import MLP, NetworkSettings

WIDTH = 256
"""Units in each of the two hidden layers of the discriminator."""


class AAE(Model):
    """A discriminator of codes pulls their distribution onto a prior. Players "generator" and "discriminator".

        L_D = -log D(z') - log(1 - D(G.encode(x))),  z' ~ Normal(0, I)
        L_G = ||x - G(x)|| + weight * -log D(G.encode(x))

    Differs from the paper: reconstruction and regularisation share a step, where it takes them in turns.
    """

    name = "aae"
    normal = ("z",)

    @dataclass
    class Settings:
        error: Literal["l1", "l2"] = BY_DATA
        """Reconstruction error: mean absolute or mean squared difference. By default l1, but l2 for sparse pictures."""
        weight: float = 0.01
        """Of the adversarial term. Errors of [0, 1] data are some hundredths, and -log D is near log 2."""

    def build(self) -> None:
        self.error = ERRORS[self.settings.error]
        self.generator = self.pair()
        self.discriminator = MLP((self.latent_dim,), 1, NetworkSettings("mlp", WIDTH, 2)).encoder

    def forward(self, batch: Batch) -> Step:
        weight, z = self.settings.weight, self.generator.encode(batch.x)
        reconstruction = self.error(batch.x, self.generator.decode(z))
        game = adversaries(self.discriminator, batch.noise["z"].to(z.dtype), z, weight)
        loss_G = reconstruction + weight * game.loss_G
        return Step(
            {"generator": loss_G.detach(), "discriminator": game.loss_D.detach()},
            metrics={"reconstruction": reconstruction, "D(prior)": game.real, "D(z)": game.fake},
            joint=reconstruction + game.loss_D,
        )
