"""Synthetic sets match their description, and every seed and split has fresh items."""

from __future__ import annotations

import numpy as np
import pytest

from gaiamorph.data import open_data, synthetic


@pytest.mark.parametrize("name", synthetic.SYNTHETIC_SETS)
def test_fresh_for_each_seed_and_split(name):
    drawn = [
        synthetic.draw(name, 20, seed, split) for seed in (0, 1) for split in ("train", "validation", "test", "else")
    ]
    for i, a in enumerate(drawn):
        for b in drawn[:i]:
            assert (a != b).any()
    assert (synthetic.draw(name, 20, 0, "train") == drawn[0]).all()


def test_shapes_of_the_sets():
    circles = synthetic.draw("circles", 4000, 0)
    radius = np.hypot(*circles.T)
    inner, outer = radius[radius < 0.75], radius[radius > 0.75]
    assert inner.mean() == pytest.approx(0.5, abs=0.01)
    assert outer.mean() == pytest.approx(1.0, abs=0.01)
    assert outer.std() == pytest.approx(0.03, abs=0.005)
    blobs = synthetic.draw("blobs", 5000, 0)
    nearest = np.linalg.norm(blobs[:, None] - np.array(synthetic.BLOB_CENTRES), axis=2).argmin(1)
    for i, centre in enumerate(synthetic.BLOB_CENTRES):
        own = blobs[nearest == i]
        assert len(own) == pytest.approx(1000, abs=60)
        np.testing.assert_allclose(own.mean(0), centre, atol=0.08)


def test_lines():
    pictures = synthetic.draw_lines(np.array([0.0, np.pi / 2, np.pi]))
    assert pictures.shape == (3, 32, 32, 1)
    right, down, left = pictures[..., 0].astype(int)
    assert right[15:17, 17:31].min() > 200
    assert right[:13].max() == right[19:].max() == right[:, :14].max() == 0
    assert (down == right.T).all()
    assert (left == right[:, ::-1]).all()
    assert (right[:, 24] > 0).sum() in (2, 3, 4)


def test_opening_one():
    data = open_data("sample:moons", seed=3)
    assert {k: len(v) for k, v in data.splits.items()} == {"train": 10_000, "validation": 1_000, "test": 1_000}
    np.testing.assert_array_equal(data.items[data.splits["test"]], synthetic.draw("moons", 1000, 3, "test"))
