"""GAIA: generative adversarial interpolative autoencoding (Sainburg et al. 2018, arXiv 1807.06650).

Generator G and discriminator D are both autoencoders. For a batch x:

    z        = G.encode(x)
    z_interp = interpolate(z_i, z_j)                    pairs of real items, each with a weight of its own
    R = ||x - D(x)||                                    real
    F = ||x - D(G(x))||                                 reconstruction, seen through D
    I = ||G(z_interp) - D(G(z_interp))||                interpolation, seen through D
    U = m q R E(x, G(z_interp))                         interpolations as a set, against real items as a set

G makes F, I and U small, D makes R small and F and I large; U is no concern of D's, nor of the balance. E is the energy distance
(see `SetDistance`), m a weight, q how much better than the mean item G redraws x. How the errors are weighed against each
other decides whether that game settles: see `OBJECTIVES`. Gradients of I reach G twice, through D's input and through the
target; with the target detached nothing between real items becomes real. D is shown pictures with noise on them, and has to
redraw them without it (Vincent et al. 2008, denoising autoencoders).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from torch import Tensor

from gaiamorph.models.base import Batch, Model, Step, across_ranks
from gaiamorph.models.gradients import SMALLEST_WEIGHT, GradientScale
from gaiamorph.models.interpolation import MIXED, OF_MANY, SAMPLERS, mix_codes
from gaiamorph.models.losses import ERRORS, pairwise_distance_loss
from gaiamorph.models.noise import noise_at, places
from gaiamorph.models.sets import SetDistance
from gaiamorph.networks import NETWORKS


class GAIA(Model):
    """The method. Two players: "generator" and "discriminator"."""

    @dataclass
    class Settings:
        objective: Literal["balanced", "interpolations", "integral", "reference", "paper"] = "balanced"
        """How R, F and I are weighed. ``paper`` diverges or collapses as written: it is here to be looked at."""
        error: Literal["l1", "l2"] = "l1"
        """Mean absolute or mean squared difference, in R, F and I."""
        sampler: Literal["middle", "gaussian", "uniform", "dirichlet", "hull"] = "middle"
        """Interpolation weights: Normal(0.5, 0.1), Normal(0.5, 0.25) or Uniform(0, 1) between two items, mixtures of four, or by
        turns those and the first."""
        slope: float = 5.0
        """Slope of the balancing sigmoids. ``balanced`` applies it to relative differences; ``reference`` and
        ``paper`` apply it to absolute ones, and their authors used 20."""
        gamma: float = 1.0
        """The ratio (F + I)/2 : R, or I : R, at which D's adversarial weight is half of ``w_max`` (``balanced``,
        ``interpolations``) or stays as it is (``integral``)."""
        w_max: float = 0.5
        """``balanced``, ``interpolations`` and ``integral``: the largest adversarial weight in D's loss."""
        interpolation: float = 3.0
        """``interpolations``: weight of I in G's loss, where F has 1."""
        rate: float = 1e-3
        """``integral``: step of the controller."""
        direct: float = 8.0
        """Weight of ||x - G(x)|| in G's loss. It keeps G from giving up parts of the data, and what it draws near to them."""
        direct_error: Literal["same", "l1", "l2", "rms", "mixed"] = "same"
        """Which difference that is: that of ``error``, mean absolute, mean squared, its root, or the mean of ``l1`` and ``rms``."""
        distance: float = 0.0
        """Weight of the pairwise-distance loss in G's loss; 0 turns it off."""
        through_discriminator: float = 1.0
        """Share of I's gradient that reaches an interpolation by way of what D makes of it, beside that which it has as what D's
        answer is compared with. The less, the less G can draw for D's eyes alone: softer, and with fewer patches and meshes."""
        adversarial: float = 1.0
        """Factor on F and I in D's loss; 0 makes D a plain autoencoder of real items (for ablation)."""
        discriminator_width: float = 0.0
        """Width of D's layers as a share of G's. 0: as wide as G, but half as wide in the paper's network (adain), as there."""
        discriminator_latent_dim: int = 0
        """Length of D's code; 0: half of G's. A D with a code as wide as the data can learn to copy anything."""
        discriminator_noise: float = 0.07
        """Strength of the noise on the pictures that D is shown, and has to redraw without it: its standard deviation in each
        octave (values lie in [0, 1]), but for the finest, where it grows with the root of the side and is this at 32 pixels. A D
        that takes away what is no part of a picture makes texture costly for G."""
        noise_octaves: int = 3
        """Octaves of that noise: of single pixels, of 2 pixels, of 4 and so on. The coarser ones hold faces together. 0: of single
        pixels alone, and as strong at any size."""
        vector_noise: float = 0.0
        """The same for vectors. With it D may have a code as long as theirs (``discriminator_latent_dim``): it learns the way
        back to the data, and not to copy anything."""
        set_distance: float = 60.0
        """Weight of U in G's loss: how unlike interpolations as a set are to real items. D redraws them one by one, so that each
        may be realistic and all of them too alike; 0 turns it off."""
        set_memory: int = 128
        """How many items of earlier steps, real and interpolated, U compares a batch with beside each other."""

    UNSAID: ClassVar = {
        "sampler": "gaussian",
        "discriminator_noise": 0.0,
        "noise_octaves": 0,
        "set_distance": 0.0,
        "set_memory": 0,
    }

    k: Tensor

    def build(self) -> None:
        s = self.settings
        self.error = ERRORS[s.error]
        self.direct_error = ERRORS[s.error if s.direct_error == "same" else s.direct_error]
        self.generator = self.pair()
        share = s.discriminator_width or self.generator.DISCRIMINATOR_WIDTH
        width = max(8, round(share * self.generator.width))
        code = s.discriminator_latent_dim or max(1, self.latent_dim // 2)
        # D's codes are free: they are never mixed, which is what a sphere is for.
        size = replace(self.network, width=width, codes="free")
        self.discriminator = NETWORKS[self.network.name](self.shape, code, size)
        if s.objective == "integral":
            self.register_buffer("k", torch.zeros(()))
        if s.set_distance:
            self.unlikeness = SetDistance(self.shape, s.set_memory)

    def draw(self, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        drawn = {"weight": SAMPLERS[self.settings.sampler](count, generator)}
        if any(self.strengths):
            drawn["noise"] = places(count, generator)
        return drawn

    @staticmethod
    def mixes(options: Mapping[str, Any]) -> int:
        return MIXED if options.get("sampler") in OF_MANY else 2

    def step(self, batch: Batch) -> Step:
        seen = self.see(batch)
        R, F, I = across_ranks(torch.stack([seen.R, seen.F, seen.I])).unbind()
        s = self.settings
        weigh = self.integral if s.objective == "integral" else OBJECTIVES[s.objective]
        balance = weigh(R, F, I, s)
        if self.training and s.set_distance:
            self.unlikeness.remember(seen.remembered)
        return self.judge(seen, balance)

    def see(self, batch: Batch) -> Errors:
        """Both players' passes over a batch."""
        x, G, D, s = batch.x, self.generator, self.discriminator, self.settings
        z = G.encode(x)
        z_interp = mix_codes(z, batch.noise["weight"])
        Gx, Gz_interp = G.decode_each(z, z_interp)
        to_G_from_F, to_G_from_I = GradientScale(), GradientScale()
        Gx_seen, Gz_interp_seen = to_G_from_F(Gx), to_G_from_I(Gz_interp)
        shown = Gz_interp_seen
        if s.through_discriminator != 1:
            shown = GradientScale(s.through_discriminator)(shown)
        Dx, DGx, DGz_interp = D.redraw(x, Gx_seen, shown, noise=self.noise(batch.noise, x))
        R, F, I = self.error(x, Dx), self.error(x, DGx), self.error(Gz_interp_seen, DGz_interp)

        reconstruction = self.error(x, Gx)
        U = remembered = torch.zeros_like(R)
        if s.set_distance:
            # While G draws the mean item whatever it is given, how varied its pictures are is nothing it could learn by.
            of_mean = self.error(x, x.mean(0).expand_as(x)).clamp_min(SMALLEST)
            q = (1 - reconstruction.detach() / of_mean).clamp_min(0)
            made_of = mix_codes(torch.eye(len(x), device=x.device), batch.noise["weight"])
            E, remembered = self.unlikeness(x, Gz_interp, made_of)
            U = s.set_distance * q * R.detach() * E
        extra = U + s.direct * (reconstruction if self.direct_error is self.error else self.direct_error(x, Gx))
        if s.distance:
            extra = extra + s.distance * pairwise_distance_loss(x, z)
        return Errors(R, F, I, U, reconstruction, extra, to_G_from_F, to_G_from_I, remembered)

    def noise(self, drawn: dict[str, Tensor], x: Tensor) -> Tensor | None:
        """What D is shown on top of items. One for real and made ones, so that it does not tell them apart."""
        if "noise" not in drawn:
            return None
        return noise_at(drawn["noise"], x, *self.strengths)

    @property
    def strengths(self) -> list[float]:
        """Standard deviations of that noise, from the finest octave on."""
        s = self.settings
        if len(self.shape) != 3:
            return [s.vector_noise]
        # The more pixels a thing has, the better it is told from noise on each of them.
        finest = (math.prod(self.shape[1:]) / OF_SIDE**2) ** 0.25 if s.noise_octaves else 1.0
        octaves = min(s.noise_octaves, 1 + int(math.log2(min(self.shape[1:]))))  # no smoother than the picture is large
        return [s.discriminator_noise * finest, *[s.discriminator_noise] * (octaves - 1)]

    def judge(self, errors: Errors, balance: Balance) -> Step:
        """The losses that these errors make."""
        s = self.settings
        R, F, I, U, reconstruction, extra, to_G_from_F, to_G_from_I, _ = errors
        w_F, w_I = s.adversarial * balance.F_in_D, s.adversarial * balance.I_in_D
        loss_G = balance.F_in_G * F + balance.I_in_G * I
        loss_D = R - w_F * F - w_I * I
        counts_G = counts_D = 1.0  # whether a loss has a gradient
        if s.objective == "reference":
            counts_G, counts_D = ((loss.detach().abs() <= 1).to(loss.dtype) for loss in (loss_G, loss_D))
            loss_G, loss_D = loss_G.clamp(-1, 1), loss_D.clamp(-1, 1)
        loss_G = loss_G + extra  # not clipped: the reference has no such terms, and `direct` alone is above 1 at first

        # One backward pass for both players: F and I carry D's weight, and the factors turn it into G's on the way to G.
        w_F, w_I = ((w * counts_D).clamp_min(SMALLEST_WEIGHT) for w in (w_F, w_I))
        to_G_from_F.factor = -counts_G * balance.F_in_G / w_F
        to_G_from_I.factor = -counts_G * balance.I_in_G / w_I
        joint = counts_D * R - w_F * F - w_I * I + extra
        metrics = {"R": R, "F": F, "I": I, "reconstruction": reconstruction, "adversarial_weight": balance.I_in_D}
        return Step(
            {"generator": loss_G.detach(), "discriminator": loss_D.detach()},
            {"generator": balance.rate_G, "discriminator": balance.rate_D},
            metrics | ({"U": U} if s.set_distance else {}),
            joint,
        )

    def integral(self, R: Tensor, F: Tensor, I: Tensor, s: Settings) -> Balance:
        """A controller as in BEGAN (Berthelot et al. 2017), on relative differences:

        k <- clip(k + rate (gamma R - (F + I)/2) / R, 0, w_max);  v = sigmoid(s (I - F) / R)
        L_D = R - k (F + I)/2;  L_G = v I + (1 - v) F
        """
        k = self.k.clone()
        if self.training:
            self.k.copy_((k + s.rate * (s.gamma * R - (F + I) / 2) / R.clamp_min(SMALLEST)).clamp(0, s.w_max))
        return balanced(R, F, I, s)._replace(F_in_D=k / 2, I_in_D=k / 2)

    def views(self, x: Tensor) -> dict[str, Tensor]:
        seen = super().views(x)
        drawn = self.draw(len(x), torch.Generator().manual_seed(0))
        # As in training: with nothing to take away, D redraws even real pictures badly.
        noise = self.noise({name: numbers.to(x.device) for name, numbers in drawn.items()}, x)
        return seen | {f"D({name})": self.discriminator.redraw(y, noise=noise)[0] for name, y in seen.items()}

    def diagnose(self, means: dict[str, float]) -> str | None:
        R, F, I = means["R"], means["F"], means["I"]
        if I < COLLAPSED * F and F > ABOVE * R:
            return (
                "interpolations have collapsed: they all look alike to the discriminator while reconstructions do not "
                "(I near 0, F high); use the objective 'balanced', a larger 'direct', or a lower learning rate"
            )
        if I < EMPTY * R:
            return (
                "everything that is made looks alike (the discriminator redraws it without error, but not real items); for "
                "pictures that are mostly empty use error 'l2', as the recipe lines has it (--config lines)"
            )
        if F > RUNAWAY * R:
            return (
                f"the discriminator has run away (F more than {RUNAWAY} times R): its errors no longer tell the "
                "generator anything; use the objective 'balanced', a lower 'w_max', or a lower learning rate"
            )
        return None


COLLAPSED, ABOVE = 0.3, 1.5
"""Interpolations have collapsed when I is below this share of F, and F above this multiple of R. In a healthy run the
three are within a third of each other; under the objective ``paper`` on plane sets I / F fell to 0.02 - 0.2."""
EMPTY = 0.2
"""Everything made looks alike when I is below this share of R (lines that both drew black: 1e-5); healthy runs stay above 0.5."""
RUNAWAY = 4.0
"""The discriminator has run away when F / R lies above this for long; the two belong together within about 2."""
OF_SIDE = 32
"""Side of the pictures whose finest octave of noise is as strong as the others."""


SMALLEST = 1e-8
"""What R is bounded below by where it divides."""


class Errors(NamedTuple):
    """What both players made of a batch; R, F, I as above."""

    R: Tensor
    F: Tensor
    I: Tensor
    U: Tensor
    reconstruction: Tensor
    extra: Tensor
    """What G's loss has beside F and I: U among it."""
    to_G_from_F: GradientScale
    to_G_from_I: GradientScale
    remembered: Tensor
    """What U of the next steps is to know of this one."""


class Balance(NamedTuple):
    """Weights of the errors in the two losses, and shares of the learning rate. All are constants to the gradient."""

    F_in_G: Tensor
    I_in_G: Tensor
    F_in_D: Tensor
    I_in_D: Tensor
    rate_G: Tensor | float = 1.0
    rate_D: Tensor | float = 1.0


def balanced(R: Tensor, F: Tensor, I: Tensor, s: GAIA.Settings) -> Balance:
    """Scale-free: differences are divided by R, so one slope serves data of any contrast.

    w = w_max sigmoid(s (gamma R - (F + I)/2) / R);  v = sigmoid(s (I - F) / R)
    L_D = R - w (F + I)/2;  L_G = v I + (1 - v) F
    """
    scale = R.clamp_min(SMALLEST)
    w = s.w_max * torch.sigmoid(s.slope * (s.gamma * R - (F + I) / 2) / scale)
    v = torch.sigmoid(s.slope * (I - F) / scale)
    return Balance(1 - v, v, w / 2, w / 2)


def interpolations(R: Tensor, F: Tensor, I: Tensor, s: GAIA.Settings) -> Balance:
    """D works against interpolations alone: where G reconstructs well, enlarging F asks D for the opposite of R.

    w = w_max sigmoid(s (gamma R - I) / R);  L_D = R - w I;  L_G = F + interpolation I
    """
    w = s.w_max * torch.sigmoid(s.slope * (s.gamma * R - I) / R.clamp_min(SMALLEST))
    return Balance(torch.ones_like(R), s.interpolation * torch.ones_like(R), torch.zeros_like(R), w)


def reference(R: Tensor, F: Tensor, I: Tensor, s: GAIA.Settings) -> Balance:
    """As in the authors' code, but for w and v, which are differentiated there and constants here.

    w = clip(sigmoid(b (I/2 - R)), 0, 0.9);  v = sigmoid(b (I - F))
    L_D = R - w (F + I)/2;  L_G = v I + (1 - v) F;  both clipped to [-1, 1]; rates as in the paper. `direct` and the
    pairwise-distance loss come on top of that.
    """
    w = torch.sigmoid(s.slope * (I / 2 - R)).clamp(0, 0.9)
    v = torch.sigmoid(s.slope * (I - F))
    delta_D = torch.sigmoid(s.slope * (R - (F + I) / 2))
    return Balance(1 - v, v, w / 2, w / 2, 1 - delta_D, delta_D)


def paper(R: Tensor, F: Tensor, I: Tensor, s: GAIA.Settings) -> Balance:
    """As printed: L_G = F + I;  L_D = R - F - I;  delta_D = sigmoid(b (R - (F + I)/2)), delta_G = 1 - delta_D."""
    delta_D = torch.sigmoid(s.slope * (R - (F + I) / 2))
    one = torch.ones_like(R)
    return Balance(one, one, one, one, 1 - delta_D, delta_D)


OBJECTIVES: dict[str, Callable[[Tensor, Tensor, Tensor, GAIA.Settings], Balance]] = {
    "balanced": balanced,
    "interpolations": interpolations,
    "reference": reference,
    "paper": paper,
}
