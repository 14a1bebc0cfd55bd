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


class Reader:
    """Reads items as the training data was read."""

    def __init__(self, kind: Kind, seed: int) -> None:
        """seed: of the splits of data sets."""
        self.kind, self.seed = kind, seed

    def open_data(self, source: str | os.PathLike[str]) -> Dataset:
        """A data set with items sized and cropped as the training data was."""
        options = {} if str(source) == "sample:lines" else self.kind.reading()
        return open_data(source, seed=self.seed, **options)

    def source(self, thing: Any) -> Source:
        """One item with its name and the SHA-256 of its file, or of its values if it has no file.

        thing: a path, a picture, an array, or ``SOURCE::NAME`` for an item of a data set. Raises UserError.
        """
        if not isinstance(thing, (str, os.PathLike)):
            item = self.kind.read(thing)
            return Source("(array)", _hash(item), item)
        path = Path(thing)
        where, separator, name = os.fspath(thing).rpartition("::")
        if not separator or path.exists():
            item = self.kind.read(thing)
            return Source(path.as_posix(), hashlib.sha256(path.read_bytes()).hexdigest(), item)
        data = self.open_data(where)
        if name not in data.names:
            known = f"{data.names[0]!r}, {data.names[1]!r}, ..."
            raise UserError(f"{where} has no item {name!r}: its items are called {known}")
        i = data.names.index(name)
        item = self.items(data)[i]
        return Source(f"{where}::{name}", data.hashes[i] if data.hashes else _hash(item), item)

    def read_items(self, source: str | os.PathLike[str]) -> tuple[list[str], np.ndarray]:
        """Names and items (N, ...) of a data set, or of one file that holds an item."""
        path = Path(source)
        if path.is_file() and path.suffix.lower() not in TABLES:
            return [path.name], self.items([path])
        data = self.open_data(source)
        return data.names, self.items(data)

    def items(self, given: Any) -> np.ndarray:
        """Items as one array (N, ...) in natural form.

        given: a Dataset; an array (N, ...); a path, PIL picture or row; or a sequence of those. Raises UserError.
        """
        if isinstance(given, Dataset):
            if given.kind.shape != self.kind.shape:
                raise UserError(f"the data has items of {given.kind.shape}, but the space is for {self.kind.shape}")
            return given.items
        if isinstance(given, (str, os.PathLike, Image.Image)):
            given = [given]
        if isinstance(given, np.ndarray):
            shape = self.kind.item_shape
            if given.shape[1:] == shape and len(given) and self.kind.is_natural(given):
                return given
            if given.ndim < 2 or len(given) == 0 or given.dtype == object:
                raise UserError(f"an array of items must have the shape (N, {', '.join(map(str, shape))})")
        if not isinstance(given, Iterable):
            raise UserError(f"{given!r} is no item: give paths, PIL pictures, arrays or a Dataset")
        read = [self.source(t).item if isinstance(t, str) and "::" in t else self.kind.read(t) for t in given]
        if not read:
            raise UserError("there are no items")
        return np.stack(read)


def _hash(item: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(item).tobytes()).hexdigest()
