"""Errors and adversarial losses that several models share."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from gaiamorph.models.gradients import GradientScale
from gaiamorph.networks import full_precision

ERRORS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"l1": F.l1_loss, "l2": F.mse_loss}
"""Mean absolute and mean squared difference, over items and values."""
WON = 5e-3
"""A discriminator that errs with less than this probability on average has won."""


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence (B,) of Normal(mean, variance) from Normal(0, I), in nats: mean and log_variance (B, d).

    Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1)


def adversarial(
    discriminator: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, weight: float = 1.0
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """L_D, L_G, mean D(real) and mean D(fake) of Goodfellow et al. 2014, with the "non-saturating" L_G of section 3.

        L_D = -log D(real) - log(1 - D(fake));  L_G = -log D(fake)

    discriminator: items -> logits (B, 1). The backward pass of L_D gives ``fake`` the gradient of ``weight`` L_G.
    """
    to_G = GradientScale()
    on_real, on_fake = full_precision(discriminator(torch.cat([real, to_G(fake)]))).chunk(2)
    # d/dl of -log sigmoid(l) is sigmoid(l) - 1, of -log(1 - sigmoid(l)) it is sigmoid(l): their ratio is -exp(-l).
    ratio = -(-on_fake.detach().clamp_min(-40)).exp()
    to_G.factor = weight * ratio.view(-1, *[1] * (fake.ndim - 1))
    loss_D = F.softplus(-on_real).mean() + F.softplus(on_fake).mean()
    return loss_D, F.softplus(-on_fake).mean(), on_real.sigmoid().mean(), on_fake.sigmoid().mean()


def discriminator_has_won(real: float, fake: float) -> str | None:
    """A warning if a discriminator is never wrong: its gradient no longer guides anything.

    real, fake: mean probability of "real" that it gives to real and to made items.
    """
    if real <= 1 - WON or fake >= WON:
        return None
    return (
        "the discriminator has won (it tells all made items from real ones), so the generator no longer improves; "
        "use a lower learning rate, or a narrower discriminator"
    )
