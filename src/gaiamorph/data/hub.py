"""Data sets of the Hugging Face Hub: columns of pictures or of recordings."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from gaiamorph.errors import UserError, telling

USUAL = {"pictures": ("image", "img", "photo", "picture"), "recordings": ("audio", "sound", "recording", "speech")}
"""What the column of a kind is usually called. Masks and depths are pictures too."""


@dataclass(frozen=True)
class HubFiles:
    """(row number, file) of a column, as it is stored: the content of a file, a path, or None. Nothing is decoded here."""

    rows: Any
    column: str

    def __iter__(self) -> Iterator[tuple[str, bytes | Path | None]]:
        for number, row in enumerate(self.rows.select_columns([self.column])):
            yield str(number), self._stored(row)

    def original(self, name: str) -> bytes | Path | None:
        """The file in the row of this number."""
        return self._stored(self.rows.select_columns([self.column])[int(name)])

    def _stored(self, row: dict[str, Any]) -> bytes | Path | None:
        stored = row[self.column] or {}
        path = stored.get("path")
        return stored.get("bytes") or (Path(path) if path else None)

    @property
    def key(self) -> list[Any]:
        return [self.column, getattr(self.rows, "_fingerprint", len(self.rows))]


def holds(name: str) -> str:
    """Whether the set ``owner/name`` holds pictures or recordings. Raises UserError if it has neither, or cannot be loaded."""
    rows = _rows(name.partition("#")[0])
    for what in USUAL:
        if _columns(rows, what):
            return what
    raise UserError(f"hub:{name} has no column of pictures or recordings (columns: {', '.join(rows.column_names)})")


def files(name: str, what: str) -> tuple[HubFiles, pd.DataFrame, list[str]]:
    """The training split of ``owner/name`` or ``owner/name/config``: its files, its columns of single values, and notes.

    what: pictures or recordings. ``#COLUMN`` at the end chooses their column. Row numbers (str) are the index of the table.
    Classes have their names. Only data files are read: no code of the data set runs. Raises UserError.
    """
    import datasets

    name, _, wanted = name.partition("#")
    rows = _rows(name)
    found = _columns(rows, what)
    chosen = _column(name, what, found, wanted, rows.column_names)
    columns = {}
    for column, feature in rows.features.items():
        if isinstance(feature, datasets.ClassLabel):
            columns[column] = [None if v is None or v < 0 else feature.int2str(v) for v in rows[column]]
        elif isinstance(feature, datasets.Value):
            columns[column] = list(rows[column])
    others = ", ".join(c for c in found if c != chosen)
    notes = [f"the {what} are those of the column {chosen}, not of {others}"] if others else []
    feature = datasets.Image(decode=False) if what == "pictures" else datasets.Audio(decode=False)
    index = [str(i) for i in range(len(rows))]
    return HubFiles(rows.cast_column(chosen, feature), chosen), pd.DataFrame(columns, index=index), notes


@lru_cache(maxsize=2)
def _loaded(name: str, loader: Any) -> Any:
    parts = name.split("/", 2)
    with telling(f"hub:{name} cannot be loaded"):
        rows: Any = loader("/".join(parts[:2]), "".join(parts[2:]) or None)
    return rows


def _rows(name: str) -> Any:
    import datasets

    rows = _loaded(name, datasets.load_dataset)
    if isinstance(rows, datasets.Dataset):
        return rows
    return rows["train"] if "train" in rows else next(iter(rows.values()))


def _columns(rows: Any, what: str) -> list[str]:
    import datasets

    kind = datasets.Image if what == "pictures" else datasets.Audio
    return [column for column, feature in rows.features.items() if isinstance(feature, kind)]


def _column(name: str, what: str, found: list[str], wanted: str, columns: list[str]) -> str:
    """The column asked for, the only one, or the one that is called as usual. Raises UserError."""
    if wanted in found:
        return wanted
    if wanted or not found:
        about = f" called {wanted}" if wanted else ""
        raise UserError(f"hub:{name} has no column of {what}{about} (columns: {', '.join(columns)})")
    called = [c for usual in USUAL[what] for c in found if c.lower() == usual]
    if len(found) > 1 and not called:
        choice = " or ".join(f"hub:{name}#{c}" for c in found)
        raise UserError(f"hub:{name} has {len(found)} columns of {what}: choose one by giving {choice}")
    return [*called, *found][0]
