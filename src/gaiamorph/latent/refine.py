"""Gradient steps on codes that lower the reconstruction error of each item."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim.adam import adam

RATE = 0.05
"""Learning rate of Adam, in standard deviations of the codes."""


def refine(decode: Callable[[Tensor], Tensor], x: Tensor, z: Tensor, sd: Tensor, steps: int) -> Tensor:
    """Codes (N, latent_dim) of items x (N, *shape), after Adam steps from z (N, latent_dim).

    sd: (latent_dim,), standard deviation of the training codes. The best of all steps is kept for each item, so no item
    gets worse. Items do not influence each other.
    """
    offset = torch.zeros_like(z, requires_grad=True)
    mean, square, count = torch.zeros_like(z), torch.zeros_like(z), torch.tensor(0.0)
    best_z, best_error = z.clone(), torch.full((len(z),), torch.inf, device=z.device)
    for step in range(steps + 1):
        candidate = z + offset * sd
        error = (decode(candidate) - x).abs().flatten(1).mean(1)
        better = error.detach() < best_error
        best_z = torch.where(better[:, None], candidate.detach(), best_z)
        best_error = torch.minimum(error.detach(), best_error)
        if step < steps:
            (gradient,) = torch.autograd.grad(error.sum(), offset)
            # The function, for making a torch.optim.Adam imports torch._dynamo: that takes a second.
            with torch.no_grad():
                adam(
                    [offset], [gradient], [mean], [square], [], [count], foreach=False, amsgrad=False, beta1=0.9,
                    beta2=0.999, lr=RATE, weight_decay=0.0, eps=1e-8, maximize=False,
                )  # fmt: skip
    return best_z
