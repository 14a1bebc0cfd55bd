"""Notices a training that has gone wrong, and says so with the remedy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor

PATIENCE = 500
"""Steps for which an ailment has to last before it is reported; a tenth of the run if that is less."""
MEMORY = 0.9
"""Share of the old mean that each new row keeps."""
DEAD, LEARNING = 1.1, 0.98
"""A network has died whose reconstructions err more than this many times as much as the mean item would, and whose error does
not fall below this share of what it was. Where items differ little, one that learns may be above the first for a while."""
DIED = {
    "reconstruction": "reconstructions err more than the mean item would, and no less than before: the generator has died, its "
    "output stuck at a limit or thrown about; use a lower learning rate or a warmup; for pictures that are mostly empty "
    "error 'l2', as the recipe lines has it (--config lines)",
    "R": "the discriminator redraws real items with more error than the mean item would have, and no less than before: it has "
    "died, and tells the generator nothing; use the objective 'balanced', a lower w_max, or a lower learning rate",
}
"""What to say, by the figure in which it shows."""
FALLEN = 1.5
"""A generator has fallen whose reconstructions err more than this many times as much as they have done. Of 524 runs of all models
only such came above it; three of them came back."""
FELL = (
    f"reconstructions err more than {FALLEN} times as much as they have done before: the generator has fallen, and may not come "
    "back; use a lower learning rate or a warmup"
)
GRACE = 5
"""Before that many times its patience, nothing is called dead: where items differ little, all begin far off."""
LOOKED_AT = 512
"""Items that the mean item's error is taken over."""


def mean_item_error(x: Tensor) -> float:
    """Mean absolute error of answering every item (N, *shape) with their mean: what a model that learns anything is below."""
    return float((x - x.mean(0)).abs().mean())


class Watch:
    """Running means of the figures, and how long something has been wrong with them.

    diagnose: the model's own view. blank: the error that the mean item would have, for models that reconstruct.
    """

    def __init__(
        self, diagnose: Callable[[dict[str, float]], str | None], total_steps: int | None, blank: float = math.inf
    ) -> None:
        self.diagnose, self.blank = diagnose, blank
        self.patience = min(PATIENCE, max(20, (total_steps or 10 * PATIENCE) // 10))
        self.means: dict[str, float] = {}
        self.since: dict[str, int] = {}
        self.stuck_at: dict[str, float] = {}
        self.best: float | None = None
        self.warnings: list[dict[str, Any]] = []

    def look(self, step: int, figures: dict[str, float]) -> str | None:
        """Take in one row of figures; a new warning, or None. Each ailment is reported once."""
        for name, value in figures.items():
            self.means[name] = MEMORY * self.means[name] + (1 - MEMORY) * value if name in self.means else value
        fell = FELL if self._fallen() else None  # asked in any case, for it remembers the best
        ailment = self.diagnose(self.means) or next((DIED[name] for name in DIED if self._dead(step, name)), fell)
        if ailment is None:
            self.since.clear()
            return None
        started = self.since.setdefault(ailment, step)
        if step - started < self.patience or ailment in self.reported():
            return None
        self.warnings.append({"step": step, "warning": ailment})
        return ailment

    def _dead(self, step: int, name: str) -> bool:
        error = self.means.get(name, 0.0)
        if step < GRACE * self.patience or error <= DEAD * self.blank:
            self.stuck_at.pop(name, None)
            return False
        if error < LEARNING * self.stuck_at.get(name, math.inf):
            self.stuck_at[name] = error
            return False
        return True

    def _fallen(self) -> bool:
        if (error := self.means.get("reconstruction")) is None:
            return False
        self.best = error if self.best is None else min(self.best, error)
        return error > FALLEN * self.best

    def reported(self) -> Iterable[str]:
        return [w["warning"] for w in self.warnings]

    def state(self) -> dict[str, Any]:
        return {
            "means": self.means,
            "since": self.since,
            "stuck_at": self.stuck_at,
            "best": self.best,
            "warnings": self.warnings,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.means, self.since, self.warnings = state["means"], state["since"], state["warnings"]
        self.best = state.get("best")
        # Absent in checkpoints from before it existed, then of reconstructions alone.
        stuck_at = state.get("stuck_at", {})
        self.stuck_at = stuck_at if isinstance(stuck_at, dict) else {"reconstruction": stuck_at}
