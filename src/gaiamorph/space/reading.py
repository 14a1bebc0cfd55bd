"""Items that users name or give: paths, pictures, arrays, rows, ``SOURCE::NAME``."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gaiamorph.data import TABLES, Dataset, Kind, open_data
from gaiamorph.errors import UserError
from gaiamorph.output.continuum import Source


def open_alike(kind: Kind, seed: int, source: str | os.PathLike[str]) -> Dataset:
    """A data set whose items are read as those of ``kind`` were. seed: of its splits."""
    options = {} if str(source) == "sample:lines" else kind.reading()
    return open_data(source, seed=seed, **options)


def read_source(kind: Kind, seed: int, thing: Any) -> Source:
    """An end of a continuum with the SHA-256 of its file, or of its values if it has no file.

    thing: a path, a picture, an array, or ``SOURCE::NAME`` for an item of a data set. Raises UserError.
    """
    if isinstance(thing, (str, os.PathLike)):
        path = Path(thing)
        where, separator, name = os.fspath(thing).rpartition("::")
        if separator and not path.exists():
            return _source_in(kind, seed, where, name)
        item = kind.read(thing)
        return Source(path.as_posix(), hashlib.sha256(path.read_bytes()).hexdigest(), item)
    item = kind.read(thing)
    return Source("(array)", _hash(item), item)


def _source_in(kind: Kind, seed: int, where: str, name: str) -> Source:
    data = open_alike(kind, seed, where)
    if name not in data.names:
        raise UserError(f"{where} has no item {name!r}: its items are called {data.names[0]!r}, {data.names[1]!r}, ...")
    i = data.names.index(name)
    item = read_items(kind, seed, data)[i]
    return Source(f"{where}::{name}", data.hashes[i] if data.hashes else _hash(item), item)


def _hash(item: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(item).tobytes()).hexdigest()


def read_named(kind: Kind, seed: int, where: str | os.PathLike[str]) -> tuple[list[str], np.ndarray]:
    """Names and items (N, ...) of a data set, or of one file that holds an item."""
    path = Path(where)
    if path.is_file() and path.suffix.lower() not in TABLES:
        return [path.name], read_items(kind, seed, [path])
    data = open_alike(kind, seed, where)
    return data.names, read_items(kind, seed, data)


def read_items(kind: Kind, seed: int, items: Any) -> np.ndarray:
    """Items as one array (N, ...) in natural form.

    items: a Dataset; an array (N, ...); a path, PIL picture or row; or a sequence of those. Raises UserError.
    """
    if isinstance(items, Dataset):
        if items.kind.shape != kind.shape:
            raise UserError(f"the data has items of {items.kind.shape}, but the space is for {kind.shape}")
        return items.items
    if isinstance(items, (str, os.PathLike, Image.Image)):
        items = [items]
    if isinstance(items, np.ndarray):
        if items.shape[1:] == kind.item_shape and len(items) and kind.is_natural(items):
            return items
        if items.ndim < 2 or len(items) == 0 or items.dtype == object:
            raise UserError(f"an array of items must have the shape (N, {', '.join(map(str, kind.item_shape))})")
    if not isinstance(items, Iterable):
        raise UserError(f"{items!r} is no item: give paths, PIL pictures, arrays or a Dataset")
    read = [read_source(kind, seed, t).item if isinstance(t, str) and "::" in t else kind.read(t) for t in items]
    if not read:
        raise UserError("there are no items")
    return np.stack(read)
