"""gaiamorph morph"""

import itertools
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from rich.console import Console
from rich.progress import track

from gaiamorph.cli.options import Flag, Frames, Space, Spread
from gaiamorph.data.images import find_pictures
from gaiamorph.errors import UserError
from gaiamorph.output.continuum import beside, read_manifest, read_rows
from gaiamorph.space import MorphOptions


def morph(
    space: Space,
    a: str | None = None,
    b: str | None = None,
    /,
    *,
    options: Annotated[MorphOptions, Spread] = MorphOptions(),
    pairs: Path | None = None,
    all_pairs: Path | None = None,
    manifest: Path | None = None,
    no_sheets: Flag = False,
    frames: Annotated[Frames, Spread],
) -> None:
    """Make a continuum between two items, or between many pairs.

    Parameters
    ----------
    a
        First item: a picture, or SOURCE::NAME for an item of a data set (sample:faces::s1/1.pgm).
    b
        Last item.
    pairs
        A CSV with columns a and b: one continuum for each row. Paths may be relative to it.
    all_pairs
        A folder: every pair of its pictures.
    manifest
        Make the frames of this manifest.csv again, byte for byte on the machine that made it.
    no_sheets
        Leave out the contact sheet of each continuum. Sheets of thousands of pairs take as long as the frames.
    """
    chosen = [bool(a or b), pairs is not None, all_pairs is not None, manifest is not None]
    if sum(chosen) != 1 or (chosen[0] and not (a and b)):
        raise UserError("give two items A and B, or one of --pairs, --all-pairs and --manifest")
    opened = frames.open(space, frames.out)
    if manifest is not None:
        orders = read_manifest(manifest)
        if orders[0].space_sha256 != opened.sha256:
            print(
                "gaiamorph: warning: the manifest was written with another space (SHA-256 "
                f"{orders[0].space_sha256[:12]}..., this one is {opened.sha256[:12]}...), so the frames will differ",
                file=sys.stderr,
            )
        frames = replace(frames, scale=frames.scale or orders[0].scale, include_originals=orders[0].originals)
        count, continua = len(orders), (opened.remake(order, manifest.parent) for order in orders)
    else:
        if pairs is not None:
            wanted = _read_pairs(pairs)
        elif all_pairs is not None:
            wanted = _all_pairs(all_pairs)
        else:
            wanted = [(str(a), str(b))]
        count, continua = len(wanted), opened.morph_pairs(wanted, **vars(options))
    console = Console(stderr=True)
    hidden = count == 1 or not console.is_terminal
    frames.save(track(continua, "pairs", count, console=console, transient=True, disable=hidden), not no_sheets)


def _read_pairs(path: Path) -> list[tuple[str, str]]:
    rows = read_rows(path, "a table of pairs with the columns a and b", ("a", "b"))
    for number, row in enumerate(rows, start=2):
        if not row["a"] or not row["b"]:
            raise UserError(f"{path} has no two items in line {number}")
    return [(beside(row["a"], path.parent), beside(row["b"], path.parent)) for row in rows]


def _all_pairs(folder: Path) -> list[tuple[str, str]]:
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder")
    files = [str(path) for _, path in find_pictures(folder)]
    if len(files) < 2:
        raise UserError(f"{folder} holds {len(files)} pictures: at least 2 are needed for a pair")
    return list(itertools.combinations(files, 2))
