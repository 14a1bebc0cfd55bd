"""Pictures: reading safely, cropping, sizing; and `Pictures`, the kind."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from gaiamorph.data import png
from gaiamorph.data.kinds import CPU, Kind, moved
from gaiamorph.data.store import Row
from gaiamorph.errors import UserError

MOST_PIXELS = 100_000_000
"""A picture with more pixels is not decoded: it is a mistake or a decompression bomb."""
MOST_BYTES = 512 * 2**20
"""A file with more bytes is not read."""
SMALLEST_SIDE = 8
"""A picture with a shorter side is not a photograph of anything."""
# Pillow hands these formats to another program (Ghostscript, the Windows metafile player).
_UNSAFE_FORMATS = {"EPS", "WMF"}


@dataclass(frozen=True)
class Pictures(Kind):
    """Items uint8 (height, width, channels) with 1 or 3 channels; tensors float32 (channels, height, width)."""

    height: int
    width: int
    channels: int
    crop: str = "centre"
    """``centre`` cuts the largest centred square; ``none`` letterboxes: the whole picture on black."""

    name: ClassVar[str] = "pictures"
    suffix: ClassVar[str] = ".png"
    is_image: ClassVar[bool] = True
    network: ClassVar[str] = "conv"
    augmentations: ClassVar[frozenset[str]] = frozenset({"flip", "shift", "affine"})
    decodes_mean_codes: ClassVar[bool] = False

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        return (self.channels, self.height, self.width)

    @property
    def item_shape(self) -> tuple[int, ...]:
        return (self.height, self.width, self.channels)

    def reading(self) -> dict[str, Any]:
        # Pictures that are not square come from an array, which keeps its own size.
        size = self.height if self.height == self.width else None
        return {"size": size, "channels": self.channels, "crop": self.crop}

    def settings(self) -> dict[str, Any]:
        return asdict(self)

    def to_tensor(self, items: np.ndarray, device: torch.device = CPU) -> Tensor:
        items = np.ascontiguousarray(items)
        x = moved(torch.from_numpy(items if items.flags.writeable else items.copy()), device)  # a byte a value
        # NHWC in memory is what channels-last convolutions want: permuting costs nothing here.
        return x.permute(0, 3, 1, 2).float().div_(255)

    def to_items(self, x: Tensor) -> np.ndarray:
        grey_levels = x.detach().float().clamp(0, 1).mul_(255).round_().to(torch.uint8)
        return grey_levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()

    def is_natural(self, items: np.ndarray) -> bool:
        return items.dtype == np.uint8

    def read(self, thing: Any) -> np.ndarray:
        """A path, a PIL picture, or an array: uint8 (H, W), (H, W, 1) or (H, W, 3), or floats in [0, 1]."""
        if isinstance(thing, (str, os.PathLike)):
            path = Path(thing)
            if not path.is_file():
                raise UserError(f"{path} is not a file: give the path of a picture")
            try:
                return self.fit(open_picture(path.read_bytes() if path.stat().st_size <= MOST_BYTES else b""))
            except UnreadableError as error:
                raise UserError(f"{path} cannot be read as a picture: {error}") from error
        try:
            if isinstance(thing, Image.Image):
                return self.fit(_decode(thing))
            return self.fit(_from_array(np.asarray(thing)))
        except (UnreadableError, ValueError) as error:
            raise UserError(f"the picture given cannot be used: {error}") from error

    def fit(self, picture: Image.Image) -> np.ndarray:
        """A decoded picture as one item: cropped or letterboxed, sized with anti-aliasing, 1 or 3 channels."""
        picture = picture.convert("L" if self.channels == 1 else "RGB")
        size = (self.width, self.height)
        if self.crop == "none":
            picture = ImageOps.pad(picture, size, Image.Resampling.LANCZOS, color=0)
        else:
            picture = ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
        return np.asarray(picture).reshape(self.height, self.width, self.channels)

    def write(self, item: np.ndarray, path: Path, scale: int = 1) -> None:
        if scale > 1:
            larger = to_pil(item).resize((self.width * scale, self.height * scale), Image.Resampling.LANCZOS)
            item = np.asarray(larger).reshape(self.height * scale, self.width * scale, -1)
        png.write(item, path)


class UnreadableError(Exception):
    """Why a picture cannot be used, in a few words."""


def to_pil(item: np.ndarray) -> Image.Image:
    """uint8 (H, W, 1 or 3) as a PIL picture."""
    return Image.fromarray(item[..., 0] if item.shape[-1] == 1 else item)


def open_picture(content: bytes) -> Image.Image:
    """Decode one file: first frame, EXIF-rotated, mode L or RGB, transparency on white.

    Raises UnreadableError.
    """
    if not content:
        raise UnreadableError("the file is empty or too large")
    try:
        with warnings.catch_warnings():
            # Pillow warns of odd metadata; the pixels are what counts. Bombs are caught by size below.
            warnings.simplefilter("ignore")
            return _decode(Image.open(io.BytesIO(content), formats=_formats()))
    except UnreadableError:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        bomb = isinstance(error, Image.DecompressionBombError)
        raise UnreadableError(
            "more pixels than are safe to decode" if bomb else "not a known picture format"
        ) from error
    except MemoryError as error:
        raise UnreadableError("not enough memory to decode it") from error
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
        raise UnreadableError(f"damaged ({type(error).__name__}: {str(error)[:80]})") from error


def is_grey(file: BinaryIO) -> bool:
    """Whether a file holds a grey picture, from its header alone. Files that do not open count as grey."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file, formats=_formats()) as picture:
                return picture.mode in _GREY_MODES
    except Exception:
        return True


