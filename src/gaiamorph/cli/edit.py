"""gaiamorph edit, gaiamorph average"""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from cyclopts import Parameter

from gaiamorph.cli.options import Common, Frames, Space, Spread, names
from gaiamorph.data import Dataset
from gaiamorph.data.attributes import read_labels
from gaiamorph.errors import UserError
from gaiamorph.output.folders import check_scale, new_file
from gaiamorph.space import EditOptions

Amounts = Annotated[list[float] | None, Parameter(consume_multiple=True, negative=())]


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

    Parameters
    ----------
    item
        A picture, or SOURCE::NAME for an item of a data set.
    set_
        NAME=AMOUNT, one or several: one frame with all of them.
    attribute
        Attribute of a continuum: a frame for each of --amounts.
    amounts
        Amounts of the attribute, in its units; 0 leaves the item as the space reconstructs it.
    second
        Another attribute, for a grid of all its amounts with all of the first.
    second_amounts
        Amounts of the second attribute, in its units.
    like
        Another item: give ITEM its attributes.
    only
        With --like: attributes to transfer, separated by commas.
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
    where: str | None = None,
    labels: Path | None = None,
    mixed: int | None = None,
    scale: int = 1,
    common: Annotated[Common, Spread] = Common(),
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
    opened = common.open(space, out)
    if out.suffix.lower() != opened.kind.suffix:
        raise UserError(f"--out must end in {opened.kind.suffix}, which {out.name} does not")
    check_scale(scale)
    items = opened.open_data(data)
    chosen = np.arange(len(items)) if where is None else _chosen(items, where, labels)
    item = opened.average(items.items[chosen], mixed=mixed)
    with new_file(out, common.overwrite) as scratch:
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
        shown = ", ".join(sorted(set(texts))[:8])
        raise UserError(f"no item has {column}={value} (its values are {shown})")
    return np.flatnonzero(same)
