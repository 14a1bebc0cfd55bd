"""`align`: folders of photographs, and points that people have placed."""

from __future__ import annotations

import json
import shutil
import sys

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.conftest import CROP, canvas, orl, pixels

import gaiamorph as gm
from gaiamorph.data.alignment import Alignment, transform
from gaiamorph.errors import UserError
from gaiamorph.output import aligned as folders
from gaiamorph.output.journal import STATE

# Folders --------------------------------------------------------------------------------------------


def test_a_folder(people, tmp_path):
    made = gm.align(people, tmp_path / "out", **CROP)
    assert made.summary == "10 of 10 photographs aligned"
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == [f"p{i}.png" for i in range(10)]
    table = pd.read_csv(tmp_path / "out/alignment.csv")
    assert table["score"].between(0.6, 1).all()
    row = table.iloc[3]
    way = row[["m00", "m01", "m02", "m10", "m11", "m12"]].to_numpy(float).reshape(2, 3)
    points = row[["left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y"]].to_numpy(float).reshape(2, 2)
    assert np.allclose(transform.applied(way, points), Alignment(**CROP).targets(2), atol=0.02)
    metadata = pd.read_csv(tmp_path / "out/metadata.csv")
    assert metadata["file_name"].tolist() == [f"p{i}.png" for i in range(10)]
    assert metadata["age"].tolist() == list(range(20, 30))
    assert "base64" in (tmp_path / "out/index.html").read_text()
    # The contact sheet is no photograph: the folder has ten.
    data = gm.open_data(tmp_path / "out", size=32)
    assert (len(data), data.kind.align) == (10, Alignment(**CROP))


def test_the_largest_face_or_all(tmp_path):
    photograph = canvas((700, 420), (orl(0, 2), (20, 60)), (orl(50), (320, 40)))
    photograph.save(tmp_path / "two.png")
    one = gm.align(tmp_path / "two.png", tmp_path / "one", **CROP)
    assert "1 with several faces" in one.summary
    both = gm.align(tmp_path / "two.png", tmp_path / "both", every=True, **CROP)
    assert [row["aligned"] for row in both.made] == ["two.png", "two_face2.png"]
    assert np.array_equal(pixels(tmp_path / "one/two.png"), pixels(tmp_path / "both/two.png"))
    assert both.made[0]["left_eye_x"] > 320 > both.made[1]["left_eye_x"]


