"""Frames at the size of the photographs: which size, which ends, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import gaiamorph as gm
from gaiamorph.output.continuum import save_continua
from gaiamorph.output.manifest import read_manifest
from tests.conftest import draw_faces, pixels

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Photographs with more pixels than the space (16): 64 x 64, 96 x 96, and 80 x 64."""
    folder = tmp_path_factory.mktemp("large")
    for name, picture, size in zip("abc", draw_faces(3, seed=5, size=96), ((64, 64), (96, 96), (80, 64)), strict=True):
        picture.resize(size, Image.Resampling.LANCZOS).save(folder / f"{name}.png")
    return folder


def test_frames_have_the_size_of_the_photographs_and_end_at_them(picture_space, large):
    c = picture_space.morph(large / "a.png", large / "a.png", 3)
    assert c.frames.shape == (3, 64, 64, 1)
    assert (c.frames == pixels(large / "a.png")[..., None]).all()  # two identical photographs
    c = picture_space.morph(large / "a.png", large / "c.png", 3)
    assert c.full_size == 64
    assert (c.frames[0] == c.a.item).all()
    assert (c.frames[-1] == pixels(large / "c.png")[:, 8:72, None]).all()  # the centred square
    assert (c.codes == picture_space.morph(large / "a.png", large / "c.png", 3, detail="none").codes).all()


def test_two_sizes_give_that_of_the_smaller(picture_space, large, tmp_path):
    assert picture_space.morph(large / "a.png", large / "b.png", 2).full_size == 64
    with Image.open(large / "b.png") as picture:
        picture.resize((4000, 3000)).save(tmp_path / "huge.png")
        picture.resize((9, 9)).save(tmp_path / "tiny.png")
    assert picture_space.morph(tmp_path / "huge.png", large / "b.png", 2).full_size == 96
    assert picture_space.morph(tmp_path / "huge.png", tmp_path / "huge.png", weights=[0.5]).frames.shape == (
        1,
        1024,
        1024,
        1,
    )
    assert picture_space.morph(tmp_path / "tiny.png", large / "b.png", 2).frames.shape == (2, 16, 16, 1)


def test_a_size_that_is_asked_for(picture_space, large):
    pair = large / "a.png", large / "b.png"
    for detail in ("carried", "added", "none"):
        c = picture_space.morph(*pair, 3, detail=detail, full_size=48)
        assert c.frames.shape == (3, 48, 48, 1)
        assert (c.detail, c.full_size) == (detail, 48)
    own = picture_space.morph(*pair, 3, detail="none", full_size=16)
    assert own.full_size == 0
    assert (own.frames == picture_space.morph(*pair, 3, detail="none").frames).all()


def test_arrays_and_pictures_have_a_size_of_their_own(picture_space, large):
    array = pixels(large / "b.png")
    by_path = picture_space.morph(large / "b.png", large / "b.png", weights=[0.5]).frames
    for given in (array, Image.fromarray(array), array[..., None] / 255):
        assert (picture_space.morph(given, given, weights=[0.5]).frames == by_path).all()
    item = picture_space.kind.read(large / "b.png")
    assert picture_space.morph(item, item, 2).frames.shape == (2, 16, 16, 1)


@pytest.mark.parametrize("detail", ["carried", "added", "none"])
def test_arrays_in_the_size_of_the_space_can_be_enlarged(detail, picture_space, large):
    items = [picture_space.kind.read(large / name) for name in ("a.png", "b.png")]
    c = picture_space.morph(*items, 3, full_size=48, detail=detail)
    assert c.full_size == 48
    assert c.frames.shape == (3, 48, 48, 1)
    assert c.a.item.shape == (48, 48, 1)
    if detail == "carried":
        assert (c.frames[0] == c.a.item).all()
        small = pixels_of(c.a.item, 16)
        assert np.abs(small.astype(int) - items[0][..., 0]).mean() < 6


