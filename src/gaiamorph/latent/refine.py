"""Gradient steps on codes that lower the reconstruction error of each item."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

RATE = 0.05
"""Learning rate of Adam, in standard deviations of the codes."""


def refine(decode: Callable[[Tensor], Tensor], x: Tensor, z: Tensor, sd: Tensor, steps: int) -> Tensor:
    """Codes (N, latent_dim) of items x (N, *shape), after Adam steps from z (N, latent_dim).

    sd: (latent_dim,), standard deviation of the training codes. The best of all steps is kept for each item, so no item
    gets worse. Items do not influence each other.
    """
    offset = torch.zeros_like(z, requires_grad=True)
    optimizer = torch.optim.Adam([offset], lr=RATE)
    best_z, best_error = z.clone(), torch.full((len(z),), torch.inf, device=z.device)
    for step in range(steps + 1):
        candidate = z + offset * sd
        error = (decode(candidate) - x).abs().flatten(1).mean(1)
        better = error.detach() < best_error
        best_z = torch.where(better[:, None], candidate.detach(), best_z)
        best_error = torch.minimum(error.detach(), best_error)
        if step < steps:
            optimizer.zero_grad()
            error.sum().backward()
            optimizer.step()
    return best_z
