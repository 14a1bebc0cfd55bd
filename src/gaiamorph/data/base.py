"""`open_data`: anything a user can point at becomes a `Dataset`."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gaiamorph.data import hub, images, samples, store, synthetic, vectors
from gaiamorph.data.images import Pictures
from gaiamorph.data.kinds import Kind
from gaiamorph.data.splits import split_groups, split_items
from gaiamorph.data.store import Row, Stored
from gaiamorph.errors import UserError

MOST_UNREADABLE = 0.05
"""With a larger share of unreadable files the data is not what the user thinks it is."""
SYNTHETIC_COUNTS = {"train": 10_000, "validation": 1_000, "test": 1_000}
Report = Callable[[int, int], None]
"""Told (items done, items in all) while a cache is built."""


@dataclass
class Dataset:
    """Items, what is known of each, and who may be trained on.

    items: (N, ...) in natural form, memory-mapped where they come from files.
    attributes: a table with one row an item; columns may have missing values.
    groups: what must not be spread over training and ``test`` (a person), or None.
    splits: indices by name (see `data.splits`).
    skipped: (name, reason) of every file that could not be read.
    """

    source: str
    kind: Kind
    items: np.ndarray
    names: list[str]
    attributes: pd.DataFrame
    splits: dict[str, np.ndarray]
    seed: int
    groups: np.ndarray | None = None
    hashes: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    mirror: bool = True
    """Whether the mirror image of an item is an item (no for digits)."""

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over names, contents and the kind's settings: says which data a space was made from."""
        digest = hashlib.sha256(json.dumps([self.kind.name, self.kind.settings()], sort_keys=True).encode())
        if self.hashes:
            for name, content in sorted(zip(self.names, self.hashes, strict=True)):
                digest.update(f"{name}\0{content}\n".encode("utf-8", "surrogateescape"))
        else:
            for start in range(0, len(self.items), 4096):
                digest.update(np.ascontiguousarray(self.items[start : start + 4096]).tobytes())
        return digest.hexdigest()


def open_data(
    source: str | os.PathLike[str],
    *,
    size: int | None = None,
    crop: str = "centre",
    channels: int | None = None,
    seed: int = 0,
    report: Report | None = None,
) -> Dataset:
    """Open a data set and split it.

    source: a folder of pictures (with an optional ``metadata.csv``); a file ``.npy``, ``.npz``, ``.csv`` or
        ``.parquet`` of vectors (an ``.npy`` of uint8 (N, H, W) or (N, H, W, 3) holds pictures);
        ``hub:owner/name``; ``sample:NAME``.
    size: pictures become size x size (default 32; an array of pictures keeps its own size).
    crop: ``centre`` or ``none`` (letterbox).
    channels: 1 or 3; by default 3 if any picture has colour.
    seed: of the splits, and of the points of synthetic sets.
    Raises UserError when there is nothing to use, saying what to do.
    """
    if crop not in ("centre", "none"):
        raise UserError(f"crop must be 'centre' or 'none', not {crop!r}")
    if size is not None and not 8 <= size <= 1024:
        raise UserError(f"size must be between 8 and 1024 pixels, not {size}")
    if channels not in (None, 1, 3):
        raise UserError(f"channels must be 1 or 3, not {channels}")
    text = str(source)
    look = _Look(text, size, crop, channels, seed, report)
    if text.startswith("sample:"):
        return _open_sample(look, text.removeprefix("sample:"))
    if text.startswith("hub:"):
        return _open_hub(look, text.removeprefix("hub:"))
    path = Path(source)
    if path.is_dir():
        return _open_folder(look, path)
    if path.suffix.lower() in vectors.TABLES:
        array = vectors.array_from(path) if path.suffix.lower() == ".npy" else None
        return _open_array(look, array, path) if array is not None else _open_table(look, path)
    if path.exists():
        raise UserError(f"{path} is neither a folder nor a .npy, .npz, .csv or .parquet file")
    raise UserError(
        f"{text} does not exist: give a folder of pictures, a .npy, .npz, .csv or .parquet file, "
        "hub:owner/name, or sample:NAME"
    )


