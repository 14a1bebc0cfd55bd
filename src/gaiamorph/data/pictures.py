"""`Pictures`: the kind, and how folders, arrays, the Hub and sample sets become data sets of pictures."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageOps
from torch import Tensor

from gaiamorph import drawing
from gaiamorph.data import hub, images, samples, store, synthetic
from gaiamorph.data.images import MOST_BYTES, UnreadableError
from gaiamorph.data.kinds import CPU, Dataset, Kind, Request, moved
from gaiamorph.data.store import Row, Stored
from gaiamorph.data.tables import groups_of, read_by_name
from gaiamorph.errors import UserError

DEFAULT_SIZE = 32
MOST_UNREADABLE = 0.05
"""A larger share of unreadable files is an error."""


@dataclass(frozen=True)
class Pictures(Kind):
    """Items uint8 (height, width, channels) with 1 or 3 channels; tensors float32 (channels, height, width)."""

    height: int
    width: int
    channels: int
    crop: str = "centre"
    """``centre`` cuts the largest centred square. ``none`` letterboxes: the whole picture on black."""

    name: ClassVar[str] = "pictures"
    suffix: ClassVar[str] = ".png"
    dtype: ClassVar[type[np.generic]] = np.uint8
    is_image: ClassVar[bool] = True
    network: ClassVar[str] = "conv"
    augmentations: ClassVar[frozenset[str]] = frozenset({"flip", "shift", "affine"})
    decodes_mean_codes: ClassVar[bool] = False
    sources: ClassVar[str] = "a folder of pictures, an .npy of pictures, or hub:owner/name"
    samples: ClassVar[tuple[str, ...]] = ("faces", "digits", "fashion", "lines")

    @classmethod
    def open(cls, request: Request) -> Dataset | None:
        source = request.source
        if source.startswith("sample:"):
            return _open_sample(request, source[7:]) if source[7:] in cls.samples else None
        if source.startswith("hub:"):
            return _open_hub(request, source[4:])
        if request.path.is_dir():
            return _open_folder(request)
        array = images.array_from(request.path) if request.path.suffix.lower() == ".npy" else None
        return None if array is None else _open_array(request, array)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.channels, self.height, self.width)

    @property
    def item_shape(self) -> tuple[int, ...]:
        return (self.height, self.width, self.channels)

    def settings(self) -> dict[str, Any]:
        return asdict(self)

    def reading(self) -> dict[str, Any]:
        # Only an array holds pictures that are not square. It keeps its own size.
        size = self.height if self.height == self.width else None
        return {"size": size, "channels": self.channels, "crop": self.crop}

    def to_tensor(self, items: np.ndarray, device: torch.device = CPU) -> Tensor:
        items = np.ascontiguousarray(items)
        # The copy to the device takes one byte a value. Permuting gives channels-last memory at no cost.
        x = moved(torch.from_numpy(items if items.flags.writeable else items.copy()), device)
        return x.permute(0, 3, 1, 2).float().div_(255)

    def to_items(self, x: Tensor) -> np.ndarray:
        grey_levels = x.detach().float().clamp(0, 1).mul_(255).round_().to(torch.uint8)
        return grey_levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()

    def read(self, thing: Any) -> np.ndarray:
        """A path, a PIL picture, or an array: uint8 (H, W), (H, W, 1) or (H, W, 3), or floats in [0, 1]."""
        if isinstance(thing, (str, os.PathLike)):
            path = Path(thing)
            if not path.is_file():
                raise UserError(f"{path} is not a file: give the path of a picture")
            try:
                return self.fit(images.open_picture(path.read_bytes() if path.stat().st_size <= MOST_BYTES else b""))
            except UnreadableError as error:
                raise UserError(f"{path} cannot be read as a picture: {error}") from error
        try:
            if isinstance(thing, Image.Image):
                return self.fit(images.decode(thing))
            return self.fit(images.from_array(np.asarray(thing)))
        except (UnreadableError, ValueError) as error:
            raise UserError(f"the picture given cannot be used: {error}") from error

    def fit(self, picture: Image.Image) -> np.ndarray:
        """A decoded picture as one item: cropped or letterboxed, resized with anti-aliasing, 1 or 3 channels."""
        picture = picture.convert("L" if self.channels == 1 else "RGB")
        size = (self.width, self.height)
        if self.crop == "none":
            picture = ImageOps.pad(picture, size, Image.Resampling.LANCZOS, color=0)
        else:
            picture = ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
        return np.asarray(picture).reshape(self.item_shape)

    def pictures(self, items: np.ndarray) -> np.ndarray:
        return items

    def write(self, item: np.ndarray, path: Path, scale: int = 1) -> None:
        drawing.write_png(item, path, scale)


def _open_folder(request: Request) -> Dataset:
    folder = request.path
    entries = images.find_pictures(folder)
    if not entries:
        raise UserError(f"{folder} holds no pictures: put files that Pillow reads (.png, .jpg, .tif, ...) into it")
    metadata = folder / "metadata.csv"
    table = read_by_name(metadata, ("file_name",)) if metadata.exists() else pd.DataFrame()
    kind, stored = _read_files(
        request, "folder", entries, lambda: 1 if all(images.is_grey(path) for _, path in entries) else 3
    )
    attributes = pd.DataFrame(index=pd.Index(stored.names)).join(table)
    folders = [name.rpartition("/")[0] or None for name in stored.names]
    if any(folders):
        attributes["folder" if "label" in attributes.columns else "label"] = folders
    attributes = attributes.reset_index(drop=True)
    return _dataset(request, kind, stored, attributes, groups_of(attributes))


def _open_array(request: Request, array: np.ndarray) -> Dataset:
    """Pictures in an ``.npy`` file. Of the right size they are used in place, otherwise they are resized into the cache."""
    height, width = array.shape[1:3]
    array = array.reshape(len(array), height, width, -1)
    fits = request.size in (None, height) and (request.size is None or width == height)
    if not fits or request.channels not in (None, array.shape[3]):
        return _dataset(
            request, *_read_array(request, ["array", str(request.path.resolve()), images.stamp(request.path)], array)
        )
    if min(height, width) < images.SMALLEST_SIDE:
        raise UserError(f"{request.path} holds pictures of {height} x {width}: at least 8 pixels a side are needed")
    kind = Pictures(height, width, array.shape[3], request.crop)
    return _dataset(request, kind, Stored(array, [str(i) for i in range(len(array))], []))


def _open_hub(request: Request, name: str) -> Dataset:
    table, column = hub.load_hub(name)
    channels = 3 if len(table) and table[0][column].mode not in ("1", "L") else 1
    description = ["hub", name, getattr(table, "_fingerprint", len(table))]
    rows = ((str(i), table[i][column]) for i in range(len(table)))
    kind, stored = _fetch(request, description, len(table), lambda kind: _rows_from_pil(rows, kind), lambda: channels)
    kept = [int(row) for row in stored.names]
    attributes = hub.attributes(table).iloc[kept].reset_index(drop=True)
    return _dataset(request, kind, stored, attributes, groups_of(attributes))


def _open_sample(request: Request, name: str) -> Dataset:
    if name == "lines":
        return _open_lines(request)
    if name == "faces":
        entries, people = samples.faces()
        read = _read_files(request, "faces", entries, lambda: 1)
        return _dataset(request, *read, pd.DataFrame({"person": people}), np.array(people))
    array, labels = samples.digits() if name == "digits" else samples.fashion()
    read = _read_array(request, [name, hashlib.sha256(array.tobytes()).hexdigest()], array[..., None])
    return _dataset(request, *read, pd.DataFrame({"label": labels}), mirror=name != "digits")


def _open_lines(request: Request) -> Dataset:
    size = synthetic.LINE_SIZE
    if request.size not in (None, size):
        raise UserError(f"sample:lines is {size} x {size}: leave size out")
    items, splits = synthetic.draw_splits("lines", request.seed)
    names = [str(i) for i in range(len(items))]
    table = pd.DataFrame(index=range(len(items)))
    return Dataset(request.source, Pictures(size, size, 1), items, names, table, splits, request.seed, mirror=False)


def _dataset(
    request: Request,
    kind: Pictures,
    stored: Stored,
    attributes: pd.DataFrame | None = None,
    groups: np.ndarray | None = None,
    mirror: bool = True,
) -> Dataset:
    splits = request.split(len(stored.items), groups)
    table = pd.DataFrame(index=range(len(stored.items))) if attributes is None else attributes
    return Dataset(
        request.source, kind, stored.items, stored.names, table, splits, request.seed,
        groups, stored.hashes, stored.skipped, mirror,
    )  # fmt: skip


# Into the cache -------------------------------------------------------------------------------------


def _fetch(
    request: Request,
    description: Any,
    count: int,
    rows: Callable[[Pictures], Iterable[Row]],
    channels: Callable[[], int],
) -> tuple[Pictures, Stored]:
    """Pictures from the cache, and their kind. ``rows`` and ``channels`` are called only if the cache has to be built."""
    size = request.size or DEFAULT_SIZE

    def prepare() -> tuple[Iterable[Row], dict[str, Any]]:
        kind = Pictures(size, size, request.channels or channels(), request.crop)
        return reported(kind), {"kind": kind.settings()}

    def reported(kind: Pictures) -> Iterator[Row]:
        for done, row in enumerate(rows(kind), start=1):
            yield row
            if request.report:
                request.report(done, count)

    stored = store.fetch(store.key_of([size, request.crop, request.channels, description]), prepare)
    if len(stored.skipped) > MOST_UNREADABLE * count:
        name, reason = stored.skipped[0]
        raise UserError(
            f"{len(stored.skipped)} of {count} pictures in {request.source} cannot be read "
            f"(the first is {name}: {reason}): remove or repair them"
        )
    return Pictures(**stored.extra["kind"]), stored


def _read_files(
    request: Request, what: str, entries: list[tuple[str, Path]], channels: Callable[[], int]
) -> tuple[Pictures, Stored]:
    stamps = [[name, *images.stamp(path)] for name, path in entries]
    return _fetch(request, [what, stamps], len(entries), lambda kind: read_rows(entries, kind), channels)


def _read_array(request: Request, description: Any, array: np.ndarray) -> tuple[Pictures, Stored]:
    """array: uint8 (N, H, W, C)."""
    pictures = ((str(i), images.from_array(np.asarray(item))) for i, item in enumerate(array))
    return _fetch(request, description, len(array), lambda kind: _rows_from_pil(pictures, kind), lambda: array.shape[3])


def read_rows(entries: list[tuple[str, Path]], kind: Pictures) -> Iterator[Row]:
    """Rows for the cache, in order. Decoding runs in a few threads, since Pillow releases the interpreter lock."""

    def read(entry: tuple[str, Path]) -> Row:
        name, path = entry
        try:
            if path.stat().st_size > MOST_BYTES:
                return Row(name, problem=f"more than {MOST_BYTES // 2**20} MiB")
            content = path.read_bytes()
            return Row(name, hashlib.sha256(content).hexdigest(), kind.fit(images.open_picture(content)))
        except UnreadableError as error:
            return Row(name, problem=str(error))
        except OSError as error:
            return Row(name, problem=error.strerror or "cannot be opened")

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(entries), 256):  # Bounds the memory of decoded pictures.
            yield from pool.map(read, entries[start : start + 256])


def _rows_from_pil(pictures: Iterable[tuple[str, Image.Image]], kind: Pictures) -> Iterator[Row]:
    """Rows from PIL pictures. The hash is that of the fitted pixels."""
    for name, picture in pictures:
        try:
            item = kind.fit(images.decode(picture))
            yield Row(name, hashlib.sha256(item.tobytes()).hexdigest(), item)
        except UnreadableError as error:
            yield Row(name, problem=str(error))
