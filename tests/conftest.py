"""Shared fixtures: a cache of its own for each session, small pictures, and two small trained spaces."""

from __future__ import annotations

import importlib
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import gaiamorph as gm
from gaiamorph.data import samples
from gaiamorph.space import EditWarning, UnlikeTrainingWarning


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Nothing is read from or written to the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAIAMORPH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("OMP_NUM_THREADS", "1")  # tests run side by side, and threads would wait for each other
        yield


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def few_recognised(monkeypatch):
    """Where the recogniser is installed, it looks at one pair."""
    monkeypatch.setattr(importlib.import_module("gaiamorph.evaluation.identity"), "PAIRS", 1)


def draw_faces(count: int, seed: int, size: int = 24) -> list[Image.Image]:
    """Grey ellipses with two eyes, of random place and tone."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size
    pictures = []
    for _ in range(count):
        cx, cy, tone, eye = rng.uniform(0.4, 0.6), rng.uniform(0.4, 0.6), rng.uniform(120, 250), rng.uniform(0, 100)
        picture = np.where(((x - cx) / 0.3) ** 2 + ((y - cy) / 0.4) ** 2 < 1, tone, 30.0)
        for side in (-0.12, 0.12):
            picture[np.hypot(x - cx - side, y - cy + 0.1) < 0.06] = eye
        pictures.append(Image.fromarray(picture.astype(np.uint8)))
    return pictures


CROP = {"size": 96, "margin": 0.1}
"""A small alignment."""


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


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder of 40 grey pictures, 24 x 24."""
    folder = tmp_path_factory.mktemp("photos")
    for i, picture in enumerate(draw_faces(40, seed=0)):
        picture.save(folder / f"p{i:02d}.png")
    return folder


SMALL = {"network": {"width": 8}, "latent_dim": 6, "batch_size": 16, "threads": 1}


@pytest.fixture
def quiet():
    """The small spaces are badly trained, so nearly every item counts as unlike the training data, and every vector as vague."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnlikeTrainingWarning)
        warnings.simplefilter("ignore", EditWarning)
        warnings.filterwarnings("ignore", ".* are the same, so")
        yield


@pytest.fixture(scope="session")
def picture_run(photos, tmp_path_factory):
    """A run folder of GAIA on the pictures, 16 x 16, 60 steps."""
    folder = tmp_path_factory.mktemp("runs") / "pictures"
    gm.train(photos, out=folder, size=16, steps=60, show=False, **SMALL)
    return folder


@pytest.fixture(scope="session")
def vector_run(tmp_path_factory):
    """A run folder of GAIA on moons, 200 steps."""
    folder = tmp_path_factory.mktemp("runs") / "moons"
    gm.train("sample:moons", out=folder, steps=200, latent_dim=2, threads=1, show=False)
    return folder


@pytest.fixture
def picture_space(picture_run):
    return gm.load(picture_run)


@pytest.fixture
def vector_space(vector_run):
    return gm.load(vector_run)
