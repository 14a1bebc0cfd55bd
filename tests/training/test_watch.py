"""Failed trainings are noticed and reported once."""

from __future__ import annotations

import json

import pytest
from tests.conftest import SMALL

import gaiamorph as gm
from gaiamorph.training.stability import FELL, Watch


def reported(watch):
    return [warning["warning"] for warning in watch.warnings]


def no_diagnosis(means):
    return None


def resumed(watch):
    """Another one, from what a checkpoint holds."""
    again = Watch(1000)
    vars(again).update(json.loads(json.dumps(vars(watch))))
    return again


def test_collapse_is_reported_once_and_kept(tmp_path):
    """A made-up history in which D runs away gives one warning, after the patience and not before."""
    said = []
    watch = Watch(1000)

    def diagnose(means):
        return "run away" if means["F"] > 4 * means["R"] else None

    for step in range(10, 1001, 10):
        F = 0.05 if step < 300 or 500 < step < 520 else 0.5
        if warning := watch.look(step, {"R": 0.05, "F": F}, diagnose):
            said.append((step, warning))
    assert len(said) == 1
    assert 400 <= said[0][0] <= 480
    again = resumed(watch)
    assert again.look(1010, {"R": 0.05, "F": 0.5}, diagnose) is None


@pytest.mark.parametrize(
    ("figure", "who"), [("reconstruction", "the generator has died"), ("R", "the discriminator redraws")]
)
@pytest.mark.parametrize(
    ("error", "dies"),
    [
        (lambda step: 1.3, True),  # all black: not far above the error of the mean item
        (lambda step: 1.05, False),
        (lambda step: 3.0 * 0.9 ** (step / 100), False),  # far off, and learning
        (lambda step: 0.2 if step < 700 else 1.5, True),
    ],
)
def test_a_network_is_dead_that_is_worse_than_the_mean_item_and_does_not_learn(error, dies, figure, who):
    watch = Watch(1000, blank=0.2)
    for step in range(10, 1010, 10):
        watch.look(step, {figure: 0.2 * error(step)}, no_diagnosis)
        watch = resumed(watch)
    assert [who in warning for warning in reported(watch) if warning != FELL] == [True] * dies
    # One that was better before has fallen first.
    assert (FELL in reported(watch)) == (figure == "reconstruction" and error(1000) > error(10))


@pytest.mark.parametrize(("height", "lasts", "falls"), [(0.15, 500, True), (0.15, 60, False), (0.06, 500, False)])
def test_a_generator_that_has_fallen_and_is_no_worse_than_the_mean_item(height, lasts, falls):
    watch = Watch(1000, blank=0.2)
    for step in range(10, 1010, 10):
        error = height if 500 < step <= 500 + lasts else 0.2 * 0.9 ** (step / 20) + 0.05
        watch.look(step, {"reconstruction": error}, no_diagnosis)
        watch = resumed(watch)
    assert ["generator has fallen" in warning for warning in reported(watch)] == [True] * falls


def test_the_paper_objective_is_caught(tmp_path):
    """As printed it diverges or collapses on moons, and the training warns."""
    space = gm.train(
        "sample:moons", out=tmp_path / "run", steps=600, latent_dim=2, threads=1, show=False,
        gaia={"objective": "paper", "slope": 20.0, "direct": 0.0, "set_distance": 0.0},
    )  # fmt: skip
    assert space.info.training.warnings


def test_a_dead_generator_is_caught(photos, tmp_path):
    """A learning rate that drives the output to a limit of the sigmoid, where gradients vanish.

    At such a rate rounding decides, and so the processor, which seeds stay there: about half of them do.
    """

    def told(rate, seed):
        out, settings = tmp_path / f"{rate}-{seed}", SMALL | {"learning_rate": rate}
        space = gm.train(photos, out=out, size=16, steps=200, model="ae", seed=seed, show=False, **settings)
        return any("generator has died" in w["warning"] for w in space.info.training.warnings)

    assert any(told(0.5, seed) for seed in range(8))
    assert not told(2e-3, 1)
