"""Photographs as people have them: nothing is lost in silence, and `gaiamorph check` says it all."""

from __future__ import annotations

import io
import os
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.conftest import SMALL, draw_faces

import gaiamorph as gm
from gaiamorph.cli import main
from gaiamorph.data import copies, finding, images, open_data, samples
from gaiamorph.errors import UserError

NOT_UTF8 = os.fsdecode(b"caf\xe9.png")


def photograph(seed: int, size: tuple[int, int] = (48, 48)) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def fill(folder: Path, count: int = 20) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        photograph(i).save(folder / f"p{i:02d}.png")
    return folder


def notes(folder: Path, **options) -> str:
    return "\n".join(open_data(folder, **options).notes)


@pytest.fixture
def check(capsys):
    """`gaiamorph check`: its status, and what it prints, with single spaces for line breaks."""

    def call(*arguments) -> tuple[int, str]:
        status = None
        try:
            main(["check", *map(str, arguments)])
        except SystemExit as stop:
            status = stop.code
        captured = capsys.readouterr()
        return int(status or 0), re.sub(r"\s+", " ", captured.out + captured.err)

    return call


# What is not read ---------------------------------------------------------------------------------------


def test_heif_is_read(tmp_path):
    pytest.importorskip("pillow_heif").register_heif_opener()
    fill(tmp_path)
    for name in ("phone.HEIC", "wrong.jpg"):
        photograph(50).save(tmp_path / name, "HEIF", quality=90)
    data = open_data(tmp_path, size=16)
    assert data.skipped == []
    for name in ("phone.HEIC", "wrong.jpg"):
        expected = data.kind.fit(photograph(50)).astype(int)
        assert np.abs(data.items[data.names.index(name)] - expected).mean() < 6


def test_heif_without_its_reader_says_what_to_install(tmp_path, monkeypatch):
    pytest.importorskip("pillow_heif").register_heif_opener()
    fill(tmp_path)
    photograph(50).save(tmp_path / "phone.heic")
    (tmp_path / "wrong.jpg").write_bytes((tmp_path / "phone.heic").read_bytes())
    monkeypatch.setattr(images, "HAS_HEIF", False)
    monkeypatch.setattr(images, "readable_formats", lambda: ["PNG", "JPEG"])
    skipped = dict(open_data(tmp_path, size=16).skipped)
    assert set(skipped) == {"phone.heic", "wrong.jpg"}
    assert all("pip install 'gaiamorph[heif]'" in reason for reason in skipped.values())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.CR2", "raw file"), ("a.dng", "raw file"), ("a.svg", "drawing"), ("a.eps", "safely"), ("a.wmf", "safely"),
        ("a.jxl", "not read"), ("a.mp4", "ffmpeg -i"), ("a.MOV", "ffmpeg -i"), ("a.mpg", "ffmpeg -i"),
        ("a.jpg_original", "rename it to end in .png"), ("a v1.2", "rename it to end in .png"),
    ],
)  # fmt: skip
def test_what_looks_like_a_picture_is_listed(tmp_path, name, reason):
    fill(tmp_path)
    (tmp_path / name).write_bytes((tmp_path / "p00.png").read_bytes())
    data = open_data(tmp_path, size=16)
    assert [file for file, _ in data.skipped] == [name]
    assert reason in data.skipped[0][1]
    assert len(data) == 20


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.tem", "a.json", "a.xmp", "Thumbs.db", ".DS_Store", "README"])
def test_what_is_plainly_something_else_is_not(tmp_path, name):
    fill(tmp_path)
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0 something else")
    data = open_data(tmp_path, size=16)
    assert data.skipped == []
    assert len(data) == 20


def test_a_picture_without_an_ending_is_read(tmp_path):
    fill(tmp_path)
    photograph(50).save(tmp_path / "portrait", "JPEG")
    assert "portrait" in open_data(tmp_path, size=16).names


def test_many_raw_files_beside_pictures_are_no_error(tmp_path):
    fill(tmp_path)
    for i in range(20):
        (tmp_path / f"p{i:02d}.NEF").write_bytes(b"raw")
    assert len(open_data(tmp_path, size=16).skipped) == 20


