"""gaiamorph morph, gaiamorph edit, gaiamorph average"""

import itertools
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from cyclopts import Parameter

from gaiamorph.cli.options import Common, Flag, Frames, Space, Spread, names, progress
from gaiamorph.data import Dataset
from gaiamorph.data.attributes import read_labels
from gaiamorph.data.finding import find
from gaiamorph.data.summary import left_out
from gaiamorph.errors import UserError
from gaiamorph.output.folders import new_file
from gaiamorph.output.manifest import Sources, beside, read_manifest, read_rows
from gaiamorph.output.writing import Writing
from gaiamorph.sound.playback import Playback
from gaiamorph.space import EditOptions, MorphOptions

Amounts = Annotated[list[float] | None, Parameter(consume_multiple=True, negative=())]


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
    sources: Path | None = None,
    no_sheets: Flag = False,
    frames: Annotated[Frames, Spread],
) -> None:
    """Make a continuum between two items, or between many pairs.

    Args:
        a: First item: a picture or a recording, or SOURCE::NAME for an item of a data set (sample:faces::s1/1.pgm).
        b: Last item.
        pairs: A CSV with columns a and b: one continuum for each row. Paths may be relative to it.
        all_pairs: A folder: every pair of its pictures or recordings.
        manifest: Make the frames of this manifest.csv again, byte for byte on the machine that made it.
        sources: With --manifest: a folder where sources that have moved are found by their SHA-256.
        no_sheets: Leave out the contact sheet of each continuum. Sheets of thousands of pairs take as long as the frames.
    """
    chosen = [bool(a or b), pairs is not None, all_pairs is not None, manifest is not None]
    if sum(chosen) != 1 or (chosen[0] and not (a and b)):
        raise UserError("give two items A and B, or one of --pairs, --all-pairs and --manifest")
    if sources is not None and manifest is None:
        raise UserError("--sources needs --manifest: it says where the sources of a manifest are now")
    opened = frames.open(space, frames.out)
    if manifest is not None:
        moved = None if sources is None else Sources(sources)
        orders = read_manifest(manifest)
        if orders[0].space_sha256 != opened.sha256:
            print(
                "gaiamorph: warning: the manifest was written with another space (SHA-256 "
                f"{orders[0].space_sha256[:12]}..., this one is {opened.sha256[:12]}...), so the frames will differ",
                file=sys.stderr,
            )
        frames = replace(
            frames,
            scale=frames.scale or orders[0].scale,
            include_originals=orders[0].originals,
            paste=orders[0].paste,
            playback=orders[0].playback,
            appearance=orders[0].appearance,
        )
        continua = opened.remake_all(orders, manifest.parent, moved)
    else:
        if pairs is not None:
            wanted = _read_pairs(pairs)
        elif all_pairs is not None:
            wanted = _all_pairs(all_pairs, opened.kind.is_heard)
        else:
            wanted = [(str(a), str(b))]
        continua = opened.morph_pairs(wanted, **vars(options))
    with progress("pairs", hidden=len(continua) == 1) as report:
        frames.save(continua, not no_sheets, report)


def _read_pairs(path: Path) -> list[tuple[str, str]]:
    rows = read_rows(path, "a table of pairs with the columns a and b", ("a", "b"))
    for number, row in enumerate(rows, start=2):
        if not row["a"] or not row["b"]:
            raise UserError(f"{path} has no two items in line {number}")
    return [(beside(row["a"], path.parent), beside(row["b"], path.parent)) for row in rows]


def _all_pairs(folder: Path, heard: bool) -> list[tuple[str, str]]:
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder")
    found = find(folder)
    what, entries, skipped = "pictures", found.pictures, found.skipped
    if heard:
        what, entries, skipped = "recordings", found.recordings, found.unheard
    if skipped:
        warnings.warn(f"{folder}: {left_out(skipped)}", stacklevel=2)
    files = [str(path) for _, path in entries]
    if len(files) < 2:
        raise UserError(f"{folder} holds {len(files)} {what}: at least 2 are needed for a pair")
    return list(itertools.combinations(files, 2))


