"""PNG files, written quickly from many threads.

Pillow holds Python's lock while it compresses, so its writing does not go faster with more threads; `zlib` and `isal` let it
go. `isal` compresses pictures as well as `zlib` in a third of the time; it is not there for every processor.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

try:
    from isal import isal_zlib
except ImportError:
    isal_zlib = None

LEVEL, STRATEGY = 1, zlib.Z_RLE
"""Of zlib, and the level of isal. After the filter, photographs come out no smaller at higher levels, nor by a search for
repeats farther apart than one byte, which takes a third of the time more."""
SUB = 1
"""The filter of every row: differences of neighbouring pixels."""


def encode(pixels: np.ndarray) -> bytes:
    """uint8 (H, W, 1 or 3), grey or colour -> the bytes of a PNG file (ISO/IEC 15948)."""
    height, width, channels = pixels.shape
    rows = pixels.reshape(height, width * channels)
    filtered = np.empty((height, 1 + width * channels), np.uint8)
    filtered[:, 0] = SUB
    filtered[:, 1:] = rows
    filtered[:, 1 + channels :] -= rows[:, :-channels]  # modulo 256, as the format wants it
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    compressed = _compressed(filtered.data)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", compressed) + _chunk(b"IEND", b"")


def write(pixels: np.ndarray, path: Path) -> None:
    """Write uint8 (H, W, 1 or 3) as a PNG file."""
    path.write_bytes(encode(pixels))


def _compressed(values: memoryview) -> bytes:
    if isal_zlib is not None:
        return isal_zlib.compress(values, LEVEL)
    packer = zlib.compressobj(LEVEL, strategy=STRATEGY)
    return packer.compress(values) + packer.flush()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
