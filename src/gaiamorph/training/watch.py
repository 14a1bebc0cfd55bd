"""Notices a training that has gone wrong, and says so with the remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

PATIENCE = 500
"""Steps for which an ailment has to last before it is reported; a tenth of the run if that is less."""
MEMORY = 0.9
"""Share of the old mean that each new row keeps."""


class Watch:
    """Running means of the figures, and how long the model's ``diagnose`` has complained about them."""

    def __init__(self, diagnose: Callable[[dict[str, float]], str | None], total_steps: int | None) -> None:
        self.diagnose = diagnose
        self.patience = min(PATIENCE, max(20, (total_steps or 10 * PATIENCE) // 10))
        self.means: dict[str, float] = {}
        self.since: dict[str, int] = {}
        self.warnings: list[dict[str, Any]] = []

    def look(self, step: int, figures: dict[str, float]) -> str | None:
        """Take in one row of figures; a new warning, or None. Each ailment is reported once."""
        for name, value in figures.items():
            self.means[name] = MEMORY * self.means[name] + (1 - MEMORY) * value if name in self.means else value
        ailment = self.diagnose(self.means)
        if ailment is None:
            self.since.clear()
            return None
        started = self.since.setdefault(ailment, step)
        if step - started < self.patience or ailment in self.reported():
            return None
        self.warnings.append({"step": step, "warning": ailment})
        return ailment

    def reported(self) -> Iterable[str]:
        return [w["warning"] for w in self.warnings]

    def state(self) -> dict[str, Any]:
        return {"means": self.means, "since": self.since, "warnings": self.warnings}

    def restore(self, state: dict[str, Any]) -> None:
        self.means, self.since, self.warnings = state["means"], state["since"], state["warnings"]
