"""What two or more models share."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def l1(x: Tensor, y: Tensor) -> Tensor:
    """Mean absolute difference over items and values."""
    return F.l1_loss(x, y)


def l2(x: Tensor, y: Tensor) -> Tensor:
    """Mean squared difference over items and values."""
    return (x - y).square().mean()


ERRORS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"l1": l1, "l2": l2}


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence (B,) of Normal(mean, variance) from Normal(0, I), in nats: mean and log_variance (B, d).

    Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1)


def adversarial_losses(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """Losses of a discriminator and of the generator that it judges, from its logits (B, 1) (Goodfellow et al. 2014).

    -log D(real) - log(1 - D(fake))  and  -log D(fake), means over items.
    """
    return F.softplus(-real).mean() + F.softplus(fake).mean(), F.softplus(-fake).mean()


def generator_share(fake: Tensor) -> Tensor:
    """The generator's gradient as a multiple of the discriminator's, for each fake item (B, 1); see `GradientScale`.

    d/dl of -log sigmoid(l) is sigmoid(l) - 1, of -log(1 - sigmoid(l)) it is sigmoid(l): their ratio is -exp(-l).
    """
    return -(-fake.detach().clamp_min(-40)).exp()


def pairwise_distance_loss(x: Tensor, z: Tensor, smallest: float = 1e-6) -> Tensor:
    """L_dist, which keeps the local structure of X in Z (Sainburg et al. 2018, "pairwise distance loss").

    x: (B, *shape), z: (B, latent_dim). With d(i, j) the mean squared difference of items i and j,
    divided by its mean over the batch:

        mean over i, j of [log2(1 + d_x(i, j)) - log2(1 + d_z(i, j))]^2

    The mean of d_z is bounded below by ``smallest``, since it is 0 when all codes are equal.
    """
    return (_log_distances(x, smallest) - _log_distances(z, smallest)).square().mean()


def squared_distances(x: Tensor) -> Tensor:
    """Squared Euclidean distances (N, N) within x (N, d), in full precision also under autocast."""
    # |a - b|^2 = |a|^2 + |b|^2 - 2ab on centred items; centring keeps the cancellation harmless, and the
    # clamp keeps rounding from going below zero. torch.cdist has no exact zeros on its diagonal either.
    with torch.autocast(x.device.type, enabled=False):
        x = x - x.mean(0, keepdim=True)
        lengths = x.square().sum(1)
        return (lengths[:, None] + lengths[None] - 2 * x @ x.T).clamp_min(0)


def _log_distances(items: Tensor, smallest: float) -> Tensor:
    items = items.flatten(1)
    squares = squared_distances(items) / items.shape[1]
    return torch.log2(1 + squares / squares.mean().clamp_min(smallest))
