"""Attributes of a space: fitted, kept in its file, and used to edit items."""

from __future__ import annotations

import csv
import json
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import gaiamorph as gm
from gaiamorph.output.continuum import save_continua
from gaiamorph.output.manifest import read_manifest
from gaiamorph.space import EditWarning, UnlikeTrainingWarning
from gaiamorph.space.info import identity
from tests.conftest import SMALL, pixels

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def labels(photos, tmp_path):
    """Labels that follow from the pictures: bright faces, dark eyes, and the brightness."""
    data = gm.open_data(photos, size=16)
    middle = data.items[:, 8, 8, 0].astype(float)
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"file_name": data.names, "bright": (middle > np.median(middle)).astype(int),
                          "noise": rng.integers(0, 2, len(data)), "tone": middle})  # fmt: skip
    path = tmp_path / "labels.csv"
    table.to_csv(path, index=False)
    return path


@pytest.fixture
def space(picture_run, photos, labels):
    opened = gm.load(picture_run)
    opened.fit_attributes(photos, ["bright", "noise"], labels=labels)
    return opened


def test_vectors_are_those_of_a_regression_on_training_codes(space, photos, labels):
    data = gm.open_data(photos, size=16)
    train = data.splits["train"]
    table = pd.read_csv(labels).set_index("file_name").loc[np.array(data.names)[train], ["bright", "noise"]]
    design = np.column_stack([np.ones(len(train)), table.to_numpy()])
    expected = np.linalg.lstsq(design, space.encode(data.items[train]), rcond=None)[0][1:]
    found = np.stack([v.vector for v in space.attributes.values()])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert space.attributes["bright"].fitted_with == ["noise"]
    assert space.attributes["bright"].fingerprint == data.fingerprint


def test_an_edit_adds_the_vector(space, photos):
    item = photos / "p01.png"
    z = space.encode(item)
    np.testing.assert_array_equal(
        space.edit(item, {"bright": 2, "noise": -1}, detail="none"),
        space.decode(z + 2 * space.attributes["bright"].vector - space.attributes["noise"].vector)[0],
    )
    path = space.edit_path(item, "bright", [-1, 0, 1], detail="none")
    assert (path.frames[1] == space.reconstruct(item)[0]).all()
    grid = space.edit_grid(item, ("bright", [-1, 1]), ("noise", [0, 1, 2]))
    assert grid.amounts[4] == {"bright": 1.0, "noise": 1.0}
    assert len(grid) == 6
    assert (grid.frames[4] == space.edit(item, {"bright": 1, "noise": 1})).all()


def test_detail_changes_the_item_itself(space, photos):
    """``carried`` and ``added`` start from the photograph. An array has no more pixels than the space."""
    item = space.kind.read(photos / "p01.png")
    original, reconstruction = item.astype(int), space.reconstruct(item[None])[0].astype(int)
    kept = space.edit_path(item, "bright", [0, 1], detail="added").frames
    assert (kept[0] == original).all()
    change = space.edit(item, {"bright": 1}, detail="none").astype(int) - reconstruction
    assert np.abs(kept[1] - np.clip(original + change, 0, 255)).max() <= 1
    assert np.abs(original - reconstruction).max() > 5
    row = ("bright", [0, 1]), ("noise", [0])
    assert (space.edit_grid(item, *row, detail="added").frames == kept).all()
    assert (space.transfer(item, photos / "p02.png", detail="added").frames[0] == original).all()


def test_strange_items_are_pointed_out(space, photos):
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 1), dtype=np.uint8)
    for edit in (lambda: space.edit(noise, {"bright": 1}), lambda: space.transfer(photos / "p01.png", noise)):
        with pytest.warns(UnlikeTrainingWarning, match="unlike the training data"):
            edit()


def test_a_transfer_leaves_nothing_of_the_difference_along_the_vectors(space, photos):
    made = space.transfer(photos / "p01.png", photos / "p02.png")
    b = space.encode(photos / "p02.png")[0]
    vectors = np.stack([v.vector for v in space.attributes.values()])
    np.testing.assert_allclose(
        vectors @ (b - made.codes[1]), 0, atol=1e-3 * np.abs(vectors @ (b - made.codes[0])).max()
    )
    assert (made.frames[0] == pixels(photos / "p01.png")[..., None]).all()


def test_averages_and_differences_of_groups(space, photos):
    first, second = [photos / f"p0{i}.png" for i in (0, 1, 2)], [photos / f"p0{i}.png" for i in (3, 4)]
    z_first, z_second = space.encode(first).mean(0), space.encode(second).mean(0)
    assert (space.average(second, detail="none") == space.decode(z_second[None])[0]).all()
    assert (space.average(first, mixed=3, detail="none") == space.decode(z_first[None])[0]).all()
    space.add_difference("older", first, second)
    np.testing.assert_allclose(space.attributes["older"].vector, z_second - z_first, atol=1e-6)


