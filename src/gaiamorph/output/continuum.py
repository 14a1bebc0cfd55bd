"""Continua as files: numbered frames, a contact sheet, and a manifest from which they can be made again."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gaiamorph.data import Kind, Vectors, png
from gaiamorph.errors import UserError
from gaiamorph.output import figures
from gaiamorph.output.folders import new_folder
from gaiamorph.output.writing import GrowingArray, Writers, check_scale
from gaiamorph.version import __version__

MANIFEST = "manifest.csv"
COLUMNS = (
    "file", "role", "pair", "position", "weight", "source_a", "sha256_a", "source_b", "sha256_b",
    "spacing", "features", "refine", "scale", "attributes", "space_sha256", "gaiamorph_version",
    "attributes_sha256", "columns", "keep_detail",
)  # fmt: skip
"""Columns of a manifest. docs/formats.md says what each holds."""
SHEET_COLUMNS = 24
"""Most frames on a sheet; a longer continuum shows evenly chosen ones."""


@dataclass(frozen=True)
class Source:
    """An end of a continuum: where it came from, SHA-256 of its file (or of its values), and the item itself."""

    name: str
    sha256: str
    item: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Continuum:
    """Steps from a to b: frames (S, ...) in natural form, codes (S, latent_dim), weights (S,) as shares of b.

    Or edits of a: ``amounts`` of attributes by name, an entry a frame, with the identity of the vectors used; b is then
    a, or the item whose attributes it was given.
    """

    kind: Kind = field(repr=False)
    a: Source
    b: Source
    weights: np.ndarray
    codes: np.ndarray = field(repr=False)
    frames: np.ndarray = field(repr=False)
    space_sha256: str
    spacing: str = "even"
    features: str = ""
    refine: int = 0
    amounts: tuple[dict[str, float], ...] = ()
    attributes_sha256: str = ""
    columns: int = 0
    keep_detail: bool = False

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def has_b(self) -> bool:
        """Whether there is a second item: not in edits of one."""
        return not self.amounts or (self.b.name, self.b.sha256) != (self.a.name, self.a.sha256)

    def save(
        self,
        folder: str | Path,
        *,
        scale: int = 1,
        include_originals: bool = False,
        sheets: bool = True,
        overwrite: bool = False,
    ) -> Path:
        """Write frames, ``sheet.png``, ``codes.npy`` and ``manifest.csv`` into a new folder, and return it."""
        return save_continua(
            [self], folder, scale=scale, include_originals=include_originals, sheets=sheets, overwrite=overwrite
        )

    def sheet(self, cell: int = 96):
        """The contact sheet as a PIL picture: original A, the frames, original B, each some ``cell`` pixels wide."""
        if self.amounts:
            return self._sheet_of_edits(cell)
        chosen = np.unique(np.linspace(0, len(self) - 1, min(len(self), SHEET_COLUMNS)).round().astype(int))
        row = [self.a.item, *self.frames[chosen], self.b.item]
        return figures.sheet([row], None, ["A", *(f"{w:.2f}" for w in self.weights[chosen]), "B"], cell)

    def _sheet_of_edits(self, cell: int):
        """The original, then the edited frames: in one row, or as a grid with an attribute on each side."""
        labels = [_label(amounts) for amounts in self.amounts]
        per_row = self.columns or min(len(self), SHEET_COLUMNS)
        rows = [list(self.frames[i : i + per_row]) for i in range(0, len(self), per_row)]
        if len(rows) == 1:
            ends = ([self.b.item], ["B"]) if self.has_b else ([], [])
            return figures.sheet([[self.a.item, *rows[0], *ends[0]]], None, ["A", *labels, *ends[1]], cell)
        if not self.columns:
            return figures.sheet(rows, None, None, cell)
        down, across = list(self.amounts[0])
        sides = [f"{down}\n{self.amounts[i * per_row][down]:+g}" for i in range(len(rows))]
        tops = [f"{across} {amounts[across]:+g}" for amounts in self.amounts[:per_row]]
        return figures.sheet(rows, sides, tops, cell)


def _label(amounts: dict[str, float]) -> str:
    """What was changed, as short as it can be said under a frame."""
    changed = {name: amount for name, amount in amounts.items() if amount}
    if len(amounts) == 1:
        ((name, amount),) = amounts.items()
        return f"{name} {amount:+g}" if amount else "0"
    return ", ".join(f"{name} {amount:+.2g}" for name, amount in changed.items())[:40] or "0"


def save_continua(
    continua: Iterable[Continuum],
    folder: str | Path,
    *,
    scale: int = 1,
    include_originals: bool = False,
    sheets: bool = True,
    overwrite: bool = False,
) -> Path:
    """Write any number of continua into one new folder (see docs/formats.md).

    One alone has frames ``frame_0000.png``, ...; of several, each has a number in front: ``00002_frame_0000.png``.
    Vectors are rows of one table, ``frames.csv``, instead. ``scale`` enlarges pictures. ``sheets``: also a picture of each
    continuum as a whole; of thousands, they take as long as the frames.
    """
    check_scale(scale)
    path = Path(folder)
    iterator = iter(continua)
    with new_folder(path, overwrite) as scratch:
        # Two are looked at first, to know whether there is one alone; the others are made as they are written.
        first = list(itertools.islice(iterator, 2))
        if not first:
            raise UserError("there are no pairs to morph between")
        vectors = isinstance(first[0].kind, Vectors)
        save_one, draw = (_save_rows, _draw_paths) if vectors else (_save_pictures, _draw_sheet)
        codes = GrowingArray(scratch / "codes.npy", first[0].codes.shape[1])
        with _manifest(scratch / MANIFEST) as manifest, Writers() as writers:
            for pair, continuum in enumerate(itertools.chain(first, iterator)):
                prefix = "" if len(first) == 1 else f"{pair:05d}_"
                entries = _entries(continuum, prefix, include_originals)
                files = save_one(continuum, entries, scratch, scale, writers)
                if sheets:
                    draw(continuum, scratch, prefix, writers)
                manifest.writerows(_rows(continuum, entries, files, pair, scale))
                codes.append(continuum.codes)
        codes.close()
    return path


Entry = tuple[str, str, float, np.ndarray]
"""Stem of the file, role, weight, item."""


def _entries(c: Continuum, prefix: str, originals: bool) -> list[Entry]:
    entries: list[Entry] = [
        (f"{prefix}frame_{i:04d}", "frame", float(w), frame)
        for i, (w, frame) in enumerate(zip(c.weights, c.frames, strict=True))
    ]
    if originals:
        entries.append((f"{prefix}original_a", "original", 0.0, c.a.item))
        if c.has_b:
            entries.append((f"{prefix}original_b", "original", 1.0, c.b.item))
    return entries


def _save_pictures(c: Continuum, entries: list[Entry], folder: Path, scale: int, writers: Writers) -> list[str]:
    """One file an item; their names."""
    files = [stem + c.kind.suffix for stem, *_ in entries]
    for file, (*_, item) in zip(files, entries, strict=True):
        writers.write(c.kind.write, item, folder / file, scale)
    return files


def _draw_sheet(c: Continuum, folder: Path, prefix: str, writers: Writers) -> None:
    # Of one continuum alone the sheet is enlarged; of many, enlarging would take longer than all their frames.
    cell = c.frames.shape[2] if prefix else 96
    writers.write(lambda: png.write(np.asarray(c.sheet(cell)), folder / f"{prefix}sheet.png"))


def _save_rows(c: Continuum, entries: list[Entry], folder: Path, _: int, __: Writers) -> list[str]:
    """All items in one table."""
    assert isinstance(c.kind, Vectors)
    table = folder / "frames.csv"
    new = not table.exists()
    with open(table, "a", encoding="utf-8") as file:
        c.kind.write_rows(np.stack([item for *_, item in entries]), file, header=new)
    return [table.name] * len(entries)


def _draw_paths(c: Continuum, folder: Path, prefix: str, _: Writers) -> None:
    assert isinstance(c.kind, Vectors)
    along, label = c.weights, "weight (share of B)"
    if c.amounts:
        names = list(c.amounts[0])
        alone = all(list(amounts) == names[:1] for amounts in c.amounts)
        along = np.array([a[names[0]] for a in c.amounts]) if alone else np.arange(len(c))
        label = names[0] if alone else "frame"
    figures.paths(c.frames, along, c.kind.columns, folder / f"{prefix}sheet.png", label)


def _rows(c: Continuum, entries: list[Entry], files: list[str], pair: int, scale: int) -> Iterator[dict[str, Any]]:
    common = {
        "pair": pair, "source_a": c.a.name, "sha256_a": c.a.sha256, "source_b": c.b.name, "sha256_b": c.b.sha256,
        "spacing": c.spacing, "features": c.features, "refine": c.refine, "scale": scale,
        "space_sha256": c.space_sha256, "gaiamorph_version": __version__,
        "attributes_sha256": c.attributes_sha256, "columns": c.columns,
        "keep_detail": int(c.keep_detail),
    }  # fmt: skip
    for position, (file, (_, role, weight, _)) in enumerate(zip(files, entries, strict=True)):
        amounts = c.amounts[position] if role == "frame" and c.amounts else {}
        own = {"file": file, "role": role, "position": position, "weight": repr(weight)}
        yield {**own, "attributes": json.dumps(amounts), **common}


@contextmanager
def _manifest(path: Path) -> Iterator[csv.DictWriter[str]]:
    with open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        writer: csv.DictWriter[str] = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        yield writer


@dataclass(frozen=True)
class Order:
    """One continuum as a manifest orders it."""

    a: str
    sha256_a: str
    b: str
    sha256_b: str
    weights: list[float]
    spacing: str
    features: str
    refine: int
    scale: int
    originals: bool
    space_sha256: str
    amounts: list[dict[str, float]]
    attributes_sha256: str
    columns: int
    keep_detail: bool


def read_manifest(path: Path) -> list[Order]:
    """The continua that a manifest describes, in its order. Raises UserError naming what is missing or wrong."""
    try:
        with open(path, newline="", encoding="utf-8", errors="surrogateescape") as file:
            rows = list(csv.DictReader(file))
    except (OSError, csv.Error) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    if not rows:
        raise UserError(f"{path} has no rows")
    missing = [c for c in COLUMNS if c not in rows[0]]
    if missing:
        raise UserError(f"{path} is not a manifest: it has no column {missing[0]!r}")
    pairs: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        pairs.setdefault(row["pair"], []).append(row)
    orders = []
    for pair in pairs.values():
        first = pair[0]
        try:
            frames = [row for row in pair if row["role"] == "frame"]
            weights = [float(row["weight"]) for row in frames]
            refine, scale = int(first["refine"]), int(first["scale"])
            columns, keep_detail = int(first["columns"]), bool(int(first["keep_detail"]))
        except (TypeError, ValueError) as error:
            raise UserError(
                f"{path} has a weight, refine, scale, columns or keep_detail that is not a number ({error})"
            ) from error
        orders.append(
            Order(
                first["source_a"],
                first["sha256_a"],
                first["source_b"],
                first["sha256_b"],
                weights,
                first["spacing"],
                first["features"],
                refine,
                scale,
                any(row["role"] == "original" for row in pair),
                first["space_sha256"],
                _amounts(path, frames) if first["attributes_sha256"] else [],
                first["attributes_sha256"],
                columns,
                keep_detail,
            )
        )
    return orders


def _amounts(path: Path, rows: list[dict[str, str]]) -> list[dict[str, float]]:
    """Amounts of attributes, a dictionary a row."""
    try:
        read = [json.loads(row["attributes"]) for row in rows]
        return [{str(name): float(amount) for name, amount in amounts.items()} for amounts in read]
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path} has attributes that are not JSON with a number for each name") from error
