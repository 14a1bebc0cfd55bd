"""The command line: what it writes, and one sentence for every error."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

import gaiamorph as gm
from gaiamorph.cli import main


@pytest.fixture
def run(capsys):
    """Run a command in this process. Returns (status, output, errors)."""

    def call(*arguments) -> tuple[int, str, str]:
        try:
            main([str(a) for a in arguments])
        except SystemExit as stop:
            status = stop.code
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err + captured.out
        return int(status or 0), captured.out, captured.err

    return call


MISSING = "mps" if torch.cuda.is_available() else "cuda"
"""A device that this machine has not."""
TINY = [
    "--size",
    "16",
    "--steps",
    "4",
    "--network.width",
    "8",
    "--latent-dim",
    "6",
    "--batch-size",
    "16",
    "--threads",
    "1",
]


def test_train_morph_encode_decode_info(run, photos, tmp_path):
    space = tmp_path / "run"
    status, out, _ = run("train", photos, "--out", space, "--model", "gaia", *TINY)
    assert status == 0
    assert "held-out reconstruction error" in out
    assert run("morph", space, photos / "p00.png", photos / "p01.png", "--steps", 5, "--out", tmp_path / "m")[0] == 0
    assert len(list((tmp_path / "m").glob("frame_*.png"))) == 5
    assert run("morph", space, "--manifest", tmp_path / "m" / "manifest.csv", "--out", tmp_path / "again")[0] == 0
    for file in (tmp_path / "m").iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()
    for ending in ("csv", "npy", "parquet"):
        assert run("encode", space, photos, "--out", tmp_path / f"z.{ending}")[0] == 0
    z = np.load(tmp_path / "z.npy")
    assert z.shape == (40, 6)
    table = pd.read_csv(tmp_path / "z.csv")
    assert table["name"][0] == "p00.png"
    np.testing.assert_allclose(table.drop(columns="name"), z, rtol=1e-5)
    for ending in ("npy", "csv", "parquet"):
        assert run("decode", space, tmp_path / f"z.{ending}", "--out", tmp_path / f"items-{ending}")[0] == 0
        assert len(list((tmp_path / f"items-{ending}").iterdir())) == 40
    status, out, _ = run("info", space)
    assert status == 0
    assert "gaia" in out
    described = json.loads(run("info", space / "space.safetensors", "--json")[1])
    assert described["latent_dim"] == 6
    assert described["sha256"] == gm.load(space).sha256


@pytest.mark.filterwarnings("ignore:.*is unlike the training data")  # so little training may leave any of them so
def test_pairs_and_all_pairs(run, picture_run, photos, tmp_path):
    pd.DataFrame({"a": ["p00.png", "p02.png"], "b": ["p01.png", "p03.png"]}).to_csv(photos / "pairs.csv", index=False)
    assert run("morph", picture_run, "--pairs", photos / "pairs.csv", "--steps", 3, "--out", tmp_path / "pairs")[0] == 0
    assert len(list((tmp_path / "pairs").glob("*_frame_*.png"))) == 6
    few = tmp_path / "few"
    few.mkdir()
    for i in range(3):
        (few / f"{i}.png").write_bytes((photos / f"p0{i}.png").read_bytes())
    assert run("morph", picture_run, "--all-pairs", few, "--steps", 2, "--out", tmp_path / "all")[0] == 0
    assert len(list((tmp_path / "all").glob("*_frame_*.png"))) == 6


def test_weights_on_the_command_line(run, picture_run, photos, tmp_path):
    ends = (photos / "p00.png", photos / "p01.png")
    status, _, errors = run("morph", picture_run, *ends, "--weights", "-0.5", "0.5", "1.5", "--out", tmp_path / "m")
    assert status == 2
    assert "extrapolate" in errors
    assert not (tmp_path / "m").exists()
    status, _, _ = run(
        "morph", picture_run, *ends, "--out", tmp_path / "m", "--extrapolate", "--weights", "-0.5", "0.5", "1.5"
    )
    assert status == 0


def test_another_space_is_said(run, picture_run, photos, tmp_path):
    run("morph", picture_run, photos / "p00.png", photos / "p01.png", "--steps", 2, "--out", tmp_path / "m")
    other = gm.load(picture_run)
    other.info = replace(other.info, settings={"note": "changed"})
    other.save(tmp_path / "other.safetensors")
    status, _, errors = run("morph", tmp_path / "other.safetensors", "--manifest", tmp_path / "m" / "manifest.csv",
                            "--out", tmp_path / "again")  # fmt: skip
    assert status == 0
    assert "another space" in errors


def test_config_file_and_print_config(run, photos, tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text(
        "batch_size: 16\nlatent_dim: 5\nlearning_rate: 1e-3\nflip: off\nnetwork:\n  width: 8\ngaia:\n  slope: 3\n"
    )
    status, out, _ = run("train", photos, "--config", config, "--latent-dim", 7, "--print-config")
    assert status == 0
    values = yaml.safe_load(out)
    assert values["batch_size"] == 16
    assert values["latent_dim"] == 7, "the command line wins"
    assert values["gaia"]["slope"] == 3
    assert values["learning_rate"] == 1e-3
    (tmp_path / "full.yaml").write_text(out)
    again = run("train", photos, "--config", tmp_path / "full.yaml", "--print-config")
    assert yaml.safe_load(again[1]) == values


def test_recipe_by_name(run, photos, tmp_path, monkeypatch):
    """A folder with the recipe's name is ignored. A file with that name comes first."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cartoons").mkdir()
    (tmp_path / "lines").write_text("steps: 5\n")
    status, out, errors = run("train", photos, "--config", "cartoons", "--gaia.sampler", "dirichlet", "--print-config")
    assert status == 0, errors
    values = yaml.safe_load(out)
    assert values["affine"] == gm.recipe("cartoons")["affine"] == 0
    assert values["gaia"]["through_discriminator"] == gm.recipe("cartoons")["gaia"]["through_discriminator"] == 1
    assert values["gaia"]["sampler"] == "dirichlet"
    assert yaml.safe_load(run("train", photos, "--config", "lines", "--print-config")[1])["steps"] == 5


