"""gaiamorph average"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gaiamorph.cli.options import Config, Device, Overwrite, Space
from gaiamorph.data import Dataset
from gaiamorph.data.attributes import read_labels
from gaiamorph.errors import UserError
from gaiamorph.output.folders import new_file, refuse_existing
from gaiamorph.output.writing import check_scale
from gaiamorph.space import load


def average(
    space: Space,
    data: str,
    /,
    *,
    out: Path,
    where: str | None = None,
    labels: Path | None = None,
    mixed: int | None = None,
    scale: int = 1,
    overwrite: Overwrite = False,
    device: Device = "cpu",
    config: Config = None,
) -> None:
    """Write the average of a group.

    Parameters
    ----------
    data
        The group: anything that train takes.
    out
        A .png picture; for vectors, a .csv table.
    where
        Only items with COLUMN=VALUE.
    labels
        A table of attributes for --where (.csv or .parquet, with file_name or name).
    mixed
        Members that may be mixed into one code; by default as many as the model has learnt to mix. A larger group is decoded
        as mixtures of so many, and the pictures are averaged. 1: the average of reconstructions. The size of the group: the
        item at the mean code.
    scale
        Enlarge the picture this many times.
    """
    opened = load(space, device=device)
    if out.suffix.lower() != opened.kind.suffix:
        raise UserError(f"--out must end in {opened.kind.suffix}, which {out.name} does not")
    refuse_existing(out, overwrite)
    check_scale(scale)
    items = opened.open_data(data)
    chosen = np.arange(len(items)) if where is None else _chosen(items, where, labels)
    item = opened.average(items.items[chosen], mixed=mixed)
    with new_file(out, overwrite) as scratch:
        opened.kind.write(item, scratch, scale)
    print(f"{out}: the average of {len(chosen)} items")


def _chosen(data: Dataset, where: str, labels: Path | None) -> np.ndarray:
    """Indices of the items with COLUMN=VALUE."""
    column, separator, value = where.partition("=")
    if not separator:
        raise UserError(f"--where takes COLUMN=VALUE, not {where!r}")
    table = data.attributes if labels is None else read_labels(labels, data.names)
    if column not in table.columns:
        raise UserError(
            f"there is no attribute {column!r} (the data has: {', '.join(map(str, table.columns)) or 'none'})"
        )
    cells = table[column].to_numpy(dtype=object)
    same = np.array([str(cell) == value or _equal(cell, value) for cell in cells])
    if not same.any():
        shown = ", ".join(sorted({str(cell) for cell in cells})[:8])
        raise UserError(f"no item has {column}={value} (its values are {shown})")
    return np.flatnonzero(same)


def _equal(cell: object, value: str) -> bool:
    """Whether both are the same number, in any notation."""
    try:
        return float(cell) == float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
