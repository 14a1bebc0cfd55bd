"""Alignment: points, transforms, folders, spaces that remember it, and frames put back."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.conftest import CROP, canvas, orl, pixels

import gaiamorph as gm
from gaiamorph.cli import main
from gaiamorph.data import samples
from gaiamorph.data.alignment import Alignment, faces, transform
from gaiamorph.data.alignment.paste import paste
from gaiamorph.data.alignment.rule import FILE
from gaiamorph.errors import UserError


def eyes(picture) -> np.ndarray:
    found = faces.find_faces(np.asarray(picture))
    assert found
    return found[0].points[:2]


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
    made = gm.align(photos, tmp_path / "out", **CROP)
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


# Spaces ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def aligned_run(people, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "aligned"
    gm.train(
        people, out=folder, size=16, steps=5, align=Alignment(**CROP), network={"width": 8}, latent_dim=4, batch_size=4,
        threads=1, show=False,
    )  # fmt: skip
    return folder


@pytest.mark.usefixtures("quiet")
def test_a_space_remembers_the_alignment(people, aligned_run, tmp_path):
    space = gm.load(aligned_run)
    assert space.kind.align == Alignment(**CROP)
    gm.align(people, tmp_path / "out", **CROP)
    a, b = "p1.png", "p8.png"
    raw = space.morph(people / a, people / b, 5)
    done = space.morph(tmp_path / "out" / a, tmp_path / "out" / b, 5)
    assert np.array_equal(raw.frames, done.frames)
    assert np.array_equal(
        space.encode(gm.open_data(people, size=16, align=Alignment(**CROP))), space.encode(space.open_data(people))
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
    gm.align(people, tmp_path / "out", **CROP)
    (tmp_path / "out" / FILE).write_text("{")
    with pytest.raises(UserError, match=r"alignment\.json is not an alignment"):
        gm.open_data(tmp_path / "out")


def test_vectors_are_not_aligned(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((20, 2), np.float32))
    with pytest.raises(UserError, match="align is for photographs"):
        gm.open_data(tmp_path / "x.npy", align=True)


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
    with pytest.raises(UserError, match="paste is for photographs"):
        vector_space.morph([0.0, 0.0], [1.0, 1.0], 2).save(tmp_path / "b", paste=True)
    assert list(tmp_path.iterdir()) == []
