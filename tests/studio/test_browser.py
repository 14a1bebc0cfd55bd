"""The built page, in a browser, gives the frames that Python gives. Skipped where the page, node or a browser is missing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import threading
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.conftest import CROP, SMALL, pixels

import gaiamorph as gm
from gaiamorph.output.description import COLUMNS
from gaiamorph.output.manifest import read_manifest, read_rows
from gaiamorph.sound import synthetic
from gaiamorph.studio import pages, read_files, write_files
from gaiamorph.studio.server import Server

SOURCES = Path(__file__).parents[2] / "studio"
BROWSERS = [os.environ.get("CHROMIUM"), *map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))]
BROWSER = next(filter(None, BROWSERS), "")
NEEDED = [pages.PAGE / "index.html", SOURCES / "node_modules" / "playwright-core"]
CLOSE = 2
"""Grey levels between a frame of the page and Python's. Both round a face's place and each pixel of an item."""

pytestmark = pytest.mark.skipif(
    not (BROWSER and shutil.which("node") and all(path.exists() for path in NEEDED)),
    reason="make studio, and node with chromium",
)


CLEAR = 40
"""dB of a sound above its difference from Python's. Dither alone leaves 60; where a phase is undecided, the last bit turns it."""


@pytest.fixture(scope="module")
def space(people, tmp_path_factory):
    """A small space that aligns faces, with an attribute."""
    out = tmp_path_factory.mktemp("runs") / "people"
    made = gm.train(people, out=out, size=16, align=CROP, steps=2, show=False, **SMALL)
    made.fit_attributes(people, ["age"], split="all")
    return made


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    """Six syllables as stereo recordings, with silence around them."""
    folder = tmp_path_factory.mktemp("birds")
    for i, (_, _, _, wave) in enumerate(synthetic.syllables(16_000)[:60:10]):
        both = np.pad(0.5 * wave, (800 + 100 * i, 1200))[:, None] * [1.0, 0.6]
        soundfile.write(folder / f"b{i}.wav", both, 16_000, subtype="PCM_16")
    (folder / "metadata.csv").write_text("file_name,size\n" + "".join(f"b{i}.wav,{i}\n" for i in range(6)))
    return folder


@pytest.fixture(scope="module")
def heard_space(birds, tmp_path_factory):
    """A small space of sounds whose quiet ends are cut off, with an attribute."""
    out = tmp_path_factory.mktemp("runs") / "birds"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = gm.train(birds, out=out, trim=30, steps=2, show=False, **SMALL)
        made.fit_attributes(birds, ["size"], split="all")
    return made


def use(space, a, b, folder, out):
    """What the page saves when it is used as `try.mjs` uses it."""
    write_files(space, folder)
    with Server(read_files(folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        command = ["node", SOURCES / "try.mjs", server.address, a, b, out]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=False, env=os.environ | {"CHROMIUM": BROWSER}
        )
        server.shutdown()
        thread.join()
    assert done.returncode == 0, done.stderr
    for name in ("morph", "edit"):
        with zipfile.ZipFile(out / f"{name}.zip") as archive:
            archive.extractall(out / name)
    return out


@pytest.fixture(scope="module")
def used(space, people, tmp_path_factory):
    made = [tmp_path_factory.mktemp(name) for name in ("site", "saved")]
    return use(space, people / "p1.png", people / "p2.png", *made)


@pytest.fixture(scope="module")
def used_by_ear(heard_space, birds, tmp_path_factory):
    made = [tmp_path_factory.mktemp(name) for name in ("site", "saved")]
    return use(heard_space, birds / "b1.wav", birds / "b2.wav", *made)


@pytest.mark.parametrize("name", ["morph", "edit"])
@pytest.mark.usefixtures("quiet")
def test_frames_are_those_of_python(used, space, people, name):
    folder = used / name
    (order,) = read_manifest(folder / "manifest.csv")
    again = space.remake(order, folder, people)
    rows = read_rows(folder / "manifest.csv", "a manifest", COLUMNS)
    assert list(rows[0]) == list(COLUMNS)
    assert [row["file"] for row in rows] == [f"frame_{i:04d}.png" for i in range(11)]
    assert order.sources[0][0] == "p1.png"
    assert order.sources[1][0] == ("p2.png" if name == "morph" else "p1.png")
    for row, frame in zip(rows, again.frames, strict=True):
        drawn = pixels(folder / row["file"]).reshape(frame.shape)
        assert np.abs(drawn.astype(int) - frame).max() <= CLOSE
        assert hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest() == row["sha256"]


@pytest.mark.parametrize("name", ["morph", "edit"])
@pytest.mark.usefixtures("quiet")
def test_sounds_are_those_of_python(used_by_ear, heard_space, birds, tmp_path, name):
    folder = used_by_ear / name
    (order,) = read_manifest(folder / "manifest.csv")
    assert order.detail == "carried"
    heard_space.remake(order, folder, birds).save(tmp_path / "again")
    rows, again = (read_rows(f / "manifest.csv", "a manifest", COLUMNS) for f in (folder, tmp_path / "again"))
    assert list(rows[0]) == list(again[0])
    same = set(rows[0]) - {"sha256", "gaiamorph_version", "weight", "level_db", "attributes"}
    for row, other in zip(rows, again, strict=True):
        assert {key: row[key] for key in same} == {key: other[key] for key in same}
        assert float(row["weight"]) == pytest.approx(float(other["weight"]))
        assert float(row["level_db"]) == pytest.approx(float(other["level_db"]), abs=0.02)
        (made, rate), (wanted, _) = (soundfile.read(f / row["file"]) for f in (folder, tmp_path / "again"))
        assert rate == heard_space.kind.rate
        assert np.abs(made).max() > 0.05
        assert 10 * np.log10(np.square(wanted).mean() / np.square(made - wanted).mean()) > CLEAR


def test_sounds_are_played(used_by_ear, heard_space, birds):
    a, frame, b = json.loads((used_by_ear / "found.json").read_text())["played"]
    ends = [len(heard_space.kind.recording(birds / name)) / 16_000 for name in ("b1.wav", "b2.wav")]
    assert [a, b] == pytest.approx(ends, abs=0.001)
    assert frame == pytest.approx((a * b) ** 0.5, abs=0.001)


@pytest.mark.parametrize("which", ["used", "used_by_ear"])
def test_nothing_leaves_the_page(which, request):
    found = json.loads((request.getfixturevalue(which) / "found.json").read_text())
    assert found["foreign"] == found["errors"] == []
