"""`Vectors`: rows of a table of numbers, and points in the plane."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import torch
from pandas.api.types import is_numeric_dtype
from PIL import Image
from torch import Tensor

from gaiamorph import drawing
from gaiamorph.data import synthetic
from gaiamorph.data.kinds import CPU, Dataset, Kind, Request, Strip, moved, numbered
from gaiamorph.data.splits import split_items
from gaiamorph.data.tables import KEYS, folded, read_arrays, read_frame, spelt
from gaiamorph.errors import UserError, telling

TABLES = (".npy", ".npz", ".csv", ".parquet")
"""Endings of files that hold many items."""
IDENTIFYING = {"subject", "participant", "speaker", "individual", "bird", "person", "group", ""}
"""Columns of these names, or with ``id`` at the end, say who an item is of. As a number that would be a made-up dimension."""
MOST_CURVES, UNLIKE = 10, 10
"""The drawing of a continuum shows at most this many columns. With ranges so many times each other, they share a scale."""


@dataclass(frozen=True)
class Vectors(Kind):
    """Items float32 (D,) in their original units; tensors float32 (D,).

    The range of the training items becomes 0.1 to 0.9. A sigmoid output can reach an eighth of the range beyond each end.
    """

    centre: list[float] = field(repr=False)
    half_range: list[float] = field(repr=False)
    columns: list[str] = field(repr=False)

    name: ClassVar[str] = "vectors"
    suffix: ClassVar[str] = ".csv"
    shown: ClassVar[int] = 1000
    tensor: ClassVar[str] = "(columns,): 0.5 + 0.4 (x - centre) / half_range"
    sources: ClassVar[str] = "a .npy, .npz, .csv or .parquet file of vectors"
    samples: ClassVar[tuple[str, ...]] = synthetic.PLANE_SETS
    one_table: ClassVar[bool] = True

    @classmethod
    def open(cls, request: Request) -> Dataset | None:
        name = request.source.removeprefix("sample:")
        if name != request.source and name in cls.samples:
            items, splits = synthetic.draw_splits(name, request.seed)
            kind = cls.fitted(items[splits["train"]], ["x", "y"])
            return Dataset(request.source, kind, items, *numbered(len(items)), splits, mirror=False)
        if request.path.suffix.lower() not in TABLES or not request.path.exists():
            return None
        if request.align:
            raise UserError(f"align is for photographs, and {request.source} holds vectors: leave it out")
        items, columns, attributes, notes = read_table(request.path)
        name = next((c for c in ("name", "file_name") if c in attributes), None)
        names = attributes.pop(name).astype(str).tolist() if name else numbered(len(items))[0]
        splits, groups = request.split(attributes)
        kind = cls.fitted(items[splits["train"]] if len(splits["train"]) else items, columns)
        return Dataset(request.source, kind, items, names, attributes, splits, groups, notes=notes)

    @classmethod
    def fitted(cls, training: np.ndarray, columns: list[str]) -> Self:
        """The scaling for training items (N, D). A constant column keeps its own units."""
        low, high = training.min(0).astype(np.float64), training.max(0).astype(np.float64)
        half = (high - low) / 2
        return cls(((low + high) / 2).tolist(), np.where(half > 0, half, 1.0).tolist(), list(columns))

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.centre),)

    def to_tensor(self, items: np.ndarray, device: torch.device = CPU) -> Tensor:
        scaled = (np.asarray(items, dtype=np.float64) - self.centre) / self.half_range
        return moved(torch.from_numpy((0.5 + 0.4 * scaled).astype(np.float32)), device)

    def to_items(self, x: Tensor) -> np.ndarray:
        scaled = (x.detach().double().cpu().numpy() - 0.5) / 0.4
        return (scaled * self.half_range + self.centre).astype(np.float32)

    def is_natural(self, items: np.ndarray) -> bool:
        return super().is_natural(items) and bool(np.isfinite(items).all())

    def read(self, thing: Any) -> np.ndarray:
        """One row of numbers, as a sequence or array (D,)."""
        with telling(f"{thing!r} is not a row of {len(self.centre)} numbers"):
            item = np.asarray(thing, dtype=np.float32)
        if item.shape != self.shape or not np.isfinite(item).all():
            raise UserError(f"an item must have {len(self.centre)} numbers, none of them missing or infinite")
        return item

    def draw_continuum(self, strip: Strip, cell: int = 96) -> Image.Image:
        """The columns that change most against the position along the continuum."""
        half_range = np.asarray(self.half_range)
        shares = (strip.frames - (np.asarray(self.centre) - half_range)) / (2 * half_range)
        shown = np.sort(np.argsort(-np.ptp(shares, 0), kind="stable")[:MOST_CURVES])
        unlike = half_range.max() > UNLIKE * half_range.min()
        values, label = (shares, "share of the range in training") if unlike else (strip.frames, "")
        columns = {self.columns[i]: values[:, i] for i in shown}
        return drawing.curves({"": (strip.along, columns)}, strip.axis, label)

    def draw_sets(self, sets: Mapping[str, np.ndarray]) -> Image.Image:
        """A point cloud of each set."""
        return drawing.points({name: items[: self.shown] for name, items in sets.items()}, self.columns)

    def write(self, item: np.ndarray, path: Path, scale: int = 1) -> None:
        path.unlink(missing_ok=True)
        self.append(item[None], path)

    def append(self, items: np.ndarray, path: Path) -> None:
        """Items (N, D) as rows of a comma-separated table, which begins with the names of the columns."""
        header = False if path.exists() else self.columns
        pd.DataFrame(items).to_csv(path, mode="a", header=header, index=False, float_format="%.9g")


def rows_in_memory(items: np.ndarray, columns: list[str], seed: int) -> Dataset:
    """Rows float32 (N, D) that come from no file. None is for testing: validation gets as many as `split_items` gives it.

    Raises UserError for fewer than four.
    """
    splits = split_items(len(items), seed)
    splits["train"] = np.sort(np.concatenate([splits["train"], splits["test"]]))
    splits["test"] = np.zeros(0, np.int64)
    kind = Vectors.fitted(items[splits["train"]], columns)
    return Dataset("(array)", kind, items, *numbered(len(items)), splits, mirror=False)


def read_table(path: Path) -> tuple[np.ndarray, list[str], pd.DataFrame, list[str]]:
    """Read vectors from ``.npy``, ``.npz``, ``.csv`` or ``.parquet``.

    Returns items (N, D) float32, memory-mapped if possible, the names of their columns, attributes, one row an item, and notes.
    In a table, numeric columns are values. Other columns, those called name, label or group, and `IDENTIFYING` ones are
    attributes. An ``.npz`` has its values under ``x`` or ``data``, or as its only array.
    Raises UserError. It names the row and column of the first missing or infinite value.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist")
    read = _read_arrays if path.suffix.lower() in (".npy", ".npz") else _read_columns
    values, columns, attributes, notes = read(path)
    # A number too large for float32 becomes infinite, and is reported below.
    with np.errstate(over="ignore"):
        items = values.astype(np.float32, copy=False)
    for row, column in np.argwhere(~np.isfinite(items)):
        where = f"row {row + 1}, column {columns[column]!r}"
        raise UserError(f"{path} has a missing or infinite value in {where}: fill or remove such rows")
    return items, columns, attributes, notes


