"""Settings: conversion of plain values, and refused values."""

from __future__ import annotations

import dataclasses

import pytest

import gaiamorph as gm
from gaiamorph.models import MODELS
from gaiamorph.networks import NetworkSettings
from gaiamorph.training.settings import from_dict, settled


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"stepz": 3}, "no option stepz"),
        ({"gaia": {"slop": 3}}, r"no option gaia\.slop"),
        ({"steps": "many"}, "steps must be of type int"),
        ({"steps": True}, "steps must be of type int"),
        ({"gaia": 3}, "gaia must be a group"),
        ({"model": "dcgan"}, "model must be one of"),
        ({"gaia": {"objective": "other"}}, "must be one of balanced"),
    ],
)
def test_settings_from_plain_values(values, message):
    with pytest.raises(gm.UserError, match=message):
        from_dict(values)


@pytest.mark.parametrize(
    "values",
    [{"steps": 0}, {"batch_size": 1}, {"learning_rate": 0.0}, {"learning_rate": 5}, {"average": 1.0}, {"seed": -1},
     {"minutes": -1}, {"latent_dim": -3}, {"network": {"name": "conv"}}, {"network": {"width": -1}},
     {"network": {"codes": "sphere"}, "latent_dim": 1},
     {"network": {"blocks": 3}}, {"gaia": {"direct": -1}}, {"hold": 1.0}, {"hold": -0.1}],
)  # fmt: skip
def test_settings_that_cannot_be(values):
    with pytest.raises(gm.UserError):
        settled(from_dict(values), gm.open_data("sample:moons"))


def test_yaml_spellings():
    settings = from_dict({"flip": True, "learning_rate": "1e-3", "minutes": 2})
    assert settings.flip == "on"
    assert settings.learning_rate == 1e-3
    assert settings.minutes == 2.0


def test_settings_are_copied_not_changed():
    settings = from_dict({"steps": 5})
    before = dataclasses.asdict(settings)
    settled(settings, gm.open_data("sample:moons"))
    assert dataclasses.asdict(settings) == before


def test_the_discriminators_codes_are_free():
    model = MODELS["gaia"]((1, 16, 16), 16, NetworkSettings("conv", width=8, codes="sphere"))
    assert (model.generator.on_sphere, model.discriminator.on_sphere) == (True, False)
