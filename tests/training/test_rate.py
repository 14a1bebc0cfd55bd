"""The learning rate over a training."""

from __future__ import annotations

import itertools

import pytest

from gaiamorph.training.loop import learning_rate
from gaiamorph.training.settings import from_dict


def rates(**options) -> list[float]:
    """The rates of 100 steps, and of the end."""
    settings = from_dict({"steps": 100, "learning_rate": 0.01, **options})
    return [learning_rate(settings, step, step / 100) for step in range(101)]


def test_half_a_cosine_down_to_zero():
    found = rates(hold=0.0)
    assert found[0] == 0.01
    assert found[50] == pytest.approx(0.005)
    assert found[100] == pytest.approx(0)
    assert all(a > b for a, b in itertools.pairwise(found))


def test_a_rate_that_is_held_falls_later_and_as_low():
    found = rates(hold=0.6)
    assert found[:61] == [0.01] * 61
    assert found[80] == pytest.approx(0.005)
    assert found[100] == pytest.approx(0)


def test_it_rises_over_the_warmup():
    found = rates(warmup=10, hold=0.5)
    assert found[:10] == pytest.approx([0.001 * k for k in range(1, 11)])
    assert found[10:51] == [0.01] * 41
