"""Vectors: `.npy`, `.npz`, `.csv` and `.parquet` tables; and `Vectors`, the kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TextIO

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from gaiamorph.data.kinds import CPU, Kind, moved
from gaiamorph.errors import UserError

TABLES = (".npy", ".npz", ".csv", ".parquet")
"""Endings of files that hold many items."""
RESERVED = ("name", "file_name", "label", "group")
"""Columns of a table that are never values, whatever they hold."""


@dataclass(frozen=True)
class Vectors(Kind):
    """Items float32 (D,) in their original units; tensors float32 (D,) scaled so that the training items' range
    fills 0.1 to 0.9: a sigmoid output can reach a quarter of the range beyond either end."""

    centre: list[float] = field(repr=False)
    half_range: list[float] = field(repr=False)
    columns: list[str] = field(default_factory=list, repr=False)

    name: ClassVar[str] = "vectors"
    suffix: ClassVar[str] = ".csv"

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        return (len(self.centre),)

    @property
    def item_shape(self) -> tuple[int, ...]:
        return self.shape

    @staticmethod
    def fitted(training: np.ndarray, columns: list[str]) -> Vectors:
        """The scaling that puts ``training`` (N, D) in place; a constant column keeps its own units."""
        low, high = training.min(0).astype(np.float64), training.max(0).astype(np.float64)
        half = (high - low) / 2
        return Vectors(((low + high) / 2).tolist(), np.where(half > 0, half, 1.0).tolist(), list(columns))

    def settings(self) -> dict[str, Any]:
        return {"centre": self.centre, "half_range": self.half_range, "columns": self.columns}

    def to_tensor(self, items: np.ndarray, device: torch.device = CPU) -> Tensor:
        scaled = (np.asarray(items, dtype=np.float64) - self.centre) / self.half_range
        return moved(torch.from_numpy((0.5 + 0.4 * scaled).astype(np.float32)), device)

    def to_items(self, x: Tensor) -> np.ndarray:
        scaled = (x.detach().double().cpu().numpy() - 0.5) / 0.4
        return (scaled * self.half_range + self.centre).astype(np.float32)

    def is_natural(self, items: np.ndarray) -> bool:
        return items.dtype == np.float32 and first_not_finite(items) is None

    def read(self, thing: Any) -> np.ndarray:
        """One row of numbers, as a sequence or array (D,)."""
        try:
            item = np.asarray(thing, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise UserError(f"{thing!r} is not a row of {len(self.centre)} numbers") from error
        if item.shape != (len(self.centre),):
            raise UserError(f"an item must have {len(self.centre)} numbers, not the shape {item.shape}")
        if not np.isfinite(item).all():
            raise UserError("an item has missing or infinite numbers: fill or remove them")
        return item

    def write(self, item: np.ndarray, path: Path, scale: int = 1) -> None:
        with open(path, "w", encoding="utf-8") as file:
            self.write_rows(item[None], file)

    def write_rows(self, items: np.ndarray, file: TextIO, header: bool = True) -> None:
        """Items (N, D) as lines of a comma-separated table, under the names of the columns."""
        names = ",".join(self.columns) if header else ""
        np.savetxt(file, items, delimiter=",", header=names, comments="", fmt="%.9g")


@dataclass
class Table:
    """What a file of vectors holds: items (N, D) float32, memory-mapped where possible, and the rest."""

    items: np.ndarray
    columns: list[str]
    attributes: pd.DataFrame
    names: list[str]


def read_table(path: Path) -> Table:
    """Read ``.npy``, ``.npz``, ``.csv`` or ``.parquet``. Nothing is ever unpickled.

    In a table, numeric columns are the values; the others, and those called name, label or group, are kept
    as attributes. An ``.npz`` has its values under ``x`` or ``data`` or as its only array.
    Raises UserError, naming the row and column of the first missing or infinite value.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist")
    reader = {".npy": _read_npy, ".npz": _read_npz, ".csv": _read_frame, ".parquet": _read_frame}[path.suffix.lower()]
    try:
        table = reader(path)
    except UserError:
        raise
    except MemoryError as error:
        raise UserError(f"{path} does not fit in memory") from error
    except Exception as error:
        raise UserError(f"{path} cannot be read as {path.suffix[1:]}: {str(error).splitlines()[0][:120]}") from error
    check(table, path)
    return table


