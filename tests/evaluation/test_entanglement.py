"""How far edits move attributes, on a space and a judge with known answers."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import gaiamorph as gm
from gaiamorph.data import Dataset, Vectors
from gaiamorph.data.attributes import design
from gaiamorph.errors import UserError
from gaiamorph.evaluation import Case
from gaiamorph.evaluation.attributes import Movement, directions, movement, report
from gaiamorph.evaluation.judge import train_judge


def identity_space():
    """Codes are items: edits add the vectors themselves."""
    import torch

    kind = SimpleNamespace(to_tensor=lambda items: torch.from_numpy(np.asarray(items, np.float32)))
    return SimpleNamespace(kind=kind, decode_items=lambda z: np.asarray(z, np.float32))


def linear_judge(gaps=(1.0, 2.0), trusted=(True, True)):
    """Scores are the first entries of an item."""
    return SimpleNamespace(scores=lambda x: x.numpy()[:, : len(gaps)], gaps=np.array(gaps), trusted=np.array(trusted))


def two(values) -> object:
    return design(pd.DataFrame(values, columns=["a", "b"]))


def test_movement_is_in_gaps_and_away_from_what_an_item_is():
    d = two([[0, 1], [1, 0], [0, 0], [1, 1]])
    vectors = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 9.0]])
    z = np.random.default_rng(0).normal(size=(4, 3))
    moved = movement(identity_space(), linear_judge(), z, d, vectors)
    # +1 for items without a, -1 for items with it. b moves by 0.5, a quarter of its gap of 2.
    np.testing.assert_allclose(moved.matrix, [[1.0, 0.25], [0.0, 0.5]], atol=1e-6)
    np.testing.assert_allclose(moved.relative, [[1.0, 0.25], [0.0, 1.0]], atol=1e-6)
    assert moved.on_target == pytest.approx(0.75)
    assert moved.off_target == pytest.approx(0.125)
    twice = movement(identity_space(), linear_judge(), z, d, vectors, 2.0)
    np.testing.assert_allclose(twice.matrix, 2 * moved.matrix, atol=1e-5)


def test_what_cannot_be_judged_is_left_out_by_name():
    moved = movement(
        identity_space(), linear_judge(trusted=(True, False)), np.zeros((2, 3)), two([[0, 1], [1, 0]]), np.eye(2, 3)
    )
    assert moved.names == ["a"]
    assert moved.matrix.shape == (1, 1)
    assert moved.off_target is None


def test_directions():
    d = design(pd.DataFrame({"a": [0, 1, None, 0], "n": [1.0, 5.0, 2.0, 9.0], "c": ["x", "y", "z", "x"]}))
    assert directions(d, 0).tolist() == [1, -1, 0, 1]
    assert directions(d, 1).tolist() == [1, -1, 1, -1]
    assert d.names[2:] == ["c=y", "c=z"]
    assert directions(d, 2).tolist() == [1, -1, 0, 1]  # an item of another level has no way to it


def test_relative_without_a_target_that_moves_is_not_a_number():
    assert np.isnan(Movement(["a", "b"], np.array([[0.0, 1.0], [0.0, 1.0]])).relative[0]).all()


@pytest.fixture(scope="module")
def points() -> Dataset:
    """Vectors whose first column determines a and whose second determines n. The coin is random."""
    rng = np.random.default_rng(0)
    a, n, coin = rng.integers(0, 2, 1200), rng.normal(size=1200), rng.integers(0, 2, 1200)
    items = np.stack([2.0 * a + 0.2 * rng.normal(size=1200), n, rng.normal(size=1200)], 1).astype(np.float32)
    splits = {"train": np.arange(800), "validation": np.arange(800, 1000), "test": np.arange(1000, 1200)}
    table = pd.DataFrame({"a": a, "n": n, "coin": coin})
    return Dataset("points", Vectors.fitted(items, list("xyz")), items, [str(i) for i in range(1200)], table, splits)


def test_a_judge_knows_what_can_be_seen_and_admits_what_cannot(points):
    judge = train_judge(points, design(points.attributes), points.splits["test"], steps=300)
    assert judge.skill[0] > 0.95
    assert judge.skill[1] > 0.95
    assert abs(judge.skill[2]) < 0.3
    assert judge.trusted.tolist() == [True, True, False]
    assert judge.gaps[0] == pytest.approx(1, abs=0.1)
    again = train_judge(points, design(points.attributes), points.splits["test"], steps=300)
    np.testing.assert_array_equal(judge.gaps, again.gaps)


def test_report_on_a_space(points, tmp_path):
    table = pd.DataFrame(points.items, columns=list("xyz")).join(points.attributes[["a", "coin"]].astype(str) + "!")
    table.to_csv(tmp_path / "t.csv", index=False)
    space = gm.train(
        tmp_path / "t.csv", model="ae", out=tmp_path / "run", steps=400, show=False, latent_dim=3, threads=1
    )
    data = space.open_data(tmp_path / "t.csv")
    case = Case(space, data, features=["values"])
    report(case, tmp_path / "report")
    found = json.loads((tmp_path / "report" / "results.json").read_text())
    (name,) = [n for n in found["attributes"] if n.startswith("a=")]
    assert [n.split("=")[0] for n in found["left_out"]] == ["coin"]
    assert found["methods"]["least_squares"]["names"] == [name]
    assert found["methods"]["least_squares"]["on_target"] == pytest.approx(1, abs=0.2)
    assert found["cosine_between_methods"][name] > 0.95
    page = (tmp_path / "report" / "index.html").read_text()
    assert "Left out" in page
    assert "data:image/png" in page
    with pytest.raises(UserError, match="the judge can tell none"):
        report(case, tmp_path / "none", columns=["coin"])
    with pytest.raises(UserError, match="faces only"):
        report(case, tmp_path / "none", identity=True)
