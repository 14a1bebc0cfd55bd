"""Image files and arrays: decoded safely, and brought to 8 bits in grey or sRGB."""

import importlib.util
import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from gaiamorph.data.colour import to_srgb
from gaiamorph.drawing import to_pil
from gaiamorph.errors import UnreadableError

MOST_PIXELS = 100_000_000
"""A picture with more pixels is not decoded: it may be a decompression bomb."""
MOST_BYTES = 512 * 2**20
"""A larger file is not read."""
SMALLEST_SIDE = 8
"""Pixels that the shorter side of a picture needs."""
NOT_OPENED = {"EPS", "WMF", "BUFR", "GRIB", "HDF5", "MPEG"}
"""Pillow gives the first two formats to another program (Ghostscript, the Windows metafile player). It knows the others by
name alone: they hold data or films."""
HEIF_ENDINGS = {".heic", ".heif", ".hif"}
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}
"""After ``ftyp``, at the fifth byte of a HEIF file."""
ORIENTATION = ExifTags.Base.Orientation
NO_HEIF = "a HEIF picture: pip install 'gaiamorph[heif]', or export it as .jpg"
NO_PICTURE = "the row has no picture"
HAS_HEIF = importlib.util.find_spec("pillow_heif") is not None
_REASONS: dict[type[Exception], str] = {
    UnidentifiedImageError: "not a known picture format",
    Image.DecompressionBombError: "more pixels than are safe to decode",
    MemoryError: "not enough memory to decode it",
}
GREY_MODES = {"1", "L", "LA", "La", "I", "F", "I;16", "I;16L", "I;16B", "I;16N"}


