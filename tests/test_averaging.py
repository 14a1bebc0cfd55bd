"""Averages of groups."""

from __future__ import annotations

import numpy as np
import pytest

import gaiamorph as gm
from gaiamorph.errors import UserError
from gaiamorph.models import MODELS
from gaiamorph.space.latent_space import kept

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.mark.parametrize(("members", "mixed"), [(3, 2), (8, 2), (8, 4), (50, 4), (50, 1)])
def test_drawn_members_scatter_as_mixtures_do(members, mixed):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(200, members, 400))
    mean = z.mean(1, keepdims=True)
    drawn = mean + kept(members, mixed) * (z - mean)
    mixtures = rng.normal(size=(200, mixed, 400)).mean(1)
    assert drawn.var() == pytest.approx(mixtures.var(), rel=0.02)
    assert kept(members, members) == kept(2, 3) == 0


def test_a_group_no_larger_than_a_mixture_is_the_item_at_its_mean_code(picture_space, photos):
    items = [photos / f"p0{i}.png" for i in range(4)]
    for some, mixed in ((items[:2], None), (items, 4), (items, 100)):
        expected = picture_space.decode(picture_space.encode(some).mean(0, keepdims=True))[0]
        np.testing.assert_array_equal(picture_space.average(some, mixed=mixed, detail="none"), expected)


def test_of_a_larger_one_pictures_of_mixtures_are_averaged(picture_space, photos):
    """40 members are drawn in two batches."""
    items = [photos / f"p{i:02d}.png" for i in range(40)]
    z = picture_space.encode(items)
    share = ((1 / 2 - 1 / 40) / (1 - 1 / 40)) ** 0.5
    frames = picture_space.decode(z.mean(0) + share * (z - z.mean(0)))
    found = picture_space.average(items, detail="none")
    assert found.dtype == np.uint8
    assert np.abs(found - frames.mean(0)).max() <= 0.51
    assert (found != picture_space.decode(z.mean(0, keepdims=True))[0]).any()
    reconstructions = picture_space.reconstruct(items).mean(0)
    assert np.abs(picture_space.average(items, mixed=1, detail="none") - reconstructions).max() <= 0.51


def test_the_mean_of_vectors_is_that_of_their_codes(vector_space):
    items = gm.open_data("sample:moons").items[:50]
    expected = vector_space.decode(vector_space.encode(items).mean(0, keepdims=True))[0]
    np.testing.assert_array_equal(vector_space.average(items), expected)
    apart = vector_space.average(items, mixed=1)
    np.testing.assert_allclose(apart, vector_space.reconstruct(items).mean(0), atol=1e-4)


def test_how_many_a_model_has_learnt_to_mix(picture_space):
    options = {"gaia": {"sampler": "hull"}, "acai": {}, "vae": {}}
    assert {name: MODELS[name].mixes(given) for name, given in options.items()} == {"gaia": 4, "acai": 2, "vae": 0}
    assert MODELS["gaia"].mixes({"sampler": "middle"}) == MODELS["gaia"].mixes(picture_space.info.settings["gaia"]) == 2
    with pytest.raises(UserError, match="mixed must be at least 1"):
        picture_space.average(np.zeros((2, 16, 16, 1), np.uint8), mixed=0)
