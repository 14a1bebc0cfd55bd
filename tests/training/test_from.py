"""Fine-tuning: a run that starts from a space."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import yaml
from tests.conftest import SMALL
from tests.training.test_training import same_weights, stop_after

import gaiamorph as gm
from gaiamorph.cli import main
from gaiamorph.training import loop

TUNE = {"batch_size": 16, "threads": 1, "show": False}


@pytest.mark.parametrize("kind", ["pictures", "vectors"])
def test_without_learning_it_is_the_space_it_started_from(kind, picture_run, vector_run, photos, tmp_path):
    old, data = (picture_run, photos) if kind == "pictures" else (vector_run, "sample:circles")
    before = gm.load(old)
    after = gm.train(data, from_=old, out=tmp_path / "run", steps=2, learning_rate=1e-12, **TUNE)
    items = before.open_data(data).items[:8]
    assert after.kind == before.kind
    np.testing.assert_allclose(after.encode(items), before.encode(items), atol=1e-4)
    start = after.info.started_from
    assert (start.sha256, start.source, start.steps) == (
        before.sha256, before.info.training.source, before.info.training.steps,
    )  # fmt: skip
    assert yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())["from_sha256"] == before.sha256


@pytest.mark.parametrize("stop", [0, 7])
def test_resume_is_exact_without_the_space(vector_run, tmp_path, monkeypatch, stop):
    old = shutil.copytree(vector_run, tmp_path / "old")
    options = {"steps": 12, **TUNE}
    gm.train("sample:circles", from_=old, out=tmp_path / "whole", **options)
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_CHECKPOINTS", -1)
    with monkeypatch.context() as patch:
        stop_after(patch, stop)
        with pytest.raises(SystemExit):
            gm.train("sample:circles", from_=old, out=tmp_path / "cut", **options)
    shutil.rmtree(old)
    gm.train("sample:circles", out=tmp_path / "cut", resume=True, **options)
    assert same_weights(tmp_path / "whole", tmp_path / "cut")
    assert gm.load(tmp_path / "cut").info.started_from == gm.load(tmp_path / "whole").info.started_from
    with pytest.raises(gm.UserError, match="was started from"):
        gm.train("sample:circles", from_=vector_run, out=tmp_path / "cut", resume=True, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--size", "24"], "size = 16, and 24"),
        (["--latent-dim", "5"], "latent_dim = 6, and 5"),
        (["--network.width", "16"], "network.width = 8, and 16"),
        (["--crop", "none"], "crop = centre, and none"),
        (["--model", "ae"], "model = gaia, and ae"),
        (["--model", "gan"], "both need an encoder"),
    ],
)
def test_what_the_weights_fix_cannot_be_changed(picture_run, photos, tmp_path, capsys, options, message):
    refused(capsys, tmp_path, [str(photos), "--from", str(picture_run), *options], message)


def test_what_is_no_space_or_is_for_other_items(picture_run, vector_run, photos, tmp_path, capsys):
    refused(capsys, tmp_path, ["sample:moons", "--from", str(picture_run)], "holds vectors (2,)")
    refused(capsys, tmp_path, [str(photos), "--from", str(vector_run)], "is for vectors (2,)")
    refused(capsys, tmp_path, [str(photos), "--from", str(photos / "p00.png")], "is not a space")


def test_a_space_without_encoder(photos, tmp_path, capsys):
    gm.train(photos, out=tmp_path / "gan", model="gan", size=16, steps=2, show=False, **SMALL)
    refused(capsys, tmp_path, [str(photos), "--from", str(tmp_path / "gan")], "both need an encoder")


def refused(capsys, tmp_path, arguments, message):
    with pytest.raises(SystemExit) as stopped:
        main(["train", *arguments, "--out", str(tmp_path / "run")])
    error = capsys.readouterr().err
    assert stopped.value.code == 2
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()
