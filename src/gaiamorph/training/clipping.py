"""Gradients that are far larger than they usually are, cut to size before a step goes too far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

KEEP = 0.98
"""Share of the usual norm that each step keeps: it is that of the last 50 steps or so."""
GRACE = 50
"""Steps before anything is cut, for at first norms change fast."""


class Clipping:
    """Of each player, by the norm of all its gradients together.

    Adam divides gradients by their size of the last 1 / (1 - beta2) steps, so a single one ten times as large moves every
    weight up to ten times as far as the steps before; with two players one such step may end the game. A fixed bound does not
    help, for norms fall as a training goes on: here it is a multiple of what the norm usually is (as in ZClip, Kumar et al. 2025,
    arXiv 2504.02507, which counts in standard deviations).
    """

    def __init__(self, times: float) -> None:
        """times: of the usual norm that is let through; 0 lets everything through."""
        self.times = times
        self.usual: dict[str, Tensor] = {}
        self.seen: dict[str, int] = {}

    @torch.no_grad()
    def __call__(self, player: str, parameters: Iterable[Tensor]) -> None:
        """Scale the gradients of the parameters where they are too large."""
        if not self.times:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        if not gradients:
            return
        norm = torch.nn.utils.get_total_norm(gradients)
        seen, usual = self.seen.get(player, 0), self.usual.get(player, norm)
        if seen >= GRACE:
            bound = self.times * usual
            torch._foreach_mul_(gradients, (bound / norm).clamp(max=1))  # pyright: ignore[reportPrivateImportUsage]
            norm = torch.minimum(norm, bound)
        self.usual[player] = torch.lerp(norm, usual, KEEP)
        self.seen[player] = seen + 1

    def state(self) -> dict[str, list[float]]:
        """Plain JSON, from which `restore` goes on to the same bits."""
        return {player: [self.seen[player], float(usual)] for player, usual in self.usual.items()}

    def restore(self, state: Mapping[str, list[float]], device: torch.device) -> None:
        self.seen = {player: int(seen) for player, (seen, _) in state.items()}
        self.usual = {player: torch.tensor(usual, device=device) for player, (_, usual) in state.items()}
