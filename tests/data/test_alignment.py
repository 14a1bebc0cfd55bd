"""Alignment: points, transforms, folders, spaces that remember it, and frames put back."""

from __future__ import annotations

import json
import shutil
import sys

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import gaiamorph as gm
from gaiamorph.cli import main
from gaiamorph.data import samples
from gaiamorph.data.alignment import Alignment, faces, transform
from gaiamorph.data.alignment.paste import paste
from gaiamorph.data.alignment.rule import FILE
from gaiamorph.errors import UserError
from gaiamorph.output import aligned as folders

SMALL = {"size": 96, "margin": 0.1}


def orl(number: int, enlarge: int = 3) -> Image.Image:
    with Image.open(samples.faces()[0][number][1]) as picture:
        return picture.resize((picture.width * enlarge, picture.height * enlarge), Image.Resampling.LANCZOS)


def canvas(size: tuple[int, int], *placed: tuple[Image.Image, tuple[int, int]]) -> Image.Image:
    made = Image.new("L", size, 128)
    for picture, place in placed:
        made.paste(picture, place)
    return made


def pixels(path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def eyes(picture) -> np.ndarray:
    found = faces.find_faces(np.asarray(picture))
    assert found
    return found[0].points[:2]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Ten photographs of ten people, of different size, place and angle."""
    folder = tmp_path_factory.mktemp("people")
    for i in range(10):
        photograph = canvas((420, 500), (orl(10 * i), (20 + 10 * i, 30 + 12 * i))).rotate(
            3 * i - 12, Image.Resampling.BICUBIC
        )
        photograph.save(folder / f"p{i}.png")
    table = {"file_name": [f"p{i}.png" for i in range(10)], "age": range(20, 30), "group": list("aabbccddee")}
    pd.DataFrame(table).to_csv(folder / "metadata.csv", index=False)
    return folder


# Transforms -----------------------------------------------------------------------------------------


def test_two_points_meet_their_places_and_more_come_near():
    rng = np.random.default_rng(0)
    points, places = rng.normal(size=(2, 2)), rng.normal(size=(2, 2))
    assert np.allclose(transform.applied(transform.similarity(points, places), points), places)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    points = rng.normal(size=(7, 2))
    assert np.allclose(transform.similarity(points, 2 * points @ turn.T + [3, 4]), np.column_stack([2 * turn, [3, 4]]))


def test_a_small_part_is_warped_as_the_whole_would_be(monkeypatch):
    """Only the part that is shown is shrunk. The borders are still those of the whole picture."""
    rng = np.random.default_rng(1)
    pairs = []
    for _ in range(40):
        height, width = rng.integers(40, 300, 2)
        picture = cv2.GaussianBlur(rng.integers(0, 256, (height, width, 3), np.uint8), (0, 0), 3)
        angle, scale, centre = rng.uniform(0, 6.28), rng.uniform(0.1, 0.99), rng.uniform(-0.3, 1.3, 2) * [width, height]
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        pairs.append((picture, np.column_stack([turn, 32 - turn @ centre])))
    for border in ("reflect", "edge", "#ff0000"):
        part = [transform.warp(picture, way, (64, 64), border).astype(int) for picture, way in pairs]
        with monkeypatch.context() as patch:
            patch.setattr(transform, "_needed", lambda picture, way, size: (picture, way))
            whole = [transform.warp(picture, way, (64, 64), border).astype(int) for picture, way in pairs]
        assert max(np.abs(a - b).max() for a, b in zip(part, whole, strict=True)) <= 12


def test_a_border_has_its_colour():
    way = np.array([[1.0, 0, 20], [0, 1, 20]])
    made = transform.warp(np.full((10, 10, 3), 200, np.uint8), way, (50, 50), "#ff0080")
    assert made[0, 0].tolist() == [255, 0, 128]
    assert made[25, 25].tolist() == [200, 200, 200]


# Faces ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "near"), [("eyes", 0.08), ("five", 0.15)])
def test_faces_come_to_one_place(people, by, near):
    rule = Alignment(size=256, margin=0.3, by=by)
    places = rule.targets(5)[:2]
    apart = places[1, 0] - places[0, 0]
    for path in sorted(people.glob("*.png")):
        made = rule.largest(pixels(path))
        assert np.abs(eyes(made.picture) - places).max() < near * apart


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_lying_face_is_set_upright(turn):
    upright = canvas((400, 420), (orl(0), (60, 40)))
    rule = Alignment(size=128)
    expected, lying = rule.largest(np.asarray(upright)), rule.largest(np.asarray(upright.rotate(turn, expand=True)))
    assert lying.found.turned == turn
    assert np.abs(expected.picture.astype(int) - lying.picture).mean() < 3


def test_turned_by_exif(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    upright = canvas((400, 420), (orl(0), (60, 40)))
    upright.save(photos / "a.png")
    exif = Image.Exif()
    exif[0x0112] = 3  # stored upside down
    upright.rotate(180).save(photos / "b.png", exif=exif)
    made = gm.align(photos, tmp_path / "out", **SMALL)
    assert [row["turned"] for row in made.rows] == [0, 0]
    assert np.array_equal(pixels(tmp_path / "out/a.png"), pixels(tmp_path / "out/b.png"))


def test_a_tiny_face_is_found_and_told(tmp_path):
    tiny = orl(0, 1).resize((28, 34), Image.Resampling.LANCZOS)
    canvas((900, 700), (tiny, (600, 300))).save(tmp_path / "tiny.png")
    made = gm.align(tmp_path / "tiny.png", tmp_path / "out", size=256)
    assert "1 enlarged more than 2 times" in made.summary


def test_all_orl_photographs_have_a_face():
    data = gm.open_data("sample:faces")
    assert (len(data), data.skipped) == (400, [])
    assert data.kind.align == samples.FACES_ALIGNED
    # Eyes lie at their places: on the mean picture they are darker than the skin between them.
    mean = data.items[..., 0].mean(0)
    left, right = samples.FACES_ALIGNED.targets(2) * data.kind.width / samples.FACES_ALIGNED.size
    left, right, between = (mean[round(y), round(x)] for x, y in (left, right, (left + right) / 2))
    assert max(left, right) < between - 20


# Folders --------------------------------------------------------------------------------------------


def test_a_folder(people, tmp_path):
    made = gm.align(people, tmp_path / "out", **SMALL)
    assert made.summary == "10 of 10 photographs aligned"
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == [f"p{i}.png" for i in range(10)]
    table = pd.read_csv(tmp_path / "out/alignment.csv")
    assert table["score"].between(0.6, 1).all()
    row = table.iloc[3]
    way = row[["m00", "m01", "m02", "m10", "m11", "m12"]].to_numpy(float).reshape(2, 3)
    points = row[["left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y"]].to_numpy(float).reshape(2, 2)
    assert np.allclose(transform.applied(way, points), Alignment(**SMALL).targets(2), atol=0.02)
    metadata = pd.read_csv(tmp_path / "out/metadata.csv")
    assert metadata["file_name"].tolist() == [f"p{i}.png" for i in range(10)]
    assert metadata["age"].tolist() == list(range(20, 30))
    assert "base64" in (tmp_path / "out/index.html").read_text()
    # The contact sheet is no photograph: the folder has ten.
    data = gm.open_data(tmp_path / "out", size=32)
    assert (len(data), data.kind.align) == (10, Alignment(**SMALL))


def test_the_largest_face_or_all(tmp_path):
    photograph = canvas((700, 420), (orl(0, 2), (20, 60)), (orl(50), (320, 40)))
    photograph.save(tmp_path / "two.png")
    one = gm.align(tmp_path / "two.png", tmp_path / "one", **SMALL)
    assert "1 with several faces" in one.summary
    both = gm.align(tmp_path / "two.png", tmp_path / "both", every=True, **SMALL)
    assert [row["aligned"] for row in both.made] == ["two.png", "two_face2.png"]
    assert np.array_equal(pixels(tmp_path / "one/two.png"), pixels(tmp_path / "both/two.png"))
    assert both.made[0]["left_eye_x"] > 320 > both.made[1]["left_eye_x"]


def test_a_photograph_without_a_face_is_listed(people, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for path in people.glob("*.png"):
        (photos / path.name).symlink_to(path)
    Image.new("L", (300, 300), 90).save(photos / "wall.png")
    made = gm.align(photos, tmp_path / "out", **SMALL)
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
        gm.align(photos, tmp_path / "out", **SMALL)
    with pytest.raises(UserError, match=r"3 of 3 pictures .* cannot be aligned"):
        gm.open_data(photos, align=True)
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_names_that_differ_in_their_ending_stay_apart(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    orl(0).save(photos / "anna.png")
    orl(10).save(photos / "Anna.bmp")
    made = gm.align(photos, tmp_path / "out", **SMALL)
    assert [row["aligned"] for row in made.made] == ["Anna.bmp.png", "anna.png.png"]


def test_a_stopped_run_goes_on(people, tmp_path, monkeypatch):
    whole = gm.align(people, tmp_path / "whole", **SMALL)
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
        gm.align(people, tmp_path / "out", **SMALL)
    assert not (tmp_path / "out").exists()
    before = len(worked)
    again = gm.align(people, tmp_path / "out", **SMALL)
    assert 0 < len(worked) - before <= 6
    assert json.dumps(again.rows) == json.dumps(whole.rows)
    for name in ("p0.png", "p9.png", "alignment.csv", "metadata.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    # A killed run leaves a line that was cut off.
    part = tmp_path / ".killed.part"
    with monkeypatch.context() as patch:
        patch.setattr(folders, "_refuse_missing", lambda *_: sys.exit(9))
        with pytest.raises(SystemExit):
            gm.align(people, tmp_path / "killed", **SMALL)
    text = (part / folders.STATE).read_text()
    (part / folders.STATE).write_text(text[:-40])
    before = len(worked)
    gm.align(people, tmp_path / "killed", **SMALL)
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
    made = gm.align(photos, tmp_path / "out", **SMALL)
    assert "raw file" in made.missing["raw.cr2"]
    with pytest.raises(UserError, match="where it would be read as photographs"):
        gm.align(photos, photos / "aligned", **SMALL)


def test_metadata_finds_its_photographs_under_new_names(people, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for path in people.glob("*.png"):
        (photos / path.name).symlink_to(path)
    table = pd.read_csv(people / "metadata.csv")
    table["file_name"] = table["file_name"].str.replace("png", "JPG")
    table.loc[2, "age"] = None
    table.to_csv(photos / "metadata.csv", index=False)
    made = gm.align(photos, tmp_path / "out", **SMALL)
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
    made = gm.align(photos, tmp_path / "out", points="templates", **SMALL)
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
    found = gm.align(people, tmp_path / "first", **SMALL)
    table = found.table[["file_name", "left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y"]].iloc[:1]
    table.assign(left_eye_x=100.0).to_csv(tmp_path / "eyes.csv", index=False)
    corrected = gm.align(people, tmp_path / "second", points=tmp_path / "eyes.csv", **SMALL)
    assert corrected.made[0]["left_eye_x"] == 100
    assert corrected.made[1] == found.made[1]


@pytest.mark.parametrize(
    ("cells", "reason"), [("300,100,200,100", "left is meant in the picture"), ("1,2,3,inf", "infinite cell")]
)
def test_eyes_that_cannot_be_are_told(people, tmp_path, cells, reason):
    (tmp_path / "eyes.csv").write_text(f"file_name,left_eye_x,left_eye_y,right_eye_x,right_eye_y\np0.png,{cells}\n")
    made = gm.align(people, tmp_path / "out", points=tmp_path / "eyes.csv", **SMALL)
    assert list(made.missing) == ["p0.png"]
    assert reason in made.missing["p0.png"]


def test_no_photograph_is_overwritten(people, tmp_path, monkeypatch):
    photos = tmp_path / "mine" / "photos"
    shutil.copytree(people, photos)
    before = sorted(path.name for path in photos.iterdir())
    monkeypatch.chdir(tmp_path / "mine")
    for out in (photos, tmp_path / "mine", ".", tmp_path):
        with pytest.raises(UserError):
            gm.align(photos, out, overwrite=True, **SMALL)
    with pytest.raises(UserError, match="holds no results of gaiamorph"):
        gm.align(people, photos, overwrite=True, **SMALL)
    with pytest.raises(UserError, match="holds no results of gaiamorph"):
        gm.train("sample:moons", out=photos, overwrite=True, steps=1, show=False)
    assert sorted(path.name for path in photos.iterdir()) == before
    gm.align(photos, tmp_path / "out", **SMALL)
    gm.align(photos, tmp_path / "out", overwrite=True, **SMALL)  # its own result may be replaced


def test_a_second_face_has_a_name_of_its_own(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    canvas((700, 420), (orl(0, 2), (20, 60)), (orl(50), (320, 40))).save(photos / "a.png")
    orl(100).save(photos / "a_face2.png")
    made = gm.align(photos, tmp_path / "out", every=True, **SMALL)
    names = [row["aligned"] for row in made.made]
    assert len(set(names)) == 3
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == set(names)


@pytest.mark.parametrize("columns", ["file_name,x1,y1", "file_name,a,b,c,d", "x1,y1,x2,y2"])
def test_a_table_without_two_points_is_refused(people, tmp_path, columns):
    (tmp_path / "points.csv").write_text(f"{columns}\n" + ",".join(["1"] * (columns.count(",") + 1)) + "\n")
    with pytest.raises(UserError):
        gm.align(people, tmp_path / "out", points=tmp_path / "points.csv")
    assert not (tmp_path / "out").exists()


# Spaces ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def aligned_run(people, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "aligned"
    gm.train(
        people, out=folder, size=16, steps=5, align=Alignment(**SMALL), network={"width": 8}, latent_dim=4, batch_size=4,
        threads=1, show=False,
    )  # fmt: skip
    return folder


@pytest.mark.usefixtures("quiet")
def test_a_space_remembers_the_alignment(people, aligned_run, tmp_path):
    space = gm.load(aligned_run)
    assert space.kind.align == Alignment(**SMALL)
    gm.align(people, tmp_path / "out", **SMALL)
    a, b = "p1.png", "p8.png"
    raw = space.morph(people / a, people / b, 5)
    done = space.morph(tmp_path / "out" / a, tmp_path / "out" / b, 5)
    assert np.array_equal(raw.frames, done.frames)
    assert np.array_equal(
        space.encode(gm.open_data(people, size=16, align=Alignment(**SMALL))), space.encode(space.open_data(people))
    )
    # A program has opened and saved the picture: it is still taken as aligned.
    Image.fromarray(pixels(tmp_path / "out" / a)).save(tmp_path / "out" / a)
    assert np.array_equal(space.kind.read(tmp_path / "out" / a), space.kind.read(people / a))
    # An item is an item.
    item = space.kind.read(people / a)
    assert np.array_equal(space.kind.read(item), item)


def test_without_alignment_the_file_is_as_before(picture_space):
    assert "align" not in picture_space.described()[1]["kind"]


@pytest.mark.parametrize(
    "given", [{"size": 10**9}, {"margin": -1}, {"border": "rm -rf"}, {"places": "x"}, {"unknown": 1}, {"points": "all"}]
)
def test_a_strange_alignment_is_refused(given):
    with pytest.raises(UserError):
        Alignment.of(given)


def test_a_damaged_rule_is_told(people, tmp_path):
    gm.align(people, tmp_path / "out", **SMALL)
    (tmp_path / "out" / FILE).write_text("{")
    with pytest.raises(UserError, match=r"alignment\.json is not an alignment"):
        gm.open_data(tmp_path / "out")


def test_vectors_are_not_aligned(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((20, 2), np.float32))
    with pytest.raises(UserError, match="align is for photographs"):
        gm.open_data(tmp_path / "x.npy", align=True)


def test_without_opencv_a_sentence_says_what_to_install(people, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'gaiamorph\[faces\]'"):
        gm.align(people, tmp_path / "out")
    with pytest.raises(UserError, match=r"pip install 'gaiamorph\[faces\]'"):
        gm.open_data(people, align=True, size=24)


def test_a_broken_model_file_is_told(people, tmp_path, monkeypatch, capfd):
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    monkeypatch.setattr(faces, "model_file", lambda: tmp_path / "model.onnx")
    monkeypatch.setattr(faces, "_own", faces.threading.local())
    with pytest.raises(UserError, match=r"the face detector .* does not open"):
        gm.align(people, tmp_path / "out")
    assert capfd.readouterr() == ("", "")
    assert not (tmp_path / "out").exists()


# Paste ----------------------------------------------------------------------------------------------


def test_a_frame_goes_back_to_its_place(people):
    path = people / "p4.png"
    for kind in (gm.open_data(people, size=64, align=True).kind, gm.open_data(people, size=64).kind):
        photograph, way = kind.placed(path)
        item = kind.read(path)
        back = paste(item, photograph, way).astype(int)
        assert np.abs(back - photograph).mean() < 4
        moved = paste(item, photograph, way + np.array([[0, 0, 4], [0, 0, 4]]))
        assert np.abs(moved - photograph.astype(int)).mean() > 1.5 * np.abs(back - photograph).mean()
        corners = transform.applied(
            transform.inverse(way), np.array([[31.5, 31.5], [-1, -1], [64, 64], [-1, 64], [64, -1]])
        )
        x, y = corners[0].round().astype(int)
        changed = np.abs(paste(255 - item, photograph, way).astype(int) - photograph).sum(2)
        assert changed[y, x] > 20
        for x, y in corners[1:].round().astype(int):  # just outside
            if 0 <= y < photograph.shape[0] and 0 <= x < photograph.shape[1]:
                assert changed[y, x] == 0


def test_pasted_frames_and_their_manifest(people, aligned_run, tmp_path):
    arguments = ["--paste", "--steps", "3", "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as ended:
        main(["morph", str(aligned_run), str(people / "p1.png"), str(people / "p8.png"), *arguments])
    assert ended.value.code == 0
    manifest = pd.read_csv(tmp_path / "out/manifest.csv")
    assert manifest["role"].tolist() == ["frame"] * 3 + ["pasted"] * 3
    assert pixels(tmp_path / "out/pasted_0001.png").shape[:2] == pixels(people / "p1.png").shape
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "morph",
                str(aligned_run),
                "--manifest",
                str(tmp_path / "out/manifest.csv"),
                "--out",
                str(tmp_path / "again"),
            ]
        )
    assert ended.value.code == 0
    for name in ("frame_0001.png", "pasted_0001.png", "manifest.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


@pytest.mark.usefixtures("quiet")
def test_there_must_be_a_photograph_to_paste_into(picture_space, vector_space, tmp_path):
    with pytest.raises(UserError, match="no photograph to paste"):
        picture_space.morph(np.zeros((16, 16), np.uint8), np.ones((16, 16), np.uint8), 2).save(
            tmp_path / "a", paste=True
        )
    with pytest.raises(UserError, match="no photograph to paste"):
        vector_space.morph([0.0, 0.0], [1.0, 1.0], 2).save(tmp_path / "b", paste=True)
    assert list(tmp_path.iterdir()) == []
