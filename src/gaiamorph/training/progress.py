"""The display of a training in the terminal."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

SHOWN = {name: f"{name} {{:.4f}}" for name in ("R", "F", "I", "reconstruction", "validation")}
SHOWN["examples_per_second"] = "{:.0f}/s"
"""Formats of the metrics that are shown."""
LINES = 10
"""Lines printed over a run if the output is no terminal."""


class Display:
    """A bar with errors, examples a second and the time left; plain lines if the output is no terminal."""

    def __init__(self, show: bool, share: float) -> None:
        self.console = Console(stderr=True, highlight=False, quiet=not show)
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(24), TaskProgressColumn(),
            TextColumn("{task.fields[metrics]}"), TimeRemainingColumn(compact=True),
            console=self.console, disable=not (show and self.console.is_terminal), transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task("training", total=1.0, metrics="")
        self._next_line = share
        self._latest: dict[str, float] = {}

    def __enter__(self) -> Display:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, step: int, share: float, metrics: dict[str, float]) -> None:
        """share: how much of the run is done, 0 to 1. metrics: the newest row."""
        self._latest |= metrics
        text = "  ".join(form.format(self._latest[name]) for name, form in SHOWN.items() if name in self._latest)
        self._bar.update(self._task, completed=share, metrics=text)
        if text and not self.console.is_terminal and share >= self._next_line:
            self._next_line = share + 1 / LINES
            self.say(f"step {step:>7} ({share:4.0%})  {text}")

    def say(self, text: str, style: str = "") -> None:
        self.console.print(text, style=style, markup=False, soft_wrap=True)


def reading(show: bool) -> Callable[[int, int], None]:
    """A report for `open_data`: prints how many items are read, every two seconds."""
    console = Console(stderr=True, highlight=False, quiet=not show)
    said = time.monotonic()

    def report(done: int, count: int) -> None:
        nonlocal said
        if time.monotonic() - said > 2:
            said = time.monotonic()
            console.print(f"reading {done} of {count} items", end="\r" if console.is_terminal else "\n")

    return report
