"""`Pictures`: the kind, and how folders, arrays, the Hub and sample sets become data sets of pictures."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from gaiamorph import drawing
from gaiamorph.data import hub, images, samples, store, synthetic
from gaiamorph.data.images import UnreadableError
from gaiamorph.data.kinds import CPU, Dataset, Kind, Request, moved
from gaiamorph.data.store import Row
from gaiamorph.data.tables import groups_of, read_by_name
from gaiamorph.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

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
        is_path = isinstance(thing, (str, os.PathLike))
        if is_path and not Path(thing).is_file():
            raise UserError(f"{Path(thing)} is not a file: give the path of a picture")
        try:
            return self.fit(images.decode(images.read_bytes(Path(thing)) if is_path else thing))
        except (UnreadableError, ValueError) as error:
            problem = f"{Path(thing)} cannot be read as a picture" if is_path else "the picture given cannot be used"
            raise UserError(f"{problem}: {error}") from error

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
    import pandas as pd

    folder = request.path
    entries = images.find_pictures(folder)
    if not entries:
        raise UserError(f"{folder} holds no pictures: put files that Pillow reads (.png, .jpg, .tif, ...) into it")
    names = [name for name, _ in entries]
    attributes = pd.DataFrame(index=names)
    if (metadata := folder / "metadata.csv").exists():
        attributes = attributes.join(read_by_name(metadata, ("file_name",)))
    folders = [name.rpartition("/")[0] or None for name in names]
    if any(folders):
        attributes["folder" if "label" in attributes.columns else "label"] = folders
    return _open_files(request, "folder", entries, attributes, groups_of(attributes))


def _open_array(request: Request, array: np.ndarray) -> Dataset:
    """Pictures in an ``.npy`` file. Of the right size they are used in place, otherwise they are resized into the cache."""
    height, width = array.shape[1:3]
    array = array.reshape(len(array), height, width, -1)
    if min(height, width) < images.SMALLEST_SIDE:
        raise UserError(f"{request.path} holds pictures of {height} x {width}: at least 8 pixels a side are needed")
    fits = request.size in (None, height) and (request.size is None or width == height)
    if not fits or request.channels not in (None, array.shape[3]):
        description = ["array", str(request.path.resolve()), images.stamp(request.path)]
        return _open_values(request, description, array)
    kind = Pictures(height, width, array.shape[3], request.crop)
    return Dataset.numbered(request, kind, array, request.split(len(array), None))


def _open_values(
    request: Request, description: Any, array: np.ndarray, labels: Sequence[str] | None = None, mirror: bool = True
) -> Dataset:
    """Pictures uint8 (N, H, W, C), resized into the cache."""
    import pandas as pd

    attributes = pd.DataFrame({} if labels is None else {"label": labels}, index=[str(i) for i in range(len(array))])
    entries = zip(attributes.index, array, strict=True)
    return _open_cached(request, description, entries, attributes, lambda: array.shape[3], mirror=mirror)


def _open_hub(request: Request, name: str) -> Dataset:
    table, column = hub.load_hub(name)
    attributes = hub.attributes(table)
    entries = ((row, table[int(row)][column]) for row in attributes.index)
    channels = 3 if len(table) and table[0][column].mode not in ("1", "L") else 1
    description = ["hub", name, getattr(table, "_fingerprint", len(table))]
    return _open_cached(request, description, entries, attributes, lambda: channels, groups_of(attributes))


def _open_sample(request: Request, name: str) -> Dataset:
    if name == "lines":
        if request.size not in (None, synthetic.LINE_SIZE):
            raise UserError(f"sample:lines is {synthetic.LINE_SIZE} x {synthetic.LINE_SIZE}: leave size out")
        items, splits = synthetic.draw_splits("lines", request.seed)
        return Dataset.numbered(request, Pictures(*items.shape[1:]), items, splits, mirror=False)
    if name == "faces":
        import pandas as pd

        entries, people = samples.faces()
        attributes = pd.DataFrame({"person": people}, index=[name for name, _ in entries])
        return _open_files(request, "faces", entries, attributes, np.array(people))
    array, labels = samples.digits() if name == "digits" else samples.fashion()
    description = [name, hashlib.sha256(array.tobytes()).hexdigest()]
    return _open_values(request, description, array[..., None], labels, mirror=name != "digits")


# Into the cache -------------------------------------------------------------------------------------


def _open_files(
    request: Request, what: str, entries: list[tuple[str, Path]], attributes: pd.DataFrame, groups: np.ndarray | None
) -> Dataset:
    description = [what, [[name, *images.stamp(path)] for name, path in entries]]

    def channels() -> int:
        return 1 if all(images.is_grey(path) for _, path in entries) else 3

    return _open_cached(request, description, entries, attributes, channels, groups)


def _open_cached(
    request: Request,
    description: Any,
    entries: Iterable[tuple[str, Any]],
    attributes: pd.DataFrame,
    channels: Callable[[], int],
    groups: np.ndarray | None = None,
    mirror: bool = True,
) -> Dataset:
    """A data set from the cache. ``entries`` and ``channels`` are used only if the cache has to be built.

    entries: (name, picture), where the picture is a path, a PIL picture, or an array. attributes: their table, by name.
    groups: one for each entry, or None.
    """
    size = request.size or DEFAULT_SIZE

    def prepare() -> tuple[Iterator[Row], dict[str, Any]]:
        kind = Pictures(size, size, request.channels or channels(), request.crop)
        return reported(kind), kind.settings()

    def reported(kind: Pictures) -> Iterator[Row]:
        for done, row in enumerate(read_rows(entries, kind), start=1):
            yield row
            if request.report:
                request.report(done, len(attributes))

    stored = store.fetch([size, request.crop, request.channels, description], prepare)
    if len(stored.skipped) > MOST_UNREADABLE * len(attributes):
        name, reason = stored.skipped[0]
        raise UserError(
            f"{len(stored.skipped)} of {len(attributes)} pictures in {request.source} cannot be read "
            f"(the first is {name}: {reason}): remove or repair them"
        )
    kept = attributes.index.get_indexer(stored.names)
    groups = None if groups is None else groups[kept]
    return Dataset(
        request.source, Pictures(**stored.settings), stored.items, stored.names,
        attributes.iloc[kept].reset_index(drop=True), request.split(len(kept), groups), request.seed,
        groups, stored.hashes, stored.skipped, mirror,
    )  # fmt: skip


def read_rows(entries: Iterable[tuple[str, Any]], kind: Pictures) -> Iterator[Row]:
    """Rows for the cache, in order. Decoding runs in a few threads, since Pillow releases the interpreter lock.

    The hash of a row is that of its file, or that of the fitted pixels if there is no file.
    """

    def read(entry: tuple[str, Any]) -> Row:
        name, thing = entry
        try:
            content = images.read_bytes(thing) if isinstance(thing, Path) else None
            item = kind.fit(images.decode(thing if content is None else content))
            return Row(name, hashlib.sha256(item.tobytes() if content is None else content).hexdigest(), item)
        except UnreadableError as error:
            return Row(name, problem=str(error))

    remaining = iter(entries)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        while some := list(islice(remaining, 256)):  # Bounds the memory of decoded pictures.
            yield from pool.map(read, some)
