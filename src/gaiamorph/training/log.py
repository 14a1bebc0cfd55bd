"""The record of a run: ``metrics.csv`` and TensorBoard."""

from __future__ import annotations

import contextlib
import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from gaiamorph.training.checkpoint import write_atomically

FILE = "metrics.csv"


class Means:
    """Means of metrics since the last row. Sums stay on the device, so that a step does not wait for it."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.count = 0

    def add(self, metrics: dict[str, Tensor]) -> None:
        for name, value in metrics.items():
            value = value.detach().float()
            self.sums[name] = self.sums[name] + value if name in self.sums else value
        self.count += 1

    def take(self) -> dict[str, float]:
        means = {name: float(value) / self.count for name, value in self.sums.items()}
        self.__init__()
        return means

    def state(self) -> dict[str, Any]:
        """Plain JSON for `restore`."""
        return {"sums": {name: float(value) for name, value in self.sums.items()}, "count": self.count}

    def restore(self, state: dict[str, Any]) -> None:
        self.sums = {name: torch.tensor(value) for name, value in state["sums"].items()}
        self.count = state["count"]


class Log:
    """Rows of ``metrics.csv``, with one column for each metric.

    Opened at a step, it first removes all later rows. TensorBoard does the same.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self.path = folder / FILE
        self.rows = [row for row in read_metrics(folder) if row["step"] <= step] if step else []
        self.columns = list(dict.fromkeys(name for row in self.rows for name in row)) or ["step"]
        self._open()
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=step or None)

    def write(self, step: int, metrics: dict[str, float]) -> None:
        row = {"step": step, **metrics}
        if new := [name for name in row if name not in self.columns]:
            # A new metric needs a column. This happens near the start, when the file is short.
            self._file.close()
            self.rows = read_metrics(self.path.parent)
            self.columns += new
            self._open()
        csv.DictWriter(self._file, self.columns, restval="").writerow(_text(row))
        self._file.flush()
        for name, value in metrics.items():
            self._board.add_scalar(name, value, step)

    def _open(self) -> None:
        """Write the rows anew, atomically: a kill cannot lose rows from before the checkpoint. Later rows are added."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self.columns, restval="")
        writer.writeheader()
        writer.writerows(_text(row) for row in self.rows)
        write_atomically(self.path, text.getvalue().encode())
        self._file = open(self.path, "a", newline="", encoding="utf-8")

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._board.close()


def _text(row: Mapping[str, float]) -> dict[str, str]:
    return {k: str(v) if k == "step" else f"{v:.6g}" for k, v in row.items() if not math.isnan(v)}


def read_metrics(folder: Path) -> list[dict[str, float]]:
    """The rows of a run's ``metrics.csv``. An empty cell is NaN. A row cut short by a kill is left out."""
    if not (folder / FILE).exists():
        return []
    rows = []
    for row in csv.DictReader((folder / FILE).read_text(encoding="utf-8").splitlines()):
        with contextlib.suppress(TypeError, ValueError):
            numbers = {name: float(value) if value != "" else math.nan for name, value in row.items()}
            rows.append({**numbers, "step": int(numbers["step"])})
    return rows
