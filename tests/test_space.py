"""The space: shapes, files, codes of morphs, and bad input."""

from __future__ import annotations

import itertools
import json
import typing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import gaiamorph as gm
from gaiamorph.latent import interpolate
from gaiamorph.models import MODELS
from gaiamorph.output.continuum import save_continua
from gaiamorph.output.manifest import read_manifest
from gaiamorph.space import BATCH, FORMAT, EditOptions, MorphOptions, UnlikeTrainingWarning
from gaiamorph.space.continua import EditKeywords, MorphKeywords
from gaiamorph.space.info import SpaceInfo
from tests.conftest import SMALL

pytestmark = pytest.mark.usefixtures("quiet")
FIXTURES = Path(__file__).parent / "fixtures"


def test_encode_takes_everything_alike(picture_space, photos):
    data = gm.open_data(photos, size=16)
    z = picture_space.encode(data)
    assert z.shape == (40, 6)
    assert z.dtype == np.float32
    paths = [photos / name for name in data.names]
    assert (picture_space.encode(paths) == z).all()
    assert (picture_space.encode(data.items) == z).all()
    three = picture_space.encode(data.items[:3])
    assert (picture_space.encode([str(p) for p in paths[:3]]) == three).all()
    one = picture_space.encode(data.items[4:5])
    assert (picture_space.encode([Image.open(paths[4])]) == one).all()
    assert (picture_space.encode(Image.open(paths[4])) == one).all()
    assert (picture_space.encode(paths[4]) == one).all()
    assert (picture_space.encode(data.items[4:5].astype(np.float32) / 255) == one).all()


def test_codes_depend_on_company_by_no_more_than_rounding(picture_space, photos):
    """Alone, in another place, or in a batch of another size."""
    items = np.array(gm.open_data(photos, size=16).items)
    many = picture_space.encode(np.concatenate([items, items]))
    np.testing.assert_allclose(many[:40], many[40:], rtol=1e-5, atol=1e-5)
    for i in (0, 17, 39):
        np.testing.assert_allclose(picture_space.encode(items[i : i + 1])[0], many[i], rtol=1e-5, atol=1e-5)
    z = np.random.default_rng(0).normal(size=(BATCH + 7, 6)).astype(np.float32)
    whole = picture_space.decode(z).astype(int)
    for i in (0, 5, BATCH - 1, BATCH, BATCH + 6):
        assert np.abs(picture_space.decode(z[i : i + 1])[0] - whole[i]).max() <= 1


@pytest.mark.parametrize("options", [{}, {"detail": "added"}, {"detail": "none"}, {"refine": 2}])
def test_a_continuum_does_not_depend_on_company(picture_space, photos, tmp_path, options):
    """The same bits for a pair alone, among others, and from its manifest. 35 frames are two batches."""
    paths = [photos / f"p{i:02d}.png" for i in range(6)]
    pairs = [(paths[i], paths[j]) for i, j in ((0, 1), (1, 2), (3, 0), (4, 5))]
    together = list(picture_space.morph_pairs(pairs, 35, **options))
    for pair, among in zip(pairs, together, strict=True):
        alone = picture_space.morph(*pair, 35, **options)
        assert (alone.codes == among.codes).all()
        assert (alone.frames == among.frames).all()
    save_continua(together, tmp_path / "out")
    for order, among in zip(read_manifest(tmp_path / "out" / "manifest.csv"), together, strict=True):
        assert (picture_space.remake(order, tmp_path).frames == among.frames).all()


def test_one_item_costs_one_item(picture_space, photos, monkeypatch):
    """No batch is padded, and each end of a morph is encoded once."""
    seen = {"encode": [], "decode": []}
    for name, sizes in seen.items():
        compute = getattr(picture_space.generator, name)
        monkeypatch.setattr(picture_space.generator, name, lambda x, f=compute, s=sizes: s.append(len(x)) or f(x))
    a, b = photos / "p00.png", photos / "p01.png"
    picture_space.encode(a)
    picture_space.decode(np.zeros((3, 6)))
    assert seen == {"encode": [1], "decode": [3]}
    picture_space.encode(a, refine=2)
    assert seen == {"encode": [1, 1], "decode": [3, 1, 1, 1]}
    for sizes in seen.values():
        sizes.clear()
    picture_space.morph(a, b, steps=5, detail="added")
    assert seen == {"encode": [1, 1], "decode": [1, 1, 5]}


