"""Continua as files: folders, manifests, and frames made again from them."""

from __future__ import annotations

import csv
import hashlib
import html
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import gaiamorph as gm
from gaiamorph.output.continuum import save_continua
from gaiamorph.output.description import COLUMNS, NEWER
from gaiamorph.output.manifest import Order, Sources, read_manifest

pytestmark = pytest.mark.usefixtures("quiet")


def read_rows(folder):
    with open(folder / "manifest.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_continuum_folder(picture_space, photos, tmp_path):
    a, b = photos / "p00.png", photos / "p01.png"
    picture_space.morph(a, b, steps=4).save(tmp_path / "out", scale=2, include_originals=True)
    rows = read_rows(tmp_path / "out")
    assert [r["role"] for r in rows] == ["frame"] * 4 + ["original"] * 2
    assert [float(r["weight"]) for r in rows[:4]] == np.linspace(0, 1, 4).tolist()
    assert rows[0]["sha256_a"] == hashlib.sha256(a.read_bytes()).hexdigest()
    assert {r["space_sha256"] for r in rows} == {picture_space.sha256}
    for row in rows:
        with Image.open(tmp_path / "out" / row["file"]) as picture:
            assert picture.size == (48, 48)
        assert row["sha256"] == hashlib.sha256((tmp_path / "out" / row["file"]).read_bytes()).hexdigest()
    with Image.open(tmp_path / "out" / "sheet.png") as picture:
        assert picture.size[0] > 6 * 48
    assert (np.load(tmp_path / "out" / "codes.npy") == picture_space.morph(a, b, steps=4).codes).all()
    picture_space.morph(a, b, steps=4).save(tmp_path / "bare", sheets=False)
    assert sorted(p.name for p in (tmp_path / "bare").iterdir() if p.suffix == ".png") == [r["file"] for r in rows[:4]]


def test_a_page_shows_each_frame_and_who_is_at_its_ends(picture_space, photos, tmp_path):
    strange = tmp_path / '<b>"it\'s" & me.png'
    strange.write_bytes((photos / "p00.png").read_bytes())
    picture_space.morph(strange, photos / "p01.png", steps=4).save(tmp_path / "out", include_originals=True)
    page = (tmp_path / "out" / "index.html").read_text()
    (frames,) = (json.loads(html.unescape(text)) for text in re.findall(r'data-frames="([^"]+)"', page))
    assert [title for _, title in frames] == ["0.00", "0.33", "0.67", "1.00"]
    shown = re.findall(r'<img [^>]*src="([^"]+)"', page)
    assert shown == ["frame_0000.png", "original_a.png", "original_b.png"]
    assert all((tmp_path / "out" / file).is_file() for file in (*shown, *(file for file, _ in frames)))
    assert html.escape(strange.name) in page
    assert "<b>" not in page


def test_vectors_have_no_page(vector_space, tmp_path):
    vector_space.morph(np.zeros(2), np.ones(2), steps=3).save(tmp_path / "out")
    assert not (tmp_path / "out" / "index.html").exists()
    assert {row["sha256"] for row in read_rows(tmp_path / "out")} == {""}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"spacing": "perceptual"},
        {"refine": 3},
        {"weights": [0.1, 1.2], "extrapolate": True},
        {"detail": "added"},
        {"detail": "none"},
        {"full_size": 40},
        {"detail": "none", "full_size": 20},
        {"detail": "added", "full_size": 16},
    ],
)
def test_a_manifest_makes_the_same_files_again(picture_run, photos, tmp_path, options):
    a, b = photos / "p02.png", photos / "p03.png"
    gm.load(picture_run).morph(a, b, 5, **options).save(tmp_path / "one", scale=2, include_originals=True)
    orders = read_manifest(tmp_path / "one" / "manifest.csv")
    again = [gm.load(picture_run).remake(order, tmp_path) for order in orders]
    save_continua(again, tmp_path / "two", scale=orders[0].scale, include_originals=orders[0].originals)
    files = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert files == sorted(p.name for p in (tmp_path / "two").iterdir())
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_added_detail_ends_at_the_items_and_fades_between(picture_space, photos):
    a, b = (picture_space.kind.read(photos / f"p0{i}.png") for i in (2, 3))
    weights = [-0.5, 0, 0.25, 1, 1.5]
    plain, kept = (
        picture_space.morph(a, b, weights=weights, extrapolate=True, detail=detail).frames.astype(int)
        for detail in ("none", "added")
    )
    assert (kept[1] == a).all()
    assert (kept[3] == b).all()
    lost_a, lost_b = a - plain[1], b - plain[3]
    assert np.abs(lost_a).max() > 5
    expected = [lost_a, lost_a, 0.75 * lost_a + 0.25 * lost_b, lost_b, lost_b]
    for frame, before, detail in zip(kept, plain, expected, strict=True):
        # ``before``, ``detail`` and the frame are each rounded by up to half a grey level.
        assert np.abs(frame - np.clip(before + detail, 0, 255)).max() <= 1.5


