"""gaiamorph encode, gaiamorph decode, gaiamorph sample"""

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd

from gaiamorph.cli.options import Common, Space, Spread
from gaiamorph.data.vectors import read_table
from gaiamorph.errors import UserError
from gaiamorph.output.folders import new_file, new_folder, writers
from gaiamorph.output.writing import Writing
from gaiamorph.sound.playback import Playback
from gaiamorph.space import LatentSpace

AT_ONCE = 1024
"""Codes that are decoded in one call."""
ENDINGS = (".csv", ".npy", ".parquet")


def encode(
    space: Space,
    data: str,
    /,
    *,
    out: Path,
    refine: int = 0,
    common: Annotated[Common, Spread] = Common(),
) -> None:
    """Write the codes of items to a table.

    Args:
        data: A picture or a recording, or anything that train takes.
        out: A .csv or .parquet table (name, z0, z1, ...), or an .npy array (N, latent_dim).
        refine: Gradient steps that improve each code.
    """
    if out.suffix not in ENDINGS:
        raise UserError(f"--out must end in .csv, .npy or .parquet, which {out.name} does not")
    opened = common.open(space, out)
    names, items = opened.read_items(data)
    z = opened.encode(items, refine=refine)
    strange = int(opened.unlike(items).sum())
    with new_file(out, common.overwrite) as scratch, open(scratch, "wb") as file:
        if out.suffix == ".npy":
            np.save(file, z)
        else:
            table = pd.DataFrame({"name": names} | {f"z{i}": z[:, i] for i in range(z.shape[1])})
            write = table.to_csv if out.suffix == ".csv" else table.to_parquet
            write(file, index=False)
    if strange > max(1, 0.05 * len(names)):
        print(
            f"gaiamorph: warning: {strange} of {len(names)} items are unlike the training data: their reconstruction "
            "error is higher than that of 99 % of held-out items",
            file=sys.stderr,
        )
    print(out)


def decode(
    space: Space,
    codes: Path,
    /,
    *,
    out: Path,
    scale: int = 1,
    playback: Annotated[Playback, Spread] = Playback(),
    common: Annotated[Common, Spread] = Common(),
) -> None:
    """Decode codes into items: numbered pictures, or one table of vectors.

    Args:
        codes: The output of encode: a .npy, .csv or .parquet file with one code a row.
        out: New folder.
        scale: Enlarge pictures this many times.
    """
    if codes.suffix not in ENDINGS:
        raise UserError(f"codes come as .npy, .csv or .parquet, which {codes.name} is not")
    how = Writing(scale=scale, playback=playback)
    how.check()
    opened = common.open(space, out)
    z, _, _, notes = read_table(codes)
    for note in notes:
        print(f"gaiamorph: warning: {note}", file=sys.stderr)
    opened.decode(z[:1])  # A wrong width is reported before the folder is made.
    _write(opened, z, out, how, common.overwrite)


def sample(
    space: Space,
    /,
    *,
    out: Path,
    count: int = 16,
    seed: int = 0,
    scale: int = 1,
    playback: Annotated[Playback, Spread] = Playback(),
    common: Annotated[Common, Spread] = Common(),
) -> None:
    """Make new items: numbered pictures or sounds, or one table of vectors.

    Args:
        out: New folder.
        count: How many.
        seed: Of their codes. The same seed gives the same items.
        scale: Enlarge pictures this many times.
    """
    how = Writing(scale=scale, playback=playback)
    how.check()
    opened = common.open(space, out)
    _write(opened, opened.sample_codes(count, seed=seed), out, how, common.overwrite)


def _write(opened: LatentSpace, z: np.ndarray, out: Path, how: Writing, overwrite: bool) -> None:
    """Decode codes (N, latent_dim) into a new folder. Sounds have a table beside them that says what they are."""
    how.check(opened.kind)
    rows = []
    with new_folder(out, overwrite) as scratch:
        with writers() as write:
            for start in range(0, len(z), AT_ONCE):
                items, said = opened.kind.prepared(list(opened.decode(z[start : start + AT_ONCE])), how.playback)
                names = [f"item_{i:06d}" for i in range(start, start + len(items))]
                files = opened.kind.write_items(items, names, scratch, "items", how.scale, write)
                rows += [{"file": file, **own} for file, own in zip(files, said, strict=True) if own]
        if rows:
            pd.DataFrame(rows).to_csv(scratch / "items.csv", index=False)
    print(out)
