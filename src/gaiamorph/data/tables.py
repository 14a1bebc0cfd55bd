"""Tables: files of vectors, labels and metadata. Nothing is ever unpickled."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from gaiamorph.errors import UserError

TABLES = (".npy", ".npz", ".csv", ".parquet")
"""Endings of files that hold many items."""
RESERVED = ("name", "file_name", "label", "group")
"""Columns that are never values of vectors."""


@dataclass
class Table:
    """The content of a file of vectors: items (N, D) float32, memory-mapped if possible, and attributes."""

    items: np.ndarray
    columns: list[str]
    attributes: pd.DataFrame
    names: list[str]


def read_table(path: Path) -> Table:
    """Read vectors from ``.npy``, ``.npz``, ``.csv`` or ``.parquet``.

    In a table, numeric columns are values. Other columns, and those called name, label or group, are attributes.
    An ``.npz`` has its values under ``x`` or ``data``, or as its only array.
    Raises UserError. It names the row and column of the first missing or infinite value.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist")
    # A number too large for float32 becomes infinite, and is reported below.
    with telling(f"{path} cannot be read as {path.suffix[1:]}"), np.errstate(over="ignore"):
        table = (_read_arrays if path.suffix.lower() in (".npy", ".npz") else _read_columns)(path)
    if (bad := first_not_finite(table.items)) is not None:
        raise UserError(
            f"{path} has a missing or infinite value in row {bad[0] + 1}, column {table.columns[bad[1]]!r}: "
            "fill or remove such rows"
        )
    return table


def read_by_name(path: Path, keys: Sequence[str]) -> pd.DataFrame:
    """A ``.csv`` or ``.parquet`` table with the first of the columns ``keys`` as its index. Raises UserError."""
    with telling(f"{path} cannot be read as a table"):
        table = _read_frame(path)
    key = next((c for c in keys if c in table.columns), None)
    if key is None:
        wanted = " or ".join(map(repr, keys))
        raise UserError(f"{path} has no column {wanted} (columns: {', '.join(map(str, table.columns))})")
    names = table[key].astype(str)
    if key == "file_name":
        names = names.str.replace("\\", "/", regex=False).str.removeprefix("./")
    if names.duplicated().any():
        raise UserError(f"{path} names {names.mode()[0]!r} twice: keep one row an item")
    return table.drop(columns=key).set_axis(names)


def first_not_finite(items: np.ndarray) -> tuple[int, int] | None:
    """Row and column of the first missing or infinite value of items (N, D). Reads a part of them at a time."""
    for start in range(0, len(items), 65536):
        bad = np.argwhere(~np.isfinite(items[start : start + 65536]))
        if len(bad):
            return start + int(bad[0, 0]), int(bad[0, 1])
    return None


@contextmanager
def telling(problem: str) -> Iterator[None]:
    """Any error in the block becomes a UserError of one line: the problem, and the first line of the error."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # Readers of files raise nearly anything if a file is damaged.
        reason = str(error) or type(error).__name__
        raise UserError(f"{problem}: {reason.splitlines()[0][:160]}") from error


def _read_frame(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path) if path.suffix.lower() == ".parquet" else pd.read_csv(path)


def _read_arrays(path: Path) -> Table:
    loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    arrays = {"x": loaded}
    if not isinstance(loaded, np.ndarray):
        with loaded:
            arrays = dict(loaded)
    key = next((k for k in ("x", "data") if k in arrays), next(iter(arrays), ""))
    if key not in ("x", "data") and len(arrays) != 1:
        raise UserError(f"{path} holds the arrays {', '.join(arrays)}: call the one with the values 'x'")
    values = arrays.pop(key)
    if values.dtype.kind not in "fiub":
        raise UserError(f"{path} holds {values.dtype} values, not numbers")
    if values.ndim != 2 or 0 in values.shape:
        raise UserError(
            f"{path} has the shape {values.shape}: vectors are (rows, columns), pictures uint8 (N, H, W) or (N, H, W, 3)"
        )
    rows = range(len(values))
    attributes = pd.DataFrame({k: v for k, v in arrays.items() if v.shape == (len(rows),)}, index=rows)
    columns = [f"x{i}" for i in range(values.shape[1])]
    return Table(values.astype(np.float32, copy=False), columns, attributes, [str(i) for i in rows])


def _read_columns(path: Path) -> Table:
    frame = _read_frame(path)
    numeric = [c for c in frame.columns if c not in RESERVED and is_numeric_dtype(frame[c])]
    if not numeric or frame.empty:
        raise UserError(f"{path} has no numeric columns with values")
    items = frame[numeric].to_numpy(dtype=np.float64, na_value=np.nan).astype(np.float32)
    name = next((c for c in ("name", "file_name") if c in frame.columns), None)
    names = frame[name].astype(str).tolist() if name else [str(i) for i in range(len(frame))]
    attributes = frame.drop(columns=[*numeric, *([name] if name else [])]).reset_index(drop=True)
    return Table(items, [str(c) for c in numeric], attributes, names)