def test_nothing_but_videos(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"video")
    with pytest.raises(UserError, match=r"no pictures that can be read, but a video: .*ffmpeg.*clip.mp4"):
        open_data(tmp_path)


@pytest.mark.parametrize(
    "files",
    [
        {"config.yaml": "", "splits.json": ""},
        {"space.safetensors": ""},
        {"manifest.csv": "file,role,space_sha256\n"},
        {"results.json": "", "index.html": ""},
        {"results.csv": "", "table.csv": "", "table.md": ""},
    ],
)
def test_results_of_gaiamorph_are_not_entered(tmp_path, files):
    fill(tmp_path)
    fill(tmp_path / "result" / "figures", 2)
    for name, content in files.items():
        (tmp_path / "result" / name).write_text(content)
    data = open_data(tmp_path, size=16)
    assert len(data) == 20
    assert data.notes[0].startswith("1 folder holds results of gaiamorph")
    assert data.notes[0].endswith("\nresult")


@pytest.mark.parametrize("name", ["alignment.csv", "manifest.csv", "index.html"])
def test_other_folders_are_entered(tmp_path, name):
    fill(tmp_path)
    fill(tmp_path / "more", 2)
    (tmp_path / "more" / name).write_text("file_name,x\n")
    assert len(open_data(tmp_path, size=16)) == 22


@pytest.mark.filterwarnings("ignore:.*1 file is left out")
@pytest.mark.filterwarnings("ignore:.* are the same, so")
def test_a_name_that_is_no_utf8(tmp_path, capsys):
    folder = fill(tmp_path / os.fsdecode(b"f\xe9"))
    fill(folder / os.fsdecode(b"s\xfcb"), 2)
    photograph(50).save(folder / NOT_UTF8)
    (folder / os.fsdecode(b"\xe9.png")).write_bytes(b"junk")
    run = tmp_path / "run"
    space = gm.train(folder, out=run, size=16, steps=2, **SMALL)
    data = open_data(folder, size=16)
    assert {"caf\\xe9.png", "s\\xfcb/p00.png"} <= set(data.names)
    assert data.attributes["label"].dropna().unique().tolist() == ["s\\xfcb"]
    assert "\\xe9.png" in (run / "skipped.csv").read_text(encoding="utf-8")
    assert "f\\xe9" in (run / "data.txt").read_text(encoding="utf-8")
    for out in ("z.csv", "z.parquet"):
        for source in (folder, folder / NOT_UTF8):
            with pytest.raises(SystemExit) as stop:
                main(["encode", str(run), str(source), "--out", str(tmp_path / out), "--overwrite"])
            assert not stop.value.code
    space.morph(folder / NOT_UTF8, f"{folder}::caf\\xe9.png", steps=2).save(tmp_path / "morph")
    with pytest.raises(SystemExit) as stop:
        main(
            [
                "morph",
                str(run),
                "--manifest",
                str(tmp_path / "morph" / "manifest.csv"),
                "--out",
                str(tmp_path / "again"),
            ]
        )
    assert not stop.value.code
    gm.train(folder, out=run, resume=True, show=False)
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(["info", str(run)])
    assert not stop.value.code


@pytest.mark.filterwarnings("default:.*1 file is left out")
def test_using_a_space_tells_what_is_left_out(picture_run, photos, tmp_path, quiet, capsys):
    for path in sorted(photos.iterdir())[:5]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "IMG_1.NEF").write_bytes(b"raw")
    with pytest.warns(UserWarning, match=r"1 file is left out: a camera's raw file: .* \(IMG_1.NEF\)"):
        gm.load(picture_run).read_items(tmp_path)
    with pytest.raises(SystemExit):
        main(["morph", str(picture_run), "--all-pairs", str(tmp_path), "--steps", "2", "--out", str(tmp_path / "o")])
    assert "1 file is left out" in capsys.readouterr().err


def test_reading_leaves_warnings_as_they_are(tmp_path):
    """Threads that each silence Pillow would undo each other's settings, and warnings would be lost from then on."""
    fill(tmp_path, 60)
    before = list(warnings.filters)
    open_data(tmp_path, size=16)
    assert list(warnings.filters) == before