def test_a_changed_source_is_noticed(picture_space, photos, tmp_path):
    for i in (0, 1):
        (tmp_path / f"{i}.png").write_bytes((photos / f"p0{i}.png").read_bytes())
    picture_space.morph(tmp_path / "0.png", tmp_path / "1.png", 3).save(tmp_path / "out")
    (tmp_path / "1.png").write_bytes((photos / "p05.png").read_bytes())
    order = read_manifest(tmp_path / "out" / "manifest.csv")[0]
    with pytest.raises(gm.UserError, match="has changed"):
        picture_space.remake(order, tmp_path)


@pytest.fixture
def moved(picture_space, photos, tmp_path):
    """A manifest of a morph between two files that have moved from ``before``, and the folder where they are now."""

    def make(form: str) -> tuple[Order, Path]:
        (tmp_path / "before" / "s").mkdir(parents=True)
        for i in range(6):
            (tmp_path / "before" / "s" / f"{i}.png").write_bytes((photos / f"p0{i}.png").read_bytes())
        ends = (form.format(folder=tmp_path / "before", name=f"s/{i}.png") for i in (1, 2))
        picture_space.morph(*ends, 3).save(tmp_path / "out")
        (tmp_path / "before").rename(tmp_path / "now")
        # One file has another name, and another file has its name.
        (tmp_path / "now" / "s" / "1.png").rename(tmp_path / "now" / "renamed.png")
        (tmp_path / "now" / "s" / "5.png").rename(tmp_path / "now" / "s" / "1.png")
        return read_manifest(tmp_path / "out" / "manifest.csv")[0], tmp_path / "now"

    return make


@pytest.mark.parametrize("form", ["{folder}/{name}", "{folder}::{name}"])
def test_sources_that_moved_are_found_by_their_sha256(picture_space, moved, tmp_path, form):
    order, folder = moved(form)
    with pytest.raises(gm.UserError, match="is gone: give --sources DIR, where it is found by its SHA-256"):
        picture_space.remake(order, tmp_path)
    picture_space.remake(order, tmp_path, folder).save(tmp_path / "again")
    for name in ("manifest.csv", "frame_0001.png", "codes.npy"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
    (folder / "renamed.png").unlink()
    with pytest.raises(gm.UserError, match=r"1\.png is gone, and no file in .*now has its SHA-256"):
        picture_space.remake(order, tmp_path, folder)


def test_only_files_that_may_be_the_source_are_read(moved, monkeypatch):
    order, folder = moved("{folder}/{name}")
    read = []
    digest = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda file, name: read.append(file.name) or digest(file, name))
    found = Sources(folder)
    assert found.find(*order.sources[1]) == folder / "s" / "2.png"
    assert read == [str(folder / "s" / "2.png")]
    assert found.find(*order.sources[0]) == folder / "renamed.png"
    assert len(read) == len(set(read))