def test_a_photograph_without_a_face_is_listed(people, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for path in people.glob("*.png"):
        (photos / path.name).symlink_to(path)
    Image.new("L", (300, 300), 90).save(photos / "wall.png")
    made = gm.align(photos, tmp_path / "out", **CROP)
    assert made.missing == {"wall.png": "no face was found in it"}
    assert not (tmp_path / "out/wall.png").exists()
    assert (
        pd.read_csv(tmp_path / "out/alignment.csv").set_index("file_name")["reason"]["wall.png"]
        == "no face was found in it"
    )
    assert "wall.png" in (tmp_path / "out/index.html").read_text()
    trained_on = gm.open_data(photos, size=32, align=True)
    assert trained_on.skipped == [("wall.png", "no face was found in it")]


def test_too_many_without_a_face_is_an_error(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(3):
        Image.new("L", (300, 300), 90 + i).save(photos / f"{i}.png")
    with pytest.raises(UserError, match=r"3 of 3 photographs .* no face was found in it \(0.png, 1.png, 2.png\)"):
        gm.align(photos, tmp_path / "out", **CROP)
    with pytest.raises(UserError, match=r"3 of 3 pictures .* cannot be aligned"):
        gm.open_data(photos, align=True)
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_names_that_differ_in_their_ending_stay_apart(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    orl(0).save(photos / "anna.png")
    orl(10).save(photos / "Anna.bmp")
    made = gm.align(photos, tmp_path / "out", **CROP)
    assert [row["aligned"] for row in made.made] == ["Anna.bmp.png", "anna.png.png"]


def test_a_stopped_run_goes_on(people, tmp_path, monkeypatch):
    whole = gm.align(people, tmp_path / "whole", **CROP)
    monkeypatch.setattr(folders, "AT_ONCE", 4)
    monkeypatch.chdir(tmp_path)  # the folder of the work changes the current one
    worked = []
    original = folders._Job.rows

    def stopping(self, entry):
        worked.append(entry[0])
        if len(worked) == 7:
            raise KeyboardInterrupt
        return original(self, entry)

    monkeypatch.setattr(folders._Job, "rows", stopping)
    with pytest.raises(KeyboardInterrupt):
        gm.align(people, tmp_path / "out", **CROP)
    assert not (tmp_path / "out").exists()
    before = len(worked)
    again = gm.align(people, tmp_path / "out", **CROP)
    assert 0 < len(worked) - before <= 6
    assert json.dumps(again.rows) == json.dumps(whole.rows)
    for name in ("p0.png", "p9.png", "alignment.csv", "metadata.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    # A killed run leaves a line that was cut off.
    part = tmp_path / ".killed.part"
    with monkeypatch.context() as patch:
        patch.setattr(folders, "_refuse_missing", lambda *_: sys.exit(9))
        with pytest.raises(SystemExit):
            gm.align(people, tmp_path / "killed", **CROP)
    text = (part / STATE).read_text()
    (part / STATE).write_text(text[:-40])
    before = len(worked)
    gm.align(people, tmp_path / "killed", **CROP)
    assert len(worked) - before == 1
    assert (tmp_path / "killed/alignment.csv").read_bytes() == (tmp_path / "whole/alignment.csv").read_bytes()
    # Another rule does not go on with these pictures.
    assert gm.align(people, tmp_path / "other", size=64).rows[0]["scale"] != whole.rows[0]["scale"]


def test_what_looks_like_a_photograph_but_is_not_read_is_listed(people, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for path in people.glob("*.png"):
        (photos / path.name).symlink_to(path)
    (photos / "raw.cr2").write_bytes(b"raw")
    made = gm.align(photos, tmp_path / "out", **CROP)
    assert "raw file" in made.missing["raw.cr2"]
    with pytest.raises(UserError, match="where it would be read as photographs"):
        gm.align(photos, photos / "aligned", **CROP)


def test_metadata_finds_its_photographs_under_new_names(people, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for path in people.glob("*.png"):
        (photos / path.name).symlink_to(path)
    table = pd.read_csv(people / "metadata.csv")
    table["file_name"] = table["file_name"].str.replace("png", "JPG")
    table.loc[2, "age"] = None
    table.to_csv(photos / "metadata.csv", index=False)
    made = gm.align(photos, tmp_path / "out", **CROP)
    assert any("endings" in note for note in made.notes)
    assert (tmp_path / "out/metadata.csv").read_text().splitlines()[:4] == [
        "file_name,age,group",
        "p0.png,20,a",
        "p1.png,21,a",
        "p2.png,,b",
    ]


# Points that people have placed ---------------------------------------------------------------------


def template(path, points):
    lines = [str(len(points)), *(f"{x}\t{y}" for x, y in points), "0"]
    path.write_text("\n".join(lines))


def test_templates_take_the_place_of_detection(people, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(6):
        Image.fromarray(pixels(people / f"p{i}.png")).save(photos / f"p{i}.jpg", quality=95)
        template(photos / f"p{i}.tem", [(100 + i, 150), (200 + i, 170), (50, 50)])
    (photos / "p5.tem").unlink()
    made = gm.align(photos, tmp_path / "out", points="templates", **CROP)
    assert made.missing == {"p5.jpg": "it has no template p5.tem beside it"}
    row = made.made[2]
    assert (row["left_eye_x"], row["left_eye_y"], row["right_eye_x"]) == (102, 150, 202)
    # Pictures with the same places are alike, wherever the points came from.
    alike = gm.align(people / "p3.png", tmp_path / "alike", like=tmp_path / "out", points="faces")
    assert Alignment.read(tmp_path / "alike").geometry == Alignment.read(tmp_path / "out").geometry
    assert alike.made[0]["score"] > 0.6
    # A space of these pictures takes photographs with their templates.
    kind = gm.open_data(tmp_path / "out", size=32).kind
    assert np.array_equal(kind.read(photos / "p2.jpg"), kind.read(tmp_path / "out/p2.png"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2\n10\t10\n900\t10\n", "outside"), ("2\n10\t10\n", "fewer points"), ("", "not a template"),
        ("\x00\xff\x01", "not a template"),
        ("2\n10 10\nnan 4\n", "outside"), ("2\n10 10\n10 10\n", "one spot"),
    ],
)  # fmt: skip
def test_a_broken_template_is_told(tmp_path, text, reason):
    orl(0).save(tmp_path / "a.png")
    (tmp_path / "a.tem").write_text(text)
    with pytest.raises(UserError, match=reason):
        gm.align(tmp_path / "a.png", tmp_path / "out", points="templates")
    assert not (tmp_path / "out").exists()


def spots(folder, count=12):
    """Pictures with three coloured spots, turned, scaled and moved, and the table of the spots."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(count):
        angle, scale, shift = rng.uniform(-0.6, 0.6), rng.uniform(0.7, 1.3), rng.uniform(-20, 20, 2)
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        points = np.array([[-40, 30], [40, 30], [0, -50]]) @ turn.T + 128 + shift
        picture = np.full((256, 256, 3), 90, np.uint8)
        for k, (x, y) in enumerate(points):
            cv2.circle(picture, (round(x), round(y)), 7, [255 if k == j else 0 for j in range(3)], -1)
        Image.fromarray(picture).save(folder / f"s{i}.png")
        rows.append(
            {
                "file_name": f"s{i}.png",
                **{f"{a}{k + 1}": v for k, p in enumerate(points) for a, v in zip("xy", p, strict=True)},
            }
        )
    return pd.DataFrame(rows)


def test_a_table_of_points_of_anything(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    table = spots(photos)
    table.iloc[:-1].to_csv(tmp_path / "points.csv", index=False)
    made = gm.align(photos, tmp_path / "out", points=tmp_path / "points.csv", size=128, margin=0.5)
    assert made.missing == {
        f"s{len(table) - 1}.png": "the table of points has no row for it, or an empty or infinite cell"
    }
    mean = np.mean([pixels(tmp_path / "out" / row["aligned"]).astype(float) for row in made.made], 0)
    rule = Alignment.read(tmp_path / "out")
    assert rule is not None
    for k, (x, y) in enumerate(rule.targets(3)):
        assert mean[round(y), round(x), k] > 200  # in every picture the spot lies there
        assert min(x, y) > 0
        assert max(x, y) < 127
    # The same places for new things, and a photograph whose points nobody knows is refused.
    table.iloc[-1:].to_csv(tmp_path / "last.csv", index=False)
    last = gm.align(photos / "s11.png", tmp_path / "more", points=tmp_path / "last.csv", like=tmp_path / "out")
    assert np.abs(pixels(tmp_path / "more" / last.made[0]["aligned"]).astype(float) - mean).mean() < 20
    for points in (None, "faces"):
        with pytest.raises(UserError, match="only a table has such points"):
            gm.align(photos, tmp_path / "faces", points=points, like=tmp_path / "out")
    with pytest.raises(UserError, match="points are not known"):
        gm.open_data(tmp_path / "out", size=32).kind.read(photos / "s11.png")


def test_a_table_of_eyes_corrects_the_detector(people, tmp_path):
    found = gm.align(people, tmp_path / "first", **CROP)
    table = found.table[["file_name", "left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y"]].iloc[:1]
    table.assign(left_eye_x=100.0).to_csv(tmp_path / "eyes.csv", index=False)
    corrected = gm.align(people, tmp_path / "second", points=tmp_path / "eyes.csv", **CROP)
    assert corrected.made[0]["left_eye_x"] == 100
    assert corrected.made[1] == found.made[1]


@pytest.mark.parametrize(
    ("cells", "reason"), [("300,100,200,100", "left is meant in the picture"), ("1,2,3,inf", "infinite cell")]
)
def test_eyes_that_cannot_be_are_told(people, tmp_path, cells, reason):
    (tmp_path / "eyes.csv").write_text(f"file_name,left_eye_x,left_eye_y,right_eye_x,right_eye_y\np0.png,{cells}\n")
    made = gm.align(people, tmp_path / "out", points=tmp_path / "eyes.csv", **CROP)
    assert list(made.missing) == ["p0.png"]
    assert reason in made.missing["p0.png"]


def test_no_photograph_is_overwritten(people, tmp_path, monkeypatch):
    photos = tmp_path / "mine" / "photos"
    shutil.copytree(people, photos)
    before = sorted(path.name for path in photos.iterdir())
    monkeypatch.chdir(tmp_path / "mine")
    for out in (photos, tmp_path / "mine", ".", tmp_path):
        with pytest.raises(UserError):
            gm.align(photos, out, overwrite=True, **CROP)
    with pytest.raises(UserError, match="holds no results of gaiamorph"):
        gm.align(people, photos, overwrite=True, **CROP)
    with pytest.raises(UserError, match="holds no results of gaiamorph"):
        gm.train("sample:moons", out=photos, overwrite=True, steps=1, show=False)
    # Photographs with a run among them, and a project with settings of its own.
    (photos / "run").mkdir()
    for name in ("config.yaml", "splits.json"):
        (photos / "run" / name).write_text("x")
    (photos / "analysis").mkdir()
    (photos / "analysis" / "config.yaml").write_text("x")
    for out in (photos, photos / "analysis"):
        with pytest.raises(UserError, match="holds no results of gaiamorph"):
            gm.train("sample:moons", out=out, overwrite=True, steps=1, show=False)
    shutil.rmtree(photos / "run")
    shutil.rmtree(photos / "analysis")
    assert sorted(path.name for path in photos.iterdir()) == before
    gm.align(photos, tmp_path / "out", **CROP)
    gm.align(photos, tmp_path / "out", overwrite=True, **CROP)  # its own result may be replaced


def test_a_second_face_has_a_name_of_its_own(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    canvas((700, 420), (orl(0, 2), (20, 60)), (orl(50), (320, 40))).save(photos / "a.png")
    orl(100).save(photos / "a_face2.png")
    made = gm.align(photos, tmp_path / "out", every=True, **CROP)
    names = [row["aligned"] for row in made.made]
    assert len(set(names)) == 3
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == set(names)


@pytest.mark.parametrize("columns", ["file_name,x1,y1", "file_name,a,b,c,d", "x1,y1,x2,y2"])
def test_a_table_without_two_points_is_refused(people, tmp_path, columns):
    (tmp_path / "points.csv").write_text(f"{columns}\n" + ",".join(["1"] * (columns.count(",") + 1)) + "\n")
    with pytest.raises(UserError):
        gm.align(people, tmp_path / "out", points=tmp_path / "points.csv")
    assert not (tmp_path / "out").exists()
