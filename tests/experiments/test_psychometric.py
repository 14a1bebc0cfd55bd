"""Psychometric functions: simulated participants with known functions, and tables as people have them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gaiamorph.errors import UserError
from gaiamorph.experiments.psychometric import Fit, evenly_perceived, fit
from gaiamorph.experiments.responses import judged, read_responses, write

X = np.linspace(0, 1, 11)


def answered(one: Fit, trials: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).binomial(trials, one(X))


@pytest.mark.parametrize(("pse", "slope", "lapse"), [(0.5, 10, 0), (0.3, 20, 0.03), (0.72, 6, 0.01)])
def test_a_known_function_is_found(pse, slope, lapse):
    found = fit(X, answered(Fit(pse, slope, lapse), 2000), np.full(11, 2000))
    assert found.pse == pytest.approx(pse, abs=0.01)
    assert found.slope == pytest.approx(slope, rel=0.1)
    assert found.lapse == pytest.approx(lapse, abs=0.01)
    assert found.pse_interval[0] < found.pse < found.pse_interval[1]
    assert found.slope_interval[0] < found.slope < found.slope_interval[1]


def test_fits_of_few_trials_are_right_on_average_and_their_intervals_cover():
    inside, off = np.zeros(2), []
    for seed in range(200):
        found = fit(X, answered(Fit(0.55, 12, 0.02), 20, seed), np.full(11, 20))
        for i, (value, (low, high)) in enumerate(((0.55, found.pse_interval), (12, found.slope_interval))):
            inside[i] += low <= value <= high
        off.append((found.pse - 0.55, found.slope / 12 - 1))
    assert (np.abs(np.median(off, axis=0)) < (0.02, 0.1)).all()
    # 95 % of 200 are 190, with a standard deviation of 3.
    assert (inside >= 181).all()


def test_steps_that_are_too_coarse_leave_the_slope_unknown():
    found = fit(X, np.repeat([0, 20], [5, 6]), np.full(11, 20))
    assert 0.4 < found.pse < 0.5
    assert found.slope < 500
    assert np.isnan(found.slope_interval).all()
    assert found.pse_interval == pytest.approx((0.4, 0.5))


def test_a_continuum_is_spaced_evenly_in_answers():
    one = Fit(0.4, 15, 0.02)
    weights = evenly_perceived([one], 7)
    assert weights[[0, -1]] == pytest.approx([0, 1], abs=1e-6)
    steps = np.diff(1 / (1 + np.exp(-15 * (weights - 0.4))))
    assert steps == pytest.approx(steps.mean(), rel=0.01)
    assert np.diff(weights).min() < 0.1 < np.diff(weights).max()


@pytest.mark.parametrize(("x", "b", "n"), [(X[:2], [1, 3], [4, 4]), (X, [0] * 11, [5] * 11), (X, [5] * 11, [5] * 11)])
def test_nothing_is_fitted_where_nothing_can_be_said(x, b, n):
    with pytest.raises(ValueError, match=r"fewer than three|the same"):
        fit(x, np.array(b), np.array(n))


def trials(tmp_path, **columns):
    path = tmp_path / "answers.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("answers", [("a", "b"), ("A", "B"), (0, 1), (0.0, 1.0), (False, True)])
def test_answers_in_several_spellings(answers, tmp_path):
    shown = np.tile(X, 4)
    path = trials(tmp_path, Morph=shown, Choice=np.where(shown > 0.5, answers[1], answers[0]))
    table, notes = read_responses(path)
    assert notes == []
    np.testing.assert_array_equal(table["b"], shown > 0.5)


def test_another_answer_can_mean_b(tmp_path):
    shown = np.tile(X, 4)
    path = trials(tmp_path, weight=shown, response=np.where(shown > 0.5, "left", "right"))
    with pytest.raises(UserError, match=r"which answer means B\? .*--answer-b .*left, right"):
        read_responses(path)
    with pytest.raises(UserError, match=r"nobody answered 'up'"):
        read_responses(path, "up")
    np.testing.assert_array_equal(read_responses(path, "left")[0]["b"], shown > 0.5)


def test_rows_without_an_answer_are_counted(tmp_path):
    path = trials(tmp_path, weight=[0, 0.5, 1, np.nan], response=["a", None, "b", "a"])
    table, (note,) = read_responses(path)
    assert len(table) == 2
    assert note.startswith("2 of 4 rows")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"response": ["a", "b"]}, "no column 'weight'"),
        ({"weight": [0, 1]}, "no column 'response'"),
        ({"weight": ["x", "y"], "response": ["a", "b"]}, "no row with both.*: the weight 'x' is no number"),
        ({"weight": [np.inf, -np.inf], "response": ["a", "b"]}, "no row with both"),
    ],
)
def test_bad_tables(columns, message, tmp_path):
    with pytest.raises(UserError, match=message):
        read_responses(trials(tmp_path, **columns))


def test_participants_and_pairs_have_functions_of_their_own(tmp_path):
    rows = []
    for participant, pair, pse in (("s1", 0, 0.3), ("s1", 1, 0.6), ("s2", 0, 0.5)):
        answers = np.random.default_rng(0).random((11, 30)) < Fit(pse, 15, 0.01)(X)[:, None]
        rows += [(participant, pair, x, int(answer)) for x, own in zip(X, answers, strict=True) for answer in own]
    rows += [("s3", 0, x, 1) for x in X]
    path = tmp_path / "answers.csv"
    pd.DataFrame(rows, columns=["participant", "pair", "weight", "response"]).to_csv(path, index=False)
    table, _ = write(path, tmp_path / "out", respace=5)
    assert table["pse"].round(1).tolist()[:3] == [0.3, 0.6, 0.5]
    assert table["note"].tolist() == ["", "", "", "all answers are the same"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "index.html", "psychometric.csv", "psychometric.png", "weights.csv",
    }  # fmt: skip
    weights = pd.read_csv(tmp_path / "out" / "weights.csv")
    assert weights.groupby("pair").size().tolist() == [5, 5]
    assert len(judged(read_responses(path)[0])) == 4
    write(path, tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out" / "weights.csv").exists()


def test_other_weights_than_numbers_are_named(tmp_path):
    path = trials(tmp_path, weight=["0", "half", "inf", "1"], response=["a", "a", "b", "b"])
    table, (note,) = read_responses(path)
    assert table["weight"].tolist() == [0, 1]
    assert note.startswith("2 of 4 rows")
    assert "'half' is no number" in note


def test_the_column_of_psychopy_is_known(tmp_path):
    pd.DataFrame({"weight": [0, 1], "key_resp.keys": ["a", "b"]}).to_csv(tmp_path / "t.csv", index=False)
    assert read_responses(tmp_path / "t.csv")[0]["b"].tolist() == [0, 1]


def test_answers_that_fall_or_do_not_change_are_said(tmp_path):
    falling = (np.random.default_rng(0).random((11, 30)) > Fit(0.5, 15, 0.01)(X)[:, None]).astype(int)
    with pytest.raises(UserError, match="A and B are probably swapped"):
        write(trials(tmp_path, weight=np.repeat(X, 30), response=falling.ravel()), tmp_path / "out")
    chance = np.tile([0, 1], 165)
    path = trials(tmp_path, weight=np.repeat(X, 30), response=chance)
    table, _ = write(path, tmp_path / "out")
    assert table["note"].tolist() == ["answers hardly change"]
    with pytest.raises(UserError, match="no continuum can be respaced"):
        write(path, tmp_path / "spaced", respace=5)
    assert not (tmp_path / "spaced").exists()


def test_nobody_can_be_fitted(tmp_path):
    with pytest.raises(UserError, match="all answers are the same"):
        write(trials(tmp_path, weight=X, response=[1] * 11), tmp_path / "out")
    assert not (tmp_path / "out").exists()