_GREY_MODES = {"1", "L", "LA", "La", "I", "F", "I;16", "I;16L", "I;16B", "I;16N"}


def _formats() -> list[str]:
    Image.init()
    return [name for name in Image.OPEN if name not in _UNSAFE_FORMATS]


def _decode(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise UnreadableError(f"{width} x {height} is more pixels than are safe to decode")
    if min(width, height) < SMALLEST_SIDE:
        raise UnreadableError(f"only {width} x {height} pixels: at least {SMALLEST_SIDE} on each side are needed")
    picture.load()
    picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
        return _narrow(np.asarray(picture))
    if picture.mode in ("P", "PA", "LA", "La", "RGBA", "RGBa") or "transparency" in picture.info:
        grey = picture.mode in ("LA", "La", "L")
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("L" if grey else "RGB")
    return picture.convert("L" if picture.mode in ("1", "L") else "RGB")


def _narrow(values: np.ndarray) -> Image.Image:
    """16-bit, 32-bit and floating-point grey pictures to 8 bits: by the range of the type, not of the picture,
    so that two pictures of one series stay comparable."""
    if not np.isfinite(values).all():
        raise UnreadableError("it has pixels that are not numbers")
    low, high = float(values.min()), float(values.max())
    is_float = values.dtype.kind == "f"
    top = next((t for t in ((1.0, 255.0, 65535.0) if is_float else (65535.0,)) if high <= t), None)
    if low < 0 or top is None:
        raise UnreadableError(f"its pixel values ({low:g} to {high:g}) have no known scale: save it with 8 or 16 bits")
    return Image.fromarray(np.round(values.astype(np.float64) * (255 / top)).astype(np.uint8))


def _from_array(array: np.ndarray) -> Image.Image:
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[-1] not in (1, 3) or 0 in array.shape:
        raise UnreadableError(f"an array of shape {array.shape} is not (H, W), (H, W, 1) or (H, W, 3)")
    if array.dtype.kind == "f":
        if not np.isfinite(array).all() or array.min() < 0 or array.max() > 1:
            raise UnreadableError("a floating-point array must lie in [0, 1]")
        array = np.round(array * 255).astype(np.uint8)
    if array.dtype != np.uint8:
        raise UnreadableError(f"an array of type {array.dtype} is neither uint8 nor floating-point")
    return to_pil(array)


def find_pictures(folder: Path) -> list[tuple[str, Path]]:
    """(relative name, path) of every file below ``folder`` whose ending Pillow knows, sorted by name.

    Links are followed, but no folder is entered twice, so loops end. Hidden files are passed over.
    """
    Image.init()
    endings = {e for e, name in Image.registered_extensions().items() if name in Image.OPEN} - {".eps", ".ps", ".wmf"}
    found: list[tuple[str, Path]] = []
    entered: set[tuple[int, int]] = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        status = Path(parent).stat()
        if (status.st_dev, status.st_ino) in entered:
            folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for file in files:
            if not file.startswith(".") and os.path.splitext(file)[1].lower() in endings:
                path = Path(parent, file)
                found.append((path.relative_to(folder).as_posix(), path))
    return sorted(found)


def stamp(path: Path) -> tuple[int, int]:
    """Size and modification time (ns): changes when the file does; (-1, 0) for a broken link."""
    try:
        status = path.stat()
        return status.st_size, status.st_mtime_ns
    except OSError:
        return -1, 0


def read_rows(entries: list[tuple[str, Path]], kind: Pictures) -> Iterator[Row]:
    """Rows for the cache, decoded in a few threads (Pillow lets go of the interpreter), in order."""

    def read(entry: tuple[str, Path]) -> Row:
        name, path = entry
        try:
            if path.stat().st_size > MOST_BYTES:
                return Row(name, problem=f"more than {MOST_BYTES // 2**20} MiB")
            content = path.read_bytes()
            return Row(name, hashlib.sha256(content).hexdigest(), kind.fit(open_picture(content)))
        except UnreadableError as error:
            return Row(name, problem=str(error))
        except OSError as error:
            return Row(name, problem=error.strerror or "cannot be opened")

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(entries), 256):  # a window, so that decoded pictures do not pile up
            yield from pool.map(read, entries[start : start + 256])


def rows_from_pil(pictures: Iterable[tuple[str, Image.Image]], kind: Pictures) -> Iterator[Row]:
    """Rows from decoded or lazily opened PIL pictures; the hash is of the fitted pixels."""
    for name, picture in pictures:
        try:
            item = kind.fit(_decode(picture))
            yield Row(name, hashlib.sha256(item.tobytes()).hexdigest(), item)
        except UnreadableError as error:
            yield Row(name, problem=str(error))


def rows_from_array(array: np.ndarray, kind: Pictures, names: list[str]) -> Iterator[Row]:
    """Rows from an array uint8 (N, H, W[, C]), resized to the kind's size."""
    return rows_from_pil(((n, _from_array(np.asarray(a))) for n, a in zip(names, array, strict=True)), kind)