def test_a_moved_table_and_a_path_beside_the_manifest(vector_run, tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    points = np.random.default_rng(0).normal(size=(9, 2))
    pd.DataFrame(points, columns=["x", "y"]).to_csv("points.csv", index=False)
    space = gm.load(vector_run)
    made = space.morph("points.csv::1", "points.csv::2", 3)
    made.save("out")
    order = read_manifest(Path("out", "manifest.csv"))[0]
    monkeypatch.chdir(tmp_path)
    assert (space.remake(order, Path("a")).frames == made.frames).all()
    Path("a", "points.csv").rename("a/out/points.csv")
    assert (space.remake(order, Path("a"), "a/out").frames == made.frames).all()


def test_an_array_is_no_source_to_go_back_to(picture_space, photos, tmp_path):
    picture_space.morph(np.zeros((16, 16), np.uint8), photos / "p00.png", 3).save(tmp_path / "out")
    with pytest.raises(gm.UserError, match="was an array and no file"):
        picture_space.remake(read_manifest(tmp_path / "out" / "manifest.csv")[0], tmp_path)


def test_many_pairs(picture_space, photos, tmp_path):
    pairs = [(photos / f"p{i:02d}.png", photos / f"p{i + 1:02d}.png") for i in range(3)]
    save_continua(picture_space.morph_pairs(pairs, 3), tmp_path / "out")
    assert len(list((tmp_path / "out").glob("*_frame_*.png"))) == 9
    assert len(list((tmp_path / "out").glob("*_sheet.png"))) == 3
    assert np.load(tmp_path / "out" / "codes.npy").shape == (9, 6)
    assert [o.sources[0][0] for o in read_manifest(tmp_path / "out" / "manifest.csv")] == [str(a) for a, _ in pairs]


def test_vectors_are_written_as_one_table(vector_space, tmp_path):
    a, b = "sample:moons::3", "sample:moons::8"
    c = vector_space.morph(a, b, 5)
    c.save(tmp_path / "out")
    np.testing.assert_allclose(
        np.loadtxt(tmp_path / "out" / "frames.csv", delimiter=",", skiprows=1), c.frames, rtol=1e-6
    )
    assert read_rows(tmp_path / "out")[0]["source_a"] == a
    with pytest.raises(gm.UserError, match="has no item"):
        vector_space.morph("sample:moons::x", b)


def test_existing_results_are_not_touched(picture_space, photos, tmp_path):
    c = picture_space.morph(photos / "p00.png", photos / "p01.png", 3)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(gm.UserError, match="exists already"):
        c.save(tmp_path / "out")
    with pytest.raises(gm.UserError, match="holds no results of gaiamorph"):
        c.save(tmp_path / "out", overwrite=True)
    with pytest.raises(gm.UserError, match="scale"):
        c.save(tmp_path / "new", scale=0, overwrite=True)
    assert [p.name for p in tmp_path.rglob("*")] == ["out", "mine.txt"]
    c.save(tmp_path / "new")
    with pytest.raises(gm.UserError, match="say --overwrite"):
        c.save(tmp_path / "new")
    picture_space.morph(photos / "p00.png", photos / "p01.png", 2).save(tmp_path / "new", overwrite=True)
    assert len(list((tmp_path / "new").glob("frame_*.png"))) == 2


def test_a_failing_write_leaves_nothing(picture_space, photos, tmp_path):
    def broken():
        yield picture_space.morph(photos / "p00.png", photos / "p01.png", 3)
        raise gm.UserError("the second pair is bad")

    with pytest.raises(gm.UserError):
        save_continua(broken(), tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content", ["", "a,b\n1,2\n", "file,role,pair,position,weight,source_a,sha256_a,source_b,sha256_b,spacing,features,refine,"
                "scale,attributes,space_sha256,gaiamorph_version,attributes_sha256,columns,detail,full_size\n"
                "x,frame,0,0,many,a,b,c,d,even,,0,1,{},e,f,,0,none,0\n"]
)  # fmt: skip
def test_bad_manifests(tmp_path, content):
    (tmp_path / "manifest.csv").write_text(content)
    with pytest.raises(gm.UserError):
        read_manifest(tmp_path / "manifest.csv")


def test_a_manifest_that_was_cut_off(tmp_path):
    kept = (Path(__file__).parent / "fixtures" / "manifest_1.csv").read_bytes()
    (tmp_path / "manifest.csv").write_bytes(kept[:-60])
    with pytest.raises(gm.UserError, match="cut off or damaged in line"):
        read_manifest(tmp_path / "manifest.csv")


@pytest.mark.parametrize("column", [column for column in COLUMNS if column not in NEWER])
def test_no_column_of_a_manifest_is_optional(tmp_path, column):
    kept = pd.read_csv(Path(__file__).parent / "fixtures" / "manifest_1.csv", dtype=str)
    kept.drop(columns=column).to_csv(tmp_path / "manifest.csv", index=False)
    with pytest.raises(gm.UserError, match=f"has no column '{column}'"):
        read_manifest(tmp_path / "manifest.csv")
