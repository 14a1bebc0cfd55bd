"""gaiamorph edit"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gaiamorph.cli.options import Config, Device, Flag, Overwrite, Space, Spread, names
from gaiamorph.errors import UserError
from gaiamorph.output.continuum import save_continua
from gaiamorph.space import EditOptions, load

Amounts = Annotated[list[float] | None, Parameter(consume_multiple=True, negative=())]


def edit(
    space: Space,
    item: str,
    /,
    *,
    out: Path,
    set_: Annotated[list[str] | None, Parameter(name="--set", consume_multiple=True, negative=())] = None,
    attribute: str | None = None,
    amounts: Amounts = None,
    second: str | None = None,
    second_amounts: Amounts = None,
    like: str | None = None,
    only: str | None = None,
    options: Annotated[EditOptions, Spread] = EditOptions(),
    scale: int = 1,
    include_originals: Flag = False,
    overwrite: Overwrite = False,
    device: Device = "cpu",
    config: Config = None,
) -> None:
    """Change attributes of an item: at once (--set), step by step (--attribute), or to those of another (--like).

    Attributes are those that `gaiamorph attributes fit` put into the space. The folder is like that of a morph;
    `gaiamorph morph SPACE --manifest` makes it again.

    Parameters
    ----------
    item
        A picture, or SOURCE::NAME for an item of a data set.
    out
        New folder for the frames, sheet.png, codes.npy and manifest.csv.
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
    scale
        Enlarge frames this many times.
    """
    if sum(map(bool, (set_, attribute, like))) != 1:
        raise UserError("give one of --set NAME=AMOUNT, --attribute NAME with --amounts, and --like OTHER")
    if attribute and not amounts:
        raise UserError("--attribute needs --amounts, such as --amounts -2 -1 0 1 2")
    if bool(second) != bool(second_amounts) or (second and not attribute):
        raise UserError("a grid needs --attribute, --amounts, --second and --second-amounts")
    opened = load(space, device=device)
    if set_:
        made = opened.edits(item, [_amounts(set_)], **vars(options))
    elif like:
        made = opened.transfer(item, like, names(only), **vars(options))
    elif second:
        made = opened.edit_grid(item, (str(attribute), amounts or []), (second, second_amounts or []), **vars(options))
    else:
        made = opened.edit_path(item, str(attribute), amounts or [], **vars(options))
    save_continua([made], out, scale=scale, include_originals=include_originals, overwrite=overwrite)
    print(out)


def _amounts(settings: list[str]) -> dict[str, float]:
    """NAME=AMOUNT, where NAME may hold an equals sign itself (column=level)."""
    found: dict[str, float] = {}
    for setting in settings:
        name, _, amount = setting.rpartition("=")
        try:
            number = float(amount)
        except ValueError:
            number = None
        if not name or number is None:
            raise UserError(f"--set takes NAME=AMOUNT, such as smiling=+1, not {setting!r}")
        if name in found:
            raise UserError(f"--set names {name!r} twice")
        found[name] = number
    return found