def pixels_of(item: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(Image.fromarray(item[..., 0]).resize((side, side), Image.Resampling.BOX))


def test_items_of_a_data_set_come_from_their_photographs(picture_space, large, photos, tmp_path):
    by_path = picture_space.morph(photos / "p00.png", photos / "p01.png", 3).frames
    assert (picture_space.morph(f"{photos}::p00.png", f"{photos}::p01.png", 3).frames == by_path).all()
    stack = np.stack([np.asarray(x.resize((40, 40))) for x in draw_faces(12, seed=2)])
    np.save(tmp_path / "stack.npy", stack)
    c = picture_space.morph(f"{tmp_path / 'stack.npy'}::3", f"{tmp_path / 'stack.npy'}::4", 2)
    assert (c.frames[..., 0] == stack[3:5]).all()


def test_edits_begin_at_the_photograph(picture_space, large):
    picture_space.add_difference("to b", large / "a.png", large / "b.png")
    c = picture_space.edit_path(large / "a.png", "to b", [0, 0.5, 1])
    assert (c.frames[0] == pixels(large / "a.png")[..., None]).all()
    assert (c.frames[1] != c.frames[0]).any()
    assert picture_space.edit(large / "b.png", {"to b": -1}).shape == (96, 96, 1)
    assert picture_space.transfer(large / "a.png", large / "b.png").frames.shape == (2, 64, 64, 1)


def test_an_average_is_made_of_photographs(picture_space, large):
    one = picture_space.average([large / "b.png"])
    assert (one == pixels(large / "b.png")[..., None]).all()
    seen = []
    three = picture_space.average(sorted(large.glob("*.png")), report=lambda *of: seen.append(of))
    assert three.shape == (64, 64, 1)
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_manifest_names_detail_and_size(picture_space, large, tmp_path):
    pairs = [(large / "a.png", large / "b.png"), (large / "b.png", large / "b.png")]
    made = [picture_space.morph(*pairs[0], 4), picture_space.morph(*pairs[1], 4, detail="added", full_size=32)]
    save_continua(made, tmp_path / "one", include_originals=True)
    table = pd.read_csv(tmp_path / "one" / "manifest.csv")
    assert table.groupby("pair")[["detail", "full_size"]].first().values.tolist() == [["carried", 64], ["added", 32]]
    assert pixels(tmp_path / "one" / "00000_original_a.png").shape == (64, 64)
    orders = read_manifest(tmp_path / "one" / "manifest.csv")
    for order, before in zip(orders, made, strict=True):
        assert (picture_space.remake(order, tmp_path).frames == before.frames).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"detail": "much"}, "detail must be"),
        ({"full_size": 15}, "between 16 .* and 4096"),
        ({"full_size": 9999}, "4096"),
    ],
)
def test_what_is_refused(picture_space, large, options, message):
    with pytest.raises(gm.UserError, match=message):
        picture_space.morph(large / "a.png", large / "b.png", 2, **options)


def test_vectors_are_untouched(vector_space):
    a, b = gm.open_data("sample:moons").items[[0, 5]]
    c = vector_space.morph(a, b, 4)
    assert (c.detail, c.full_size) == ("none", 0)
    assert (c.frames == vector_space.decode(c.codes)).all()
    np.testing.assert_allclose(vector_space.morph(a, b, 4, detail="added").frames[[0, -1]], [a, b], atol=1e-5)
    for options, what in (({"detail": "carried"}, "detail that moves"), ({"full_size": 64}, "size")):
        with pytest.raises(gm.UserError, match=f"vectors have no {what}"):
            vector_space.morph(a, b, 2, **options)


def test_many_pairs_that_were_stopped_go_on(picture_space, large, tmp_path, monkeypatch):
    """Only pairs that are missing are made, and the files are those of a run that was never stopped."""
    files = sorted(large.glob("*.png"))
    pairs = [(a, b) for a in files for b in files]
    save_continua(picture_space.morph_pairs(pairs, 3), tmp_path / "whole")
    made, draw = [], type(picture_space)._between

    def stops(self, a, b, *rest):
        made.append((a.source.name, b.source.name))
        if len(made) == 5:
            raise KeyboardInterrupt
        return draw(self, a, b, *rest)

    monkeypatch.setattr(type(picture_space), "_between", stops)
    with pytest.raises(KeyboardInterrupt):
        save_continua(picture_space.morph_pairs(pairs, 3), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    done = len(made) - 2  # that before the last one is not known to be written
    seen = []
    save_continua(picture_space.morph_pairs(pairs, 3), tmp_path / "out", report=lambda *of: seen.append(of))
    assert made[5:] == [(a.as_posix(), b.as_posix()) for a, b in pairs[done:]]
    assert seen[-1] == (9, 9)
    names = sorted(p.name for p in (tmp_path / "whole").iterdir())
    assert names == sorted(p.name for p in (tmp_path / "out").iterdir())
    for name in names:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "out" / name).read_bytes(), name
    assert not list(tmp_path.glob(".*"))


def test_other_pairs_do_not_go_on_from_these(picture_space, large, tmp_path, monkeypatch):
    files, draw = sorted(large.glob("*.png")), type(picture_space)._between
    pairs = [(files[0], b) for b in files]

    def stops(self, a, b, *rest):
        if b.source.name == files[2].as_posix():
            raise KeyboardInterrupt
        return draw(self, a, b, *rest)

    monkeypatch.setattr(type(picture_space), "_between", stops)
    with pytest.raises(KeyboardInterrupt):
        save_continua(picture_space.morph_pairs(pairs, 3), tmp_path / "out")
    monkeypatch.undo()
    save_continua(picture_space.morph_pairs(pairs, 4), tmp_path / "out")
    assert len(list((tmp_path / "out").glob("*_frame_*.png"))) == 12


def test_two_identical_photographs_are_pointed_out(picture_space, large):
    with pytest.warns(UserWarning, match="are the same, so all frames are alike"):
        picture_space.morph(large / "a.png", large / "a.png", 3)


def test_a_size_of_nothing_is_refused(picture_space, large):
    with pytest.raises(gm.UserError, match="full_size must lie between 16"):
        picture_space.morph(large / "a.png", large / "b.png", 3, full_size=0)


def test_pictures_that_are_alike_when_small_keep_their_own_detail(picture_space):
    plain = np.full((96, 96), 128, np.uint8)
    checked = plain + 2 * (np.indices(plain.shape).sum(0) % 2).astype(np.uint8)
    checked -= 1
    read = picture_space.kind.read
    np.testing.assert_array_equal(read(plain), read(checked))
    ends = picture_space.morph(Image.fromarray(plain), Image.fromarray(checked), 2).frames
    np.testing.assert_array_equal(ends[..., 0], [plain, checked])
