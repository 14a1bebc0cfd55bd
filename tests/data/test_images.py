"""Picture files of every type, valid and broken, and their outcomes."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gaiamorph.data import Pictures
from gaiamorph.data.finding import find
from gaiamorph.data.images import UnreadableError, decode
from gaiamorph.errors import UserError

KIND = Pictures(16, 16, 3)


def encoded(picture: Image.Image, form: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def ramp(size=32) -> np.ndarray:
    return np.tile(np.linspace(0, 255, size).astype(np.uint8), (size, 1))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "PPM", "TGA", "JPEG2000", "ICO"])
def test_common_formats_are_read(form):
    item = KIND.fit(decode(encoded(Image.fromarray(ramp()).convert("RGB"), form)))
    assert item.shape == (16, 16, 3)
    assert item.dtype == np.uint8
    assert item[:, -3:].mean() > item[:, :3].mean() + 150


def test_exif_rotation_is_applied():
    picture = Image.fromarray(ramp()).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # EXIF orientation: rotate by 90 degrees clockwise to show it
    turned = KIND.fit(decode(encoded(picture, "JPEG", exif=exif, quality=95))).astype(int)
    upright = KIND.fit(picture).astype(int)
    assert np.abs(turned - np.rot90(upright, -1)).mean() < 8
    assert np.abs(turned - upright).mean() > 40


def test_sixteen_bit_keeps_its_scale():
    values = np.full((32, 32), 32768, np.uint16)
    item = Pictures(16, 16, 1).fit(decode(encoded(Image.fromarray(values))))
    assert abs(int(item.mean()) - 128) <= 1


def test_floating_point_tiff():
    item = Pictures(16, 16, 1).fit(decode(encoded(Image.fromarray(np.full((32, 32), 0.5, np.float32)), "TIFF")))
    assert abs(int(item.mean()) - 128) <= 1
    with pytest.raises(UnreadableError, match="scale"):
        decode(encoded(Image.fromarray(np.full((32, 32), -3.0, np.float32)), "TIFF"))
    with pytest.raises(UnreadableError, match="not numbers"):
        decode(encoded(Image.fromarray(np.full((32, 32), np.nan, np.float32)), "TIFF"))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "LAB"])
def test_every_mode_ends_as_grey_or_rgb(mode):
    form = {"YCbCr": "JPEG", "LAB": "TIFF", "CMYK": "TIFF"}.get(mode, "PNG")
    picture = Image.fromarray(ramp()).convert("RGB")
    picture = picture if mode == "LAB" else picture.convert(mode)
    assert decode(encoded(picture, form)).mode in ("L", "RGB")


def test_transparency_lies_on_white():
    clear = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    assert KIND.fit(decode(encoded(clear))).min() == 255
    palette = Image.new("P", (32, 32), 0)
    assert KIND.fit(decode(encoded(palette, transparency=0))).min() == 255


def test_animation_gives_its_first_frame():
    frames = [Image.new("L", (32, 32), tone) for tone in (10, 200)]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert KIND.fit(decode(content)).max() < 20


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"hello", "not a known"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "damaged|not a known"),
        (encoded(Image.fromarray(ramp()))[:-40], "damaged"),
        (encoded(Image.fromarray(ramp()).convert("RGB"), "JPEG")[:300], "damaged|not a known"),
        (encoded(Image.new("L", (1, 1))), "only 1 x 1"),
        (encoded(Image.new("L", (300, 3))), "only 300 x 3"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 32\n", "not a known"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a known"),
    ],
)
def test_unreadable_files_say_why(content, reason):
    with pytest.raises(UnreadableError, match=reason):
        decode(content)


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises width x height pixels, in a few bytes."""

    def chunk(tag: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(20_000, 20_000), (60_000, 60_000), (100_001, 1_000)])
def test_decompression_bombs_are_not_decoded(size):
    with pytest.raises(UnreadableError, match="more pixels than are safe"):
        decode(bomb(*size))


def test_crop_and_letterbox():
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 200
    assert Pictures(16, 16, 3).fit(Image.fromarray(wide)).min() > 150
    boxed = Pictures(16, 16, 3, "none").fit(Image.fromarray(wide))
    assert boxed[:4].max() == 0
    assert boxed[6:10, 7:9].min() > 150


def test_resizing_is_anti_aliased():
    checks = (np.indices((256, 256)).sum(0) % 2 * 255).astype(np.uint8)
    item = Pictures(16, 16, 1).fit(Image.fromarray(checks))
    assert np.abs(item.astype(int) - 128).max() < 12


def test_tensor_round_trip_is_exact():
    items = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)
    x = KIND.to_tensor(items)
    assert x.shape == (5, 3, 16, 16)
    assert 0 <= x.min() <= x.max() <= 1
    assert (KIND.to_items(x) == items).all()
    assert (KIND.to_items(x + 5) == 255).all()


def test_read_takes_paths_pictures_and_arrays(tmp_path):
    picture = Image.fromarray(ramp(16)).convert("RGB")
    picture.save(tmp_path / "a b é.png")
    item = np.asarray(picture)
    assert (KIND.read(tmp_path / "a b é.png") == item).all()
    assert (KIND.read(str(tmp_path / "a b é.png")) == item).all()
    assert (KIND.read(picture) == item).all()
    assert (KIND.read(item) == item).all()
    assert (KIND.read(item.astype(np.float32) / 255) == item).all()


@pytest.mark.parametrize(
    "thing",
    [np.zeros((4, 4, 5, 6)), np.zeros((16, 16, 3), np.int64), np.full((16, 16), 7.0), np.zeros((0, 3)), "no.png"],
)
def test_read_refuses_what_is_no_picture(thing):
    with pytest.raises(UserError):
        KIND.read(thing)


def test_finding_ends_in_loops_and_passes_over_hidden_files(tmp_path):
    picture = Image.fromarray(ramp())
    (tmp_path / "a").mkdir()
    (tmp_path / ".hidden").mkdir()
    picture.save(tmp_path / "a" / "x.png")
    picture.save(tmp_path / "x.PNG")
    picture.save(tmp_path / ".hidden" / "y.png")
    picture.save(tmp_path / ".z.png")
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a" / "self")
    assert [name for name, _ in find(tmp_path).pictures] == ["a/x.png", "x.PNG"]
