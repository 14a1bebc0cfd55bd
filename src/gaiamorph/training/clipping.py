"""Gradient clipping by the norm that a player's gradients usually have."""

from collections.abc import Iterable

import torch
from torch import Tensor

LIMIT = 2.0
"""Gradients are cut to this many times their usual norm. It keeps trainings alive whose learning rate is high for their size (long
codes, wide layers). In calm trainings about one step in forty is cut. At 1 or below, the usual norm would shrink to nothing."""
DECAY = 0.98
"""Decay of the usual norm, an exponential moving average: that of the last 50 steps or so."""
GRACE = 50
"""Steps before anything is cut, because norms change fast at first."""


class Clipping:
    """Cuts the gradients of each player to `LIMIT` times their usual norm.

    Adam divides a gradient by its size over the last 100 steps or so. One gradient ten times as large moves every weight up to
    ten times as far as usual, and with two players one such step may end the game. Norms fall during a training, so a constant
    limit does not help (compare ZClip, Kumar et al. 2025, arXiv 2504.02507).
    """

    def __init__(self) -> None:
        self.state: dict[str, tuple[int, Tensor | float]] = {}
        """Steps so far and usual norm of each player: all that has to be stored to resume."""

    @torch.no_grad()
    def __call__(self, player: str, parameters: Iterable[Tensor]) -> None:
        """Scale the gradients of the parameters if they are too large."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        if not gradients:
            return
        norm = torch.nn.utils.get_total_norm(gradients)
        steps, usual = self.state.get(player, (0, norm))
        usual = torch.as_tensor(usual, device=norm.device)
        if steps >= GRACE:
            bound = LIMIT * usual
            torch._foreach_mul_(gradients, (bound / norm).clamp(max=1))  # pyright: ignore[reportPrivateImportUsage]
            norm = torch.minimum(norm, bound)
        self.state[player] = steps + 1, torch.lerp(norm, usual, DECAY)
