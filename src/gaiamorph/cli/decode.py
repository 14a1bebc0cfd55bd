"""gaiamorph decode"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gaiamorph.cli.options import Config, Device, Overwrite, Space
from gaiamorph.data.tables import read_table
from gaiamorph.errors import UserError
from gaiamorph.output.folders import new_folder
from gaiamorph.output.writing import Writers, check_scale
from gaiamorph.space import load

AT_ONCE = 1024
"""Codes that are decoded in one call."""


def decode(
    space: Space,
    codes: Path,
    /,
    *,
    out: Path,
    scale: int = 1,
    overwrite: Overwrite = False,
    device: Device = "cpu",
    config: Config = None,
) -> None:
    """Decode codes into items: numbered pictures, or one table of vectors.

    Parameters
    ----------
    codes
        The output of encode: a .npy, .csv or .parquet file with one code a row.
    out
        New folder.
    scale
        Enlarge pictures this many times.
    """
    if codes.suffix not in (".npy", ".csv", ".parquet"):
        raise UserError(f"codes come as .npy, .csv or .parquet, which {codes.name} is not")
    check_scale(scale)
    opened = load(space, device=device)
    table = read_table(codes)
    z = np.asarray(table.items)
    opened.decode(z[:1])  # A wrong width is reported before the folder is made.
    with new_folder(out, overwrite) as scratch, Writers() as writers:
        for start in range(0, len(z), AT_ONCE):
            items = opened.decode(z[start : start + AT_ONCE])
            names = [f"item_{i:06d}" for i in range(start, start + len(items))]
            opened.kind.write_items(list(items), names, scratch, "items", scale, writers.write)
    print(out)
