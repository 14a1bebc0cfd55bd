"""Columns of pictures in data sets of the Hub."""

from __future__ import annotations

import io

import datasets
import numpy as np
import pytest
import soundfile
from PIL import Image
from tests.conftest import draw_faces

from gaiamorph.data import open_data
from gaiamorph.errors import UserError


@pytest.fixture
def hub(monkeypatch):
    """Columns as a data set of the Hub. Those called like pictures hold some."""

    def give(**columns):
        stored = {"bytes": datasets.Value("binary"), "path": datasets.Value("string")}
        known = dict.fromkeys(PICTURES, datasets.Image()) | {"audio": stored}
        kinds = {c: known.get(c, datasets.Value("int64")) for c in columns}
        table = datasets.Dataset.from_dict(columns, features=datasets.Features(kinds))
        table = table.cast_column("audio", datasets.Audio()) if "audio" in columns else table
        monkeypatch.setattr(datasets, "load_dataset", lambda *_: datasets.DatasetDict({"train": table}))

    return give


PICTURES = ("image", "mask", "Photo", "scan", "depth")
FACES = draw_faces(12, 0)
COLOURS = [Image.new("RGB", (16, 16), (200, 10 * i, 0)) for i in range(12)]


def test_nothing_but_pictures(hub):
    hub(image=FACES)
    data = open_data("hub:a/b", size=16)
    assert data.items.shape == (12, 16, 16, 1)
    assert len(data.attributes) == 12


def test_missing_pictures_are_listed(hub):
    hub(image=[None, *FACES, None], age=list(range(14)))
    data = open_data("hub:a/b", size=16)
    assert data.names == [str(i) for i in range(1, 13)]
    assert data.attributes["age"].tolist() == list(range(1, 13))
    assert data.skipped == [("0", "the row has no picture"), ("13", "the row has no picture")]


def test_damaged_pictures_are_listed(hub):
    hub(image=[*FACES * 3, {"bytes": b"junk", "path": None}])
    assert open_data("hub:a/b", size=16).skipped == [("36", "not a known picture format")]


def test_no_picture_at_all(hub):
    hub(image=[None] * 5)
    with pytest.raises(UserError, match="5 of 5 pictures"):
        open_data("hub:a/b")


def test_colour_after_grey(hub):
    hub(image=[*FACES, *COLOURS])
    data = open_data("hub:a/b", size=16)
    assert data.kind.shape == (3, 16, 16)
    assert data.items[-1][0, 0].tolist() == [200, 110, 0]
    assert any(note.startswith("12 pictures are grey among 12 in colour") for note in data.notes)


@pytest.mark.parametrize("name", ["image", "Photo"])
def test_a_mask_before_the_picture(hub, name):
    hub(**{"mask": FACES, name: COLOURS})
    data = open_data("hub:a/b", size=16)
    assert data.kind.shape == (3, 16, 16)
    assert data.notes[0] == f"the pictures are those of the column {name}, not of mask"


def test_the_column_can_be_chosen(hub):
    hub(mask=FACES, image=COLOURS)
    assert open_data("hub:a/b#mask", size=16).kind.shape == (1, 16, 16)
    assert open_data("hub:a/b/part#image", size=16).kind.shape == (3, 16, 16)
    with pytest.raises(UserError, match=r"no column of pictures called nose \(columns: mask, image\)"):
        open_data("hub:a/b#nose")


def test_columns_that_nothing_tells_apart(hub):
    hub(scan=FACES, depth=FACES)
    with pytest.raises(UserError, match="2 columns of pictures: choose one by giving hub:a/b#scan or hub:a/b#depth"):
        open_data("hub:a/b")
    assert len(open_data("hub:a/b#depth", size=16)) == 12


def test_rows_are_those_of_their_pictures(hub):
    """Attributes and items stay together where rows are missing."""
    hub(image=[None if i == 4 else picture for i, picture in enumerate(COLOURS)], age=list(range(12)))
    data = open_data("hub:a/b", size=16)
    assert (data.items[:, 0, 0, 1] == 10 * np.array(data.attributes["age"])).all()


def wav(seconds: float, rate: int = 8000) -> dict:
    content = io.BytesIO()
    soundfile.write(content, np.sin(np.arange(round(seconds * rate))) * 0.3, rate, format="WAV")
    return {"bytes": content.getvalue(), "path": None}


def test_recordings(hub):
    hub(audio=[*(wav(0.1 + 0.01 * k) for k in range(20)), None, {"bytes": b"junk", "path": None}], age=list(range(22)))
    data = open_data("hub:a/b")
    assert data.kind.name == "sounds"
    assert data.kind.rate == 8000
    assert data.attributes["age"].tolist() == list(range(20))
    assert len(data.kind.recording(data.original("3"))) == 0.13 * 8000
    assert [(name, reason[:24]) for name, reason in data.skipped] == [
        ("20", "the row has no recording"), ("21", "cannot be read as a soun"),
    ]  # fmt: skip


def test_neither_pictures_nor_recordings(hub):
    hub(age=[1, 2, 3])
    with pytest.raises(UserError, match=r"no column of pictures or recordings \(columns: age\)"):
        open_data("hub:a/b")
