"""Drawings: pictures as PNG files, contact sheets, plots."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gaiamorph import drawing


def read(path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        values = np.asarray(picture)
    return values.reshape(*values.shape[:2], -1)


@pytest.mark.parametrize("shape", [(1, 1, 1), (8, 5, 3), (64, 64, 3), (33, 70, 1), (1, 90, 3)])
def test_written_pictures_are_read_back_the_same(shape, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    drawing.write_png(pixels, tmp_path / "p.png")
    np.testing.assert_array_equal(read(tmp_path / "p.png"), pixels)


def test_views_are_written_as_they_look(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (10, 12, 3), np.uint8)[::-1, ::2]
    drawing.write_png(pixels, tmp_path / "p.png")
    np.testing.assert_array_equal(read(tmp_path / "p.png"), pixels)


def test_scale_enlarges(tmp_path):
    drawing.write_png(np.full((4, 6, 1), 77, np.uint8), tmp_path / "p.png", 3)
    enlarged = read(tmp_path / "p.png")
    assert enlarged.shape == (12, 18, 1)
    assert (enlarged == 77).all()


def test_a_sheet_places_items_and_leaves_gaps_white():
    item = np.full((8, 8, 1), 10, np.uint8)
    sheet = np.asarray(drawing.sheet([[item, None], [None, item]], cell=8))
    assert sheet.shape == (4 + 2 * 12, 4 + 2 * 12, 3)
    assert (sheet[4:12, 4:12] == 10).all()
    assert (sheet[4:12, 16:24] == 255).all()
    assert (sheet[16:24, 16:24] == 10).all()


def test_labels_make_room():
    item = np.zeros((8, 8, 3), np.uint8)
    plain, labelled = drawing.sheet([[item]]), drawing.sheet([[item]], ["row"], ["column"])
    assert labelled.width == plain.width + drawing.LABEL_WIDTH - drawing.GAP
    assert labelled.height == plain.height + drawing.LABEL_HEIGHT - drawing.GAP


def test_plots_are_pictures():
    x, y = np.linspace(0, 1, 5), np.linspace(0, 2, 5)
    for picture in (
        drawing.points({"a": np.zeros((4, 2)), "b": np.ones((4, 2))}, ["x", "y"]),
        drawing.points({"a": np.arange(4.0)[:, None]}, ["x"]),
        drawing.curves({"": (x, {f"x{i}": y for i in range(20)})}, "weight"),
        drawing.curves({"a": (x, {"a": y})}, "x", "y", {"a": np.full(5, np.nan)}, from_zero=True),
        drawing.heat_maps({"a": np.eye(2)}, ["p", "q"], "edited", "moved"),
        drawing.curves({"run": ([1, 2], {"R": [0.1, float("nan")], "F": [float("nan")] * 2})}, "step"),
    ):
        assert isinstance(picture, Image.Image)
        assert min(picture.size) > 100
