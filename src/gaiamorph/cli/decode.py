"""gaiamorph decode"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gaiamorph.cli.options import Config, Device, Overwrite, Space
from gaiamorph.data.vectors import Vectors, read_table
from gaiamorph.errors import UserError
from gaiamorph.output.folders import new_folder
from gaiamorph.output.writing import Writers, check_scale
from gaiamorph.space import load

AT_ONCE = 1024
"""Codes that are decoded together."""


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
    """Write the items that codes stand for: numbered pictures, or one table of vectors.

    Parameters
    ----------
    codes
        What encode wrote: .npy, .csv or .parquet with one code a row.
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
    opened.decode(z[:1])  # the wrong width is said before anything is written
    with new_folder(out, overwrite) as scratch:
        if isinstance(opened.kind, Vectors):
            with open(scratch / "items.csv", "w", encoding="utf-8") as file:
                opened.kind.write_rows(opened.decode(z), file)
        else:
            with Writers() as writers:
                for start in range(0, len(z), AT_ONCE):
                    for i, item in enumerate(opened.decode(z[start : start + AT_ONCE]), start=start):
                        writers.write(opened.kind.write, item, scratch / f"item_{i:06d}{opened.kind.suffix}", scale)
    print(out)
