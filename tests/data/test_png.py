"""Written PNG files are read back the same by Pillow."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gaiamorph.data import png


@pytest.mark.parametrize("shape", [(1, 1, 1), (8, 5, 3), (64, 64, 3), (33, 70, 1), (1, 90, 3)])
@pytest.mark.parametrize("kind", ["noise", "smooth", "flat"])
@pytest.mark.parametrize("library", ["isal", "zlib"])
def test_round_trip(shape, kind, library, monkeypatch):
    if library == "zlib":
        monkeypatch.setattr(png, "isal_zlib", None)
    rng = np.random.default_rng(0)
    height, width, channels = shape
    ramp = np.add.outer(np.arange(height), np.arange(width))[:, :, None] * np.arange(1, channels + 1)
    pixels = {
        "noise": rng.integers(0, 256, shape, np.uint8),
        "smooth": ramp.astype(np.uint8),
        "flat": np.full(shape, 255, np.uint8),
    }[kind]
    picture = Image.open(io.BytesIO(png.encode(pixels)))
    picture.load()
    assert picture.mode == ("L" if channels == 1 else "RGB")
    np.testing.assert_array_equal(np.asarray(picture).reshape(shape), pixels)


def test_views_are_written_as_they_look():
    pixels = np.random.default_rng(0).integers(0, 256, (10, 12, 3), np.uint8)[::-1, ::2]
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png.encode(pixels)))), pixels)