def _read_arrays(path: Path) -> tuple[np.ndarray, list[str], pd.DataFrame, list[str]]:
    arrays = read_arrays(path)
    key = next((k for k in ("x", "data") if k in arrays), next(iter(arrays)))
    if key not in ("x", "data") and len(arrays) != 1:
        raise UserError(f"{path} holds the arrays {', '.join(arrays)}: call the one with the values 'x'")
    values = arrays.pop(key)
    if values.dtype.kind not in "fiub" or values.ndim != 2 or 0 in values.shape:
        raise UserError(
            f"{path} holds {values.dtype} values of the shape {values.shape}: vectors are numbers (rows, columns), "
            "pictures uint8 (N, H, W) or (N, H, W, 3)"
        )
    used = {k: v for k, v in arrays.items() if v.shape == (len(values),)}
    notes = [f"{path.name}: the array {k!r} has not one value a row, and is left out" for k in arrays if k not in used]
    attributes = spelt(pd.DataFrame(used, index=range(len(values))), path, notes)
    return values, [f"x{i}" for i in range(values.shape[1])], attributes, notes


def _read_columns(path: Path) -> tuple[np.ndarray, list[str], pd.DataFrame, list[str]]:
    frame, notes = read_frame(path)
    numeric = [c for c in frame.columns if is_numeric_dtype(frame[c]) and c not in KEYS]
    values = [c for c in numeric if folded(c).removesuffix("id") not in IDENTIFYING]
    if not values or frame.empty:
        columns = ", ".join(frame.columns) or "none"
        raise UserError(f"{path} has no numeric columns with values (columns: {columns}): a vector is a row of numbers")
    notes += _set_aside(frame.drop(columns=values), path)
    return frame[values].to_numpy(dtype=np.float64, na_value=np.nan), values, frame.drop(columns=values), notes


def _set_aside(attributes: pd.DataFrame, path: Path) -> Iterator[str]:
    """Why columns are no values. Nobody would miss `KEYS` among them."""
    for column in (c for c in attributes.columns if c not in KEYS):
        found = pd.Series(attributes[column]).dropna()
        wrong = found.loc[pd.Series(pd.to_numeric(found, errors="coerce")).isna()]
        if wrong.empty:
            reason = "says who an item is of (call it 'group' to hold out whole ones)"
        else:
            reason = f"has the text {str(wrong.iloc[0])!r}" + " among numbers" * (len(wrong) < len(found))
        yield f"{path.name}: the column {column!r} {reason}, so it is an attribute and no value"
