"""A space as ONNX computes what the space computes."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict

import numpy as np
import onnx
import onnxruntime
import pytest

import gaiamorph as gm
from gaiamorph.cli import main
from gaiamorph.errors import UserError
from gaiamorph.models import MODELS


def computed(path, x):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def small(source, out, **options):
    given = {"steps": 2, "batch_size": 8, "latent_dim": 6, "threads": 1, "show": False, **options}
    return gm.train(source, out=out, **given)


CASES = {
    "conv": {"size": 16, "network": {"width": 8}},
    "conv of odd size": {"size": 19, "network": {"width": 8, "codes": "free"}, "crop": "none", "channels": 3},
    "blocks": {"size": 48, "network": {"width": 8, "blocks": 4}},
    "adain": {"size": 12, "network": {"name": "adain", "width": 4, "depth": 1}},
    "mlp on pictures": {"size": 8, "network": {"name": "mlp", "width": 16}},
}


def same(space, folder):
    gm.export(space, folder, to="onnx")
    z = space.sample_codes(7, seed=3)
    # The graph was traced with two items: another number shows that the batch is free.
    drawn = computed(folder / "decoder.onnx", z)
    expected = np.concatenate([x.numpy() for x in space.outputs(z)])
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(drawn, expected, atol=1e-3)
    if not space.can_encode:
        assert not (folder / "encoder.onnx").exists()
        return
    items = space.decode_items(z)
    x = space.kind.to_tensor(items).numpy()
    np.testing.assert_allclose(
        computed(folder / "encoder.onnx", x), space.codes(space.kind.to_tensor(items)), atol=1e-3
    )


@pytest.mark.parametrize("case", CASES)
def test_networks(case, photos, tmp_path):
    same(small(photos, tmp_path / "run", **CASES[case]), tmp_path / "onnx")


@pytest.mark.parametrize("model", MODELS)
def test_models(model, tmp_path):
    same(small("sample:moons", tmp_path / "run", model=model, network={"depth": 2, "width": 8}), tmp_path / "onnx")


def test_sounds(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        space = small("sample:sounds", tmp_path / "run", network={"width": 4})
    same(space, tmp_path / "onnx")
    said = json.loads((tmp_path / "onnx" / "space.json").read_text())
    assert np.asarray(said["facts"]).shape[0] == 7
    assert said["kind"]["coder"] == asdict(space.kind.coder)


def test_what_the_files_say(picture_space, quiet, tmp_path):
    picture_space.add_difference("tone", picture_space.decode(np.eye(6)[:2]), picture_space.decode(np.eye(6)[2:]))
    gm.export(picture_space, tmp_path / "onnx", to="onnx")
    said = json.loads((tmp_path / "onnx" / "space.json").read_text())
    assert said["sha256"] == picture_space.sha256
    assert said["shape"] == [1, 16, 16]
    assert "255" in said["tensor"]
    np.testing.assert_allclose(said["attributes"]["tone"]["vector"], picture_space.attributes["tone"].vector)
    assert np.asarray(said["samples"]).shape[1] == 6
    for name in ("encoder", "decoder"):
        model = onnx.load(tmp_path / "onnx" / f"{name}.onnx")
        inside = json.loads({p.key: p.value for p in model.metadata_props}["gaiamorph"])
        assert inside["sha256"] == said["sha256"]
        assert inside["codes"] == "sphere"
        assert [o.version for o in model.opset_import if not o.domain] == [said["opset"]]
        assert b".py" not in (tmp_path / "onnx" / f"{name}.onnx").read_bytes(), "nothing tells of the machine"


def test_what_cannot_be_exported_is_refused(photos, picture_space, tmp_path, capsys):
    (tmp_path / "broken.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    for thing in (tmp_path / "broken.safetensors", tmp_path / "none", photos):
        with pytest.raises(SystemExit) as left:
            main(["export", str(thing), "--to", "onnx", "--out", str(tmp_path / "out")])
        assert left.value.code == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
    with pytest.raises(UserError, match="gif is for continua"):
        gm.export(picture_space, tmp_path / "out", to="gif")
    with pytest.raises(UserError, match="are for films"):
        gm.export(tmp_path, tmp_path / "out", to="onnx", film=gm.Film(fps=3))
