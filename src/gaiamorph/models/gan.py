"""The generative adversarial network (Goodfellow et al. 2014, arXiv 1406.2661)."""

from dataclasses import dataclass

from gaiamorph.models.base import Batch, PriorModel, Step
from gaiamorph.models.losses import adversarial, discriminator_has_won


class GAN(PriorModel):
    """Players "generator" and "discriminator". Nothing encodes.

    L_D = -log D(x) - log(1 - D(G(z))),  z ~ Normal(0, I);  L_G = -log D(G(z))
    """

    name = "gan"
    prior = "normal"

    @dataclass
    class Settings:
        rate: float = 0.1
        """Share of the learning rate that both players take. The full rate suits autoencoders, but lets this discriminator win
        at once. A tenth of it, 2e-4, is usual for GANs (Radford et al. 2016)."""

    def build(self) -> None:
        self.generator = self.pair().without_encoder()
        self.discriminator = self.critic()

    def step(self, batch: Batch) -> Step:
        Gz = self.generator.decode(batch.noise["z"])
        loss_D, loss_G, real, fake = adversarial(self.discriminator, batch.x, Gz)
        return Step(
            {"generator": loss_G.detach(), "discriminator": loss_D.detach()},
            dict.fromkeys(("generator", "discriminator"), self.settings.rate),
            metrics={"D(x)": real, "D(G(z))": fake},
            joint=loss_D,
        )

    def diagnose(self, means: dict[str, float]) -> str | None:
        return discriminator_has_won(means["D(x)"], means["D(G(z))"])
