"""Tables whose rows belong to items by name, and when two names mean the same item."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from gaiamorph.data.tables import read_frame
from gaiamorph.errors import UserError

METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
"""Tables that describe the pictures of their folder. The last two are of Hugging Face's style."""
SHOWN = 3
"""A note names at most this many items."""


def read_by_name(path: Path, keys: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """A table with the first of the columns ``keys`` as its index, and notes. Raises UserError."""
    table, notes = read_frame(path)
    key = next((c for c in keys if c in table.columns), None)
    if key is None:
        wanted = " or ".join(map(repr, keys))
        raise UserError(f"{path} has no column {wanted} (columns: {', '.join(map(str, table.columns))})")
    named = table[key].notna().to_numpy()
    if not named.all():
        notes.append(f"{path.name}: {np.sum(~named)} of its {len(table)} rows have no {key}, and are left out")
    table = table.loc[named].astype({key: str}).set_index(key)
    if (twice := table.index.map(_tidy).duplicated()).any():
        raise UserError(f"{path} names {table.index[twice][0]!r} twice: keep one row an item")
    return table, notes


def read_metadata(folder: Path, names: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """The `METADATA` of a folder, with one row for each of ``names`` (the index), and notes. No columns if there is none.

    Raises UserError if there are two, or if one does not name any picture.
    """
    found = [path for name in METADATA if (path := folder / name).exists()]
    if len(found) > 1:
        raise UserError(f"{folder} has {' and '.join(path.name for path in found)}: keep one of them")
    if not found:
        return pd.DataFrame(index=names), []
    table, notes = read_by_name(found[0], ("file_name",))
    table, more = matched(table, names, found[0])
    return table.set_axis(names), notes + more


def described(folder: Path, names: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """`read_metadata`, and the folder of each item as its ``label``, or as ``folder`` if the table has labels."""
    table, notes = read_metadata(folder, names)
    folders = [name.rpartition("/")[0] or None for name in names]
    if any(folders):
        table["folder" if "label" in table.columns else "label"] = folders
    return table, notes


def _tidy(name: str) -> str:
    return unicodedata.normalize("NFC", name).replace("\\", "/").strip().removeprefix("./")


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", _tidy(name).casefold())


def _stem(name: str) -> str:
    """Without an ending that Pillow knows. A dot may also be part of a name."""
    stem, _, ending = _fold(name).rpartition(".")
    return stem if f".{ending}" in Image.registered_extensions() else _fold(name)


def _end(parts: int) -> Callable[[str], str]:
    return lambda name: "/".join(_stem(name).split("/")[-parts:])


RULES: dict[str, Callable[[str], str]] = {
    "but for slashes, spaces or the form of accents": _tidy,
    "but for upper and lower case": _fold,
    "but for their endings": _stem,
    "by the last three parts of their paths": _end(3),
    "by the last two parts of their paths": _end(2),
    "by the name of the file alone": _end(1),
}
"""How names may agree, from the strictest rule to the loosest."""


def matched(
    table: pd.DataFrame, names: Sequence[str], path: Path, least: float = 0.0
) -> tuple[pd.DataFrame, list[str]]:
    """One row of ``table``, whose index are names, for each of ``names``, and notes on what did not match exactly.

    A rule matches two names if neither agrees with a third. Items without a row have missing values.
    Raises UserError if none match, or less than ``least``, a share of the shorter of both.
    """
    wanted = list(dict.fromkeys(names))
    row_of = {name: name for name in wanted if name in table.index}
    notes = []
    for rule, key in RULES.items():
        found = {}
        if len(row_of) < min(len(wanted), len(table)):
            items, rows = _unique(wanted, key), _unique(table.index, key)
            pairs = {name: rows[k] for k, name in items.items() if k in rows and name not in row_of}
            taken = set(row_of.values())
            found = {name: row for name, row in pairs.items() if row not in taken and _same_end(name, row)}
        if found:
            name, row = next(iter(found.items()))
            notes.append(f"{path.name}: {len(found)} names are matched {rule} ({row!r} is {name!r})")
            row_of |= found
    if len(row_of) < least * min(len(wanted), len(table)) or not row_of:
        rows = f"{len(row_of)} of its {len(table)} rows name an item of the data"
        sides = f"it has {table.index[:1].tolist()}, the data has {wanted[:1]}"
        raise UserError(f"{path} describes other files: {rows} ({sides}), so correct its names")
    taken = set(row_of.values())
    if unused := [row for row in table.index if row not in taken]:
        notes.append(f"{path.name}: {len(unused)} of its {len(table)} rows name no item of the data ({_some(unused)})")
    if missing := [name for name in wanted if name not in row_of]:
        notes.append(f"{path.name}: {len(missing)} of {len(wanted)} items have no row in it ({_some(missing)})")
    return table.reindex([row_of.get(name) for name in names]), notes


def _unique(names: Iterable[str], key: Callable[[str], str]) -> dict[str, str]:
    """Names by their keys, without those that share a key."""
    keys = {name: key(name) for name in names}
    counts = Counter(keys.values())
    return {k: name for name, k in keys.items() if counts[k] == 1}


def _same_end(name: str, other: str) -> bool:
    """Whether one path is the end of the other. The same file name in two folders is not the same file."""
    shorter, longer = sorted((f"/{_stem(n).lstrip('/')}" for n in (name, other)), key=len)
    return longer.endswith(shorter)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
