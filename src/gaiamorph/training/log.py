"""What a run tells: ``metrics.csv``, TensorBoard, and the display in the terminal."""

import io
import time
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from torch.utils.tensorboard import SummaryWriter

from gaiamorph.training.checkpoint import write_atomically
from gaiamorph.training.trackers import Track

FILE = "metrics.csv"
SHOWN = {name: f"{name} {{:.4f}}" for name in ("R", "F", "I", "reconstruction", "validation")}
SHOWN["examples_per_second"] = "{:.0f} items/s"
"""Formats of the metrics that the display shows."""
LINES = 10
"""Lines printed over a run if the output is no terminal."""


class Log(SummaryWriter):
    """Rows of ``metrics.csv``, with one column for each metric.

    Opened at a step, it first removes all later rows. TensorBoard does the same. track: gets all metrics as well.
    """

    def __init__(self, folder: Path, step: int, track: Track = lambda step, metrics: None) -> None:
        super().__init__(str(folder / "tensorboard"), purge_step=step or None)
        self.folder, self.track = folder, track
        self._replace([row for row in read_metrics(folder) if row["step"] <= step] if step else [])

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        if metrics.keys() <= set(self.columns):
            # Not by pandas, which takes the time of a small step for one row.
            cells = (f"{metrics[name]:.6g}" if name in metrics else "" for name in self.columns[1:])
            with open(self.folder / FILE, "a", encoding="utf-8") as file:
                file.write(f"{','.join((str(step), *cells))}\n")
        else:  # A new metric needs a column. This happens near the start, when the file is short.
            self._replace([*read_metrics(self.folder), {"step": step, **metrics}])
        for name, value in metrics.items():
            self.add_scalar(name, value, step)
        self.track(step, metrics)

    def _replace(self, rows: list[dict[str, float]]) -> None:
        """Write all rows anew, atomically: a kill cannot lose rows from before the checkpoint."""
        self.columns = list(dict.fromkeys(("step", *(name for row in rows for name in row))))
        text = pd.DataFrame(rows, columns=self.columns).to_csv(index=False, float_format="%.6g")
        write_atomically(self.folder / FILE, text.encode())


def read_metrics(folder: Path) -> list[dict[str, float]]:
    """The rows of a run's ``metrics.csv``. An empty cell is NaN. A row cut short by a kill is left out."""
    text = (folder / FILE).read_text(encoding="utf-8") if (folder / FILE).exists() else ""
    whole = text[: text.rfind("\n") + 1]
    return pd.read_csv(io.StringIO(whole)).to_dict("records") if whole else []


class Display(Progress):
    """A bar with errors, examples a second and the time left; plain lines if the output is no terminal."""

    def __init__(self, show: bool) -> None:
        console = Console(stderr=True, highlight=False, quiet=not show)
        super().__init__(
            TextColumn("{task.description}"), BarColumn(24), TaskProgressColumn(),
            TextColumn("{task.fields[metrics]}"), TimeRemainingColumn(compact=True),
            console=console, disable=not (show and console.is_terminal), transient=True,
        )  # fmt: skip
        self.bar = self.add_task("training", total=1.0, metrics="")
        self.next_line = 0.0
        self.said = time.monotonic()
        self.latest: dict[str, float] = {}

    def reading(self, done: int, count: int) -> None:
        """Print how many items are read, every two seconds: a report for `open_data`."""
        if time.monotonic() - self.said > 2:
            self.said = time.monotonic()
            self.console.print(f"reading {done} of {count} items", end="\r" if self.console.is_terminal else "\n")

    def show(self, step: int, share: float, metrics: dict[str, float]) -> None:
        """share: how much of the run is done, 0 to 1. metrics: the newest row."""
        self.latest |= metrics
        text = "  ".join(form.format(self.latest[name]) for name, form in SHOWN.items() if name in self.latest)
        self.update(self.bar, completed=share, metrics=text)
        if text and not self.console.is_terminal and share >= self.next_line:
            self.next_line = share + 1 / LINES
            self.say(f"step {step:>7} ({share:4.0%})  {text}")

    def say(self, text: str, style: str = "") -> None:
        self.console.print(text, style=style, markup=False, soft_wrap=True)
