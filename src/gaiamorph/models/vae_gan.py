"""VAE-GAN: autoencoding beyond pixels using a learned similarity metric (Larsen et al. 2016, arXiv 1512.09300)."""

import math
from dataclasses import dataclass

import torch.nn.functional as F
from torch import nn

from gaiamorph.models.base import Batch, Model, Step
from gaiamorph.models.losses import ERRORS, discriminator_has_won, gaussian_kl
from gaiamorph.networks import full_precision


class VAEGAN(Model):
    """A VAE whose reconstruction error is measured in the features of a GAN's discriminator.

        z = mu + sigma * eps;  z_p ~ Normal(0, I)
        L_prior = KL(Normal(mu, sigma^2) || Normal(0, I))
        L_like  = ||Dis_l(x) - Dis_l(Dec(z))||^2 / 2             Dis_l: features before the discriminator's last layer
        L_GAN   = log Dis(x) + log(1 - Dis(Dec(z))) + log(1 - Dis(Dec(z_p)))

        encoder:        minimise L_prior + L_like
        decoder:        minimise gamma L_like - L_GAN
        discriminator:  minimise -L_GAN

    Three players, with the names on the left (the paper's algorithm 1). For its part of -L_GAN, the decoder takes
    -log Dis(Dec(.)): the same fixed point, with a gradient where the discriminator is sure.
    """

    name = "vae_gan"
    normal = ("epsilon", "z_p")

    @dataclass
    class Settings:
        gamma: float = 1e-2
        """Weight of the feature error against the adversarial term in the decoder's loss."""
        beta: float = 1.0
        """Weight of the divergence from the prior."""
        rate: float = 0.1
        """Share of the learning rate that all players take, as in `GAN`."""

    def build(self) -> None:
        self.generator = self.pair(gaussian=True)
        self.discriminator = self.critic()

    def players(self) -> dict[str, list[nn.Parameter]]:
        G, D = self.generator, self.discriminator
        networks = {"encoder": G.encoder, "decoder": G.decoder, "discriminator": D}
        return {player: list(network.parameters()) for player, network in networks.items()}

    def step(self, batch: Batch) -> Step:
        x, G, D, s = batch.x, self.generator, self.discriminator, self.settings
        mean, log_variance = G.encode_gaussian(x)
        z = mean + (log_variance / 2).exp() * batch.noise["epsilon"].to(mean.dtype)
        Gz, Gz_p = G.decode_each(z, batch.noise["z_p"].to(mean.dtype))
        features = D.features(x, Gz, Gz_p)
        real, fake, fake_p = full_precision(D.head(features)).chunk(3)
        x_l, Gz_l, _ = features.chunk(3)

        prior = gaussian_kl(mean, log_variance).mean()
        like = (x_l - Gz_l).square().flatten(1).sum(1).mean() / 2
        loss_D = F.softplus(-real).mean() + F.softplus(fake).mean() + F.softplus(fake_p).mean()
        fooling = F.softplus(-fake).mean() + F.softplus(-fake_p).mean()
        # In nats per value, as in the VAE. Adam ignores the factor.
        loss_E = (s.beta * prior + like) / math.prod(self.shape)
        losses = {"encoder": loss_E, "decoder": s.gamma * like + fooling, "discriminator": loss_D}
        return Step(
            losses,
            dict.fromkeys(losses, s.rate),
            {
                "reconstruction": ERRORS["l1"](x, Gz),
                "kl": prior,
                "feature error": like,
                "D(x)": real.sigmoid().mean(),
                "D(G(z))": fake.sigmoid().mean(),
                "D(G(z_p))": fake_p.sigmoid().mean(),
            },
        )

    def diagnose(self, means: dict[str, float]) -> str | None:
        return discriminator_has_won(means["D(x)"], (means["D(G(z))"] + means["D(G(z_p))"]) / 2)
