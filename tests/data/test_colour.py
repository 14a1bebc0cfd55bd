"""Colour profiles: what is seen on a screen is what is trained on."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from gaiamorph.data.images import decode, examine

TO_XYZ = {
    "srgb": [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]],
    "adobe": [[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]],
    "p3": [[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]],
    "prophoto": [[0.79767, 0.13519, 0.03134], [0.28804, 0.71187, 0.00009], [0, 0, 0.82491]],
}
"""Primaries under D50, as in the profiles of these names."""
GAMMA = {"adobe": 2.19921875, "p3": 2.19921875, "prophoto": 1.80078125}


def fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(v * 65536) for v in values))


def profile(space: bytes, tags: dict[bytes, bytes], pcs: bytes = b"XYZ ") -> bytes:
    """An ICC profile, version 2.4."""
    start, table, data = 128 + 4 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    head = struct.pack(">I4xI4s4s4s12x4s28x", start + len(data), 0x02400000, b"mntr", space, pcs, b"acsp")
    return (head + fixed(0.9642, 1, 0.8249)).ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def rgb_profile(name: str) -> bytes:
    tags = {}
    for channel, xyz in zip((b"r", b"g", b"b"), np.array(TO_XYZ[name]).T, strict=True):
        tags |= {channel + b"XYZ": b"XYZ \0\0\0\0" + fixed(*xyz), channel + b"TRC": gamma(GAMMA[name])}
    return profile(b"RGB ", tags)


def saved(picture: Image.Image, icc: bytes | None, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, icc_profile=icc)
    return buffer.getvalue()


def in_srgb(colour: tuple[int, ...], name: str) -> np.ndarray:
    """By the definitions: linear light, XYZ, linear sRGB, sRGB."""
    light = (np.array(colour) / 255) ** GAMMA[name]
    linear = np.linalg.solve(TO_XYZ["srgb"], np.array(TO_XYZ[name]) @ light).clip(0, 1)
    return 255 * np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("name", ["adobe", "p3", "prophoto"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_wide_colours_become_srgb(name, mode):
    colour = (160, 130, 90)
    picture = Image.new("RGB", (16, 16), colour)
    content = saved(picture.quantize() if mode == "P" else picture.convert(mode), rgb_profile(name))
    found = np.asarray(decode(content)).reshape(-1, 3).mean(0)
    assert np.abs(found - in_srgb(colour, name)).max() < 2
    assert np.abs(np.array(colour) - in_srgb(colour, name)).max() > 5, "the test would not notice a missing conversion"


def test_strong_colours_are_far_off_without_their_profile():
    found = np.asarray(decode(saved(Image.new("RGB", (16, 16), (200, 40, 40)), rgb_profile("adobe"))))
    assert found[0, 0, 0] > 225


def test_grey_profile():
    linear = profile(b"GRAY", {b"kTRC": gamma(1)})
    picture = decode(saved(Image.new("L", (16, 16), 128), linear))
    assert picture.mode == "L"
    assert abs(picture.getpixel((0, 0)) - 188) <= 1


def test_a_grey_picture_with_a_profile_of_colours_stays_grey():
    picture, facts = examine(saved(Image.new("L", (16, 16), 128), rgb_profile("prophoto")))
    assert picture.mode == "L"
    assert not facts.bad_profile
    assert abs(picture.getpixel((0, 0)) - in_srgb((128, 128, 128), "prophoto")[0]) < 2


def test_inks_with_a_profile():
    """The profile says that every ink is grey, which no conversion without it would give."""
    inks = np.indices((2, 2, 2, 2)).reshape(4, -1).sum(0)
    lab = np.stack([255 - 60 * inks, np.full(16, 128), np.full(16, 128)], axis=1).clip(0, 255).astype(np.uint8)
    ramp = bytes(range(256))
    table = (
        b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + 4 * ramp + lab.tobytes() + 3 * ramp
    )
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    found = np.asarray(decode(saved(cyan, profile(b"CMYK", {b"A2B0": table}, b"Lab "), "TIFF")))[0, 0]
    assert np.ptp(found.astype(int)) <= 2
    assert 150 < found[0] < 230
    assert np.ptp(np.asarray(decode(saved(cyan, None, "TIFF")))[0, 0].astype(int)) > 200


@pytest.mark.parametrize("icc", [b"junk", rgb_profile("adobe")[:150], profile(b"GRAY", {b"kTRC": gamma(1)})])
def test_a_profile_that_cannot_be_used_is_told(icc):
    picture, facts = examine(saved(Image.new("RGB", (16, 16), (10, 20, 30)), icc))
    assert facts.bad_profile
    assert picture.getpixel((0, 0)) == (10, 20, 30)


def test_srgb_itself_changes_nothing():
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    picture, facts = examine(saved(noise, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()))
    assert (np.asarray(picture) == np.asarray(noise)).all()
    assert not facts.bad_profile
