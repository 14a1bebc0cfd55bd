"""`Vectors`: rows of a table of numbers, and points in the plane."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gaiamorph import drawing
from gaiamorph.data import synthetic
from gaiamorph.data.kinds import CPU, Dataset, Kind, Request, Strip, moved
from gaiamorph.data.tables import TABLES, first_not_finite, groups_of, read_table
from gaiamorph.errors import UserError

MOST_CURVES = 12
"""The drawing of a continuum shows at most this many columns."""


@dataclass(frozen=True)
class Vectors(Kind):
    """Items float32 (D,) in their original units; tensors float32 (D,).

    The range of the training items becomes 0.1 to 0.9. A sigmoid output can reach an eighth of the range beyond each end.
    """

    centre: list[float] = field(repr=False)
    half_range: list[float] = field(repr=False)
    columns: list[str] = field(default_factory=list, repr=False)

    name: ClassVar[str] = "vectors"
    suffix: ClassVar[str] = ".csv"
    shown: ClassVar[int] = 1000
    sources: ClassVar[str] = "a .npy, .npz, .csv or .parquet file of vectors"
    samples: ClassVar[tuple[str, ...]] = synthetic.PLANE_SETS

    @classmethod
    def open(cls, request: Request) -> Dataset | None:
        name = request.source.removeprefix("sample:")
        if name != request.source:
            if name not in cls.samples:
                return None
            items, splits = synthetic.draw_splits(name, request.seed)
            kind = cls.fitted(items[splits["train"]], ["x", "y"])
            return Dataset.numbered(request, kind, items, splits, mirror=False)
        if request.path.suffix.lower() not in TABLES or not request.path.exists():
            return None
        table = read_table(request.path)
        groups = groups_of(table.attributes)
        splits = request.split(len(table.items), groups)
        kind = cls.fitted(table.items[splits["train"]], table.columns)
        return Dataset(request.source, kind, table.items, table.names, table.attributes, splits, request.seed, groups)

    @staticmethod
    def fitted(training: np.ndarray, columns: list[str]) -> Vectors:
        """The scaling for training items (N, D). A constant column keeps its own units."""
        low, high = training.min(0).astype(np.float64), training.max(0).astype(np.float64)
        half = (high - low) / 2
        return Vectors(((low + high) / 2).tolist(), np.where(half > 0, half, 1.0).tolist(), list(columns))

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
        return super().is_natural(items) and first_not_finite(items) is None

    def read(self, thing: Any) -> np.ndarray:
        """One row of numbers, as a sequence or array (D,)."""
        try:
            item = np.asarray(thing, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise UserError(f"{thing!r} is not a row of {len(self.centre)} numbers") from error
        if item.shape != self.shape:
            raise UserError(f"an item must have {len(self.centre)} numbers, not the shape {item.shape}")
        if not np.isfinite(item).all():
            raise UserError("an item has missing or infinite numbers: fill or remove them")
        return item

    def draw_continuum(self, strip: Strip, cell: int = 96) -> Image.Image:
        """Each column against the position along the continuum."""
        columns = dict(zip(self.columns, strip.frames.T[:MOST_CURVES], strict=False))
        return drawing.curves({"": (strip.along, columns)}, strip.axis)

    def draw_sets(self, sets: Mapping[str, np.ndarray]) -> Image.Image:
        """A point cloud of each set."""
        return drawing.points({name: items[: self.shown] for name, items in sets.items()}, self.columns)

    def write(self, item: np.ndarray, path: Path, scale: int = 1) -> None:
        path.unlink(missing_ok=True)
        self._append(item[None], path)

    def write_items(
        self,
        items: Sequence[np.ndarray],
        names: Sequence[str],
        folder: Path,
        table: str,
        scale: int,
        submit: Callable[..., None],
    ) -> list[str]:
        """Rows of one table. They are written here, in order, and not through ``submit``."""
        file = table + self.suffix
        self._append(np.stack(items), folder / file)
        return [file] * len(items)

    def _append(self, items: np.ndarray, path: Path) -> None:
        """Items (N, D) at the end of a comma-separated table. A new table begins with the names of the columns."""
        header = "" if path.exists() else ",".join(self.columns)
        with open(path, "a", encoding="utf-8") as file:
            np.savetxt(file, items, delimiter=",", header=header, comments="", fmt="%.9g")