def test_a_misspelt_option_is_an_error(picture_space, photos):
    a, b = photos / "p00.png", photos / "p01.png"
    for call in (
        lambda: picture_space.morph(a, b, stepz=3),
        lambda: picture_space.morph_pairs([(a, b)], details="none"),
        lambda: picture_space.edit(a, {}, refin=3),
        lambda: picture_space.edit_path(a, "x", [1], scale=3),
    ):
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            call()


@pytest.mark.parametrize(("keywords", "options"), [(EditKeywords, EditOptions), (MorphKeywords, MorphOptions)])
def test_keywords_are_the_options(keywords, options):
    """A type checker sees the names and types that Python accepts."""
    fields = typing.get_type_hints(options)
    positional = {"steps", "weights"} & set(fields)
    assert typing.get_type_hints(keywords) == {name: fields[name] for name in set(fields) - positional}


def test_natural_forms(picture_space, vector_space):
    pictures = picture_space.decode(np.zeros((3, 6)))
    assert pictures.shape == (3, 16, 16, 1)
    assert pictures.dtype == np.uint8
    vectors = vector_space.decode(np.zeros((3, 2), np.float32))
    assert vectors.shape == (3, 2)
    assert vectors.dtype == np.float32
    points = gm.open_data("sample:moons").items[:200]
    assert np.abs(vector_space.reconstruct(points) - points).mean() < 0.15, "in original units"


def test_sample(picture_space):
    one = picture_space.sample(7)
    assert one.shape == (7, 16, 16, 1)
    assert (one == picture_space.sample(7)).all()
    assert (one != picture_space.sample(7, seed=1)).any()


def test_codes_on_a_sphere_stay_there(photos, tmp_path):
    """Encoded, refined and sampled codes lie on the sphere, also after loading. Other codes are decoded by their direction."""
    network = {"width": 8, "codes": "sphere"}
    gm.train(photos, out=tmp_path, size=16, steps=10, show=False, **SMALL | {"latent_dim": 16, "network": network})
    space = gm.load(tmp_path)
    items = np.array(gm.open_data(photos, size=16).items[:3])
    z = space.encode(items)
    for codes in (z, space.encode(items, refine=3), space.sample_codes(5)):
        np.testing.assert_allclose(np.linalg.norm(codes, axis=1), 4, rtol=1e-4)
    assert np.abs(space.decode(z).astype(int) - space.decode(3 * z)).max() <= 1
    assert space.info.network.codes == "sphere"


@pytest.mark.parametrize(
    "z", [np.zeros(6), np.zeros((2, 5)), np.full((1, 6), np.nan), "codes", np.zeros((1, 6, 1)), [["a"] * 6]]
)
def test_bad_codes(picture_space, z):
    with pytest.raises(gm.UserError):
        picture_space.decode(z)


@pytest.mark.parametrize(
    "items", ["nowhere.png", [], np.zeros((0, 16, 16, 1), np.uint8), [None], np.zeros(5), 3.0, object()]
)
def test_bad_items(picture_space, items):
    with pytest.raises(gm.UserError):
        picture_space.encode(items)


@pytest.mark.parametrize("items", [[1.0, 2.0], [["a", "b"]], [[1.0, np.nan]], [[1.0]], np.zeros((3, 5))])
def test_bad_vectors(vector_space, items):
    with pytest.raises(gm.UserError):
        vector_space.encode(items)


def test_save_and_load(picture_space, tmp_path):
    path = picture_space.save(tmp_path / "s.safetensors")
    again = gm.load(path)
    assert again.sha256 == picture_space.sha256
    assert (again.sample(3) == picture_space.sample(3)).all()
    z = np.random.default_rng(0).normal(size=(4, 6))
    assert (again.decode(z) == picture_space.decode(z)).all()
    with pytest.raises(gm.UserError, match=r"\.safetensors"):
        picture_space.save(tmp_path / "s.pt")


def test_the_hash_knows_weights_and_description(picture_run):
    first, other, third = (gm.load(picture_run) for _ in range(3))
    with torch.no_grad():
        next(other.generator.parameters()).mul_(1.001)
    third.info = replace(third.info, training=replace(third.info.training, source="elsewhere"))
    assert len({first.sha256, other.sha256, third.sha256}) == 3
    assert first.sha256 == gm.load(picture_run).sha256


def rewritten(picture_run, path, change):
    """The space file with its description changed."""
    with safe_open(picture_run / "space.safetensors", framework="np") as file:
        description = json.loads(file.metadata()["gaiamorph"])
    change(description)
    save_file(load_file(picture_run / "space.safetensors"), path, {"gaiamorph": json.dumps(description)})
    return path


