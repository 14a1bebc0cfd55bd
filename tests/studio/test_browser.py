"""The built page, in a browser, gives the frames that Python gives. Skipped where the page, node or a browser is missing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import CROP, SMALL, pixels

import gaiamorph as gm
from gaiamorph.output.description import COLUMNS
from gaiamorph.output.manifest import read_manifest, read_rows
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


@pytest.fixture(scope="module")
def space(people, tmp_path_factory):
    """A small space that aligns faces, with an attribute."""
    out = tmp_path_factory.mktemp("runs") / "people"
    made = gm.train(people, out=out, size=16, align=CROP, steps=2, show=False, **SMALL)
    made.fit_attributes(people, ["age"], split="all")
    return made


@pytest.fixture(scope="module")
def used(space, people, tmp_path_factory):
    """What the page saved when it was used as `try.mjs` uses it."""
    folder, out = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("saved")
    write_files(space, folder)
    with Server(read_files(folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        command = ["node", SOURCES / "try.mjs", server.address, people / "p1.png", people / "p2.png", out]
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


def test_nothing_leaves_the_page(used):
    found = json.loads((used / "found.json").read_text())
    assert found["foreign"] == found["errors"] == []
