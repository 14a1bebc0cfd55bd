"""Continua as files: numbered frames, a contact sheet, and a manifest that can be made into the same frames again."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gaiamorph.data import Kind
from gaiamorph.data.kinds import Strip
from gaiamorph.errors import UserError
from gaiamorph.output.folders import new_folder
from gaiamorph.output.writing import Writers, check_scale
from gaiamorph.version import __version__

MANIFEST = "manifest.csv"
SHARED: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("sha256_a", "sha256_b", "spacing", "features", "space_sha256", "attributes_sha256"), str),
    **dict.fromkeys(("refine", "scale", "columns"), int),
    "keep_detail": lambda text: bool(int(text)),
}
"""Columns that are the same for a whole continuum, and fields of `Order`. Each has its conversion."""
COLUMNS = (
    "file", "role", "pair", "position", "weight", "source_a", "sha256_a", "source_b", "sha256_b",
    "spacing", "features", "refine", "scale", "attributes", "space_sha256", "gaiamorph_version",
    "attributes_sha256", "columns", "keep_detail",
)  # fmt: skip
"""Columns of a manifest. docs/formats.md says what each holds."""


@dataclass(frozen=True)
class Source:
    """An end of a continuum: its name, the SHA-256 of its file (or of its values), and the item."""

    name: str
    sha256: str
    item: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Continuum:
    """Steps from a to b: frames (S, ...) in natural form, codes (S, latent_dim), weights (S,) as shares of b.

    Edits of a have ``amounts``: for each frame, amounts of attributes by name. ``attributes_sha256`` is the hash of the
    attribute vectors. Then b is a, or the item that a was given attributes of.
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
        """Whether b is a second item. Edits of one item have none."""
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

    def sheet(self, cell: int = 96) -> Image.Image:
        """The contact sheet: original A, the frames, original B. Each picture is about ``cell`` pixels wide."""
        return self.kind.draw_continuum(self._strip(), cell)

    def _strip(self) -> Strip:
        a, b = self.a.item, self.b.item if self.has_b else None
        if not self.amounts:
            labels = [f"{w:.2f}" for w in self.weights]
            return Strip(self.frames, labels, a, b, self.weights, "weight (share of B)")
        labels = [_label(amounts) for amounts in self.amounts]
        names = list(self.amounts[0])
        frames = np.arange(len(self))
        if 0 < self.columns < len(self):
            sides, tops = [], []
            if len(names) == 2:
                down, across = names
                sides = [f"{down}\n{amounts[down]:+g}" for amounts in self.amounts[:: self.columns]]
                tops = [f"{across} {amounts[across]:+g}" for amounts in self.amounts[: self.columns]]
            return Strip(self.frames, labels, a, b, frames, "frame", self.columns, sides, tops)
        if len(names) == 1 and all(list(amounts) == names for amounts in self.amounts):
            return Strip(self.frames, labels, a, b, np.array([amounts[names[0]] for amounts in self.amounts]), names[0])
        return Strip(self.frames, labels, a, b, frames, "frame")


def _label(amounts: dict[str, float]) -> str:
    """The changed attributes, short enough for a label."""
    if len(amounts) == 1:
        ((name, amount),) = amounts.items()
        return f"{name} {amount:+g}" if amount else "0"
    return ", ".join(f"{name} {amount:+.2g}" for name, amount in amounts.items() if amount)[:40] or "0"


def save_continua(
    continua: Iterable[Continuum],
    folder: str | Path,
    *,
    scale: int = 1,
    include_originals: bool = False,
    sheets: bool = True,
    overwrite: bool = False,
) -> Path:
    """Write continua into one new folder (see docs/formats.md), and return it.

    A single continuum has frames ``frame_0000.png``, .... Several have a number in front: ``00002_frame_0000.png``. Vectors
    are rows of one table, ``frames.csv``. scale: enlarges pictures. sheets: also draw each continuum as a whole. Sheets of
    thousands of continua take as long as their frames.
    """
    check_scale(scale)
    path = Path(folder)
    iterator = iter(continua)
    with new_folder(path, overwrite) as scratch:
        # Two continua say whether there are several. The others are made while the first are written.
        first = list(itertools.islice(iterator, 2))
        if not first:
            raise UserError("there are no pairs to morph between")
        codes, rows = [], []
        with Writers() as writers:
            for pair, continuum in enumerate(itertools.chain(first, iterator)):
                prefix = "" if len(first) == 1 else f"{pair:05d}_"
                entries = _entries(continuum, prefix, include_originals)
                names, _, _, items = zip(*entries, strict=True)
                files = continuum.kind.write_items(items, names, scratch, "frames", scale, writers.write)
                if sheets:
                    # Enlarging the sheets of many continua would take longer than all their frames.
                    sheet = continuum.sheet(1 if prefix else 96)
                    writers.write(partial(sheet.save, scratch / f"{prefix}sheet.png", compress_level=1))
                rows.extend(_rows(continuum, entries, files, pair, scale))
                codes.append(continuum.codes)
        np.save(scratch / "codes.npy", np.concatenate(codes).astype(np.float32, copy=False))
        with open(scratch / MANIFEST, "w", newline="", encoding="utf-8", errors="surrogateescape") as file:
            manifest = csv.DictWriter(file, COLUMNS)
            manifest.writeheader()
            manifest.writerows(rows)
    return path


Entry = tuple[str, str, float, np.ndarray]
"""Name of the file without ending, role, weight, item."""


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


@dataclass(frozen=True)
class Order:
    """One continuum as a manifest describes it."""

    a: str
    b: str
    sha256_a: str
    sha256_b: str
    weights: list[float]
    amounts: list[dict[str, float]]
    spacing: str
    features: str
    space_sha256: str
    attributes_sha256: str
    originals: bool
    refine: int
    scale: int
    columns: int
    keep_detail: bool


def read_manifest(path: Path) -> list[Order]:
    """The continua that a manifest describes, in its order. Raises UserError."""
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
    return [_order(path, pair) for pair in pairs.values()]


def _order(path: Path, rows: list[dict[str, str]]) -> Order:
    first, frames = rows[0], [row for row in rows if row["role"] == "frame"]
    try:
        weights = [float(row["weight"]) for row in frames]
        shared = {name: convert(first[name]) for name, convert in SHARED.items()}
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{path} has a weight, refine, scale, columns or keep_detail that is not a number ({error})"
        ) from error
    amounts = []
    if first["attributes_sha256"]:
        try:
            read = [json.loads(row["attributes"]) for row in frames]
            amounts = [{str(name): float(amount) for name, amount in given.items()} for given in read]
        except (TypeError, ValueError, AttributeError) as error:
            raise UserError(f"{path} has attributes that are not JSON with a number for each name") from error
    originals = len(frames) < len(rows)
    return Order(first["source_a"], first["source_b"], weights=weights, amounts=amounts, originals=originals, **shared)


def beside(name: str, base: Path) -> str:
    """A path or ``SOURCE::NAME`` as written, or a path relative to the folder ``base`` if it is only there."""
    there = base / name
    return str(there) if "::" not in name and not Path(name).exists() and there.exists() else name