def test_a_newer_format_says_what_to_install(picture_run, tmp_path):
    def newer(d):
        d.update(format=2, gaiamorph_version="9.9.0", nonsense=1)

    with pytest.raises(gm.UserError, match=r"has format 2.*reads up to 1: install gaiamorph 9\.9\.0 or newer"):
        gm.load(rewritten(picture_run, tmp_path / "newer.safetensors", newer))


def test_the_description_survives_json(picture_space):
    values = json.loads(json.dumps(picture_space.info.to_json()))
    assert SpaceInfo.from_json(values) == picture_space.info
    assert "prior" not in values


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("kind"),
        lambda d: d.update(kind={"name": "smells"}),
        lambda d: d.update(latent_dim=10**12),
        lambda d: d.update(latent_dim="six"),
        lambda d: d["network"].update(width=10**9),
        lambda d: d["network"].update(name="mlp"),
        lambda d: d["network"].update(name="evil"),
        lambda d: d["kind"].update(height=10**9),
        lambda d: d["network"].update(depth=10**12),
        lambda d: d["network"].update(depth=-1),
        lambda d: d["network"].update(unheard_of=0),
        lambda d: d.update(training="long"),
        lambda d: d["training"].update(steps="many"),
        lambda d: d.pop("training"),
        lambda d: d.update(validation=[1]),
        lambda d: d.update(nonsense=1),
        lambda d: d.pop("format"),
        lambda d: d.update(format="new"),
        lambda d: d.update(format=[7, 0]),
    ],
)
def test_damaged_descriptions(picture_run, tmp_path, change):
    with pytest.raises(gm.UserError):
        gm.load(rewritten(picture_run, tmp_path / "bad.safetensors", change))


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"\x80\x04\x95", (10**18).to_bytes(8, "little") + b"{}"])
def test_files_that_are_no_spaces(tmp_path, content):
    (tmp_path / "bad.safetensors").write_bytes(content)
    with pytest.raises(gm.UserError, match="not a space"):
        gm.load(tmp_path / "bad.safetensors")