def test_run_config_is_a_config(run, picture_run, photos, tmp_path):
    """--config accepts the config.yaml of a run."""
    status, out, errors = run("train", photos, "--config", picture_run / "config.yaml", "--print-config")
    assert status == 0, errors
    assert yaml.safe_load(out)["steps"] == 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "say what to train on"),
        (["train", "PHOTOS"], "--out"),
        (["train", "nowhere", "--out", "x"], "does not exist"),
        (["train", "sample:nothing", "--out", "x"], "no sample set"),
        (["train", "PHOTOS", "--out", "RUN"], "exists already"),
        (["train", "PHOTOS", "--out", "x", "--size", "2"], "size must be between"),
        (["train", "PHOTOS", "--out", "x", "--steps", "0"], "steps must be at least 1"),
        (["train", "PHOTOS", "--out", "x", "--steps", "ten"], "Invalid value"),
        (["train", "PHOTOS", "--out", "x", "--model", "dcgan"], "Invalid value"),
        (["train", "PHOTOS", "--out", "x", "--crop", "left"], "crop"),
        (["train", "PHOTOS", "--out", "x", "--stepz", "3"], "Unknown option"),
        (["train", "PHOTOS", "--out", "x", "--config", "none.yaml"], "does not exist"),
        (["train", "PHOTOS", "--out", "x", "--config", "cartoon"], "is no recipe (birdsong, cartoons"),
        (["train", "PHOTOS", "--out", "x", "--config", "bad.yaml"], "cannot be read as YAML"),
        (["train", "PHOTOS", "--out", "x", "--config", "list.yaml"], "name: value"),
        (["train", "PHOTOS", "--out", "x", "--config", "odd.yaml"], "Unknown option"),
        (["train", "PHOTOS", "--out", "bad.yaml"], "exists already"),
        (["train", "bad.yaml", "--out", "x"], "neither a folder"),
        (["train", "empty", "--out", "x"], "no pictures"),
        (["train", "PHOTOS", "--out", "x", "--network.name", "mlp", "--network.width", "-3"], "negative"),
        (["train", "sample:moons", "--out", "x", "--network.name", "conv"], "for pictures"),
        (["train", "PHOTOS", "--out", "x", "--device", MISSING], MISSING),
        (["morph"], "requires"),
        (["morph", "RUN", "--out", "x"], "give two items"),
        (["morph", "RUN", "PHOTO", "--out", "x"], "give two items"),
        (["morph", "RUN", "PHOTO", "PHOTO", "--pairs", "p.csv", "--out", "x"], "give two items"),
        (["morph", "RUN", "PHOTO", "none.png", "--out", "x"], "none.png"),
        (["morph", "RUN", "PHOTO", "bad.yaml", "--out", "x"], "cannot be read as a picture"),
        (["morph", "RUN", "PHOTO", "sample:faces::s99/1.pgm", "--out", "x"], "has no item"),
        (["morph", "RUN", "PHOTO", "PHOTO", "--steps", "1", "--out", "x"], "steps"),
        (["morph", "RUN", "PHOTO", "PHOTO", "--out", "empty/../bad.yaml"], "exists already"),
        (["morph", "RUN", "PHOTO", "PHOTO", "--out", "bad.yaml/x/y"], "bad.yaml is a file"),
        (["morph", "RUN", "PHOTO", "PHOTO", "--out", "bad.yaml", "--overwrite"], "a folder is to be written"),
        (["export", "RUN", "--to", "onnx", "--out", "bad.yaml", "--overwrite"], "a folder is to be written"),
        (["train", "PHOTOS", "--out", "bad.yaml", "--overwrite"], "a folder is to be written"),
        (["morph", "RUN", "PHOTO", "PHOTO", "--scale", "99", "--out", "x"], "scale"),
        (["morph", "RUN", "PHOTO", "PHOTO", "--spacing", "odd", "--out", "x"], "Invalid value"),
        (["morph", "empty", "PHOTO", "PHOTO", "--out", "x"], "not a run folder"),
        (["morph", "bad.yaml", "PHOTO", "PHOTO", "--out", "x"], "not a space"),
        (["morph", "RUN", "--pairs", "bad.yaml", "--out", "x"], "columns a and b"),
        (["morph", "RUN", "--pairs", "none.csv", "--out", "x"], "cannot be read"),
        (["morph", "RUN", "--all-pairs", "empty", "--out", "x"], "at least 2"),
        (["morph", "RUN", "--manifest", "bad.yaml", "--out", "x"], "not a manifest"),
        (["morph", "RUN", "PHOTO", "PHOTO", "--sources", "empty", "--out", "x"], "--sources needs --manifest"),
        (["encode", "RUN", "PHOTOS", "--out", "z.txt"], "must end in"),
        (["encode", "RUN", "sample:moons", "--out", "z.npy"], "items"),
        (["encode", "RUN", "PHOTOS", "--out", "bad.yaml"], "must end in"),
        (["sample", "RUN", "--count", "0", "--out", "x"], "at least one"),
        (["decode", "RUN", "none.npy", "--out", "x"], "does not exist"),
        (["decode", "RUN", "bad.yaml", "--out", "x"], "codes come as"),
        (["decode", "RUN", "wide.npy", "--out", "x"], "shape (N, 6)"),
        (["decode", "RUN", "wide.npy", "--scale", "0", "--out", "x"], "scale"),
        (["info", "nowhere"], "does not exist"),
        (["info"], "requires"),
        (["sing"], "Unknown command"),
        (["demo", "--minutes", "-1", "--out", "x"], "above 0"),
    ],
)
def test_bad_input_is_one_sentence(run, photos, picture_run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.yaml").write_text("a: [1,\nb}")
    (tmp_path / "list.yaml").write_text("- 1\n- 2\n")
    (tmp_path / "odd.yaml").write_text("nonsense: 3\n")
    np.save(tmp_path / "wide.npy", np.zeros((2, 9)))
    before = sorted(p.name for p in tmp_path.rglob("*"))
    names = {"PHOTOS": photos, "PHOTO": photos / "p00.png", "RUN": picture_run}
    status, _, errors = run(*(names.get(a, a) for a in arguments))
    assert status == 2, errors
    assert message in " ".join(errors.replace("│", " ").split()), errors
    assert sorted(p.name for p in tmp_path.rglob("*")) == before, "nothing was written"


def test_sources_that_moved(run, picture_run, photos, tmp_path):
    shutil.copytree(photos, tmp_path / "before")
    ends = [tmp_path / "before" / "p00.png", f"{tmp_path / 'before'}::p01.png"]
    assert run("morph", picture_run, *ends, "--out", tmp_path / "m")[0] == 0
    (tmp_path / "before").rename(tmp_path / "now")
    again = ["morph", picture_run, "--manifest", tmp_path / "m" / "manifest.csv", "--out", tmp_path / "again"]
    status, _, errors = run(*again)
    assert status == 2
    assert "p00.png is gone: give --sources DIR" in errors
    assert run(*again, "--sources", tmp_path / "now")[0] == 0
    for file in (tmp_path / "m").iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_what_a_table_leaves_out_is_told(run, photos, tmp_path):
    shutil.copytree(photos, tmp_path / "p")
    rows = "".join(f"p{i:02d}.jpg;{i}\n" for i in range(39))
    (tmp_path / "p" / "metadata.csv").write_text(f"File Name;n\n{rows}gone.jpg;1\n")
    status, out, errors = run("train", tmp_path / "p", "--out", tmp_path / "run", *TINY)
    assert status == 0
    told = " ".join((out + errors).split())
    assert "the column 'File Name' is read as 'file_name'" in told
    assert "39 names are matched but for their endings" in told
    assert "1 of its 40 rows name no item of the data (gone.jpg)" in told
    assert "1 of 40 items have no row in it (p39.png)" in told


def test_debug_shows_where():
    command = [sys.executable, "-m", "gaiamorph", "info", "nowhere", "--debug"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" in result.stderr
    assert result.returncode != 0


def test_help_and_version_without_torch():
    for flag in ("--help", "--version"):
        code = f"import sys; from gaiamorph.cli import main\ntry: main(['{flag}'])\nfinally: sys.exit('torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_unwritable_place(run, photos, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    status, _, errors = run("train", photos, "--out", tmp_path / "run", *TINY)
    assert status == 2
    assert "Permission" in errors


def test_demo(run, quiet, tmp_path):
    status, out, _ = run("demo", "--out", tmp_path / "demo", "--minutes", "0.03", "--quiet")
    assert status == 0
    page = (tmp_path / "demo" / "index.html").read_text()
    assert page.count("<img") == 3
    assert 8 <= page.count("<p>") <= 13
    assert "its morphs are rough" in page
    assert "gaiamorph align photos/ --out aligned" in page
    assert "gaiamorph train aligned/ --out run." in page
    for line in out.splitlines():
        assert Path(line).exists(), line


def test_evaluate_and_compare(run, photos, picture_run, tmp_path):
    status, out, errors = run(
        "evaluate", picture_run, "--out", tmp_path / "e", "--split", "train", "--features", "pca", "--quiet"
    )
    assert status == 0, errors
    assert out.split() == [str(tmp_path / "e" / "results.json"), str(tmp_path / "e" / "index.html")]
    status, _, errors = run("evaluate", picture_run, "--out", tmp_path / "e")
    assert status == 2
    assert "exists already" in errors
    options = ["--models", "ae,vae", "--seeds", "1", "--steps", "3", "--size", "16", "--network.width", "8",
               "--features", "pca", "--split", "train", "--quiet"]  # fmt: skip
    status, out, errors = run("compare", photos, "--out", tmp_path / "c", *options)
    assert status == 0, errors
    assert (tmp_path / "c" / "table.md").exists()
    status, _, errors = run("compare", photos, "--out", tmp_path / "c", "--models", "ae,abc")
    assert status == 2
    assert "abc" in errors


@pytest.fixture
def labelled(run, photos, tmp_path):
    """A trained space and a table of labels for its pictures."""
    assert run("train", photos, "--out", tmp_path / "run", "--model", "ae", *TINY)[0] == 0
    names = [f"p{i:02d}.png" for i in range(40)]
    kind = np.random.default_rng(0).choice(["round", "long", "flat"], 40)
    table = pd.DataFrame(
        {"file_name": names, "smile": [i % 2 for i in range(40)], "age": np.arange(40) * 1.5, "kind": kind}
    )
    table.to_csv(tmp_path / "labels.csv", index=False)
    return tmp_path / "run", tmp_path / "labels.csv"


@pytest.mark.filterwarnings("ignore:.*is vague")  # the labels are random
def test_attributes_edit_average(run, labelled, photos, tmp_path):
    space, labels = labelled
    status, out, err = run("attributes", "fit", space, photos, "--labels", labels, "--split", "all")
    assert status == 0
    assert "inflation" in err
    names = list(gm.load(space).attributes)
    assert names == ["smile", "age", "kind=flat", "kind=long"]
    assert all(name in out for name in names)
    item = photos / "p03.png"
    assert run("edit", space, item, "--set", "smile=+1", "age=-3", "--out", tmp_path / "one")[0] == 0
    assert len(list((tmp_path / "one").glob("frame_*.png"))) == 1
    amounts = ["--amounts", "-2", "-1", "0", "1", "2"]
    assert run("edit", space, item, "--attribute", "smile", *amounts, "--out", tmp_path / "path")[0] == 0
    assert len(list((tmp_path / "path").glob("frame_*.png"))) == 5
    second = ["--second", "age", "--second-amounts", "-10", "10"]
    assert run("edit", space, item, "--attribute", "smile", *amounts, *second, "--out", tmp_path / "grid")[0] == 0
    assert run("edit", space, item, "--like", photos / "p04.png", "--only", "smile", "--out", tmp_path / "like")[0] == 0
    assert run("morph", space, "--manifest", tmp_path / "grid" / "manifest.csv", "--out", tmp_path / "again")[0] == 0
    for file in (tmp_path / "grid").iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes(), file.name
    where = ["--where", "smile=1", "--labels", labels]
    status, out, _ = run("average", space, photos, *where, "--out", tmp_path / "mean.png")
    assert status == 0
    assert "average of 20 items" in out
    status, _, err = run(
        "average", space, photos, "--where", "smile=1", "smile=0", *where[2:], "--out", tmp_path / "none.png"
    )
    assert status == 2
    assert "no item has all of smile=1, smile=0" in err
    groups = ["--from", photos, "--to", photos, "--name", "nothing"]
    assert run("attributes", "fit", space, *groups)[0] == 0
    assert "nothing" in run("info", space)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--columns", "nose"], "no attribute 'nose'"),
        (["--columns", "same"], "for every item"),
        (["--columns", "mixed"], "the text 'tall'"),
        (["--columns", "empty"], "missing for every item"),
        (["--columns", "smile,copy"], "copies of each other"),
        (["--labels", "other.csv"], "describes other files"),
        (["--labels", "none.csv"], "cannot be read"),
        (["--split", "tomorrow"], "no items in the split"),
        (["--name", "x", "--from", "."], "needs --name, --from and --to"),
    ],
)
def test_attributes_that_cannot_be_fitted(run, labelled, photos, tmp_path, arguments, message):
    space, labels = labelled
    table = pd.read_csv(labels)
    table["same"], table["empty"], table["copy"] = 1, None, 1 - table["smile"]
    table["mixed"] = ["tall", *map(str, range(39))]
    table.to_csv(labels, index=False)
    (tmp_path / "other.csv").write_text("file_name,smile\nx.png,1\ny.png,0\n")
    arguments = [str(tmp_path / a) if a.endswith(".csv") else a for a in arguments]
    if "--labels" not in arguments:
        arguments = [*arguments, "--labels", labels]
    status, _, err = run("attributes", "fit", space, photos, *arguments)
    assert status == 2
    assert message in err
    assert len([line for line in err.splitlines() if line.startswith("gaiamorph: ") and "warning" not in line]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "smile"], "NAME=AMOUNT"),
        (["--set", "smile=much"], "NAME=AMOUNT"),
        (["--set", "nose=1"], "no attribute 'nose'"),
        (["--set", "smile=1", "smile=2"], "twice"),
        (["--attribute", "smile"], "needs --amounts"),
        (["--attribute", "smile", "--amounts", "1", "--second", "age"], "a grid needs"),
        ([], "give one of"),
    ],
)
def test_edits_that_cannot_be_made(run, labelled, photos, tmp_path, arguments, message):
    space, _ = labelled
    status, _, err = run("edit", space, photos / "p01.png", *arguments, "--out", tmp_path / "o")
    assert status == 2
    assert message in err
    assert not (tmp_path / "o").exists()


