"""Doubled edges, on drawn pictures that have a head, hair, curves and texture."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gaiamorph.evaluation.doubled import doubled_edges, edges

SIDE = 384


def place(right: float = 0.0, bend: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel of a picture lies in the drawing: moved to the right, and bent by waves. Unit: pixels."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(float)
    return y + bend * np.sin(x / 50), x - right + bend * np.cos(y / 40)


def drawn(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The drawing at these places, uint8 (SIDE, SIDE, 1)."""

    def inside(across: float, down: float, width: float, height: float) -> np.ndarray:
        away = 1 - np.hypot((x - across) / width, (y - down) / height)
        return 1 / (1 + np.exp(-away * min(width, height) / 0.8))

    picture = np.full(y.shape, 215.0)
    hair = 60 + 20 * np.sin(np.hypot(x - 192, y - 150) / 2.5 + 3 * np.sin(np.arctan2(y - 150, x - 192) * 4))
    for shade, shape in (
        (40, (192, 400, 150, 80)), (hair, (192, 160, 120, 130)), (165, (192, 200, 80, 110)), (50, (160, 180, 14, 8)),
        (50, (224, 180, 14, 8)), (95, (192, 260, 30, 7)),
    ):  # fmt: skip
        covered = inside(*shape)
        picture = (1 - covered) * picture + covered * shade
    return np.rint(picture)[..., None].astype(np.uint8)


def mixed(a: np.ndarray, b: np.ndarray, weight: float | np.ndarray = 0.5) -> np.ndarray:
    return np.rint((1 - weight) * a + weight * b).astype(np.uint8)


def doubled(frame: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    return float(doubled_edges(frame[None], a, b)[0])


def moved(by: float) -> tuple[np.ndarray, np.ndarray]:
    return drawn(*place(-by / 2)), drawn(*place(by / 2))


@pytest.mark.parametrize("by", [8, 14, 20, 30])
def test_a_cross_fade_is_doubled_and_a_copy_or_a_moved_picture_is_not(by):
    a, b = moved(by)
    single, fade = drawn(*place()), mixed(a, b)
    copy_a, copy_b, between, faded = doubled_edges(np.stack([a, b, single, fade]), a, b)
    assert copy_a == copy_b == 0
    assert between < 0.02
    assert faded > 0.2


def test_edges_closer_than_the_scale_are_soft_and_not_doubled():
    a, b = moved(1)
    assert doubled(mixed(a, b), a, b) < 0.02


def test_it_grows_with_the_share_of_edges_that_are_doubled():
    a, b = moved(14)
    single = drawn(*place())
    shares = []
    for part in (0, 0.25, 0.5, 0.75, 1):
        frame = single.copy()
        rows = round(part * SIDE)
        frame[:rows] = mixed(a, b)[:rows]
        shares.append(doubled(frame, a, b))
    assert (np.diff(shares) > 0.03).all()


def test_a_warped_picture_is_not_doubled():
    a, b = drawn(*place(bend=-8)), drawn(*place(bend=8))
    assert doubled(drawn(*place()), a, b) < 0.02
    assert doubled(mixed(a, b), a, b) > 0.2


def test_warped_halfway_alone_leaves_the_rest_doubled():
    """Each photograph is warped by a part of the way, as a poor correspondence does."""
    ends = [drawn(*place(bend=bend)) for bend in (-12, 12)]
    rest = [doubled(mixed(*(drawn(*place(bend=bend * left)) for bend in (-12, 12))), *ends) for left in (0, 0.5, 1)]
    assert rest[0] < 0.02
    assert min(rest[1:]) > 0.2


@pytest.mark.parametrize("sigma", [1, 2, 4])
def test_blur_does_not_raise_it(sigma):
    a, b = moved(20)
    soft = [gaussian_filter(frame, (sigma, sigma, 0)) for frame in (a, drawn(*place()))]
    assert max(doubled_edges(np.stack(soft), a, b)) < 0.02


def test_brightness_and_contrast_do_not_change_it():
    a, b = moved(14)
    fade = mixed(a, b)
    plain = doubled(fade, a, b)
    pale = [np.rint(0.5 * picture + 90).astype(np.uint8) for picture in (fade, a, b)]
    assert doubled(pale[0], a, b) == pytest.approx(plain, abs=0.03)
    assert doubled(*pale) == pytest.approx(plain, abs=0.03)


def test_an_unequal_cross_fade_is_doubled_too():
    a, b = moved(14)
    assert doubled(mixed(a, b, 0.35), a, b) > 0.2


def test_something_that_one_photograph_alone_has_fades_without_being_doubled():
    a = drawn(*place())
    b = a.copy()
    b[60:90, 20:60] = 60
    assert doubled(mixed(a, b), a, b) < 0.02


def test_colour_blank_and_wide_pictures():
    a, b = moved(14)
    fade = mixed(a, b)
    assert doubled(*(np.repeat(picture, 3, 2) for picture in (fade, a, b))) == pytest.approx(doubled(fade, a, b))
    assert doubled(np.full_like(a, 128), a, b) == 0
    assert doubled(*(picture[50:301] for picture in (fade, a, b))) > 0.3
    assert len(edges(np.full((40, 50, 3), 7, np.uint8)).x) == 0


def test_a_step_has_no_partner_and_two_steps_have_each_other():
    picture = np.full((256, 256, 1), 200, np.uint8)
    picture[:, 128:] = 40
    assert (edges(picture).partner == 0).all()
    picture[:, 118:128] = 120
    found = edges(picture)
    assert set(found.x) == {117, 127} or set(found.x) == {118, 128}
    assert found.partner == pytest.approx(1, abs=0.1)
