"""The variational autoencoder (Kingma & Welling 2014, arXiv 1312.6114)."""

import math
from dataclasses import dataclass

from gaiamorph.defaults import BY_DATA
from gaiamorph.models.base import Batch, Model, Step
from gaiamorph.models.losses import ERRORS, gaussian_kl

SMALLEST = 1e-4
"""Lower bound of the likelihood's standard deviation: a fortieth of a grey level."""
COLLAPSED = 0.1
"""Nats per item. The codes of a working model carry a few nats or more, those of a collapsed one less than 0.01."""


class VAE(Model):
    """Minimises the negative evidence lower bound, in nats per value. One player: "generator".

        mu, log sigma^2 = G.encode(x);  z = mu + sigma * eps,  eps ~ Normal(0, I)
        -log p(x | z) + beta * KL(Normal(mu, sigma^2) || Normal(0, I))

    The likelihood's variance is the best one for each batch, so it needs no tuning (Rybkin et al. 2021, "Simple and
    effective VAE training with calibrated decoders").
    """

    name = "vae"
    normal = ("epsilon",)

    @dataclass
    class Settings:
        beta: float = BY_DATA
        """Weight of the divergence from the prior. 1 is the bound itself. By default 1 for pictures, 0.1 for vectors."""

    def build(self) -> None:
        self.generator = self.pair(gaussian=True)

    def step(self, batch: Batch) -> Step:
        x, G, s = batch.x, self.generator, self.settings
        mean, log_variance = G.encode_gaussian(x)
        z = mean + (log_variance / 2).exp() * batch.noise["epsilon"].to(mean.dtype)
        Gx = G.decode(z)
        # The best variance of a Gaussian likelihood is the mean squared error.
        variance = ERRORS["l2"](x, Gx).clamp_min(SMALLEST**2)
        nll = 0.5 * (2 * math.pi * math.e * variance).log()
        kl = gaussian_kl(mean, log_variance).mean()
        return Step(
            {"generator": nll + s.beta * kl / math.prod(self.shape)},
            metrics={"reconstruction": ERRORS["l1"](x, Gx), "nll": nll, "kl": kl},
        )

    def diagnose(self, means: dict[str, float]) -> str | None:
        if means["kl"] >= COLLAPSED:
            return None
        return (
            "the posterior has collapsed onto the prior (divergence near 0): codes tell nothing about their items; "
            "use a lower 'beta' or a lower learning rate"
        )
