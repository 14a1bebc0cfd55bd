"""Photographs along a path of small pictures: a textured disc that moves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gaiamorph.detail import Flow, after, between, enlarged
from gaiamorph.detail.flow import chained, meeting, moved

SMALL, FULL, PATH = 32, 128, 17
WEIGHTS = np.linspace(0, 1, PATH)


def disc(x: float, side: int, texture: float = 0.0, tone: float = 0.7, channels: int = 3, seed: int = 0, grain=2.0):
    """A disc at the share x of the width, with a texture that moves along, on a grey background."""
    down, across = (np.mgrid[:side, :side].astype(np.float32) + 0.5) / side
    inside = np.clip((0.22 - np.hypot(across - x, down - 0.5)) * side + 0.5, 0, 1)
    rng = np.random.default_rng(seed)
    pattern = cv2.GaussianBlur(rng.normal(size=(256, 256)).astype(np.float32), (0, 0), grain)
    pattern = (pattern / pattern.std()).astype(np.float32)
    spots = cv2.remap(pattern, np.float32((across - x + 0.5) * 255), np.float32(down * 255), cv2.INTER_LINEAR)
    value = 0.3 + inside * (tone - 0.3 + texture * spots)
    return np.repeat(value[..., None], channels, 2).astype(np.float32)


@pytest.fixture(scope="module", params=[1, 3])
def path(request):
    """Pictures of a disc that moves from 0.35 to 0.65, and both textured photographs."""
    pictures = np.stack([disc(0.35 + 0.3 * w, SMALL, channels=request.param) for w in WEIGHTS])
    a, b = (disc(x, FULL, 0.06, channels=request.param, seed=i) for i, x in enumerate((0.35, 0.65)))
    return pictures, a, b


def fine(picture: np.ndarray) -> np.ndarray:
    return picture - cv2.GaussianBlur(picture, (0, 0), 3).reshape(picture.shape)


def test_flow_follows_the_disc(path):
    pictures, _, _ = path
    flow = Flow(pictures)
    shape = flow.grey[0].shape
    x = [round((0.35 + 0.3 * w) * shape[1]) for w in WEIGHTS]
    for start in (0, 8, PATH - 1):
        for k, displacement in enumerate(flow.displacements(start)):
            # At the disc's place in picture k lies what was at its place in the first.
            expected = 0.3 * (WEIGHTS[start] - WEIGHTS[k])
            middle = displacement[shape[0] // 2 - 8 : shape[0] // 2 + 8, x[k] - 8 : x[k] + 8].mean((0, 1))
            np.testing.assert_allclose(middle, [expected, 0], atol=0.02)


def test_the_ends_are_the_photographs_to_the_last_bit(path):
    pictures, a, b = path
    frames = list(between(pictures, WEIGHTS, [0, PATH - 1], a, b))
    np.testing.assert_array_equal(frames[0], a)
    np.testing.assert_array_equal(frames[1], b)


def test_detail_moves_along_and_nothing_is_doubled(path):
    pictures, a, b = path
    (frame,) = between(pictures, WEIGHTS, [PATH // 2], a, b)
    expected = disc(0.5, FULL, channels=a.shape[2])
    blend = (a + b) / 2
    # The disc stands in the middle. A blend has two of them.
    smooth = [cv2.GaussianBlur(x, (0, 0), 3).reshape(a.shape) for x in (frame, expected, blend)]
    assert np.abs(smooth[0] - smooth[1]).mean() < 0.2 * np.abs(smooth[2] - smooth[1]).mean()
    # Nothing of the textures stays where they were: columns that only one of the discs covered.
    old = np.r_[round(0.15 * FULL) : round(0.26 * FULL), round(0.74 * FULL) : round(0.85 * FULL)]
    assert fine(frame)[:, old].std() < 0.25 * fine(blend)[:, old].std()
    # The texture is as strong as that of the photographs.
    inside = np.s_[FULL // 2 - 16 : FULL // 2 + 16, FULL // 2 - 16 : FULL // 2 + 16]
    assert fine(frame)[inside].std() >= 0.85 * fine(a)[np.s_[48:80, 29:61]].std()


def test_beyond_an_end_its_own_photograph_goes_on():
    weights = np.linspace(-0.5, 1, 25)
    pictures = np.stack([disc(0.35 + 0.3 * w, SMALL) for w in weights])
    a, b = disc(0.35, FULL, 0.06), disc(0.65, FULL, 0.06, seed=1)
    before, start = between(pictures, weights, [0, 8], a, b)
    np.testing.assert_array_equal(start, a)
    np.testing.assert_allclose(fine(before).std(), fine(a).std(), rtol=0.15)
    expected = disc(0.2, FULL, 0.06)
    assert np.corrcoef(fine(before).ravel(), fine(expected).ravel())[0, 1] > 0.7


def test_the_space_says_which_of_two_is_seen():
    """A spot that only photograph b has. The space shows it from a weight of 0.75 on."""
    shown_from = 0.75
    plain, spotted = disc(0.5, SMALL), disc(0.5, SMALL)
    spotted[2:10, 2:10] = 0.9
    pictures = np.stack([spotted if w >= shown_from else plain for w in WEIGHTS])
    a, b = disc(0.5, FULL), disc(0.5, FULL)
    b[8:40, 8:40] = 0.9
    early, late = between(pictures, WEIGHTS, [8, 12], a, b)
    spot, elsewhere = np.s_[20:28, 20:28], np.s_[60:68, 60:68]
    assert (early[spot].mean() - 0.3) / 0.6 < 0.1  # half of it in a blend
    assert (late[spot].mean() - 0.3) / 0.6 > 0.9
    np.testing.assert_allclose(early[elsewhere], a[elsewhere], atol=1e-3)


def test_what_the_space_changes_is_added_to_a_photograph():
    """The disc gets brighter and moves. Its texture stays with it."""
    pictures = np.stack([disc(0.4 + 0.1 * w, SMALL, tone=0.6 + 0.2 * w) for w in WEIGHTS])
    photograph = disc(0.4, FULL, 0.06, tone=0.6, grain=8.0)
    same, changed = after(pictures, [0, PATH - 1], photograph)
    np.testing.assert_allclose(same, photograph, atol=1e-6)
    stays, moves = (disc(x, FULL, 0.06, tone=0.8, grain=8.0) for x in (0.4, 0.5))
    inside = np.s_[46:82, 48:70]  # of both discs
    assert abs(changed[inside].mean() - moves[inside].mean()) < 0.02
    there, here = (np.corrcoef(changed[inside].ravel(), x[inside].ravel())[0, 1] for x in (moves, stays))
    assert there > 0.9
    assert here < 0.7


def test_photographs_meet_whatever_their_light():
    photograph = disc(0.5, FULL, 0.06)
    shifted = np.roll(photograph, 3, 1)
    for other in (shifted, 0.4 * shifted + 0.5):
        found = meeting(photograph, other)
        centre = found[np.s_[100:156, 100:156]].mean((0, 1))
        np.testing.assert_allclose(centre, [3 / FULL, 0], atol=0.4 / FULL)
    np.testing.assert_allclose(meeting(photograph, photograph), 0, atol=0.1 / FULL)


def test_displacements_of_two_sizes_are_chained():
    picture = disc(0.5, FULL, 0.06)
    right, down = (np.full((size, size, 2), by, np.float32) for size, by in ((32, (0.1, 0)), (64, (0, 0.1))))
    together = chained(down, right)
    assert together.shape == (64, 64, 2)
    np.testing.assert_allclose(together, 0.1, atol=1e-6)
    there = moved(picture, np.full_like(together, 16 / FULL))
    np.testing.assert_allclose(there[:-16, :-16], picture[16:, 16:], atol=1e-3)


def test_the_number_of_threads_changes_nothing(path):
    pictures, a, b = path
    before = cv2.getNumThreads()
    made = []
    try:
        for threads in (1, 4):
            cv2.setNumThreads(threads)
            made.append(next(between(pictures, WEIGHTS, [5], a, b)))
            assert cv2.getNumThreads() == threads
    finally:
        cv2.setNumThreads(before)
    np.testing.assert_array_equal(*made)


def test_pictures_are_enlarged():
    small = disc(0.5, SMALL)
    assert enlarged(small, SMALL, SMALL) is small
    assert enlarged(small[..., :1], 50, 40).shape == (50, 40, 1)