def test_attributes_travel_in_the_file_and_leave_the_hash_alone(space, picture_run, tmp_path):
    before = gm.load(picture_run)
    assert before.attributes == {}
    again = gm.load(space.save(tmp_path / "s.safetensors"))
    assert again.sha256 == before.sha256 == space.sha256
    assert identity(again.attributes) == identity(space.attributes) != ""
    assert [v.describe() for v in again.attributes.values()] == [v.describe() for v in space.attributes.values()]
    assert all((again.attributes[n].vector == v.vector).all() for n, v in space.attributes.items())


@pytest.mark.parametrize("kind", ["path", "grid", "transfer", "detail"])
def test_a_manifest_makes_edits_again(space, photos, tmp_path, kind):
    item = photos / "p01.png"
    made = {
        "path": lambda: space.edit_path(item, "bright", [-2, 0.5]),
        "grid": lambda: space.edit_grid(item, ("bright", [-1, 1]), ("noise", [0, 1])),
        "transfer": lambda: space.transfer(item, photos / "p02.png"),
        "detail": lambda: space.edit_path(item, "bright", [-2, 0.5], refine=2, detail="added"),
    }[kind]()
    made.save(tmp_path / "a", include_originals=True)
    rows = list(csv.DictReader((tmp_path / "a" / "manifest.csv").read_text().splitlines()))
    assert [json.loads(r["attributes"]) for r in rows if r["role"] == "frame"] == list(made.amounts)
    (order,) = read_manifest(tmp_path / "a" / "manifest.csv")
    save_continua([space.remake(order, tmp_path)], tmp_path / "b", include_originals=order.originals)
    for file in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / file.name).read_bytes() == file.read_bytes(), file.name
    vector = space.attributes["bright"].vector
    vector += 1
    with pytest.raises(gm.UserError, match="have changed since"):
        space.remake(order, tmp_path)
    space.attributes.clear()
    with pytest.raises(gm.UserError, match=r"no attribute 'bright' .*fit some first"):
        space.remake(order, tmp_path)


def test_morphs_of_before_are_still_made_again(picture_space, photos, labels, tmp_path):
    morph = picture_space.morph(photos / "p01.png", photos / "p02.png", 3)
    picture_space.fit_attributes(photos, ["bright"], labels=labels)
    assert morph.space_sha256 == picture_space.sha256


def test_vectors_can_be_edited_too(tmp_path):
    rng = np.random.default_rng(0)
    tall = rng.integers(0, 2, 200)
    table = pd.DataFrame({"x": rng.normal(size=200) + 3 * tall, "y": rng.normal(size=200), "tall": tall})
    table["tall"] = table["tall"].map({0: "no", 1: "yes"})
    table.to_csv(tmp_path / "t.csv", index=False)
    space = gm.train(
        tmp_path / "t.csv", model="ae", out=tmp_path / "run", steps=300, show=False, latent_dim=2, threads=1
    )
    (name,) = space.fit_attributes(tmp_path / "t.csv")
    made = space.edit_path(table[["x", "y"]].to_numpy(np.float32)[0], name, [-1, 0, 1])
    assert abs(made.frames[2, 0] - made.frames[0, 0]) == pytest.approx(6, rel=0.3)
    assert len((made.save(tmp_path / "e") / "manifest.csv").read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s, p: s.edit(p, {"nose": 1}), r"no attribute 'nose' \(it has bright, noise\)"),
        (lambda s, p: s.edit(p, {"bright": float("nan")}), "must be a finite number"),
        (lambda s, p: s.edit(p, {"bright": "much"}), "must be a finite number"),
        (lambda s, p: s.edits(p, []), "nothing to edit"),
        (lambda s, p: s.edit_grid(p, ("bright", [1]), ("bright", [1])), "two different"),
        (lambda s, p: s.fit_attributes(p.parent), "no attributes"),
        (lambda s, p: s.fit_attributes(p.parent, method="magic"), "no method 'magic'"),
    ],
)
def test_bad_input(space, photos, call, message):
    with pytest.raises(gm.UserError, match=message):
        call(space, photos / "p01.png")


def test_a_model_without_an_encoder_says_so(photos, labels, tmp_path):
    space = gm.train(photos, model="gan", out=tmp_path / "run", size=16, steps=2, show=False, **SMALL)
    with pytest.raises(gm.UserError, match="has no encoder"):
        space.fit_attributes(photos, ["bright"], labels=labels)


def test_an_edit_that_cannot_be_expected_to_work_is_warned_of(picture_space, photos):
    vector = picture_space.add_difference("other", sorted(photos.glob("*.png"))[:5], sorted(photos.glob("*.png"))[5:10])
    item = photos / "p00.png"
    picture_space.attributes["other"] = replace(vector, error=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", EditWarning)
        picture_space.edit(item, {"other": 2})
    with pytest.warns(EditWarning, match="4 is far already"):
        picture_space.edit(item, {"other": 5})
    picture_space.attributes["other"] = replace(vector, error=0.7)
    with pytest.warns(EditWarning, match="vague: its standard error is 70%"):
        picture_space.edit(item, {"other": 1})
    picture_space.attributes["other"] = replace(vector, kind="numeric", sd=10.0, error=0.1)
    with pytest.warns(EditWarning, match="its standard deviation is 10"):
        picture_space.edit_path(item, "other", [0, 41])
