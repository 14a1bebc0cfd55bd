"""A comparison: one budget, one evaluation, and nothing computed twice."""

from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pytest
from tests.conftest import SMALL

import gaiamorph as gm
from gaiamorph.evaluation import METRICS, Metric, evaluate
from gaiamorph.evaluation.evaluate import Measured, table
from gaiamorph.training.runs import DataOptions
from gaiamorph.training.settings import from_dict


def run(photos, out, models=("gaia", "ae", "gan"), **changes):
    settings = from_dict({**SMALL, "steps": 4, **changes})
    how = DataOptions(size=16)
    return evaluate.compare(str(photos), models, 2, out, how=how, settings=settings, features=["pca"], split="train")


def test_it_compares_and_does_nothing_twice(photos, tmp_path, monkeypatch):
    out = run(photos, tmp_path / "out")
    with open(out / "results.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(r["model"], r["seed"]) for r in rows} == {(m, s) for m in ("gaia", "ae", "gan") for s in "01"}
    text = (out / "table.md").read_text()
    assert "| kernel distance/pca/midpoints | lower |" in text
    assert " ± " in text
    with open(out / "table.csv", newline="") as file:
        lead = {row["figure"]: row["lead"] for row in csv.DictReader(file)}
    assert " ± " in lead["convexity gap/pca"]
    assert lead["reconstruction/l1"] == ""
    for name in ("comparison.png", "convexity_pca.png", "index.html", "table.csv"):
        assert (out / name).stat().st_size > 0
    budgets = {gm.load(out / "runs" / f"{m}-{s}").info.training.examples for m in ("gaia", "ae") for s in (0, 1)}
    assert len(budgets) == 1

    monkeypatch.setattr(
        "gaiamorph.training.loop.Run.advance", lambda self: pytest.fail("a finished run was trained again")
    )
    monkeypatch.setattr(evaluate, "measure", lambda case: pytest.fail("measured twice"))
    run(photos, out)
    assert (out / "table.md").read_text() == text
    # Figures of another version of the yardstick are made again, and those from before there was a metric.
    for name, other in {"MEASURE": evaluate.MEASURE + 1, "METRICS": {**METRICS, "new": METRICS["path"]}}.items():
        with monkeypatch.context() as patch:
            patch.setattr(evaluate, name, other)
            with pytest.raises(pytest.fail.Exception, match="measured twice"):
                run(photos, out)


def test_the_winner_is_the_best_that_can_encode():
    def measured(model, value):
        figure = Metric("error", value, "", "lower", "")
        return Measured(
            model, 0, None, {"error": figure, "size": dataclasses.replace(figure, name="size", better="neither")}, {}
        )

    found = [measured("gaia", 2.0), measured("ae", 3.0), measured("gan", 1.0)]
    rows = table(found, ["gaia", "ae", "gan"])
    assert rows[0] == ["error", "lower", "2", "3", "1", "gaia", ""]
    assert rows[1][-2:] == ["", ""]
    tied = table([measured("gaia", 2.0), measured("ae", 2.0)], ["gaia", "ae"])
    assert tied[0][-2:] == ["", ""]


def test_the_lead_is_as_sure_as_the_difference_is():
    """Two models whose values vary together with the held-out people, and two whose values do not."""
    swing = np.random.default_rng(0).normal(size=20)

    def measured(model, value, seed, swings):
        figure = Metric("error", value, "", "lower", "", tuple(value + swings))
        return Measured(model, seed, None, {"error": figure}, {})

    for other in (swing, swing[::-1]):
        found = [measured(m, v, s, w) for s in (0, 1) for m, v, w in (("gaia", 1.0, swing), ("ae", 1.5, other))]
        lead, error = table(found, ["gaia", "ae"])[0][-1].split(" ± ")
        assert lead == "0.5"
        assert float(error) == pytest.approx(np.sqrt(19 * np.var(swing - other)), rel=0.05, abs=1e-12)


@pytest.mark.parametrize(("models", "message"), [(["gaia", "gaja"], "gaja"), ([], "choose among")])
def test_unknown_models_are_refused_before_anything_is_done(photos, tmp_path, models, message):
    with pytest.raises(gm.UserError, match=message):
        run(photos, tmp_path / "out", models=models)
    assert not (tmp_path / "out").exists()
