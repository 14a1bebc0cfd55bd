"""ACAI: adversarially constrained autoencoder interpolation (Berthelot et al. 2018, arXiv 1807.07543)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gaiamorph.defaults import BY_DATA
from gaiamorph.models.base import Batch, Model, Step
from gaiamorph.models.losses import ERRORS


class ACAI(Model):
    """A critic guesses how far an interpolation is from its nearer end. The autoencoder makes it answer 0.

        x_a = G.decode(a z_1 + (1 - a) z_2),  a ~ Uniform(0, 1/2)
        L_G = ||x - G(x)||^2 + weight ||d(x_a)||^2
        L_d = ||d(x_a) - a||^2 + ||d(gamma x + (1 - gamma) G(x))||^2

    Players "generator" and "discriminator" (the critic d). Partners are the batch in reverse.
    """

    name = "acai"

    @dataclass
    class Settings:
        weight: float = BY_DATA
        """Weight of the critic's answer in the autoencoder's loss. By default 0.5 for vectors, 0.125 for pictures. The paper has
        0.5 for values in [-1, 1], whose squared differences are four times as large."""
        gamma: float = 0.2
        """Share of real pixels in the second term of the critic."""

    def build(self) -> None:
        self.generator = self.pair()
        self.discriminator = self.critic()

    def draw(self, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        return {"alpha": torch.rand(count, generator=generator) / 2}

    @staticmethod
    def mixes(options: Mapping[str, Any]) -> int:
        return 2

    def step(self, batch: Batch) -> Step:
        x, G, d, s, l2 = batch.x, self.generator, self.discriminator, self.settings, ERRORS["l2"]
        alpha = batch.noise["alpha"][:, None].to(x.dtype)
        z = G.encode(x)
        Gx, mixed = G.decode_each(z, torch.lerp(z.flip(0), z, alpha))
        # The second term teaches the critic alone. Its items look real, and are not on the way to another.
        blend = torch.lerp(Gx, x, s.gamma).detach()
        answer, calm = d(mixed, blend).chunk(2)
        loss_G = l2(x, Gx) + s.weight * answer.square().mean()
        critic_error = l2(answer, alpha)
        return Step(
            {"generator": loss_G, "discriminator": critic_error + calm.square().mean()},
            metrics={"reconstruction": ERRORS["l1"](x, Gx), "d(x_a)": answer.mean(), "critic error": critic_error},
        )
