"""Keeps a training stable by gradient clipping. Notices one that has gone wrong, and names the remedy."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

LIMIT = 2.0
"""Gradients are cut to this many times their usual norm. It keeps trainings alive whose learning rate is high for their size (long
codes, wide layers). In calm trainings about one step in forty is cut. At 1 or below, the usual norm would shrink to nothing."""
DECAY = 0.98
"""Decay of the usual norm, an exponential moving average: that of the last 50 steps or so."""
UNCUT = 50
"""Steps before anything is cut, because norms change fast at first."""
PATIENCE = 500
"""Steps that a failure must last before it is reported, or a tenth of the run if that is less."""
MEMORY = 0.9
"""Decay, per row, of the moving averages."""
DEAD, LEARNING = 1.1, 0.98
"""A network has died if its error is above `DEAD` times that of the mean item, and no longer falls below `LEARNING` times its
earlier value. The second condition is needed for items that differ little: a network that learns may begin above the first."""
DIED = {
    "reconstruction": "reconstructions err more than the mean item would, and no less than before: the generator has died, its "
    "output stuck at a limit or thrown about; use a lower learning rate or a warmup; for pictures that are mostly empty "
    "error 'l2', as the recipe lines has it (--config lines)",
    "R": "the discriminator redraws real items with more error than the mean item would have, and no less than before: it has "
    "died, and tells the generator nothing; use the objective 'balanced', a larger direct, or a lower learning rate",
}
"""Warnings, by the metric that shows the failure."""
FALLEN = 1.5
"""A generator has fallen if its reconstruction error exceeds its lowest value this many times. Of 524 runs of all models, only
failed ones did, and three of them recovered."""
FELL = (
    f"reconstructions err more than {FALLEN} times as much as they have done before: the generator has fallen, and may not come "
    "back; use a lower learning rate or a warmup"
)
GRACE = 5
"""No network is called dead before this many times the patience. With items that differ little, all begin far off."""


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
        if steps >= UNCUT:
            bound = LIMIT * usual
            torch._foreach_mul_(gradients, (bound / norm).clamp(max=1))  # pyright: ignore[reportPrivateImportUsage]
            norm = torch.minimum(norm, bound)
        self.state[player] = steps + 1, torch.lerp(norm, usual, DECAY)


class Watch:
    """Moving averages of the metrics, and how long a failure has lasted. All attributes are plain JSON, and stored to resume.

    blank: error of the mean item (`Traits.spread`), for models that reconstruct.
    """

    def __init__(self, total_steps: int, blank: float = math.inf) -> None:
        self.blank = blank
        self.patience = min(PATIENCE, max(20, total_steps // 10))
        self.means: dict[str, float] = {}
        self.since: dict[str, int] = {}
        self.stuck_at: dict[str, float] = {}
        self.best = math.inf
        self.warnings: list[dict[str, Any]] = []

    def look(
        self, step: int, metrics: dict[str, float], diagnose: Callable[[dict[str, float]], str | None]
    ) -> str | None:
        """Take in one row of metrics. Returns a new warning, or None. Each failure is reported once. diagnose: `Model.diagnose`."""
        for name, value in metrics.items():
            self.means[name] = MEMORY * self.means[name] + (1 - MEMORY) * value if name in self.means else value
        error = self.means.get("reconstruction", math.inf)
        self.best = min(self.best, error)
        fell = FELL if error > FALLEN * self.best else None
        failure = diagnose(self.means) or next((DIED[name] for name in DIED if self._dead(step, name)), fell)
        if failure is None:
            self.since.clear()
            return None
        started = self.since.setdefault(failure, step)
        if step - started < self.patience or failure in (warning["warning"] for warning in self.warnings):
            return None
        self.warnings.append({"step": step, "warning": failure})
        return failure

    def _dead(self, step: int, name: str) -> bool:
        error = self.means.get(name, 0.0)
        if step < GRACE * self.patience or error <= DEAD * self.blank:
            self.stuck_at.pop(name, None)
            return False
        if error < LEARNING * self.stuck_at.get(name, math.inf):
            self.stuck_at[name] = error
            return False
        return True
