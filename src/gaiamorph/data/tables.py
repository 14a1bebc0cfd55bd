"""Tables and arrays as other programs write them, read as they were meant."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from gaiamorph.errors import UserError, telling

KEYS = ("file_name", "name", "group", "label")
"""Columns with a meaning. Case, spaces, hyphens and underscores in their names do not matter."""
FORMATS = {
    ".npy": ("an .npy array", b"\x93NUMPY", "save it again with numpy.save"),
    ".npz": ("an .npz of arrays", b"PK", "save it again with numpy.savez"),
    ".parquet": ("a .parquet table", b"PAR1", "save it again with to_parquet"),
    ".jsonl": ("a table", b"", "write one JSON object in each line"),
}
"""For each ending: what such a file is, its first bytes, and a remedy."""
CSV = ("a table", b"", "save it as CSV, with the names of the columns in the first row")
SEPARATORS = "\t;, "
"""In this order, so that commas may be decimal commas, and spaces part of a text."""
_UNNAMED = re.compile(r"|index|level_0|Unnamed: [\d.]+")
"""What pandas and R call the column of row numbers that they add."""
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?|nan", re.IGNORECASE)
_CONTROL = re.compile("[\0-\x08\x0e-\x1f]")
"""Characters that no text has."""


# Files ------------------------------------------------------------------------------------------------


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise UserError if a file is missing, empty, of another format than its ending says, or if the block cannot read it."""
    what, first, remedy = FORMATS.get(path.suffix.lower(), CSV)
    problem = f"{path} cannot be read as {what}"
    if not path.is_file():
        raise UserError(f"{problem}: {'it is a folder' if path.is_dir() else 'there is no such file'}")
    with telling(problem), open(path, "rb") as file:
        start = file.read(max(1, len(first)))
    if not start:
        raise UserError(f"{problem}: it is empty, so {remedy}")
    if not start.startswith(first):
        raise UserError(f"{problem}: it is of another format or damaged, so {remedy}")
    with telling(f"{problem} (it is damaged or cut off, so {remedy})"):
        yield


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz`` by name, or that of an ``.npy``, memory-mapped, as ``x``. Raises UserError."""
    with readable(path):
        try:
            if path.suffix.lower() == ".npy":
                return {"x": np.load(path, mmap_mode="r", allow_pickle=False)}
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as loaded:
                arrays = {name: array for name, array in loaded.items() if isinstance(array, np.ndarray)}
        except ValueError as error:
            if "object" in str(error).lower():  # The first bytes are right, so it is no other format.
                problem = "holds an array of Python objects, which are not opened"
                raise UserError(f"{path} {problem}: save arrays of numbers or texts") from error
            raise
    if not arrays:
        raise UserError(f"{path} holds no arrays: save them with numpy.savez")
    return arrays


def read_text(path: Path, errors: str = "strict") -> tuple[str, bool]:
    """The text of a file in UTF-8, UTF-16 or, failing both, Windows-1252, and whether it is in the last.

    errors: of UTF-8 (see `bytes.decode`). Raises UserError if it is no text.
    """
    with readable(path):
        content, western = path.read_bytes(), False
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = content.decode("utf-16")
        else:
            try:
                text = content.decode("utf-8-sig", errors)
            except UnicodeDecodeError:
                text, western = content.decode("cp1252", "replace"), True
    problem = f"{path} cannot be read as a table"
    if _CONTROL.search(text, 0, 1 << 16):
        raise UserError(f"{problem}: it is no text, so save it as CSV (from Excel too)")
    if not text.strip():
        raise UserError(f"{problem}: it is empty, so {CSV[2]}")
    return text.replace("\r\n", "\n").replace("\r", "\n"), western


def first_rows(text: str) -> tuple[str, list[list[str]]]:
    """The separator of a CSV table, and its first rows.

    It is the first that gives all rows the same number of cells, several. R leaves out the first cell of the first row.
    """
    lines = list(islice(io.StringIO(text.lstrip("\n")), 50))
    read = {s: [row for row in csv.reader(lines, delimiter=s, skipinitialspace=True) if row] for s in SEPARATORS}
    for separator, (header, *rows) in read.items():
        widths = {len(row) for row in rows} or {len(header)}
        if len(widths) == 1 and len(header) > 1 and max(widths) - len(header) in (0, 1):
            return separator, [header, *rows]
    separator = next((s for s in SEPARATORS[:3] if s in lines[0]), ",")
    return separator, read[separator]


# Tables -----------------------------------------------------------------------------------------------


def read_frame(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """A table (``.parquet``, ``.jsonl``, otherwise CSV), and notes on what is not as it was written.

    Columns that number the rows are left out. `KEYS` have their own spelling. Raises UserError.
    """
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        with readable(path):
            frame, notes = pd.read_parquet(path), []
    elif suffix == ".jsonl":
        frame, notes = _read_lines(path), []
    else:
        frame, notes = _read_csv(path)
    # Numbers of rows would become values. Texts, and what is called like a key, are names.
    is_name = not is_numeric_dtype(frame.index) or folded(str(frame.index.name)) in map(folded, KEYS)
    drop = isinstance(frame.index, pd.MultiIndex) or not is_name
    notes += [f"{path.name}: the index {name!r} is left out" for name in frame.index.names if drop and name is not None]
    frame = frame.reset_index(drop=drop)
    frame = frame.set_axis([str(column).strip() for column in frame.columns], axis=1)
    if (twice := frame.columns.duplicated()).any():
        raise UserError(f"{path} has two columns called {frame.columns[twice][0]!r}: rename one of them")
    for column in filter(_UNNAMED.fullmatch, frame.columns):
        values = pd.Series(frame[column])
        empty = values.count() == 0
        if empty or (is_integer_dtype(values) and (values.is_unique or column == frame.columns[0])):
            reason = "has no name and no values" if empty else "numbers its rows"
            notes.append(f"{path.name}: the column {column!r} {reason}, and is left out")
            frame = frame.drop(columns=column)
    return spelt(frame, path, notes), notes


def _read_lines(path: Path) -> pd.DataFrame:
    with readable(path):
        # Not by lines of str, which also end at characters that JSON texts may have.
        rows = [json.loads(line) for line in read_text(path)[0].split("\n") if line.strip()]
        if not all(isinstance(row, dict) for row in rows):
            raise ValueError("a line is no object")
    return pd.DataFrame(rows)


def _read_csv(path: Path) -> tuple[pd.DataFrame, list[str]]:
    text, western = read_text(path)
    notes = [f"{path.name}: it is not UTF-8, so it is read as Windows-1252"] if western else []
    with readable(path):
        separator, (header, *rows) = first_rows(text)
        named = _has_names(header, path, notes)

        def read(decimal: str, **how: Any) -> pd.DataFrame:
            names = None if named else [f"x{i}" for i in range(len(header))]
            # Names stay texts: 001 is not 1.
            texts: Any = {column: str for column in header if folded(column) in ("filename", "name", "group")}
            return pd.read_csv(
                io.StringIO(text), sep=separator, decimal=decimal, names=names, header=0 if named else None,
                skipinitialspace=True, low_memory=False, **{"dtype": texts} | how,
            )  # fmt: skip

        last = text.rpartition("\n")[2]  # empty, if the file ends with a line break
        if last and len(next(csv.reader([last], delimiter=separator))) < len(header):
            notes.append(f"{path.name}: its last row is short, so the file may be cut off")
        frames = {decimal: read(decimal) for decimal in (".," if separator != "," else ".")}
        decimal = max(frames, key=lambda decimal: frames[decimal].select_dtypes("number").shape[1])
        frame = frames[decimal]
        notes += _words_for_nothing(frame, partial(read, decimal, keep_default_na=False, dtype=str), path)
    if decimal == ",":
        notes.append(f"{path.name}: its numbers are read with decimal commas")
    if named and rows and len(rows[0]) > len(header):
        if len(rows[0]) > len(header) + 1 or frame.iloc[:, -1].isna().all():
            raise UserError(f"{path} has more cells in its rows than in its header: name every column")
        notes.append(f"{path.name}: its rows have a cell more than its header, so the first is taken for their name")
    return frame, notes


def _words_for_nothing(frame: pd.DataFrame, as_text: Callable[[], pd.DataFrame], path: Path) -> list[str]:
    """A note on each word, such as NA or null, that is taken for a missing value among texts, where it may be a text."""
    gaps = [c for c, values in frame.items() if not is_numeric_dtype(values) and 0 < values.count() < len(frame)]
    if not gaps:
        return []
    written = as_text()
    words = {c: Counter(w for w in written.loc[frame[c].isna(), c].dropna() if w.strip()) for c in gaps}
    return [
        f"{path.name}: {word!r} in the column {column!r} is read as a missing value ({count} of {len(frame)} rows)"
        for column, found in words.items()
        for word, count in found.items()
    ]


def _has_names(header: list[str], path: Path, notes: list[str]) -> bool:
    """Whether the first row has the names of columns. It has not if all of it are numbers, but 0, 1, 2, ... are names."""
    numbers = [cell for cell in header if _NUMBER.fullmatch(cell.strip())]
    counted = numbers == [str(i) for i in range(len(numbers))]
    if len(numbers) == len(header) and not counted:
        notes.append(f"{path.name}: its first row holds numbers, so it is an item, and columns are called x0, x1, ...")
        return False
    if numbers and (len(numbers) == len(header) or not counted):
        notes.append(f"{path.name}: its first row is taken for the names of its columns, though it holds numbers")
    return True


def folded(column: str) -> str:
    """The name of a column without case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]", "", column).casefold()


def spelt(frame: pd.DataFrame, path: Path, notes: list[str]) -> pd.DataFrame:
    """The table with its `KEYS` spelt as they are there. Adds to ``notes``. Raises UserError for two columns of one key."""
    for key in KEYS:
        meant = [c for c in frame.columns if folded(c) == folded(key)]
        if len(meant) > 1 and key not in meant:
            raise UserError(f"{path} has the columns {' and '.join(map(repr, meant))}: call one of them {key!r}")
        if meant and key not in meant:
            notes.append(f"{path.name}: the column {meant[0]!r} is read as {key!r}")
            frame = frame.rename(columns={meant[0]: key})
    # Spaces at the end would make another group.
    for key in frame.columns.intersection(["group", "label"]):
        frame[key] = frame[key].map(lambda value: value.strip() if isinstance(value, str) else value)
    return frame
