"""Recipes: what stands in them can be trained by."""

from __future__ import annotations

from pathlib import Path

import pytest

import gaiamorph as gm
from gaiamorph.models import MODELS
from gaiamorph.training.recipes import recipes
from gaiamorph.training.settings import from_dict, settled, to_dict

SETS = {"toy2d": "sample:moons", "lines": "sample:lines"}
"""What recipes are for, where that is not pictures in general."""


@pytest.mark.parametrize("name", recipes())
def test_recipes_are_settings_that_can_be(name, photos):
    source = SETS.get(name, photos)
    settings = to_dict(
        settled(from_dict(gm.recipe(name)), gm.open_data(source, **({} if name in SETS else {"size": 16})))
    )
    for option, value in gm.recipe(name).items():
        assert option not in settings or settings[option] == (
            settings[option] | value if isinstance(value, dict) else value
        )


def test_a_recipe_leaves_out_options_of_other_models():
    assert MODELS.keys() & gm.recipe("lines").keys() == {"gaia"}
    assert gm.recipe("lines", "ae")["ae"] == {"error": "l2"}
    assert not MODELS.keys() & gm.recipe("lines", "vae").keys()
    assert gm.recipe("lines", "vae")["latent_dim"] == 4


def test_an_unknown_recipe_names_those_that_there_are():
    with pytest.raises(gm.UserError, match="'dogs': choose one of cartoons, faces, fashion, lines, toy2d"):
        gm.recipe("dogs")


def test_recipes_lie_where_they_have_been():
    """Commands in papers and in the README of earlier versions name them so."""
    assert (Path(__file__).parents[2] / "recipes" / "faces.yaml").is_file()
