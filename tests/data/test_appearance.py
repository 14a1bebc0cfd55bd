"""Pictures of equal luminance and contrast, and an oval around them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

import gaiamorph as gm
from gaiamorph.cli import main
from gaiamorph.data.appearance import Appearance, AppearanceWarning
from gaiamorph.errors import UserError
from gaiamorph.output.manifest import read_manifest

pytestmark = pytest.mark.usefixtures("quiet")


def pictures(channels: int) -> list[np.ndarray]:
    """Smooth ones of different brightness and contrast, with a hue if they have colours."""
    rng = np.random.default_rng(0)
    made = []
    for mean, sd in ((70, 20), (120, 45), (170, 10)):
        noise = cv2.GaussianBlur(rng.normal(0, 1, (60, 48)), (0, 0), 4)
        tint = np.array([12, 0, -12])[:channels] if channels == 3 else np.zeros(1)
        made.append(np.clip(mean + sd * noise[..., None] / noise.std() + tint, 0, 255).astype(np.uint8))
    return made


def grey(picture: np.ndarray) -> np.ndarray:
    """OpenCV's luminance, before it is rounded."""
    coloured = picture.shape[-1] == 3
    return cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_RGB2GRAY) if coloured else picture[..., 0].astype(float)


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_get_the_mean_and_contrast_of_all(channels):
    before = pictures(channels)
    made = Appearance(match=True).prepared(before)
    means, contrasts = [grey(x).mean() for x in before], [grey(x).std() for x in before]
    for x in made:
        assert x.dtype == np.uint8
        assert grey(x).mean() == pytest.approx(np.mean(means), abs=0.6)
        assert grey(x).std() == pytest.approx(np.mean(contrasts), abs=0.6)


@pytest.mark.parametrize("channels", [1, 3])
def test_numbers_can_be_given(channels):
    for x in Appearance(luminance=128, contrast=30).prepared(pictures(channels)):
        assert grey(x).mean() == pytest.approx(128, abs=0.6)
        assert grey(x).std() == pytest.approx(30, abs=0.6)
    only = Appearance(luminance=100).prepared(pictures(channels))
    wanted = np.mean([grey(x).std() for x in pictures(channels)])
    assert [grey(x).std() for x in only] == pytest.approx([wanted] * 3, abs=0.6)


def test_hues_stay():
    before = pictures(3)
    for x, y in zip(before, Appearance(luminance=128, contrast=25).prepared(before), strict=True):
        apart = [picture[..., 0].astype(int) - picture[..., 2] for picture in (x, y)]
        assert np.abs(apart[0] - apart[1]).max() <= 1


def test_values_that_are_cut_off_are_made_up_for_and_said():
    with pytest.warns(AppearanceWarning, match=r"\d+% of a picture is cut off at black or white"):
        (made,) = Appearance(luminance=60, contrast=50).prepared(pictures(1)[:1])
    assert made.min() == 0
    assert grey(made).mean() == pytest.approx(60, abs=0.6)
    assert grey(made).std() == pytest.approx(50, abs=0.6)


def test_an_oval_hides_the_rest_and_only_its_inside_counts():
    look = Appearance(luminance=128, contrast=30, oval=0.9, outside=40)
    mask = look.mask(60, 48)
    assert mask[30, 24] == 1
    assert mask[0, 0] == mask[1, 24] == mask[30, 2] == 0
    assert np.pi / 4 * 54 * 54 * 0.75 == pytest.approx(mask.sum(), rel=0.01)
    for x in look.prepared(pictures(3)):
        assert (x[mask == 0] == 40).all()
        inside = grey(x)[mask == 1]
        assert inside.mean() == pytest.approx(128, abs=1.5)
        assert inside.std() == pytest.approx(30, abs=1.5)


def test_an_oval_alone_changes_nothing_inside():
    before = pictures(1)
    for x, y in zip(before, Appearance(oval=1).prepared(before), strict=True):
        inside = Appearance(oval=1).mask(60, 48) == 1
        assert (x[inside] == y[inside]).all()


def test_a_flat_picture_stays_flat():
    (made,) = Appearance(luminance=90, contrast=20).prepared([np.full((8, 8, 1), 10, np.uint8)])
    assert (made == 90).all()


def test_a_manifest_says_what_was_done_and_makes_it_again(picture_run, photos, tmp_path):
    ends = [str(photos / name) for name in ("p00.png", "p01.png")]
    options = ["--steps", "5", "--luminance", "120", "--contrast", "35", "--oval", "0.95", "--include-originals"]
    with pytest.raises(SystemExit) as done:
        main(["morph", str(picture_run), *ends, *options, "--out", str(tmp_path / "one")])
    assert done.value.code == 0
    manifest = tmp_path / "one" / "manifest.csv"
    (order,) = read_manifest(manifest)
    assert order.appearance == Appearance(luminance=120, contrast=35, oval=0.95)
    with pytest.raises(SystemExit):
        main(["morph", str(picture_run), "--manifest", str(manifest), "--out", str(tmp_path / "two")])
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert "original_a.png" in files
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    inside = order.appearance.mask(24, 24) == 1
    for file in (tmp_path / "one").glob("frame_*.png"):
        with Image.open(file) as picture:
            assert np.asarray(picture.convert("L"))[inside].mean() == pytest.approx(120, abs=5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"luminance": 300}, "luminance must lie between"),
        ({"contrast": -1}, "contrast is a standard deviation"),
        ({"oval": 2}, "oval must lie between"),
        ({"outside": 256}, "outside is a grey level"),
        ({"outside": 30}, "give oval as well"),
    ],
)
def test_values_that_cannot_be(options, message, picture_space, photos, tmp_path):
    with pytest.raises(UserError, match=message):
        picture_space.morph(photos / "p00.png", photos / "p01.png", steps=2).save(
            tmp_path / "out", appearance=Appearance(**options)
        )
    assert not (tmp_path / "out").exists()


def test_appearance_is_for_pictures_and_not_for_pasted_ones(vector_space, picture_space, photos, tmp_path):
    with pytest.raises(UserError, match="are for pictures, and these are vectors"):
        vector_space.morph(np.zeros(2), np.ones(2), steps=2).save(tmp_path / "out", appearance=gm.Appearance(oval=1))
    with pytest.raises(UserError, match="leave paste out"):
        picture_space.morph(photos / "p00.png", photos / "p01.png", steps=2).save(
            tmp_path / "out", appearance=Appearance(match=True), paste=True
        )