# What is odd ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "told"), [(8, True), (10, True), (12, True), (14, True), (16, False)])
def test_few_bits_of_sixteen(tmp_path, bits, told):
    for i in range(5):
        values = np.linspace(0, 2**bits - 1, 32 * 32).reshape(32, 32).astype(np.uint16)
        Image.fromarray(np.roll(values, 100 * i)).save(tmp_path / f"{i}.png")
    text = notes(tmp_path, size=16)
    assert (f"no value above {2**bits - 1}: they seem to hold {bits} bits" in text) is told
    assert (f"multiply their values by {2 ** (16 - bits)} first\n0.png, 1.png" in text) is told


def test_odd_pictures_are_told(tmp_path):
    fill(tmp_path)
    photograph(50).convert("L").save(tmp_path / "grey.png")
    photograph(51).convert("L").convert("RGB").save(tmp_path / "grey too.png")
    photograph(52, (10, 12)).save(tmp_path / "small.png")
    photograph(53, (400, 100)).save(tmp_path / "long.png")
    photograph(54).save(tmp_path / "two.tif", save_all=True, append_images=[photograph(55)])
    photograph(56).save(tmp_path / "profile.png", icc_profile=b"junk")
    text = notes(tmp_path, size=16)
    assert "2 pictures are grey among 24 in colour" in text
    assert "\ngrey too.png, grey.png" in text
    assert "1 picture is smaller than 16 x 16, and enlarged" in text
    assert "1 picture is at least 2 times as long as wide" in text
    assert "from 10 x 12 (small.png) to 400 x 100 (long.png)" in text
    assert "1 picture is the first of several in a file" in text
    assert "1 picture has a colour profile that cannot be used" in text
    assert "as long as wide" not in notes(tmp_path, size=16, crop="none")


def test_plain_pictures_need_no_notes(tmp_path):
    assert open_data(fill(tmp_path), size=16).notes == []


# Copies -----------------------------------------------------------------------------------------------------


def test_copies_are_told_with_their_splits_and_groups(tmp_path):
    fill(tmp_path)
    (tmp_path / "same file.png").write_bytes((tmp_path / "p00.png").read_bytes())
    photograph(1).save(tmp_path / "same pixels.bmp")
    photograph(2).save(tmp_path / "saved again.jpg", quality=60)
    photograph(3, (30, 30)).save(tmp_path / "made smaller.png")
    names = sorted(path.name for path in tmp_path.iterdir())
    pd.DataFrame({"file_name": names, "group": names}).to_csv(tmp_path / "metadata.csv", index=False)
    for seed in range(20):
        data = open_data(tmp_path, size=24, seed=seed)
        held = [i not in data.splits["train"] for i in range(24)]
        a, b = held[data.names.index("p00.png")], held[data.names.index("same file.png")]
        c, d = held[data.names.index("p01.png")], held[data.names.index("same pixels.bmp")]
        exact, near = data.notes
        assert exact.startswith("4 pictures are copies, with the same pixels (2 sets of them)")
        assert near.startswith("4 pictures are nearly copies of each other (2 sets of them)")
        crossing = (a != b) + (c != d)
        assert (f"{crossing} set{'s are' if crossing == 2 else ' is'} both in training and held out" in exact) == bool(
            crossing
        )
        assert "2 sets lie in several groups" in exact
        assert re.search(r"p00\.png \(\w+, group p00\.png\) = same file\.png \(\w+, group same file\.png\)", exact)


def test_faces_have_no_copies_and_find_their_own():
    sketches, again = [], []
    for _, path in samples.faces()[0]:
        with Image.open(path) as picture:
            sketches.append(copies.sketch(picture.convert("L")))
            file = io.BytesIO()
            picture.resize((46, 56)).save(file, "jpeg", quality=70)
        with Image.open(file) as picture:
            again.append(copies.sketch(picture))
    assert len(copies.near_pairs(np.array(sketches))) == 0
    pairs = {tuple(sorted(pair)) for pair in copies.near_pairs(np.array(sketches + again)).tolist()}
    assert len(pairs & {(i, 400 + i) for i in range(400)}) >= 380
    assert not pairs - {(i, 400 + i) for i in range(400)}


# The whole --------------------------------------------------------------------------------------------------


