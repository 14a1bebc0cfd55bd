"""The variational autoencoder (Kingma & Welling 2014, arXiv 1312.6114)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gaiamorph.defaults import BY_DATA
from gaiamorph.models.base import Batch, Model, Step
from gaiamorph.models.losses import ERRORS, gaussian_kl


class VAE(Model):
    """Minimises the negative evidence lower bound, in nats a value. One player: "generator".

        mu, log sigma^2 = G.encode(x);  z = mu + sigma * eps,  eps ~ Normal(0, I)
        -log p(x | z) + beta * KL(Normal(mu, sigma^2) || Normal(0, I))

    The likelihood's own scale takes its best value in every batch instead of a guessed constant (Rybkin et al. 2021,
    "Simple and effective VAE training with calibrated decoders"), so nothing needs tuning to the data.
    """

    name = "vae"

    @dataclass
    class Settings:
        beta: float = BY_DATA
        """Weight of the divergence from the prior; 1 is the bound itself. By default 1 for pictures, 0.1 for vectors."""

    def build(self) -> None:
        self.generator = self.pair(gaussian=True)

    def draw(self, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        return {"epsilon": torch.randn(count, self.latent_dim, generator=generator)}

    def step(self, batch: Batch) -> Step:
        x, G, s = batch.x, self.generator, self.settings
        mean, log_variance = G.encode_gaussian(x)
        z = mean + (log_variance / 2).exp() * batch.noise["epsilon"].to(mean.dtype)
        Gx = G.decode(z)
        nll = negative_log_likelihood(x, Gx)
        kl = gaussian_kl(mean, log_variance).mean() / math.prod(self.shape)
        return Step(
            {"generator": nll + s.beta * kl},
            metrics={"reconstruction": ERRORS["l1"](x, Gx), "nll": nll, "kl": kl * math.prod(self.shape)},
        )

    def diagnose(self, means: dict[str, float]) -> str | None:
        if means["kl"] < COLLAPSED:
            return (
                "the posterior has collapsed onto the prior (divergence near 0): codes tell nothing about their items; "
                "use a lower 'beta' or a lower learning rate"
            )
        return None


COLLAPSED = 0.1
"""Nats an item. The codes of a working model carry some nats at least; where it gave up they stay below a hundredth."""


def negative_log_likelihood(x: Tensor, y: Tensor) -> Tensor:
    """-log p(x | y) a value, in nats, of a Gaussian whose scale makes it smallest: log(2 pi e MSE) / 2."""
    return 0.5 * torch.log(2 * math.pi * math.e * ERRORS["l2"](x, y).clamp_min(SMALLEST**2))


SMALLEST = 1e-4
"""Least scale of the likelihood: below an eighth of a grey level nothing can be learnt."""
