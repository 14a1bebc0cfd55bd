"""`Pictures`: the kind, and how folders, arrays, the Hub and sample sets become data sets, through the cache."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageOps
from torch import Tensor

from gaiamorph import drawing
from gaiamorph.data import cache, hub, images, oddities, samples, synthetic
from gaiamorph.data.alignment import Alignment
from gaiamorph.data.alignment.rule import ENLARGED, MOST_MISSING
from gaiamorph.data.appearance import Appearance
from gaiamorph.data.finding import find
from gaiamorph.data.kinds import CPU, Dataset, Kind, Request, moved, numbered
from gaiamorph.data.names import described
from gaiamorph.data.tables import read_arrays
from gaiamorph.errors import UserError, telling
from gaiamorph.sound.playback import Playback

DEFAULT_SIZE = 32
MOST_FULL = 1024
"""By default, frames have no more pixels a side, however large the photographs are."""


@dataclass(frozen=True)
class Pictures(Kind):
    """Items uint8 (height, width, channels) with 1 or 3 channels; tensors float32 (channels, height, width)."""

    height: int
    width: int
    channels: int
    crop: str = "centre"
    """``centre`` cuts the largest centred square. ``none`` letterboxes: the whole picture on black."""
    align: Alignment | None = None
    """Photographs are aligned first."""

    name: ClassVar[str] = "pictures"
    suffix: ClassVar[str] = ".png"
    dtype: ClassVar[type[np.generic]] = np.uint8
    is_image: ClassVar[bool] = True
    has_photographs: ClassVar[bool] = True
    network: ClassVar[str] = "conv"
    details: ClassVar[tuple[str, ...]] = ("carried", "added", "none")
    augmentations: ClassVar[frozenset[str]] = frozenset({"flip", "shift", "affine"})
    decodes_mean_codes: ClassVar[bool] = False
    tensor: ClassVar[str] = (
        "(channels, height, width): pixels / 255 of the picture, aligned if `align` says so, cropped or padded, and resized with "
        "Lanczos"
    )
    sources: ClassVar[str] = "a folder of pictures, an .npy of pictures, or hub:owner/name"
    samples: ClassVar[tuple[str, ...]] = ("faces", "digits", "fashion", "lines")

    @classmethod
    def open(cls, request: Request) -> Dataset | None:
        where, _, name = request.source.partition(":")
        if where == "sample" and name in cls.samples:
            return replace(_open_sample(request, name), notes=[])  # nobody can mend a sample set
        if where == "hub":
            return _open_hub(request, name) if hub.holds(name) == "pictures" else None
        if request.path.is_dir():
            return _open_folder(request)
        return _open_array(request) if request.path.suffix.lower() == ".npy" else None

    def __post_init__(self) -> None:
        object.__setattr__(self, "align", Alignment.of(self.align))  # a space file has plain JSON

    def settings(self) -> dict[str, Any]:
        settings = super().settings()
        if self.align is None:  # as spaces had it before there was an alignment: their SHA-256 stays the same
            del settings["align"]
        return settings

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.channels, self.height, self.width)

    @property
    def item_shape(self) -> tuple[int, ...]:
        return (self.height, self.width, self.channels)

    def reading(self) -> dict[str, Any]:
        # Only an array holds pictures that are not square. It keeps its own size.
        size = self.height if self.height == self.width else None
        return {"size": size, "channels": self.channels, "crop": self.crop, "align": self.align or False}

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
        is_item = isinstance(thing, np.ndarray) and thing.shape == self.item_shape and self.is_natural(thing)
        return thing if is_item else self.photograph(thing)

    def photograph(self, original: Any) -> np.ndarray:
        is_path = isinstance(original, (str, os.PathLike))
        if is_path and not Path(original).is_file():
            raise UserError(f"{Path(original)} is not a file: give the path of a picture")
        with telling(
            f"{Path(original)} cannot be read as a picture" if is_path else "the picture given cannot be used"
        ):
            path = Path(original) if is_path else None
            return self.fit(images.decode(images.read_bytes(path) if path else original), path)

    def fit(self, picture: Image.Image, path: Path | None = None) -> np.ndarray:
        """A decoded picture as one item: aligned, cropped or letterboxed, resized with anti-aliasing, 1 or 3 channels.

        Raises UnreadableError if it cannot be aligned.
        """
        if self.align and not self.align.is_done(picture, path):
            rule = replace(self.align, size=max(self.align.size, self.height))
            picture = drawing.to_pil(rule.largest(np.asarray(picture), path).picture)
        picture = picture.convert("L" if self.channels == 1 else "RGB")
        resize = ImageOps.pad if self.crop == "none" else ImageOps.fit
        fitted = resize(picture, (self.width, self.height), Image.Resampling.LANCZOS)
        return np.asarray(fitted).reshape(self.item_shape)

    def full_size(self, original: Any) -> int:
        """That of the alignment's pictures, or of the whole original where nothing is aligned; 1,024 at most.

        A small photograph is enlarged no more than twice.
        """
        if self.align:
            full = min(self.align.size, round(ENLARGED * self.align.size / self._enlarged(original)))
        else:
            width, height = images.size_of(original)
            scales = width / self.width, height / self.height
            full = round((max(scales) if self.crop == "none" else min(scales)) * max(self.width, self.height))
        return max(min(full, MOST_FULL), self.width, self.height)

    def _enlarged(self, original: Any) -> float:
        """How many times the alignment enlarges a photograph; 1 if it is aligned already."""
        from gaiamorph.data.alignment.transform import scale_of

        assert self.align
        path = Path(original) if isinstance(original, (str, os.PathLike)) else None
        with telling("the picture given cannot be used" if path is None else f"{path} cannot be read as a picture"):
            picture = images.decode(images.read_bytes(path) if path else original)
            if self.align.is_done(picture, path):
                return 1.0
            return scale_of(self.align.largest(np.asarray(picture), path).transform)

    def at(self, size: int) -> "Pictures":
        scale = size / max(self.width, self.height)
        return replace(self, height=round(self.height * scale), width=round(self.width * scale))

    def placed(self, path: Path) -> tuple[np.ndarray, np.ndarray]:
        with telling(f"{path} cannot be read as a picture"):
            picture = images.decode(images.read_bytes(path))
            transform, size = np.eye(2, 3), picture.size
            if self.align and not self.align.is_done(picture, path):
                transform = self.align.largest(np.asarray(picture), path).transform
                size = (self.align.size, self.align.size)
        # As `fit` crops or letterboxes: both keep the centre. Pixels begin half a pixel before their centre.
        scales = self.width / size[0], self.height / size[1]
        scale = min(scales) if self.crop == "none" else max(scales)
        shift = [
            (side - scale * (whole - 1) - 1) / 2 for side, whole in zip((self.width, self.height), size, strict=True)
        ]
        return np.asarray(picture.convert("RGB")), scale * transform + np.column_stack([np.zeros((2, 2)), shift])

    def pictures(self, items: np.ndarray) -> np.ndarray:
        return items

    def prepared(
        self, items: Sequence[np.ndarray], playback: Playback = Playback(), appearance: Appearance = Appearance()
    ) -> tuple[Sequence[np.ndarray], list[dict[str, Any]]]:
        if appearance == Appearance():
            return items, [{} for _ in items]
        return appearance.prepared(items), [asdict(appearance) for _ in items]

    def write(self, item: np.ndarray, path: Path, scale: int = 1) -> None:
        drawing.write_png(item, path, scale)


def _open_folder(request: Request) -> Dataset | None:
    folder = request.path
    found = find(folder)
    if len(found.recordings) > len(found.pictures):
        return None
    if not (entries := found.pictures):
        raise UserError(oddities.no_pictures(folder, found))
    if request.align is None:
        request = replace(request, align=Alignment.read(folder))
    attributes, of_table = described(folder, [name for name, _ in entries])
    results = oddities.counted(len(found.results), "folder", "holds/hold")
    notes = [f"{results} results of gaiamorph, whose figures are not read\n{oddities.listed(found.results)}"]
    data = _open_cached(request, _stamped("folder", entries), entries, attributes, original=dict(entries).__getitem__)
    data.skipped = sorted([*data.skipped, *found.skipped])
    data.notes = [*(notes if found.results else []), *of_table, *data.notes]
    return data


def _open_array(request: Request) -> Dataset | None:
    """Pictures in an ``.npy`` file, uint8 (N, H, W) or (N, H, W, 1 or 3), or None if it holds none.

    Pictures of the right size are used in place, others are resized into the cache.
    """
    array = read_arrays(request.path)["x"]
    if array.dtype != np.uint8 or not (array.ndim == 3 or (array.ndim == 4 and array.shape[3] in (1, 3))):
        return None
    height, width = array.shape[1:3]
    array = array.reshape(len(array), height, width, -1)
    if min(height, width) < images.SMALLEST_SIDE:
        raise UserError(f"{request.path} holds pictures of {height} x {width}: at least 8 pixels a side are needed")
    names, attributes = numbered(len(array))
    fits = (request.size is None or request.size == height == width) and not request.align
    if fits and request.channels in (None, array.shape[3]):
        kind = Pictures(*array.shape[1:], crop=request.crop)
        return Dataset(request.source, kind, array, names, attributes, request.split(attributes)[0])
    key = ["array", str(request.path.resolve()), images.stamp(request.path)]
    entries = zip(names, array, strict=True)
    table, channels = attributes.set_axis(names), array.shape[3]
    return _open_cached(request, key, entries, table, channels, original=lambda name: array[int(name)])


def _open_hub(request: Request, name: str) -> Dataset:
    pictures, attributes, notes = hub.files(name, "pictures")
    data = _open_cached(request, ["hub", name, *pictures.key], pictures, attributes, original=pictures.original)
    data.notes = [*notes, *data.notes]
    return data


def _open_sample(request: Request, name: str) -> Dataset:
    if name == "lines":
        if request.size not in (None, synthetic.LINE_SIZE):
            raise UserError(f"sample:lines is {synthetic.LINE_SIZE} x {synthetic.LINE_SIZE}: leave size out")
        items, splits = synthetic.draw_splits("lines", request.seed)
        kind = Pictures(*items.shape[1:])
        return Dataset(request.source, kind, items, *numbered(len(items)), splits, mirror=False)
    if name == "faces":
        entries, people = samples.faces()
        if request.align is None:
            request = replace(request, align=samples.FACES_ALIGNED)
        attributes = pd.DataFrame({"person": people}, index=[name for name, _ in entries])
        key, original = _stamped("faces", entries), dict(entries).__getitem__
        return _open_cached(request, key, entries, attributes, group="person", original=original)
    array, labels = samples.digits() if name == "digits" else samples.fashion()
    attributes = pd.DataFrame({"label": labels}, index=[str(i) for i in range(len(array))])
    key = [name, hashlib.sha256(array.tobytes()).hexdigest()]
    return _open_cached(request, key, zip(attributes.index, array, strict=True), attributes, 1, mirror=name != "digits")


def _open_cached(
    request: Request,
    key: Any,
    entries: Iterable[tuple[str, Any]],
    attributes: pd.DataFrame,
    channels: int | None = None,
    group: str = "group",
    mirror: bool = True,
    original: Callable[[str], Any] | None = None,
) -> Dataset:
    """A data set from the cache.

    key: identifies the pictures, in plain JSON.
    entries: (name, picture), where the picture is a path or what `images.examine` takes.
    original: as in `Dataset`.
    attributes: a table with the names as index. group: its column of groups.
    channels: of the items. By default 1 if all files are grey, otherwise 3. Arrays need it.
    """
    size = request.size or DEFAULT_SIZE
    rule = Alignment.of(request.align)

    def build(folder: Path) -> None:
        wanted = request.channels or channels or (1 if all(images.is_grey(file) for _, file in entries) else 3)
        kind = Pictures(size, size, wanted, request.crop, rule)
        cache.write(folder, entries, kind.fit, len(attributes), request.report)

    folder, sources = cache.cached([size, request.crop, request.channels, rule and rule.key, key], build)
    names, skipped = sources.names, sources.skipped
    damaged = [(name, reason) for name, reason in skipped if reason != images.NO_PICTURE]
    if len(damaged) > (MOST_MISSING if rule else oddities.MOST_UNREADABLE) * len(attributes) or not names:
        what = f"{len(skipped)} of {len(attributes)} pictures in {request.source} cannot be {'aligned' if rule else 'read'}"
        raise oddities.too_many(what, damaged or skipped)
    attributes = attributes.loc[names].reset_index(drop=True)
    splits, groups = request.split(attributes, group)
    items = np.memmap(folder / "items.bin", np.uint8, "r").reshape(len(names), size, size, -1)
    notes = oddities.odd_pictures(names, sources.facts, size, "aligned" if rule else request.crop)
    return Dataset(
        request.source, Pictures(*items.shape[1:], request.crop, rule), items, names, attributes, splits, groups,
        sources.hashes, skipped, [*oddities.doubles(names, sources.families, splits, groups), *notes], mirror, original,
    )  # fmt: skip


def _stamped(what: str, entries: list[tuple[str, Path]]) -> list[Any]:
    """A key of files: names, sizes and times."""
    return [what, [[name, *images.stamp(path)] for name, path in entries]]
