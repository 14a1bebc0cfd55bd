"""The contract of kinds: rules for every kind, no kind named outside data/, and a third kind that the library does not know."""

from __future__ import annotations

import ast
import json
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import gaiamorph as gm
from gaiamorph import data as kinds
from gaiamorph.cli import main
from gaiamorph.data import KINDS, Pictures, Vectors
from gaiamorph.data.kinds import CPU, Dataset, Kind, Request, Strip, numbered
from gaiamorph.data.sounds import Sounds
from gaiamorph.evaluation import Case
from gaiamorph.evaluation.evaluate import evaluate

ROOT = Path(gm.__file__).parent
COUNT = 60


def names_a_kind(path: Path) -> list[str]:
    """Uses of the classes `Pictures` and `Vectors`, and comparisons of ``len(...shape...)`` with a number."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (isinstance(node, ast.Name) and node.id in ("Pictures", "Vectors")) or (
            isinstance(node, ast.ImportFrom) and {a.name for a in node.names} & {"Pictures", "Vectors"}
        ):
            found.append(f"line {node.lineno}: a kind by name")
        sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        for side in sides:
            if isinstance(side, ast.Call) and ast.unparse(side.func) == "len" and "shape" in ast.unparse(side.args[0]):
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


# models/ and networks/ know tensors, not kinds, and may look at the shape of a tensor.
OUTSIDE = [p for p in ROOT.rglob("*.py") if p.relative_to(ROOT).parts[0] not in ("data", "models", "networks")]


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_kind_is_named_outside_data(path):
    assert not names_a_kind(path)


def test_the_check_sees_names_and_shapes(tmp_path):
    source = tmp_path / "source.py"
    source.write_text("from x import Vectors\na = isinstance(k, Vectors)\nb = len(k.shape) == 3\nc = 3 > len(shape)\n")
    assert len(names_a_kind(source)) == 4


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_keeps_the_contract(name, tmp_path):
    kind = {
        "pictures": Pictures(8, 6, 3),
        "vectors": Vectors.fitted(np.array([[0.0, -3], [4, 9]]), ["a", "b"]),
        "sounds": Sounds(8000, 100.0, 3600.0, (-4.0, 3.0)),
    }[name]
    assert kind.name == name
    assert type(kind)(**json.loads(json.dumps(kind.settings()))) == kind
    rng = np.random.default_rng(0)
    items = kind.to_items(torch.from_numpy(rng.random((5, *kind.shape), dtype=np.float32)))
    assert items.shape == (5, *kind.item_shape)
    assert items.dtype == kind.dtype
    assert kind.is_natural(items)
    x = kind.to_tensor(items)
    assert tuple(x.shape[1:]) == kind.shape
    np.testing.assert_allclose(kind.to_items(x), items, rtol=1e-5)
    assert kind.read(items[0]).dtype == kind.dtype
    blend = kind.blend(items[:2], items[2:4], np.array([0.0, 1.0]))
    assert blend.dtype == kind.dtype
    np.testing.assert_allclose(blend, [items[0], items[3]], rtol=1e-6)
    halfway = (items[0].astype(float) + items[1]) / 2
    np.testing.assert_allclose(kind.blend(items[:1], items[1:2], 0.5)[0], halfway, atol=0.5 if kind.is_image else 1e-6)
    strip = Strip(items[1:4], list("xyz"), items[0], items[4], np.arange(3), "step")
    assert isinstance(kind.draw_continuum(strip), Image.Image)
    assert isinstance(kind.draw_sets({"one": items, "two": items}), Image.Image)
    names = kind.write_items(list(items), [f"i{n}" for n in range(5)], tmp_path, "all", 1, lambda f, *a: f(*a))
    assert len(names) == 5
    assert {p.name for p in tmp_path.iterdir()} == set(names)
    kind.write(items[0], tmp_path / f"one{kind.suffix}")
    kind.write(items[1], tmp_path / f"one{kind.suffix}")
    assert (tmp_path / f"one{kind.suffix}").stat().st_size > 0


def test_rows_of_later_calls_are_appended_under_one_header(tmp_path):
    kind = Vectors.fitted(np.array([[0.0, -3], [4, 9]]), ["a", "b"])
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    for part in (rows[:1], rows[1:]):
        kind.write_items(list(part), ["n"] * len(part), tmp_path, "all", 1, lambda f, *a: f(*a))
    written = pd.read_csv(tmp_path / "all.csv")
    assert written.columns.tolist() == ["a", "b"]
    np.testing.assert_array_equal(written.to_numpy(), rows)


@dataclass(frozen=True)
class Tones(Kind):
    """A third kind as its author would write it: spectra (1, 16, 16) in decibels, written as audio."""

    loudest: float = 60.0

    name: ClassVar[str] = "tones"
    suffix: ClassVar[str] = ".wav"
    is_image: ClassVar[bool] = True
    network: ClassVar[str] = "conv"
    sources: ClassVar[str] = "tones:NAME"

    @classmethod
    def open(cls, request: Request) -> Dataset | None:
        if not request.source.startswith("tones:"):
            return None
        rng = np.random.default_rng(0)
        height, peak = np.mgrid[:16, :16][0], rng.uniform(3, 12, (COUNT, 1, 1))
        items = (60 * np.exp(-(((height - peak) / 3) ** 2)))[:, None].astype(np.float32)
        names, table = numbered(COUNT)
        return Dataset(request.source, cls(), items, names, table, request.split(table)[0], mirror=False)

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, 16, 16)

    def settings(self):
        return {"loudest": self.loudest}

    def to_tensor(self, items, device=CPU):
        return torch.from_numpy(np.asarray(items) / self.loudest).to(device)

    def to_items(self, x):
        return (x.detach().clamp(0, 1) * self.loudest).cpu().numpy()

    def read(self, thing):
        return np.asarray(thing, np.float32).reshape(self.shape)

    def pictures(self, items):
        return np.rint(255 * items / self.loudest).astype(np.uint8).transpose(0, 2, 3, 1)

    def write(self, item, path, scale=1):
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(np.rint(500 * item).astype("<i2").tobytes())


@pytest.mark.usefixtures("quiet")
def test_a_third_kind_needs_no_library_code(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(kinds.KINDS, "tones", Tones)
    small = {"network": {"width": 8}, "latent_dim": 4, "batch_size": 8, "threads": 1}
    space = gm.train("tones:sine", out=tmp_path / "run", steps=8, flip="off", shift=0, show=False, **small)
    assert list((tmp_path / "run" / "figures").glob("*.png"))
    space = gm.load(tmp_path / "run")
    assert isinstance(space.kind, Tones)
    space.morph("tones:sine::1", "tones:sine::5", 4).save(tmp_path / "morph", include_originals=True)
    files = {p.name for p in (tmp_path / "morph").iterdir()}
    assert {"frame_0003.wav", "original_a.wav", "sheet.png", "manifest.csv", "codes.npy"} <= files
    np.save(tmp_path / "codes.npy", np.zeros((3, 4), np.float32))
    with pytest.raises(SystemExit) as stop:
        main(["decode", str(tmp_path / "run"), str(tmp_path / "codes.npy"), "--out", str(tmp_path / "decoded")])
    assert not stop.value.code
    assert sorted(p.name for p in (tmp_path / "decoded").iterdir()) == [f"item_{i:06d}.wav" for i in range(3)]
    case = Case(space, gm.open_data("tones:sine"), features=["values", "pca"])
    evaluate(case, tmp_path / "evaluation")
    found = {f["name"] for f in json.loads((tmp_path / "evaluation" / "results.json").read_text())["figures"]}
    assert {"reconstruction/ssim", "sharpness/midpoints", "kernel distance/pca/blends of values"} <= found
    assert (tmp_path / "evaluation" / "paths.png").exists()
    assert case.data.kind.blend(*case.real[case.pairs.T], case.weights).dtype == np.float32


def test_unknown_sources_name_every_kind(monkeypatch):
    monkeypatch.setitem(kinds.KINDS, "tones", Tones)
    with pytest.raises(
        gm.UserError, match=r"a folder of pictures.*hub:owner/name.*of vectors.*tones:NAME.*sample:NAME"
    ):
        gm.open_data("nowhere")
    with pytest.raises(gm.UserError, match=r"choose one of faces, .*moons"):
        gm.open_data("sample:nothing")
