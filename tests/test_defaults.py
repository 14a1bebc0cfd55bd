"""Defaults that depend on the data: what is measured, and what a user without a recipe gets."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.datasets import load_digits

import gaiamorph as gm
from gaiamorph import defaults
from gaiamorph.defaults import BY_DATA, Traits
from gaiamorph.models import MODELS
from gaiamorph.networks import NetworkSettings
from gaiamorph.training.settings import TrainSettings, from_dict, settled, to_dict


def drawing(background: float, ink: float) -> np.ndarray:
    """Strokes that fill a tenth of the area."""
    x = np.full((20, 1, 20, 20), background, np.float32)
    x[:, :, 9:11] = ink
    return x


@pytest.mark.parametrize(("background", "ink"), [(0.0, 1.0), (1.0, 0.0), (0.5, 0.9)])
def test_strokes_on_any_even_background_are_sparse_pictures(background, ink):
    traits = Traits.of(drawing(background, ink), True)
    assert traits.filled == pytest.approx(0.1)
    assert traits.family == "sparse pictures"


def test_photographs_are_not_sparse():
    data = gm.open_data("sample:faces", size=16)
    assert Traits.of(data.kind.to_tensor(data.items[:50]).numpy(), True).family == "pictures"


def test_sounds_are_no_pictures_however_much_is_filled():
    data = gm.open_data("sample:sounds")
    assert data.traits.family == str(data.traits).partition(",")[0] == "sounds"
    assert defaults.filled(MODELS["gaia"].Settings(), "gaia", data.traits).through_discriminator == 1.0


def test_vectors():
    traits = Traits.of(np.zeros((5, 2), np.float32), False)
    assert traits.family == "vectors"
    assert defaults.filled(TrainSettings(), "train", traits).latent_dim == 3
    assert defaults.filled(TrainSettings(), "train", Traits(100)).latent_dim == 16


@pytest.mark.parametrize(
    ("shape", "code", "shift"),
    [((1, 16, 16), 32, 1), ((1, 32, 32), 64, 1), ((3, 64, 64), 256, 2), ((3, 64, 48), 256, 1), ((3, 256, 256), 512, 8)],
)
def test_larger_pictures_get_longer_codes_and_are_moved_farther(shape, code, shift):
    s = defaults.filled(TrainSettings(), "train", Traits(shape=shape))
    assert (s.latent_dim, s.shift) == (code, shift)


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ({}, "sphere"),
        ({"model": "ae"}, "free"),
        ({"latent_dim": 1}, "free"),
        ({"gaia": {"objective": "paper"}}, "free"),
        ({"network": {"codes": "free"}}, "free"),
    ],
)
def test_codes_of_photographs_lie_on_a_sphere(options, codes):
    data = gm.open_data("sample:faces", size=16)
    assert settled(from_dict(options), data).network.codes == codes


def test_codes_of_lines_and_vectors_are_free():
    for source in ("sample:lines", "sample:moons"):
        assert settled(TrainSettings(), gm.open_data(source)).network.codes == "free"


@pytest.mark.parametrize("family", defaults.BY_FAMILY)
def test_every_setting_that_depends_on_the_data_has_a_value_in_every_family(family):
    filled = 0.1 if family == "sparse pictures" else 0.9
    traits = Traits(2) if family == "vectors" else Traits(filled=filled, heard=family == "sounds")
    assert traits.family == family
    groups = {
        "train": TrainSettings(),
        "network": NetworkSettings(),
        **{name: model.Settings() for name, model in MODELS.items()},
    }
    left = {
        f"{group}.{name}"
        for group, settings in groups.items()
        for name, value in dataclasses.asdict(defaults.filled(settings, group, traits)).items()
        if value is BY_DATA
    }
    assert left == set()


def test_what_is_asked_for_goes_before_the_data(tmp_path):
    x = load_digits().data.astype(np.float32)
    np.save(tmp_path / "digits.npy", x)
    data = gm.open_data(tmp_path / "digits.npy")
    plain, asked = (
        to_dict(settled(TrainSettings(**options), data)) for options in ({}, {"learning_rate": 2e-3, "latent_dim": 64})
    )
    assert (plain["learning_rate"], plain["latent_dim"], plain["gaia"]["objective"]) == (5e-3, 16, "interpolations")
    assert (asked["learning_rate"], asked["latent_dim"]) == (2e-3, 64)


def test_the_warmup_takes_at_most_a_twentieth_of_the_steps():
    data = gm.open_data("sample:moons")
    found = [settled(TrainSettings(**o), data).warmup for o in ({"steps": 400}, {"steps": 6000}, {"minutes": 1.0})]
    assert found == [20, 300, 300]
    assert settled(TrainSettings(steps=400, warmup=100), data).warmup == 100


def test_the_objective_of_the_paper_brings_its_other_values():
    s = defaults.filled(MODELS["gaia"].Settings(objective="paper", slope=7.0), "gaia", Traits())
    assert (s.slope, s.direct, s.sampler, s.set_distance) == (7.0, 0.0, "gaussian", 0.0)
    assert s.through_discriminator == 1
