"""Image files and arrays: found, decoded safely, and brought to 8 bits in grey or colour."""

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from gaiamorph.drawing import to_pil

MOST_PIXELS = 100_000_000
"""A picture with more pixels is not decoded: it may be a decompression bomb."""
MOST_BYTES = 512 * 2**20
"""A larger file is not read."""
SMALLEST_SIDE = 8
"""Pixels that the shorter side of a picture needs."""
_UNSAFE_FORMATS = {"EPS", "WMF"}
"""Pillow gives these formats to another program (Ghostscript, the Windows metafile player)."""
_REASONS: dict[type[Exception], str] = {
    UnidentifiedImageError: "not a known picture format",
    Image.DecompressionBombError: "more pixels than are safe to decode",
    MemoryError: "not enough memory to decode it",
}
GREY_MODES = {"1", "L", "LA", "La", "I", "F", "I;16", "I;16L", "I;16B", "I;16N"}


class UnreadableError(Exception):
    """The reason why a picture cannot be used, in a few words."""


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises UnreadableError if it does not open, or if it is too large."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableError(f"more than {MOST_BYTES // 2**20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(error.strerror or "cannot be opened") from error


def decode(thing: Any) -> Image.Image:
    """A picture in mode L or RGB.

    thing: the content of a file (bytes), a PIL picture, or an array: uint8 (H, W), (H, W, 1) or (H, W, 3), or floats in
        [0, 1]. Of a file the first frame is used, rotated by EXIF. White lies behind transparent pixels.
    Raises UnreadableError.
    """
    if isinstance(thing, Image.Image):
        return _standard(thing)
    if not isinstance(thing, bytes):
        return _from_array(np.asarray(thing))
    if not thing:
        raise UnreadableError("the file is empty")
    try:
        with _opened(io.BytesIO(thing)) as picture:
            return _standard(picture)
    except UnreadableError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files.
        damaged = f"damaged ({type(error).__name__}: {str(error)[:80]})"
        raise UnreadableError(_REASONS.get(type(error), damaged)) from error


def is_grey(path: Path) -> bool:
    """Whether a file holds a grey picture, by its header alone. Files that do not open count as grey."""
    try:
        with _opened(path) as picture:
            return picture.mode in GREY_MODES
    except Exception:
        return True


@contextmanager
def _opened(file: Path | io.BytesIO) -> Iterator[Image.Image]:
    Image.init()
    with warnings.catch_warnings():
        # Pillow warns of odd metadata, which we do not read. Large pictures are refused by `_standard`.
        warnings.simplefilter("ignore")
        with Image.open(file, formats=[name for name in Image.OPEN if name not in _UNSAFE_FORMATS]) as picture:
            yield picture


def _standard(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise UnreadableError(f"{width} x {height} is more pixels than are safe to decode")
    if min(width, height) < SMALLEST_SIDE:
        raise UnreadableError(f"only {width} x {height} pixels: at least {SMALLEST_SIDE} on each side are needed")
    picture.load()
    picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
        return _narrow(np.asarray(picture))
    mode = "L" if picture.mode in GREY_MODES else "RGB"
    if picture.has_transparency_data:
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
    return picture.convert(mode)


def _narrow(values: np.ndarray) -> Image.Image:
    """Grey pictures of 16 bits, 32 bits or floats, scaled to 8 bits by the range of the type.

    The range of the picture itself would make two pictures of one series incomparable.
    """
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
        if not ((array >= 0) & (array <= 1)).all():
            raise UnreadableError("a floating-point array must lie in [0, 1]")
        array = np.round(array * 255).astype(np.uint8)
    if array.dtype != np.uint8:
        raise UnreadableError(f"an array of type {array.dtype} is neither uint8 nor floating-point")
    return to_pil(array)


def find_pictures(folder: Path) -> list[tuple[str, Path]]:
    """(relative name, path) of every file below ``folder`` with an ending that Pillow knows, sorted by name.

    Links are followed, but no folder is entered twice, so loops end. Hidden files are ignored.
    """
    readable = Image.registered_extensions().items()
    endings = {e for e, name in readable if name in Image.OPEN and name not in _UNSAFE_FORMATS}
    found: list[tuple[str, Path]] = []
    entered: set[Path] = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        if (real := Path(parent).resolve()) in entered:
            folders.clear()
            continue
        entered.add(real)
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        paths = [Path(parent, file) for file in files if not file.startswith(".")]
        found += [(path.relative_to(folder).as_posix(), path) for path in paths if path.suffix.lower() in endings]
    return sorted(found)


def stamp(path: Path) -> tuple[int, int]:
    """Size in bytes and modification time in ns; (-1, 0) for a broken link."""
    try:
        status = path.stat()
        return status.st_size, status.st_mtime_ns
    except OSError:
        return -1, 0
