"""The feature space of a classifier of labels."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch
from tests.conftest import SMALL, draw_faces

import gaiamorph as gm
from gaiamorph.data import Dataset
from gaiamorph.data.vectors import Vectors
from gaiamorph.evaluation.case import Case
from gaiamorph.evaluation.evaluate import evaluate
from gaiamorph.evaluation.judge import label_column, open_labels
from gaiamorph.evaluation.realism import kernel_distance
from gaiamorph.features import open_features

SPLITS = {"train": np.arange(800), "validation": np.arange(800, 1000), "test": np.arange(1000, 1200)}


def labelled(labels: np.ndarray, **columns: np.ndarray) -> Dataset:
    """Vectors whose first value determines the label. The second is random."""
    rng = np.random.default_rng(0)
    kind = np.unique(labels.astype(str), return_inverse=True)[1]
    items = np.stack([kind + 0.1 * rng.normal(size=1200), rng.normal(size=1200)], 1).astype(np.float32)
    names = [str(i) for i in range(1200)]
    table = pd.DataFrame({"label": labels, **columns})
    return Dataset("points", Vectors.fitted(items, list("xy")), items, names, table, SPLITS)


def test_it_sees_what_tells_labels_apart_and_overlooks_the_rest():
    data = labelled(np.random.default_rng(1).permutation(np.repeat(["b", "a"], 600)))
    features = open_labels(data)
    real = data.items[SPLITS["test"]]
    x = data.kind.to_tensor(real)
    assert features(x).shape == (200, 64)
    assert features.accuracy(x, data.attributes["label"].to_numpy()[SPLITS["test"]]) > 0.99
    half_way = real * [0, 1] + [0.5, 0]  # of no label
    louder = real * [1, 1.7]  # of a label all

    def distances(space):
        of_real, *made = (space(data.kind.to_tensor(i.astype(np.float32))) for i in (real, half_way, louder))
        return [kernel_distance(m.numpy(), of_real.numpy()) for m in made]

    by_labels, by_pca = distances(features), distances(open_features("pca", x))
    assert by_labels[0] > 10 * by_labels[1]
    assert by_pca[0] < 5 * by_pca[1]


def test_features_have_the_training_items_as_their_unit_and_are_the_same_again():
    data = labelled(np.random.default_rng(1).permutation(np.repeat(["a", "b", "c"], 400)))
    x = data.kind.to_tensor(data.items[SPLITS["train"]])
    state = torch.random.get_rng_state()
    f, again = open_labels(data)(x), open_labels(data)(x)
    assert torch.equal(state, torch.random.get_rng_state())
    assert torch.equal(f, again)
    torch.testing.assert_close(f.mean(0), torch.zeros(64), atol=1e-4, rtol=0)
    assert float(f.var(0).mean()) == pytest.approx(1, rel=1e-3)


def test_labels_that_training_does_not_know_are_left_out():
    labels = np.random.default_rng(1).permutation(np.repeat(["a", "b"], 600)).astype(object)
    labels[1190:] = "new"
    labels[900:905] = "new"
    features = open_labels(labelled(labels))
    assert features.classes == ["a", "b"]
    x = torch.rand(3, 2)
    assert np.isnan(features.accuracy(x, np.array(["new"] * 3)))


def test_missing_labels_are_none():
    labels = np.random.default_rng(1).permutation(np.repeat(["a", "b"], 600)).astype(object)
    labels[:50] = None
    assert open_labels(labelled(labels)).classes == ["a", "b"]


def test_it_learns_where_no_validation_item_has_a_label_that_it_knows():
    labels = np.random.default_rng(1).permutation(np.repeat(["a", "b"], 600)).astype(object)
    shown = labels.copy()
    shown[800:1000] = "new"
    data = labelled(labels)
    data.attributes["label"] = shown
    x = data.kind.to_tensor(data.items[SPLITS["test"]])
    assert open_labels(data).accuracy(x, labels[SPLITS["test"]]) > 0.99


@pytest.mark.parametrize(
    ("labels", "column"),
    [(["a"] * 1200, None), (["a", "b"] * 600, "label"), ([str(i) for i in range(1200)], None)],
)
def test_which_column(labels, column):
    person = np.array(["p", "q"] * 600)
    assert label_column(labelled(np.array(labels), person=person)) == column


def test_data_without_labels_says_so(vector_space):
    data = vector_space.open_data("sample:moons")
    assert "labels" not in Case(vector_space, data).feature_spaces
    with pytest.raises(gm.UserError, match="label or class or person"):
        Case(vector_space, data, features=["labels"]).feature_spaces  # noqa: B018


def test_pictures_in_folders_have_label_features_and_the_recipe_is_recorded(tmp_path):
    for kind in ("plain", "turned"):
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for i, picture in enumerate(draw_faces(40, seed=len(kind))):
            (picture.rotate(180) if kind == "turned" else picture).save(tmp_path / "photos" / kind / f"{i}.png")
    space = gm.train(tmp_path / "photos", model="ae", out=tmp_path / "run", size=16, steps=6, show=False, **SMALL)
    case = Case(space, space.open_data(tmp_path / "photos"), split="train", features=["pca", "labels"])
    evaluate(case, tmp_path / "out")
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    found = {f["name"]: f["value"] for f in results["figures"]}
    assert results["classifier"]["column"] == "label"
    assert results["classifier"]["accuracy"] > 0.9
    assert found["kernel distance/labels/reconstructions"] > 10 * abs(
        found["kernel distance/labels/floor (training items)"]
    )
    assert "convexity gap/labels" in found


def test_which_feature_spaces_there_are_is_known_before_they_are_trained(vector_space, monkeypatch):
    """A finished comparison trains nothing more."""
    monkeypatch.setattr("gaiamorph.evaluation.case.open_labels", lambda _: pytest.fail("trained for nothing"))
    data = vector_space.open_data("sample:moons")
    data.attributes["label"] = np.arange(len(data.items)) % 3
    assert Case(vector_space, data).feature_names == ["pca", "labels"]
