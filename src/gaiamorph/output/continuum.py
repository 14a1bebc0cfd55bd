"""Continua as files: numbered frames, a contact sheet, and a manifest that can be made into the same frames again."""

import csv
import hashlib
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from PIL import Image

from gaiamorph import drawing
from gaiamorph.data import Kind
from gaiamorph.data.kinds import Strip
from gaiamorph.data.tables import first_rows, read_text
from gaiamorph.errors import UserError, telling
from gaiamorph.output.folders import check_scale, new_folder, writers
from gaiamorph.version import __version__

MANIFEST = "manifest.csv"
COLUMNS = (
    "file", "role", "pair", "position", "weight", "source_a", "sha256_a", "source_b", "sha256_b",
    "spacing", "features", "refine", "scale", "attributes", "space_sha256", "gaiamorph_version",
    "attributes_sha256", "columns", "detail", "full_size",
)  # fmt: skip
"""Columns of a manifest. docs/formats.md says what each holds."""
SHARED: dict[str, Callable[[str], Any]] = {
    "spacing": str, "features": str, "refine": int, "space_sha256": str, "attributes_sha256": str, "columns": int,
    "detail": str, "full_size": int,
}  # fmt: skip
"""Columns that are fields of `Description`, the same for a whole continuum. Each has its conversion."""
NEWER = ("detail", "full_size")
"""Columns that older manifests lack. They have ``keep_detail`` instead: 1 is the detail ``added``."""


@dataclass(frozen=True)
class Source:
    """An end of a continuum: its name, the SHA-256 of its file (or of its values), and the item."""

    name: str
    sha256: str
    item: np.ndarray = field(repr=False, compare=False)
    original: Any = field(default=None, repr=False, compare=False)
    """What the item was read from: a path, a picture, an array, the content of a file. None if there is no more than the item."""

    @property
    def path(self) -> Path | None:
        """The file, if there is one."""
        return self.original if isinstance(self.original, Path) else None


@dataclass(frozen=True, kw_only=True)
class Description:
    """How a continuum from a to b was made. A manifest records it.

    weights: (S,), shares of b. spacing: how they were chosen. features: the feature space of the perceptual spacing.
    amounts: for each frame of an edit of a, amounts of attributes by name; empty for a morph. The b of an edit is a, or the
        item that a was given attributes of.
    columns: frames in a row of the contact sheet; 0 puts all in one.
    detail: what became of the detail that the space cannot redraw (see `EditOptions`).
    full_size: longer side of the frames in pixels; 0 if they have the space's own size.
    """

    weights: np.ndarray
    space_sha256: str
    spacing: str = "even"
    features: str = ""
    refine: int = 0
    amounts: tuple[dict[str, float], ...] = ()
    attributes_sha256: str = ""
    columns: int = 0
    detail: str = "none"
    full_size: int = 0


@dataclass(frozen=True, kw_only=True)
class Order(Description):
    """One continuum as a manifest describes it. sources: the names of a and b, each with its SHA-256."""

    sources: tuple[tuple[str, str], tuple[str, str]]
    scale: int
    originals: bool
    paste: bool


@dataclass(frozen=True, kw_only=True)
class Continuum(Description):
    """Steps from a to b: frames (S, ...) in natural form, and their codes (S, latent_dim).

    kind: of the frames. Those of pictures may be larger than the items of the space.
    """

    kind: Kind = field(repr=False)
    a: Source
    b: Source
    codes: np.ndarray = field(repr=False)
    frames: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def has_b(self) -> bool:
        """Whether b is a second item. Edits of one item have none."""
        return not self.amounts or self.b != self.a

    def save(
        self,
        folder: str | Path,
        *,
        scale: int = 1,
        include_originals: bool = False,
        paste: bool = False,
        sheets: bool = True,
        overwrite: bool = False,
    ) -> Path:
        """Write frames, ``sheet.png``, ``codes.npy`` and ``manifest.csv`` into a new folder (see `save_continua`)."""
        return save_continua(
            [self],
            folder,
            scale=scale,
            include_originals=include_originals,
            paste=paste,
            sheets=sheets,
            overwrite=overwrite,
        )

    def sheet(self, cell: int = 96) -> Image.Image:
        """The contact sheet: original A, the frames, original B. Each picture is about ``cell`` pixels wide."""
        labels, along, axis = [f"{w:.2f}" for w in self.weights], self.weights, "weight (share of B)"
        per_row, sides, tops = 0, [], []
        if self.amounts:
            names = list(self.amounts[0])
            form = "+g" if len(names) == 1 else "+.2g"
            changes = [", ".join(f"{name} {x:{form}}" for name, x in amounts.items() if x) for amounts in self.amounts]
            labels, along, axis = [change[:40] or "0" for change in changes], np.arange(len(self)), "frame"
            if 0 < self.columns < len(self):
                per_row = self.columns
                if len(names) == 2:
                    down, across = names
                    sides = [f"{down}\n{amounts[down]:+g}" for amounts in self.amounts[::per_row]]
                    tops = [f"{across} {amounts[across]:+g}" for amounts in self.amounts[:per_row]]
            elif len(names) == 1 and all(list(amounts) == names for amounts in self.amounts):
                along, axis = np.array([amounts[names[0]] for amounts in self.amounts]), names[0]
        b = self.b.item if self.has_b else None
        strip = Strip(self.frames, labels, self.a.item, b, along, axis, per_row, sides, tops)
        return self.kind.draw_continuum(strip, cell)