class Facts(NamedTuple):
    """What is told about a picture beside its pixels.

    width, height: before it was cropped and resized. top: the highest value of a picture of 16 bits, otherwise 0.
    several: whether the file holds more pictures. bad_profile: whether its colour profile cannot be used.
    grey: whether it is grey although it is kept in colour.
    """

    width: int
    height: int
    top: int = 0
    several: bool = False
    bad_profile: bool = False
    grey: bool = False


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises UnreadableError if it does not open, or if it is too large."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableError(f"more than {MOST_BYTES // 2**20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(error.strerror or "cannot be opened") from error


def decode(thing: Any) -> Image.Image:
    """A picture in mode L or RGB, as `examine` gives it."""
    return examine(thing)[0]


def examine(thing: Any) -> tuple[Image.Image, Facts]:
    """A picture in mode L or RGB, and what is told about it.

    thing: the content of a file (bytes), a PIL picture, or an array: uint8 (H, W), (H, W, 1) or (H, W, 3), or floats in
        [0, 1]. Of a file the first frame is used, rotated by EXIF, in sRGB. White lies behind transparent pixels.
    Raises UnreadableError.
    """
    if isinstance(thing, Image.Image):
        return _standard(thing)
    if thing is None:
        raise UnreadableError(NO_PICTURE)
    if not isinstance(thing, bytes):
        picture = _from_array(np.asarray(thing))
        return picture, Facts(*picture.size)
    if not thing:
        raise UnreadableError("the file is empty")
    try:
        with _opened(io.BytesIO(thing)) as picture:
            return _standard(picture)
    except UnreadableError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files.
        if is_heif(thing) and not HAS_HEIF:
            raise UnreadableError(NO_HEIF) from error
        damaged = f"damaged ({type(error).__name__}: {str(error)[:80]})"
        raise UnreadableError(_REASONS.get(type(error), damaged)) from error


def is_heif(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a HEIF picture, whatever its ending."""
    return head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS


def size_of(original: Any) -> tuple[int, int]:
    """Width and height of what `decode` takes, or of a path, by the header alone where there is one."""
    if isinstance(original, np.ndarray):
        return original.shape[1], original.shape[0]
    if isinstance(original, Image.Image):
        return _turned(original)
    with _opened(io.BytesIO(original) if isinstance(original, bytes) else Path(original)) as picture:
        return _turned(picture)


def _turned(picture: Image.Image) -> tuple[int, int]:
    """Width and height after the rotation by EXIF. From 5 on it is a quarter turn."""
    width, height = picture.size
    return (height, width) if picture.getexif().get(ORIENTATION, 1) >= 5 else (width, height)


def is_grey(file: Path | bytes | None) -> bool:
    """Whether a file, or its content, is a grey picture, by its header alone. What does not open counts as grey."""
    try:
        with _opened(io.BytesIO(file or b"") if not isinstance(file, Path) else file) as picture:
            return picture.mode in GREY_MODES
    except Exception:
        return True


@contextmanager
def quiet() -> Iterator[None]:
    """Without Pillow's warnings of odd metadata, which we do not read, and of large pictures, which `examine` refuses.

    Filters of warnings belong to the process. Threads that set them undo each other's settings, so only the main one does.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _opened(file: Path | io.BytesIO) -> Iterator[Image.Image]:
    with open(file, "rb") if isinstance(file, Path) else file as content, quiet():
        if is_heif(content.read(12)) and HAS_HEIF:
            import pillow_heif

            pillow_heif.register_heif_opener()
        content.seek(0)
        with Image.open(content, formats=readable_formats()) as picture:
            yield picture


def readable_formats() -> list[str]:
    """Formats that Pillow reads by itself, safely."""
    Image.init()
    return [name for name in Image.OPEN if name not in NOT_OPENED]


def _standard(picture: Image.Image) -> tuple[Image.Image, Facts]:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise UnreadableError(f"{width} x {height} is more pixels than are safe to decode")
    if min(width, height) < SMALLEST_SIDE:
        raise UnreadableError(f"only {width} x {height} pixels: at least {SMALLEST_SIDE} on each side are needed")
    # The second picture of an MPO file, which phones write, is no other photograph.
    several = picture.format != "MPO" and getattr(picture, "is_animated", False)
    # Pillow keeps the high byte of colours of 16 bits.
    deep_colour = ";16" in str(getattr(picture, "tile", "")) and picture.mode in ("RGB", "RGBA")
    profile = picture.info.get("icc_profile")
    picture.load()
    top = 256 * max(high for _, high in picture.getextrema()[:3]) + 255 if deep_colour else 0  # type: ignore[index,misc]
    if picture.getexif().get(ORIENTATION, 1) != 1:  # Otherwise it would only be copied.
        picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
        picture, top = _narrow(np.asarray(picture))
    mode = "L" if picture.mode in GREY_MODES else "RGB"
    usable = True
    if profile:
        picture, usable = to_srgb(picture, profile, grey=mode == "L")
    if picture.has_transparency_data:
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
    return _as(mode, picture), Facts(*picture.size, top, several, not usable)


def _as(mode: str, picture: Image.Image) -> Image.Image:
    return picture if picture.mode == mode else picture.convert(mode)  # Pillow copies a picture of the same mode.


def _narrow(values: np.ndarray) -> tuple[Image.Image, int]:
    """Grey pictures of 16 bits, 32 bits or floats, scaled to 8 bits by the range of the type, and the highest integer.

    The range of the picture itself would make two pictures of one series incomparable.
    """
    if not np.isfinite(values).all():
        raise UnreadableError("it has pixels that are not numbers")
    low, high = float(values.min()), float(values.max())
    is_float = values.dtype.kind == "f"
    top = next((t for t in ((1.0, 255.0, 65535.0) if is_float else (65535.0,)) if high <= t), None)
    if low < 0 or top is None:
        raise UnreadableError(f"its pixel values ({low:g} to {high:g}) have no known scale: save it with 8 or 16 bits")
    narrow = Image.fromarray(np.round(values.astype(np.float64) * (255 / top)).astype(np.uint8))
    return narrow, 0 if is_float else int(high)


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


def stamp(path: Path) -> tuple[int, int]:
    """Size in bytes and modification time in ns; (-1, 0) for a broken link."""
    try:
        status = path.stat()
        return status.st_size, status.st_mtime_ns
    except OSError:
        return -1, 0
