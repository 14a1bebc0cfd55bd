"""`Request`: what `open_data` was asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gaiamorph.data.alignment import Alignment
from gaiamorph.data.splits import SMALLEST, split_groups, split_items
from gaiamorph.errors import UserError

Report = Callable[[int, int], None]
"""Called with (items done, items in all) while a cache is built."""


@dataclass(frozen=True)
class Request:
    """The arguments of `open_data`, checked."""

    source: str
    path: Path
    size: int | None
    crop: str
    channels: int | None
    seed: int
    report: Report | None
    align: "Alignment | bool | None" = None
    """None: as the source has it. False: not at all."""
    rate: int | None = None
    fmin: float | None = None
    fmax: float | None = None
    codec: str | None = None
    trim: float | None = None
    seconds_max: float | None = None
    few: bool = False
    """Whether items that are too few to be split may all be held out."""

    def split(self, attributes: pd.DataFrame, column: str = "group") -> tuple[dict[str, np.ndarray], np.ndarray | None]:
        """Splits and groups (N,) of items with these attributes. Without the column there are no groups: None.

        An item without a group is a group of its own. Raises UserError with the source's name.
        """
        groups = None
        if column in attributes.columns:
            given, own = attributes[column], [f"({i})" for i in range(len(attributes))]
            groups = given.astype(str).where(given.notna(), own).to_numpy(dtype=str)
        if self.few and len(attributes) < SMALLEST:
            none = np.zeros(0, np.int64)
            return {"train": none, "validation": none, "test": np.arange(len(attributes))}, groups
        try:
            splits = split_items(len(attributes), self.seed) if groups is None else split_groups(groups, self.seed)
        except UserError as error:
            raise UserError(f"{self.source}: {error}") from error
        return splits, groups
