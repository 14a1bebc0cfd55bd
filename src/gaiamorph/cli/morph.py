"""gaiamorph morph"""

import csv
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from gaiamorph.cli.options import Common, Flag, Space, Spread
from gaiamorph.data.images import find_pictures
from gaiamorph.errors import UserError
from gaiamorph.output.continuum import Continuum, Order, beside, read_manifest, save_continua
from gaiamorph.space import LatentSpace, MorphOptions


def morph(
    space: Space,
    a: str | None = None,
    b: str | None = None,
    /,
    *,
    out: Path,
    options: Annotated[MorphOptions, Spread] = MorphOptions(),
    pairs: Path | None = None,
    all_pairs: Path | None = None,
    manifest: Path | None = None,
    include_originals: Flag = False,
    no_sheets: Flag = False,
    scale: int | None = None,
    common: Annotated[Common, Spread] = Common(),
) -> None:
    """Make a continuum between two items, or between many pairs.

    Parameters
    ----------
    a
        First item: a picture, or SOURCE::NAME for an item of a data set (sample:faces::s1/1.pgm).
    b
        Last item.
    out
        New folder for the frames, sheet.png, codes.npy and manifest.csv.
    pairs
        A CSV with columns a and b: one continuum for each row. Paths may be relative to it.
    all_pairs
        A folder: every pair of its pictures.
    manifest
        Make the frames of this manifest.csv again, byte for byte on the machine that made it.
    include_originals
        Write the two originals beside the frames.
    no_sheets
        Leave out the contact sheet of each continuum. Sheets of thousands of pairs take as long as the frames.
    scale
        Enlarge frames this many times.
    """
    chosen = [bool(a or b), pairs is not None, all_pairs is not None, manifest is not None]
    if sum(chosen) != 1 or (chosen[0] and not (a and b)):
        raise UserError("give two items A and B, or one of --pairs, --all-pairs and --manifest")
    opened = common.open(space, out)
    continua: Iterator[Continuum]
    if manifest is not None:
        orders = read_manifest(manifest)
        count, scale, include_originals = len(orders), scale or orders[0].scale, orders[0].originals
        continua = _remade(opened, orders, manifest.parent)
    else:
        if pairs is not None:
            wanted = _read_pairs(pairs)
        elif all_pairs is not None:
            wanted = _all_pairs(all_pairs)
        else:
            wanted = [(str(a), str(b))]
        count, continua = len(wanted), opened.morph_pairs(wanted, **vars(options))
    save_continua(
        continua if count == 1 else _tracked(continua, count),
        out,
        scale=scale or 1,
        include_originals=include_originals,
        sheets=not no_sheets,
        overwrite=common.overwrite,
    )
    print(out)


def _tracked(continua: Iterator[Continuum], count: int) -> Iterator[Continuum]:
    """The same, with a progress bar where a terminal shows it."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    yield from track(continua, "pairs", count, console=console, transient=True, disable=not console.is_terminal)


def _remade(space: LatentSpace, orders: list[Order], base: Path) -> Iterator[Continuum]:
    sha256 = space.sha256
    if orders[0].space_sha256 != sha256:
        print(
            f"gaiamorph: warning: the manifest was written with another space (SHA-256 {orders[0].space_sha256[:12]}..., "
            f"this one is {sha256[:12]}...), so the frames will differ",
            file=sys.stderr,
        )
    return (space.remake(order, base) for order in orders)


def _read_pairs(path: Path) -> list[tuple[str, str]]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    if not rows or "a" not in rows[0] or "b" not in rows[0]:
        raise UserError(f"{path} must have the columns a and b, and a row for each pair")
    found = []
    for number, row in enumerate(rows, start=2):
        if not row["a"] or not row["b"]:
            raise UserError(f"{path} has no two items in line {number}")
        found.append((beside(row["a"], path.parent), beside(row["b"], path.parent)))
    return found


def _all_pairs(folder: Path) -> list[tuple[str, str]]:
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder")
    files = [str(path) for _, path in find_pictures(folder)]
    if len(files) < 2:
        raise UserError(f"{folder} holds {len(files)} pictures: at least 2 are needed for a pair")
    return list(itertools.combinations(files, 2))
