"""The learning rate over a training."""

from __future__ import annotations

import itertools

import pytest

import gaiamorph as gm
from gaiamorph.training.loop import Run
from gaiamorph.training.settings import from_dict, settled


@pytest.fixture
def rates(tmp_path):
    """Function: the rates of all steps under these options."""
    runs: list[Run] = []

    def of(**options) -> list[float]:
        data = gm.open_data("sample:moons")
        settings = from_dict({"model": "ae", "steps": 100, "learning_rate": 0.01, "threads": 1, **options})
        runs.append(run := Run(data, settled(settings, data), tmp_path / str(len(runs))))
        found = []
        for run.step in range(101):
            found.append(run.rate())
        return found

    yield of
    for run in runs:
        run.batches.close()


def test_half_a_cosine_down_to_zero(rates):
    found = rates(hold=0.0)
    assert found[0] == 0.01
    assert found[50] == pytest.approx(0.005)
    assert found[100] == pytest.approx(0)
    assert all(a > b for a, b in itertools.pairwise(found))


def test_a_rate_that_is_held_falls_later_and_as_low(rates):
    found = rates(hold=0.6)
    assert found[:61] == [0.01] * 61
    assert found[80] == pytest.approx(0.005)
    assert found[100] == pytest.approx(0)


def test_it_rises_over_the_warmup(rates):
    found = rates(warmup=10, hold=0.5)
    assert found[:10] == pytest.approx([0.001 * k for k in range(1, 11)])
    assert found[10:51] == [0.01] * 41
