"""The adversarial autoencoder (Makhzani et al. 2015, arXiv 1511.05644)."""

from dataclasses import dataclass

from gaiamorph.models.ae import AE
from gaiamorph.models.base import Batch, Step
from gaiamorph.models.losses import adversarial
from gaiamorph.networks import MLP, NetworkSettings


class AAE(AE):
    """A discriminator of codes pulls their distribution onto a prior. Players "generator" and "discriminator".

        L_D = -log D(z') - log(1 - D(G.encode(x))),  z' ~ Normal(0, I)
        L_G = ||x - G(x)|| + weight * -log D(G.encode(x))

    Differs from the paper: reconstruction and regularisation share a step, where it takes them in turns.
    """

    name = "aae"
    normal = ("z",)

    @dataclass
    class Settings(AE.Settings):
        weight: float = 0.01
        """Of the adversarial term. Errors of [0, 1] data are some hundredths, and -log D is near log 2."""

    def build(self) -> None:
        super().build()
        self.discriminator = MLP((self.latent_dim,), 1, NetworkSettings("mlp", width=256, depth=2)).encoder

    def step(self, batch: Batch) -> Step:
        weight, z = self.settings.weight, self.generator.encode(batch.x)
        reconstruction = self.error(batch.x, self.generator.decode(z))
        loss_D, fooling, real, fake = adversarial(self.discriminator, batch.noise["z"].to(z.dtype), z, weight)
        loss_G = reconstruction + weight * fooling
        return Step(
            {"generator": loss_G.detach(), "discriminator": loss_D.detach()},
            metrics={"reconstruction": reconstruction, "D(prior)": real, "D(z)": fake},
            joint=reconstruction + loss_D,
        )