@dataclass
class _Look:
    """What `open_data` was asked for."""

    source: str
    size: int | None
    crop: str
    channels: int | None
    seed: int
    report: Report | None

    def pictures(self, channels: int) -> Pictures:
        size = self.size or 32
        return Pictures(size, size, channels, self.crop)

    def fetch(
        self, description: Any, count: int, rows: Callable[[Pictures], Iterable[Row]], channels: Callable[[], int]
    ) -> tuple[Pictures, Stored]:
        """Pictures from the cache, and their kind. ``rows`` and ``channels`` are only asked when it has to be built."""

        def prepare() -> tuple[Iterable[Row], dict[str, Any]]:
            kind = self.pictures(self.channels or channels())
            return counted(kind), {"kind": kind.settings()}

        def counted(kind: Pictures) -> Iterable[Row]:
            for done, row in enumerate(rows(kind), start=1):
                yield row
                if self.report:
                    self.report(done, count)

        stored = store.fetch(store.key_of([self.size or 32, self.crop, self.channels, description]), prepare)
        if len(stored.skipped) > MOST_UNREADABLE * count:
            name, reason = stored.skipped[0]
            raise UserError(
                f"{len(stored.skipped)} of {count} pictures in {self.source} cannot be read "
                f"(the first is {name}: {reason}): remove or repair them"
            )
        return Pictures(**stored.extra["kind"]), stored


def _finish(
    look: _Look,
    kind: Kind,
    stored: Stored,
    attributes: pd.DataFrame,
    groups: np.ndarray | None = None,
    *,
    mirror: bool = True,
) -> Dataset:
    try:
        splits = split_items(len(stored.items), look.seed) if groups is None else split_groups(groups, look.seed)
    except UserError as error:
        raise UserError(f"{look.source}: {error}") from error
    return Dataset(
        look.source, kind, stored.items, stored.names, attributes, splits, look.seed,
        groups, stored.hashes, stored.skipped, mirror,
    )  # fmt: skip


def _open_folder(look: _Look, folder: Path) -> Dataset:
    entries = images.find_pictures(folder)
    if not entries:
        raise UserError(f"{folder} holds no pictures: put files that Pillow reads (.png, .jpg, .tif, ...) into it")
    metadata = _read_metadata(folder / "metadata.csv")
    kind, stored = _read_files(look, "folder", entries, lambda: 1 if all(_is_grey(path) for _, path in entries) else 3)
    attributes = _attributes_of(stored.names, metadata)
    return _finish(look, kind, stored, attributes, _groups_of(attributes))


def _read_files(
    look: _Look, what: str, entries: list[tuple[str, Path]], channels: Callable[[], int]
) -> tuple[Pictures, Stored]:
    stamps = [[name, *images.stamp(path)] for name, path in entries]
    return look.fetch([what, stamps], len(entries), lambda kind: images.read_rows(entries, kind), channels)