def test_an_average_of_nobody(run, labelled, photos, tmp_path):
    space, labels = labelled
    for where, message in (("smile=7", "no item has"), ("nose=1", "no attribute"), ("smile", "COLUMN=VALUE")):
        status, _, err = run(
            "average", space, photos, "--where", where, "--labels", labels, "--out", tmp_path / "a.png"
        )
        assert status == 2
        assert message in err


def test_an_average_where_cells_are_empty(run, labelled, photos, tmp_path):
    space, labels = labelled
    table = pd.read_csv(labels).astype(object)
    table.loc[0, "smile"] = None
    table.to_csv(tmp_path / "labels.csv", index=False)
    arguments = ["--where", "smile=7", "--labels", tmp_path / "labels.csv", "--out", tmp_path / "a.png"]
    status, _, err = run("average", space, photos, *arguments)
    assert status == 2
    assert "no item has smile=7" in err


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_device_that_is_not_there(run, labelled, photos, tmp_path):
    ends = [photos / "p00.png", photos / "p01.png"]
    status, _, err = run("morph", labelled[0], *ends, "--device", "cuda", "--out", tmp_path / "o")
    assert status == 2
    assert "the device cuda cannot be used here" in err


def test_options_of_another_model_are_an_error_on_the_command_line_but_not_in_a_file(run, photos, tmp_path):
    """A recipe may serve several models."""
    where = ["--out", tmp_path / "run", *TINY, "--model", "ae", "--quiet"]
    status, _, errors = run("train", photos, *where, "--gaia.slope", "3")
    assert status == 2
    assert "options of gaia have no effect on the model ae" in errors
    assert run("train", photos, *where, "--config", "cartoons")[0] == 0