def test_weights_of_another_program(tmp_path):
    save_file({"a": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    with pytest.raises(gm.UserError, match="of another program"):
        gm.load(tmp_path / "other.safetensors")


def test_missing_space(tmp_path):
    with pytest.raises(gm.UserError, match="does not exist"):
        gm.load(tmp_path / "none.safetensors")
    with pytest.raises(gm.UserError, match="not a run folder"):
        gm.load(tmp_path)


# Morphs ---------------------------------------------------------------------------------------------


def test_ends_are_the_reconstructions(picture_space, photos):
    a, b = photos / "p00.png", photos / "p01.png"
    c = picture_space.morph(a, b, steps=5, detail="none")
    assert c.weights.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert c.frames.shape == (5, 16, 16, 1)
    assert np.abs(c.frames[[0, -1]].astype(int) - picture_space.reconstruct([a, b])).max() <= 1
    assert (c.codes[[0, -1]] == np.concatenate([picture_space.encode(a), picture_space.encode(b)])).all()


def test_perceptual_steps_are_more_even(vector_space):
    a, b = gm.open_data("sample:moons").items[[3, 8]]

    def unevenness(c):
        """Longest over shortest path between neighbouring frames. A path is the sum of 50 chords."""
        fine = [np.linspace(*ends, 51) for ends in itertools.pairwise(c.weights)]
        points = [vector_space.decode(interpolate.linear(c.codes[0], c.codes[-1], weights)) for weights in fine]
        lengths = [vector_space.kind.to_tensor(p).diff(dim=0).norm(dim=1).sum().item() for p in points]
        return max(lengths) / min(lengths)

    even, perceptual = (vector_space.morph(a, b, 9, spacing=s) for s in ("even", "perceptual"))
    assert unevenness(perceptual) < unevenness(even)
    assert unevenness(perceptual) < 1.1
    assert perceptual.features == "values"


def test_weights_and_extrapolation(picture_space, photos):
    a, b = photos / "p00.png", photos / "p01.png"
    assert picture_space.morph(a, b, weights=[0.3]).frames.shape == (1, 24, 24, 1)
    with pytest.raises(gm.UserError, match="extrapolate"):
        picture_space.morph(a, b, weights=[-0.5, 0.5])
    c = picture_space.morph(a, b, weights=[-0.5, 1.5], extrapolate=True)
    np.testing.assert_allclose(
        c.codes[0], 1.5 * picture_space.encode(a)[0] - 0.5 * picture_space.encode(b)[0], atol=1e-5
    )


@pytest.mark.parametrize("options", [{"steps": 1}, {"steps": 10**9}, {"spacing": "odd"}, {"weights": []}, {"weights": [np.nan]},
                                     {"refine": -1}, {"spacing": "perceptual", "features": "pca"},
                                     {"spacing": "perceptual", "features": "smell"}, {"detail": "much"}, {"full_size": 15},
                                     {"full_size": 5000}])  # fmt: skip
def test_bad_morphs(picture_space, photos, options):
    with pytest.raises(gm.UserError):
        picture_space.morph(photos / "p00.png", photos / "p01.png", **options)


def test_refine_never_makes_an_item_worse(picture_space, photos):
    paths = [photos / f"p{i:02d}.png" for i in range(8)]
    before, after = picture_space.errors(paths), picture_space.errors(paths, refine=40)
    assert (after <= before + 1e-7).all()
    assert after.mean() < before.mean()


def test_strange_items_are_pointed_out(picture_space, photos):
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 1), dtype=np.uint8)
    assert picture_space.unlike([noise]).all()
    with pytest.warns(UnlikeTrainingWarning, match="unlike the training data"):
        picture_space.morph(noise, noise)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_makes_a_space(photos, tmp_path, model):
    space = gm.train(photos, out=tmp_path / "run", model=model, size=16, steps=6, show=False, **SMALL)
    again = gm.load(tmp_path / "run")
    assert again.sha256 == space.sha256
    assert again.sample(3).shape == (3, 16, 16, 1)
    assert (again.sample(3) == space.sample(3)).all()
    between = interpolate.linear(*again.sample_codes(2), np.linspace(0, 1, 5))
    assert again.decode(between).shape == (5, 16, 16, 1)
    a, b = photos / "p00.png", photos / "p01.png"
    if MODELS[model].can_encode:
        assert len(again.morph(a, b, steps=3)) == 3
        assert again.encode([a]).shape == (1, 6)
    else:
        with pytest.raises(gm.UserError, match="no encoder"):
            again.morph(a, b)
        with pytest.raises(gm.UserError, match="no encoder"):
            again.encode([a])


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_a_space_and_a_manifest_of_each_format_still_open(number):
    """One of each format is kept for ever, with the frames that they gave when they were made.

    Those of today's format are made by ``python -m tests.fixtures.make``, in the root of the repository. It is run again
    while that format has not been released, and never after.
    """
    space = gm.load(FIXTURES / f"space_{number}.safetensors")
    orders = read_manifest(FIXTURES / f"manifest_{number}.csv")
    assert {order.space_sha256 for order in orders} == {space.sha256}
    frames = np.concatenate([space.remake(order, FIXTURES).frames for order in orders]).astype(int)
    # Another processor rounds otherwise.
    assert np.abs(frames - np.load(FIXTURES / f"space_{number}.npy")).max() <= 1
    assert space.sample(2).shape == (2, 8, 8, 1)


def test_data_of_pictures_that_are_not_square_opens_as_it_was_trained_on(tmp_path):
    np.save(tmp_path / "wide.npy", np.random.default_rng(0).integers(0, 256, (60, 8, 12), np.uint8))
    space = gm.train(tmp_path / "wide.npy", model="ae", steps=1, batch_size=8, out=tmp_path / "run", show=False)
    data = space.open_data(tmp_path / "wide.npy")
    assert data.kind.shape == space.kind.shape == (1, 8, 12)
    assert space.reconstruct(data).shape == data.items.shape


def test_arrays_of_the_right_shape_are_looked_at(picture_space, vector_space):
    """Checked as single items are: missing numbers and files that are no pictures are refused."""
    points = np.array(gm.open_data("sample:moons").items[:4], np.float64)
    assert (vector_space.encode(points) == vector_space.encode(points.astype(np.float32))).all()
    for bad in (np.nan, np.inf):
        points[2, 1] = bad
        for kind in (np.float32, np.float64):
            with pytest.raises(gm.UserError, match="missing or infinite"):
                vector_space.encode(points.astype(kind))
    with pytest.raises(gm.UserError, match="row of 2 numbers"):
        vector_space.encode(np.array([["a", "b"]]))
    for value in (200, 300):
        with pytest.raises(gm.UserError, match="neither uint8 nor floating-point"):
            picture_space.encode(np.full((2, 16, 16, 1), value, np.int64))