def _is_grey(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return images.is_grey(file)
    except OSError:
        return True


def _read_metadata(path: Path) -> pd.DataFrame | None:
    """``metadata.csv`` by file name, or None where there is none. Raises UserError."""
    if not path.exists():
        return None
    try:
        table = pd.read_csv(path)
    except Exception as error:
        raise UserError(f"{path} cannot be read as a table: {str(error).splitlines()[0][:120]}") from error
    if "file_name" not in table.columns:
        raise UserError(f"{path} has no column 'file_name' (columns: {', '.join(map(str, table.columns))})")
    names = table["file_name"].astype(str).str.replace("\\", "/").str.removeprefix("./")
    if names.duplicated().any():
        raise UserError(f"{path} names {names[names.duplicated()].iloc[0]!r} twice: keep one row for each picture")
    return table.drop(columns="file_name").set_axis(names)


def _attributes_of(names: list[str], metadata: pd.DataFrame | None) -> pd.DataFrame:
    """Columns of the metadata (missing where a file has no row), and the folder of each file as its label."""
    attributes = pd.DataFrame(index=pd.Index(names))
    if metadata is not None:
        attributes = attributes.join(metadata)
    folders = [name.rpartition("/")[0] for name in names]
    if any(folders):
        column = "folder" if "label" in attributes.columns else "label"
        attributes[column] = [folder or None for folder in folders]
    return attributes.reset_index(drop=True)


def _groups_of(attributes: pd.DataFrame) -> np.ndarray | None:
    """The ``group`` column; an item with none is a group of its own."""
    if "group" not in attributes.columns:
        return None
    column = attributes["group"]
    return np.array([f"({i})" if pd.isna(g) else str(g) for i, g in enumerate(column)])


def _open_table(look: _Look, path: Path) -> Dataset:
    table = vectors.read_table(path)
    groups = _groups_of(table.attributes)
    stored = Stored(table.items, table.names, [])
    data = _finish(look, Kind(), stored, table.attributes, groups)
    data.kind = vectors.Vectors.fitted(table.items[data.splits["train"]], table.columns)
    return data


def _open_array(look: _Look, array: np.ndarray, path: Path) -> Dataset:
    """Pictures in an ``.npy`` file: used where they lie if they have the right size, otherwise resized into the cache."""
    height, width = array.shape[1:3]
    channels = 1 if array.ndim == 3 else array.shape[3]
    names = [str(i) for i in range(len(array))]
    if look.size in (None, height) and (look.size is None or width == height) and look.channels in (None, channels):
        if min(height, width) < images.SMALLEST_SIDE:
            raise UserError(f"{path} holds pictures of {height} x {width}: at least 8 pixels on each side are needed")
        kind = Pictures(height, width, channels, look.crop)
        return _finish(
            look,
            kind,
            Stored(array.reshape(len(array), height, width, channels), names, []),
            pd.DataFrame(index=range(len(array))),
        )
    description = ["array", str(path.resolve()), images.stamp(path)]
    kind, stored = look.fetch(
        description, len(array), lambda kind: images.rows_from_array(array, kind, names), lambda: channels
    )
    return _finish(look, kind, stored, pd.DataFrame(index=range(len(array))))


def _open_hub(look: _Look, name: str) -> Dataset:
    table, column = hub.load_hub(name)
    channels = 3 if len(table) and table[0][column].mode not in ("1", "L") else 1
    description = ["hub", name, getattr(table, "_fingerprint", len(table))]
    kind, stored = look.fetch(
        description,
        len(table),
        lambda kind: images.rows_from_pil(hub.pictures(table, column), kind),
        lambda: channels,
    )
    kept = [int(row) for row in stored.names]
    attributes = hub.attributes(table).iloc[kept].reset_index(drop=True)
    return _finish(look, kind, stored, attributes, _groups_of(attributes))


def _open_sample(look: _Look, name: str) -> Dataset:
    if name in synthetic.SYNTHETIC_SETS:
        return _open_synthetic(look, name)
    if name == "faces":
        entries, people = samples.faces()
        kind, stored = _read_files(look, "faces", entries, lambda: 1)
        return _finish(look, kind, stored, pd.DataFrame({"person": people}), np.array(people))
    if name not in samples.SAMPLES:
        known = ", ".join([*samples.SAMPLES, *synthetic.SYNTHETIC_SETS])
        raise UserError(f"there is no sample set {name!r}: choose one of {known}")
    array, labels = samples.SAMPLES[name]()
    names = [str(i) for i in range(len(array))]
    content = hashlib.sha256(array.tobytes()).hexdigest()
    kind, stored = look.fetch(
        [name, content], len(array), lambda kind: images.rows_from_array(array, kind, names), lambda: 1
    )
    return _finish(look, kind, stored, pd.DataFrame({"label": labels}), mirror=name != "digits")


def _open_synthetic(look: _Look, name: str) -> Dataset:
    """Every split is drawn afresh, from the seed."""
    parts = {split: synthetic.draw(name, n, look.seed, split) for split, n in SYNTHETIC_COUNTS.items()}
    items = np.concatenate(list(parts.values()))
    starts = np.cumsum([0, *(len(part) for part in parts.values())])
    splits = {split: np.arange(a, b) for split, a, b in zip(parts, starts, starts[1:], strict=False)}
    kind: Kind
    if name == "lines":
        kind = Pictures(synthetic.LINE_SIZE, synthetic.LINE_SIZE, 1)
        if look.size not in (None, synthetic.LINE_SIZE):
            raise UserError(f"sample:lines is {synthetic.LINE_SIZE} x {synthetic.LINE_SIZE}: leave size out")
    else:
        kind = vectors.Vectors.fitted(parts["train"], ["x", "y"])
    names = [str(i) for i in range(len(items))]
    return Dataset(
        look.source, kind, items, names, pd.DataFrame(index=range(len(items))), splits, look.seed, mirror=False
    )
