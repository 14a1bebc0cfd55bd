"""The record of a run: ``metrics.csv`` and TensorBoard."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gaiamorph.training.checkpoint import write_atomically

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FILE = "metrics.csv"


class Means:
    """Means of figures since the last row. They stay on the device until asked for: no waiting in every step."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.count = 0

    def add(self, figures: dict[str, Tensor]) -> None:
        for name, value in figures.items():
            value = value.detach().double()
            self.sums[name] = self.sums[name] + value if name in self.sums else value
        self.count += 1

    def take(self) -> dict[str, float]:
        means = {name: float(value) / self.count for name, value in self.sums.items()}
        self.__init__()
        return means

    def state(self) -> dict[str, object]:
        return {"sums": {name: float(value) for name, value in self.sums.items()}, "count": self.count}

    def restore(self, state: dict) -> None:
        self.sums = {name: torch.tensor(value, dtype=torch.float64) for name, value in state["sums"].items()}
        self.count = state["count"]


class Log:
    """Rows of ``metrics.csv``, one column a figure; the columns are fixed by the first row.

    Opened at a step, it first cuts away whatever was written after it, and so does TensorBoard.
    """

    def __init__(self, folder: Path, columns: list[str], step: int, tensorboard: bool) -> None:
        self.path = folder / FILE
        self.columns = ["step", *columns]
        kept = [row for row in read_metrics(folder) if row["step"] <= step] if step else []
        text = io.StringIO(newline="")
        self._writer = csv.DictWriter(text, self.columns, restval="")
        self._writer.writeheader()
        for row in kept:
            self._write(row)
        # In one move: a kill in between must not lose the rows before the checkpoint.
        write_atomically(self.path, text.getvalue().encode())
        self._file = open(self.path, "a", newline="", encoding="utf-8")
        self._writer = csv.DictWriter(self._file, self.columns, restval="")
        self._board: SummaryWriter | None = None
        if tensorboard:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=step or None)

    def write(self, step: int, figures: dict[str, float]) -> None:
        self._write({"step": step, **figures})
        self._file.flush()
        if self._board:
            for name, value in figures.items():
                self._board.add_scalar(name, value, step)

    def _write(self, row: dict[str, float]) -> None:
        self._writer.writerow({k: v if k == "step" else f"{v:.6g}" for k, v in row.items() if not _missing(v)})

    def close(self) -> None:
        self._file.close()
        if self._board:
            self._board.close()


def _missing(value: float) -> bool:
    return isinstance(value, float) and math.isnan(value)


def read_metrics(folder: Path) -> list[dict[str, float]]:
    """The rows of a run's ``metrics.csv``; a cell that is empty is NaN, and a row cut short by a kill is left out."""
    path = folder / FILE
    if not path.exists():
        return []
    rows = []
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            try:
                numbers = {name: float(value) if value else math.nan for name, value in row.items()}
            except (TypeError, ValueError):
                continue
            rows.append({**numbers, "step": int(numbers["step"])})
    return rows
