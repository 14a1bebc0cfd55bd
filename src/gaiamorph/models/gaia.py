"""GAIA: generative adversarial interpolative autoencoding (Sainburg et al. 2018, arXiv 1807.06650).

The generator G and the discriminator D are both autoencoders. For a batch x:

    z        = G.encode(x)
    z_interp = interpolate(z_i, z_j)                 pairs of items, each with a weight of its own
    R = ||x - D(x)||                                 real
    F = ||x - D(G(x))||                              reconstruction, seen through D
    I = ||G(z_interp) - D(G(z_interp))||             interpolation, seen through D

    D minimises R - w_F F - w_I I
    G minimises v_F F + v_I I + direct ||x - G(x)|| + distance L_dist + U          `terms` has the last two

The paper has all weights at 1, and steers the learning rates instead (`balance.paper`). With the other weights in `balance`, the
game settles. D sees its input with noise on it (`noise`). I's gradient reaches G twice: through D's input and through the target.
With the target detached, nothing between real items becomes real.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from gaiamorph.defaults import BY_DATA
from gaiamorph.models.balance import BALANCES, diagnose
from gaiamorph.models.base import Batch, Model, Step, across_ranks
from gaiamorph.models.gradients import Game
from gaiamorph.models.interpolation import MIXED, SAMPLERS, mix_codes
from gaiamorph.models.losses import ERRORS
from gaiamorph.models.noise import InputNoise
from gaiamorph.models.terms import SetDistance, pairwise_distance
from gaiamorph.networks import NETWORKS


class GAIA(Model):
    """The method. Players "generator" and "discriminator"."""

    name = "gaia"

    @dataclass
    class Settings:
        """`BY_DATA` stands for a value in `gaiamorph.defaults`."""

        objective: Literal["balanced", "interpolations", "paper"] = BY_DATA
        """How R, F and I are weighed (`models.balance`). paper is the method as printed: it diverges or collapses."""
        error: Literal["l1", "l2"] = BY_DATA
        """Mean absolute or mean squared difference, in R, F, I and the direct term."""
        sampler: Literal["middle", "gaussian", "dirichlet", "hull"] = BY_DATA
        """Interpolation weights: Normal(0.5, 0.1), Normal(0.5, 0.25), mixtures of four items, or middle and dirichlet in turn."""
        slope: float = BY_DATA
        """Slope of the balancing sigmoids. The paper applies it to absolute differences, the others to relative ones."""
        direct: float = BY_DATA
        """Weight of ||x - G(x)|| in G's loss. It keeps G from giving up parts of the data."""
        distance: float = BY_DATA
        """Weight of the pairwise-distance loss in G's loss. 0 turns it off."""
        set_distance: float = BY_DATA
        """Weight of the energy distance between interpolations and real items in G's loss. 0 turns it off."""
        discriminator_noise: float = BY_DATA
        """Standard deviation of the noise on D's input, for items in [0, 1]. 0 turns it off."""
        discriminator_latent_dim: int = BY_DATA
        """Length of D's code. A D with a code as wide as the data can copy anything, unless it sees noise."""
        through_discriminator: float = BY_DATA
        """Share of I's gradient that reaches G through D's input. Lower values give softer pictures with fewer artifacts."""

    def build(self) -> None:
        s = self.settings
        self.error, self.balance = ERRORS[s.error], partial(BALANCES[s.objective], s.slope)
        self.generator = self.pair()
        width = max(8, round(self.generator.DISCRIMINATOR_WIDTH * self.generator.width))
        network = replace(self.network, width=width, codes="free")  # D's codes are never mixed: no sphere
        self.discriminator = NETWORKS[network.name](self.shape, s.discriminator_latent_dim, network)
        self.noise = InputNoise(self.shape, s.discriminator_noise)
        self.set_distance = SetDistance(self.shape, self.error)

    def draw(self, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        return {"weight": SAMPLERS[self.settings.sampler](count, generator), **self.noise.draw(count, generator)}

    def step(self, batch: Batch) -> Step:
        x, G, D, s, error = batch.x, self.generator, self.discriminator, self.settings, self.error
        weight, game = batch.noise["weight"], Game(s.through_discriminator)
        z = G.encode(x)
        Gx, Gz = G.decode_each(z, mix_codes(z, weight))
        Gx_shown, Gz_shown, target = game.enter(Gx, Gz)
        Dx, DGx, DGz = D.redraw(x, Gx_shown, Gz_shown, noise=self.noise(batch.noise, x))
        R, F, I = error(x, Dx), error(x, DGx), error(target, DGz)
        w = self.balance(*across_ranks(torch.stack([R, F, I])).unbind())

        reconstruction = error(x, Gx)
        metrics = {"R": R, "F": F, "I": I, "reconstruction": reconstruction, "adversarial_weight": w.I_in_D}
        terms = s.direct * reconstruction
        if s.distance:
            terms = terms + s.distance * pairwise_distance(x, z)
        if s.set_distance:
            metrics["U"] = s.set_distance * self.set_distance(x, Gz, weight, R, reconstruction)
            terms = terms + metrics["U"]
        L_G = w.F_in_G * F + w.I_in_G * I + terms
        L_D = R - w.F_in_D * F - w.I_in_D * I
        return Step(
            {"generator": L_G.detach(), "discriminator": L_D.detach()},
            {"generator": w.rate_G, "discriminator": w.rate_D},
            metrics,
            game.joint(R, F, I, w, terms),
        )

    @staticmethod
    def mixes(options: Mapping[str, Any]) -> int:
        return MIXED if options["sampler"] in ("dirichlet", "hull") else 2

    def views(self, x: Tensor) -> dict[str, Tensor]:
        seen = super().views(x)
        noise = self.noise(self.noise.draw(len(x), torch.Generator().manual_seed(0)), x)
        return seen | {f"D({name})": self.discriminator.redraw(y, noise=noise)[0] for name, y in seen.items()}

    def diagnose(self, means: dict[str, float]) -> str | None:
        return diagnose(means["R"], means["F"], means["I"])
