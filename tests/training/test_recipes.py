"""Recipes: training accepts their options, and they differ little from the defaults."""

from __future__ import annotations

from dataclasses import fields

import pytest

import gaiamorph as gm
from gaiamorph.training.runs import DataOptions
from gaiamorph.training.settings import RECIPES, from_dict, settled, to_dict

SETS = {"lines": "sample:lines", "birdsong": "sample:sounds", "speech": "sample:sounds"}
"""Data for recipes that are not for pictures in general."""
MOST_OF_THE_METHOD = 4
HOW = {field.name for field in fields(DataOptions)}
"""Options of how data are read."""


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_are_settings_that_can_be(name, photos):
    recipe = gm.recipe(name)
    how = {option: value for option, value in recipe.items() if option in HOW}
    wanted = {option: value for option, value in recipe.items() if option not in HOW}
    data = gm.open_data(SETS.get(name, photos), **({} if name in SETS else {"size": 16}), **how)
    assert how.items() <= data.kind.reading().items() or not how
    settings = to_dict(settled(from_dict(wanted), data))
    for option, value in wanted.items():
        assert settings[option] == (settings[option] | value if isinstance(value, dict) else value)


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_change_at_most_four_settings_of_the_method(name):
    assert len(gm.recipe(name).get("gaia", {})) <= MOST_OF_THE_METHOD


def test_a_recipe_leaves_out_options_of_other_models():
    assert "gaia" in gm.recipe("cartoons")
    assert "gaia" not in gm.recipe("cartoons", "ae")
    assert gm.recipe("cartoons", "ae")["network"] == gm.recipe("cartoons")["network"]


def test_an_unknown_recipe_names_those_that_there_are():
    with pytest.raises(gm.UserError, match="'dogs': choose one of birdsong, cartoons, fashion, lines, paper, speech"):
        gm.recipe("dogs")
