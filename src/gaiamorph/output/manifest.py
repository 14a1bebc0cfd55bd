"""Manifests that are read: continua as they were described, and their sources, wherever these are now."""

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from gaiamorph.data.appearance import Appearance
from gaiamorph.data.tables import first_rows, read_text
from gaiamorph.errors import UserError, telling
from gaiamorph.output.description import COLUMNS, NEWER, SHARED, Description
from gaiamorph.sound.playback import Playback


@dataclass(frozen=True, kw_only=True)
class Order(Description):
    """One continuum as a manifest describes it. sources: the names of a and b, each with its SHA-256.

    playback, appearance: how sounds, or pictures, were written.
    """

    sources: tuple[tuple[str, str], tuple[str, str]]
    scale: int
    originals: bool
    paste: bool
    playback: Playback
    appearance: Appearance


def read_rows(path: Path, what: str, columns: Sequence[str], errors: str = "strict") -> list[dict[str, str]]:
    """Rows of a CSV table. what: what it is, for an error message. errors: as in `read_text`.

    Raises UserError if it is empty or lacks a column.
    """
    text, _ = read_text(path, errors)
    with telling(f"{path} cannot be read as {what}"):
        rows = list(csv.DictReader(io.StringIO(text), delimiter=first_rows(text)[0], skipinitialspace=True))
    if not rows:
        raise UserError(f"{path} has no rows, so it is not {what}")
    if missing := [c for c in columns if c not in rows[0]]:
        raise UserError(f"{path} is not {what}: it has no column {missing[0]!r}")
    return rows


def read_manifest(path: Path) -> list[Order]:
    """The continua that a manifest describes, in its order. Raises UserError."""
    pairs: dict[str, list[dict[str, str]]] = {}
    # File names need not be UTF-8. A manifest keeps their bytes.
    needed = [name for name in COLUMNS if name not in NEWER]
    for line, row in enumerate(read_rows(path, "a manifest", needed, "surrogateescape"), start=2):
        if None in row.values():
            raise UserError(f"{path} is cut off or damaged in line {line}: take a whole copy of it")
        if "detail" not in row:
            row |= {"detail": "added" if row.get("keep_detail") == "1" else "none", "full_size": "0"}
        row.setdefault("blend", "False")
        row.setdefault("space", "")
        pairs.setdefault(row["pair"], []).append(row)
    try:
        return [_order(rows) for rows in pairs.values()]
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path} has a value that is not a number, or attributes that are not JSON: {error}") from error


def _order(rows: list[dict[str, str]]) -> Order:
    first, frames = rows[0], [row for row in rows if row["role"] == "frame"]
    read = [json.loads(row["attributes"]) for row in frames] if first["attributes_sha256"] else []
    return Order(
        sources=((first["source_a"], first["sha256_a"]), (first["source_b"], first["sha256_b"])),
        weights=np.array([float(row["weight"]) for row in frames]),
        amounts=tuple({name: float(amount) for name, amount in amounts.items()} for amounts in read),
        scale=int(first["scale"]),
        originals=any(row["role"] == "original" for row in rows),
        paste=any(row["role"] == "pasted" for row in rows),
        playback=_playback(first),
        appearance=_appearance(first),
        **{name: convert(first[name]) for name, convert in SHARED.items()},
    )


def _playback(row: dict[str, str]) -> Playback:
    if "fade" not in row:
        return Playback()
    return Playback(normalise=row["normalise"], fade=float(row["fade"]), pad=row["pad"] == "True")  # type: ignore[arg-type]


def _appearance(row: dict[str, str]) -> Appearance:
    if "oval" not in row:
        return Appearance()
    luminance, contrast = (float(row[name]) if row[name] else None for name in ("luminance", "contrast"))
    match, outside = row["match"] == "True", int(row["outside"])
    return Appearance(match=match, luminance=luminance, contrast=contrast, oval=float(row["oval"]), outside=outside)


def split_name(name: str) -> tuple[str, str]:
    """The path of a source, and the ``::NAME`` after it, if any. A file's own name may have two colons too."""
    path, separator, item = name.rpartition("::")
    return (path, separator + item) if separator and not Path(name).exists() else (name, "")


def beside(name: str, base: Path) -> str:
    """A path or ``SOURCE::NAME`` as written, or relative to the folder ``base`` if the path is only there."""
    path, item = split_name(name)
    there = base / path
    return f"{there}{item}" if not Path(path).exists() and there.exists() else name


class Sources:
    """Files below a folder, by their SHA-256. They are listed once, and read only until the one that is wanted is found."""

    def __init__(self, folder: str | Path) -> None:
        """Raises UserError if it is not a folder."""
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise UserError(f"{folder} is not a folder: give one that holds the sources")
        self._unread: dict[str, list[Path]] = {}
        self._known: dict[str, Path] = {}
        for path in sorted(filter(Path.is_file, self.folder.rglob("*"))):
            self._unread.setdefault(path.name, []).append(path)

    def find(self, name: str, sha256: str) -> Path | None:
        """The file of this SHA-256, or None. Files that are called like ``name`` are read first."""
        path, item = split_name(name)
        called = PurePath((item or path).replace("\\", "/").removeprefix("::")).name
        while sha256 not in self._known and self._unread:
            for file in self._unread.pop(called, None) or self._unread.popitem()[1]:
                with open(file, "rb") as content:
                    self._known.setdefault(hashlib.file_digest(content, "sha256").hexdigest(), file)
        return self._known.get(sha256)
