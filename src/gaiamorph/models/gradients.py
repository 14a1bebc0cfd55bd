"""How two players that pull in opposite directions share one backward pass."""

from torch import Tensor

from gaiamorph.models.balance import Weights

SMALLEST_WEIGHT = 1e-12
"""Stands for a weight of 0, by which `GradientScale` divides. What it adds to a gradient is below rounding."""


class GradientScale:
    """The identity, with a gradient multiplied by ``factor``. The factor may be set at any time before the backward pass.

    It stands between a generator and its discriminator. Let the discriminator's loss hold -w F, and the generator's v F. With
    the factor -v / w, one backward pass of the first loss gives both players their own gradient, where the usual way needs two.
    """

    def __init__(self, factor: Tensor | float = 1.0) -> None:
        self.factor = factor

    def __call__(self, x: Tensor) -> Tensor:
        seen = x.view_as(x)  # x itself may have other uses, whose gradient stays as it is
        if seen.requires_grad:
            seen.register_hook(lambda gradient: gradient * self.factor)
        return seen


class Game:
    """The joint gradient of GAIA's two players.

        L_D = R - w_F F - w_I I;  L_G = v_F F + v_I I + terms

    through_discriminator: share of I's gradient that reaches G through D's input. The rest of it comes through the target.
    """

    def __init__(self, through_discriminator: float = 1.0) -> None:
        self._F, self._I, self._shown = GradientScale(), GradientScale(), GradientScale(through_discriminator)

    def enter(self, Gx: Tensor, Gz: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """G's outputs on their way to D: G(x), G(z_interp) as D's input, and G(z_interp) as the target of I."""
        Gx, target = self._F(Gx), self._I(Gz)
        return Gx, self._shown(target), target

    def joint(self, R: Tensor, F: Tensor, I: Tensor, weights: Weights, terms: Tensor) -> Tensor:
        """The scalar whose gradient is L_D's for D's parameters and L_G's for G's."""
        w_F, w_I = (w.clamp_min(SMALLEST_WEIGHT) for w in (weights.F_in_D, weights.I_in_D))
        self._F.factor, self._I.factor = -weights.F_in_G / w_F, -weights.I_in_G / w_I
        return R - w_F * F - w_I * I + terms