def array_from(path: Path) -> np.ndarray | None:
    """The array of an ``.npy`` file, memory-mapped, if it holds pictures: uint8 (N, H, W) or (N, H, W, 1 or 3)."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None
    pictures = array.dtype == np.uint8 and (array.ndim == 3 or (array.ndim == 4 and array.shape[3] in (1, 3)))
    return array if pictures else None


def check(table: Table, path: Path) -> None:
    items = table.items
    if items.ndim != 2 or 0 in items.shape:
        raise UserError(f"{path} must hold a table of rows and numeric columns, not the shape {items.shape}")
    if (bad := first_not_finite(items)) is not None:
        row, column = bad
        raise UserError(
            f"{path} has a missing or infinite value in row {row + 1}, column {table.columns[column]!r}: "
            "fill or remove such rows"
        )


def first_not_finite(items: np.ndarray) -> tuple[int, int] | None:
    """Row and column of the first missing or infinite value of items (N, D), some of which are in memory at a time."""
    for start in range(0, len(items), 65536):
        bad = np.argwhere(~np.isfinite(items[start : start + 65536]))
        if len(bad):
            return start + int(bad[0, 0]), int(bad[0, 1])
    return None


def _read_npy(path: Path) -> Table:
    return _from_array(np.load(path, mmap_mode="r", allow_pickle=False), path, pd.DataFrame())


def _read_npz(path: Path) -> Table:
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    key = next((k for k in ("x", "data") if k in arrays), None)
    if key is None:
        if len(arrays) != 1:
            raise UserError(f"{path} holds the arrays {', '.join(arrays)}: call the one with the values 'x'")
        key = next(iter(arrays))
    items = arrays.pop(key)
    columns = {k: v for k, v in arrays.items() if v.ndim == 1 and len(v) == len(items)}
    return _from_array(items, path, pd.DataFrame(columns))


def _from_array(array: np.ndarray, path: Path, attributes: pd.DataFrame) -> Table:
    if array.dtype.kind not in "fiub":
        raise UserError(f"{path} holds {array.dtype} values, not numbers")
    if array.ndim == 1:
        raise UserError(f"{path} holds one column of {len(array)} numbers: a table needs the shape (rows, columns)")
    if array.ndim > 2:
        raise UserError(
            f"{path} has the shape {array.shape}: vectors are (rows, columns), pictures uint8 (N, H, W) or (N, H, W, 3)"
        )
    items = array if array.dtype == np.float32 else _as_float32(array)
    columns = [f"x{i}" for i in range(array.shape[1])]
    return Table(items, columns, attributes, [str(i) for i in range(len(items))])


def _as_float32(values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # what overflows becomes infinite, and `check` names it
        return values.astype(np.float32)


def _read_frame(path: Path) -> Table:
    frame = pd.read_csv(path) if path.suffix.lower() == ".csv" else pd.read_parquet(path)
    numeric = [c for c in frame.columns if c not in RESERVED and pd.api.types.is_numeric_dtype(frame[c])]
    if not numeric or frame.empty:
        raise UserError(f"{path} has no numeric columns with values")
    items = _as_float32(frame[numeric].to_numpy(dtype=np.float64, na_value=np.nan))
    name = next((c for c in ("name", "file_name") if c in frame.columns), None)
    names = frame[name].astype(str).tolist() if name else [str(i) for i in range(len(frame))]
    attributes = frame.drop(columns=[*numeric, *([name] if name else [])])
    return Table(items, [str(c) for c in numeric], attributes.reset_index(drop=True), names)