def odd_folder(folder: Path) -> Path:
    fill(folder, 40)
    for name in ("IMG_1.CR2", "logo.svg", "clip.mp4", "old.jpg_original", "notes.txt", "Thumbs.db"):
        (folder / name).write_bytes((folder / "p00.png").read_bytes() if name[0] == "o" else b"something")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    fill(folder / "run" / "figures", 2)
    (folder / "run" / "space.safetensors").write_bytes(b"")
    photograph(50).save(folder / NOT_UTF8)
    photograph(51).convert("L").save(folder / "grey.png")
    photograph(52, (20, 20)).save(folder / "small.png")
    photograph(53, (400, 120)).save(folder / "long.png")
    photograph(56).save(folder / "profile.png", icc_profile=b"junk")
    Image.fromarray(16 * np.asarray(photograph(57).convert("L")).astype(np.uint16)).save(folder / "deep.png")
    (folder / "copy.png").write_bytes((folder / "p00.png").read_bytes())
    photograph(2).save(folder / "again.jpg", quality=60)
    people = [{"file_name": f"p{i:02d}.png", "age": i, "group": f"person {i // 4}"} for i in range(40)]
    pd.DataFrame(people).to_csv(folder / "metadata.csv", index=False)
    return folder


EXPECTED = (
    "pictures of 32 x 32 x 3", "read 48", "left out 5", "groups 18", "age 40",
    "1: a camera's raw file: export it as .jpg or .tif IMG_1.CR2",
    "1: a drawing that Pillow cannot open safely: export it as .png logo.svg",
    "frame-%04d.png clip.mp4", "rename it to end in .png old.jpg_original", "broken.jpg",
    "1 folder holds results of gaiamorph, whose figures are not read run",
    "2 pictures are copies, with the same pixels", "copy.png (", "2 pictures are nearly copies of each other", "again.jpg (",
    "2 pictures are grey among 46 in colour", "deep.png, grey.png", "1 picture is smaller than 32 x 32", "small.png",
    "as long as wide", "long.png", "very different sizes", "a colour profile that cannot be used", "profile.png",
    "1 picture of 16 bits has no value above 4095", "multiply their values by 16 first deep.png",
)  # fmt: skip


def test_check_tells_every_oddity(tmp_path, check):
    status, text = check(odd_folder(tmp_path / "photos"))
    assert status == 0
    assert [part for part in EXPECTED if part not in text] == []
    assert "notes.txt" not in text
    assert "Thumbs" not in text


def test_check_of_what_cannot_be_used(tmp_path, check):
    status, text = check(tmp_path / "nowhere")
    assert status == 2
    assert "does not exist" in text
    assert check("sample:moons")[0] == 0


def test_check_reads_as_training_does(tmp_path, check):
    fill(tmp_path)
    assert "pictures of 16 x 16 x 1:" not in check(tmp_path)[1]
    assert "pictures of 16 x 16 x 1" in check(tmp_path, "--size", "16", "--channels", "1")[1]


def test_training_tells_in_short_and_records_all(tmp_path, capsys):
    folder = odd_folder(tmp_path / "photos")
    gm.train(folder, out=tmp_path / "run", size=16, steps=2, **SMALL)
    told = capsys.readouterr().err
    assert "5 files are left out" in told
    assert "note: 2 pictures are copies" in told
    assert f"more of this: {tmp_path / 'run' / 'data.txt'}" in told
    assert "copy.png (" in (tmp_path / "run" / "data.txt").read_text(encoding="utf-8")
    assert len(told.splitlines()) < 30


def test_a_long_list_of_names_is_cut(tmp_path, check):
    fill(tmp_path)
    for i in range(14):
        (tmp_path / f"raw{i:02d}.nef").write_bytes(b"")
    assert "raw09.nef, and 4 more" in check(tmp_path)[1]


def test_printable_text_is_left_alone():
    assert finding.printable("dög/é.png") == "dög/é.png"
    assert finding.printable(NOT_UTF8) == "caf\\xe9.png"


def test_grey_faces_are_not_told_as_grey(tmp_path):
    for i, picture in enumerate(draw_faces(10, 0)):
        picture.save(tmp_path / f"{i}.png")
    assert "grey among" not in notes(tmp_path, size=16)
