"""Blends: continua of the items themselves, without the model."""

import numpy as np
import pytest
import torch
from PIL import Image

import gaiamorph as gm

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture(autouse=True)
def no_decoder(monkeypatch):
    """A blend has to do without the output of the network, which is noise here."""
    outputs = gm.LatentSpace.outputs
    monkeypatch.setattr(gm.LatentSpace, "outputs", lambda self, z: (torch.rand_like(x) for x in outputs(self, z)))


def test_photographs_are_cross_dissolved_at_their_size(picture_space, tmp_path):
    a, b = (np.full((80, 80, 3), value, np.uint8) for value in (40, 200))
    for name, picture in (("a", a), ("b", b)):
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
    made = picture_space.morph(tmp_path / "a.png", tmp_path / "b.png", 5, blend=True)
    assert made.frames.shape[1] > picture_space.kind.item_shape[0]
    assert [int(frame.mean()) for frame in made.frames] == [40, 80, 120, 160, 200]


def test_beyond_an_end_values_stay_in_range(picture_space):
    size = picture_space.kind.item_shape
    made = picture_space.morph(
        np.full(size, 20, np.uint8), np.full(size, 220, np.uint8), weights=[-0.5, 1.5], extrapolate=True, blend=True
    )
    assert made.frames[0].max() == 0
    assert made.frames[1].min() == 255


def test_vectors_are_interpolated(vector_space):
    a, b = (np.full(vector_space.kind.item_shape, value, np.float32) for value in (0.0, 1.0))
    made = vector_space.morph(a, b, 3, blend=True)
    np.testing.assert_allclose(made.frames, np.stack([a, (a + b) / 2, b]), atol=1e-5)


def test_perceptual_spacing_needs_codes(picture_space):
    item = np.zeros(picture_space.kind.item_shape, np.uint8)
    with pytest.raises(gm.UserError, match="a blend has none"):
        picture_space.morph(item, item, spacing="perceptual", blend=True)
