"""gaiamorph encode"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from gaiamorph.cli.options import Config, Device, Overwrite, Space
from gaiamorph.errors import UserError
from gaiamorph.output.folders import new_file, refuse_existing
from gaiamorph.space import load


def encode(
    space: Space,
    data: str,
    /,
    *,
    out: Path,
    refine: int = 0,
    overwrite: Overwrite = False,
    device: Device = "cpu",
    config: Config = None,
) -> None:
    """Write the codes of items to a table.

    Parameters
    ----------
    data
        A picture, or anything that train takes.
    out
        A .csv or .parquet table (name, z0, z1, ...), or an .npy array (N, latent_dim).
    refine
        Gradient steps that improve each code.
    """
    if out.suffix not in (".csv", ".npy", ".parquet"):
        raise UserError(f"--out must end in .csv, .npy or .parquet, which {out.name} does not")
    refuse_existing(out, overwrite)
    opened = load(space, device=device)
    names, items = opened.read_items(data)
    z = opened.encode(items, refine=refine)
    strange = int(opened.unlike(items).sum())
    with new_file(out, overwrite) as scratch:
        if out.suffix == ".npy":
            with open(scratch, "wb") as file:
                np.save(file, z)
        else:
            table = pd.DataFrame(z, columns=[f"z{i}" for i in range(z.shape[1])])
            table.insert(0, "name", names)
            write = table.to_csv if out.suffix == ".csv" else table.to_parquet
            write(scratch, index=False)
    if strange > max(1, 0.05 * len(names)):
        print(
            f"gaiamorph: warning: {strange} of {len(names)} items are unlike the training data: their reconstruction "
            "error is higher than that of 99 % of held-out items",
            file=sys.stderr,
        )
    print(out)