def edit(
    space: Space,
    item: str,
    /,
    *,
    set_: Annotated[list[str] | None, Parameter(name="--set", consume_multiple=True, negative=())] = None,
    attribute: str | None = None,
    amounts: Amounts = None,
    second: str | None = None,
    second_amounts: Amounts = None,
    like: str | None = None,
    only: str | None = None,
    options: Annotated[EditOptions, Spread] = EditOptions(),
    frames: Annotated[Frames, Spread],
) -> None:
    """Change attributes of an item: at once (--set), step by step (--attribute), or to those of another (--like).

    Attributes are those that `gaiamorph attributes fit` put into the space. The folder is like that of a morph;
    `gaiamorph morph SPACE --manifest` makes it again.

    Args:
        item: A picture or a recording, or SOURCE::NAME for an item of a data set.
        set_: NAME=AMOUNT, one or several: one frame with all of them.
        attribute: Attribute of a continuum: a frame for each of --amounts.
        amounts: Amounts of the attribute, in its units; 0 is the item itself.
        second: Another attribute, for a grid of all its amounts with all of the first.
        second_amounts: Amounts of the second attribute, in its units.
        like: Another item: give ITEM its attributes.
        only: With --like: attributes to transfer, separated by commas.
    """
    if sum(map(bool, (set_, attribute, like))) != 1:
        raise UserError("give one of --set NAME=AMOUNT, --attribute NAME with --amounts, and --like OTHER")
    if attribute and not amounts:
        raise UserError("--attribute needs --amounts, such as --amounts -2 -1 0 1 2")
    if bool(second) != bool(second_amounts) or (second and not attribute):
        raise UserError("a grid needs --attribute, --amounts, --second and --second-amounts")
    opened = frames.open(space, frames.out)
    if set_:
        made = opened.edits(item, [_amounts(set_)], **vars(options))
    elif like:
        made = opened.transfer(item, like, names(only), **vars(options))
    elif second:
        made = opened.edit_grid(item, (str(attribute), amounts or []), (second, second_amounts or []), **vars(options))
    else:
        made = opened.edit_path(item, str(attribute), amounts or [], **vars(options))
    frames.save([made])


def _amounts(settings: list[str]) -> dict[str, float]:
    """NAME=AMOUNT, where NAME may hold an equals sign itself (column=level)."""
    found: dict[str, float] = {}
    for setting in settings:
        name, _, amount = setting.rpartition("=")
        if name in found:
            raise UserError(f"--set names {name!r} twice")
        try:
            found[name] = float(amount if name else "")
        except ValueError as error:
            raise UserError(f"--set takes NAME=AMOUNT, such as smiling=+1, not {setting!r}") from error
    return found


def average(
    space: Space,
    data: str,
    /,
    *,
    out: Path,
    where: Annotated[list[str] | None, Parameter(consume_multiple=True, negative=())] = None,
    labels: Path | None = None,
    mixed: int | None = None,
    scale: int = 1,
    options: Annotated[EditOptions, Spread] = EditOptions(),
    playback: Annotated[Playback, Spread] = Playback(),
    common: Annotated[Common, Spread] = Common(),
) -> None:
    """Write the average of a group.

    Args:
        data: The group: anything that train takes.
        out: A .png picture; for sounds a .wav file, for vectors a .csv table.
        where: Only items with COLUMN=VALUE. Of several such conditions all have to hold.
        labels: A table of attributes for --where (.csv, .jsonl or .parquet, with file_name or name).
        mixed: Members that may be mixed into one code; by default as many as the model has learnt to mix. A larger
            group is decoded as mixtures of so many, and the pictures are averaged. 1: the average of reconstructions.
            The size of the group: the item at the mean code.
        scale: Enlarge the picture this many times.
    """
    opened = common.open(space, out)
    if out.suffix.lower() != opened.kind.suffix:
        raise UserError(f"--out must end in {opened.kind.suffix}, which {out.name} does not")
    Writing(scale=scale, playback=playback).check(opened.kind)
    items = opened.open_data(data)
    chosen = np.arange(len(items))
    for condition in where or []:
        chosen = np.intersect1d(chosen, _chosen(items, condition, labels))
    if not len(chosen):
        raise UserError(f"no item has all of {', '.join(where or [])}")
    sources = opened.sources(items)
    with progress("members", hidden=len(chosen) == 1) as report:
        item = opened.average([sources[i] for i in chosen], mixed=mixed, report=report, **vars(options))
    with new_file(out, common.overwrite) as scratch:
        (item,), _ = opened.kind.prepared([item], playback)
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
    texts, numbers = table[column].astype(str), pd.to_numeric(table[column], errors="coerce")
    same = np.asarray((texts == value) | (numbers == pd.to_numeric(value, errors="coerce")))
    if not same.any():
        shown = ", ".join(sorted(set(texts.dropna()))[:8])
        raise UserError(f"no item has {column}={value} (its values are {shown})")
    return np.flatnonzero(same)