def save_continua(
    continua: Iterable[Continuum],
    folder: str | Path,
    *,
    scale: int = 1,
    include_originals: bool = False,
    paste: bool = False,
    sheets: bool = True,
    overwrite: bool = False,
) -> Path:
    """Write continua into one new folder (see docs/formats.md), and return it.

    A single continuum has frames ``frame_0000.png``, .... Several have a number in front: ``00002_frame_0000.png``. Vectors
    are rows of one table, ``frames.csv``. scale: enlarges pictures. paste: also put each frame back into the photograph that A came
    from, as ``pasted_0000.png``, .... sheets: also draw each continuum as a whole. Sheets of
    thousands of continua take as long as their frames.
    """
    check_scale(scale)
    path, iterator = Path(folder), iter(continua)
    with new_folder(path, overwrite) as scratch:
        # Two continua say whether there are several. The others are made while the first are written.
        first = list(itertools.islice(iterator, 2))
        if not first:
            raise UserError("there are no pairs to morph between")
        codes, rows = [], []
        with writers() as write:
            for pair, c in enumerate(itertools.chain(first, iterator)):
                prefix = "" if len(first) == 1 else f"{pair:05d}_"
                own = _write(c, scratch, prefix, scale, include_originals, paste, write)
                rows.extend({**row, "pair": pair, "scale": scale, "gaiamorph_version": __version__} for row in own)
                codes.append(c.codes)
                if sheets:
                    # Enlarging the sheets of many continua would take longer than all their frames.
                    write(c.sheet(1 if prefix else 96).save, scratch / f"{prefix}sheet.png", compress_level=1)
        np.save(scratch / "codes.npy", np.concatenate(codes).astype(np.float32, copy=False))
        with open(scratch / MANIFEST, "w", newline="", encoding="utf-8", errors="surrogateescape") as file:
            manifest = csv.DictWriter(file, COLUMNS)
            manifest.writeheader()
            manifest.writerows(rows)
    return path


def _write(
    c: Continuum, folder: Path, prefix: str, scale: int, originals: bool, paste: bool, write: Callable[..., None]
) -> Iterator[dict[str, Any]]:
    """Write the items of one continuum, and give its rows of the manifest."""
    names, items, weights = [f"frame_{i:04d}" for i in range(len(c))], list(c.frames), c.weights.tolist()
    if originals:
        names, items, weights = [*names, "original_a"], [*items, c.a.item], [*weights, 0.0]
        if c.has_b:
            names, items, weights = [*names, "original_b"], [*items, c.b.item], [*weights, 1.0]
    files = c.kind.write_items(items, [prefix + name for name in names], folder, "frames", scale, write)
    if paste:
        names = [*names, *(name.replace("frame", "pasted") for name in names[: len(c)])]
        files = [*files, *_pasted(c, folder, prefix, write)]
        weights = [*weights, *c.weights.tolist()]
    common = {name: getattr(c, name) for name in SHARED} | {
        "source_a": c.a.name, "sha256_a": c.a.sha256, "source_b": c.b.name, "sha256_b": c.b.sha256,
    }  # fmt: skip
    for i, (name, file, weight) in enumerate(zip(names, files, weights, strict=True)):
        role = name.partition("_")[0]
        shown = i if role == "frame" else i - len(names) + len(c)  # pasted frames come last
        amounts = c.amounts[shown] if c.amounts and role != "original" else {}
        own = {"file": file, "role": role, "position": i, "weight": weight}
        yield {**own, "attributes": json.dumps(amounts), **common}


def _pasted(c: Continuum, folder: Path, prefix: str, write: Callable[..., None]) -> list[str]:
    """Write each frame into the photograph of A. Returns the names of the files."""
    from gaiamorph.data.alignment.paste import paste

    if c.a.path is None:
        raise UserError(f"{c.a.name} has no photograph to paste frames into: give the path of a picture")
    photograph, transform = c.kind.placed(c.a.path)

    def put(frame: np.ndarray, path: Path) -> None:
        drawing.write_png(paste(frame, photograph, transform), path)

    files = [f"{prefix}pasted_{i:04d}.png" for i in range(len(c))]
    for file, frame in zip(files, c.frames, strict=True):
        write(put, frame, folder / file)
    return files


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
        **{name: convert(first[name]) for name, convert in SHARED.items()},
    )


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
