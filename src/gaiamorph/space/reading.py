"""Items that users name or give: paths, pictures, arrays, rows, ``SOURCE::NAME``, as a space takes them."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from gaiamorph.data import TABLES, Dataset
from gaiamorph.errors import UserError
from gaiamorph.output.continuum import Source

if TYPE_CHECKING:
    from gaiamorph.space.latent_space import LatentSpace


class UnlikeTrainingWarning(UserWarning):
    """An item that the space reconstructs worse than 99 of 100 held-out ones."""


def source(space: LatentSpace, thing: Any) -> Source:
    """See `LatentSpace.source`."""
    if isinstance(thing, (str, os.PathLike)):
        name = os.fspath(thing)
        if "::" in name and not Path(name).exists():
            return _source_in(space, *name.rsplit("::", 1))
        item = space.kind.read(thing)
        return Source(Path(name).as_posix(), hashlib.sha256(Path(name).read_bytes()).hexdigest(), item)
    item = space.kind.read(thing)
    return Source("(array)", _hash(item), item)


def _source_in(space: LatentSpace, where: str, name: str) -> Source:
    """Item ``name`` of the data set ``where``, read as the space's training data was."""
    data = space.open_data(where)
    if name not in data.names:
        raise UserError(f"{where} has no item {name!r}: its items are called {data.names[0]!r}, {data.names[1]!r}, ...")
    i = data.names.index(name)
    item = natural(space, data.items[i : i + 1])[0]
    return Source(f"{where}::{name}", data.hashes[i] if data.hashes else _hash(item), item)


def _hash(item: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(item).tobytes()).hexdigest()


def named_items(space: LatentSpace, where: str | os.PathLike[str]) -> tuple[list[str], np.ndarray]:
    """See `LatentSpace.read_items`."""
    path = Path(where)
    if path.is_file() and path.suffix.lower() not in TABLES:
        return [path.name], natural(space, [path])
    data = space.open_data(where)
    return data.names, natural(space, data)


def natural(space: LatentSpace, items: Any) -> np.ndarray:
    """Anything that `LatentSpace.encode` takes, as one array (N, ...) in natural form."""
    if isinstance(items, Dataset):
        if items.kind.shape != space.kind.shape:
            raise UserError(f"the data has items of {items.kind.shape}, but the space is for {space.kind.shape}")
        return items.items
    if isinstance(items, (str, os.PathLike, Image.Image)):
        items = [items]
    if isinstance(items, np.ndarray):
        natural_shape = space.kind.to_items(torch.zeros(1, *space.kind.shape)).shape[1:]
        if items.ndim == len(natural_shape) + 1 and items.shape[1:] == natural_shape and len(items):
            if space.kind.is_natural(items):
                return items
            return np.stack([space.kind.read(item) for item in items])
        if items.ndim < 2 or len(items) == 0 or items.dtype == object:
            raise UserError(f"an array of items must have the shape (N, {', '.join(map(str, natural_shape))})")
    if not isinstance(items, Iterable):
        raise UserError(f"{items!r} is no item: give paths, PIL pictures, arrays or a Dataset")
    read = [source(space, t).item if isinstance(t, str) and "::" in t else space.kind.read(t) for t in items]
    if not read:
        raise UserError("there are no items")
    return np.stack(read)


def warn_unlike(space: LatentSpace, ends: list[Source]) -> None:
    """Warn of each item that is reconstructed worse than 99 % of held-out ones were."""
    if not ends:
        return
    for end, strange in zip(ends, space.unlike(np.stack([e.item for e in ends])), strict=True):
        if strange:
            warnings.warn(
                f"{end.name} is unlike the training data: its reconstruction error is higher than that of 99 % of "
                "held-out items, so what is made of it may not look like it (refine may help)",
                UnlikeTrainingWarning,
                stacklevel=3,
            )
