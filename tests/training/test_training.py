"""The loop: exact resume, stops, and the files of a run."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch
import yaml
from safetensors.numpy import load_file
from tests.conftest import SMALL

import gaiamorph as gm
from gaiamorph.models import MODELS
from gaiamorph.models.gaia import GAIA
from gaiamorph.networks import NetworkSettings
from gaiamorph.training import checkpoint, loop
from gaiamorph.training.batches import Batches, generator_of
from gaiamorph.training.log import Log, read_metrics
from gaiamorph.training.settings import TrainSettings, from_dict


def metrics_of(folder):
    """Rows without what the clock decides."""
    rows = read_metrics(folder)
    return [{k: v for k, v in r.items() if k not in ("seconds", "examples_per_second") and v == v} for r in rows]


def same_weights(a, b, file="checkpoint.safetensors"):
    one, other = load_file(a / file), load_file(b / file)
    assert one.keys() == other.keys()
    return all(np.array_equal(one[k], other[k]) for k in one)


def stop_after(monkeypatch, steps):
    """Make a run stop hard (no saving) once it has made ``steps`` steps."""
    advance = loop.Run.advance

    def stopping(self):
        if self.step >= steps:
            raise SystemExit
        return advance(self)

    monkeypatch.setattr(loop.Run, "advance", stopping)


@pytest.mark.parametrize(
    ("model", "stops"), [*(("gaia", stops) for stops in [(0,), (1,), (23,)]), *((name, (10, 40)) for name in MODELS)]
)
def test_resume_is_exact(photos, tmp_path, monkeypatch, model, stops):
    """A run that was killed several times ends with the same bits: weights, optimisers, averages, metrics."""
    options = {**SMALL, "model": model, "size": 16, "steps": 50, "show": False}
    gm.train(photos, out=tmp_path / "whole", **options)
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_CHECKPOINTS", -1)  # a checkpoint after every step
    for stop in stops:
        with monkeypatch.context() as patch:
            stop_after(patch, stop)
            with pytest.raises(SystemExit):
                gm.train(photos, out=tmp_path / "cut", resume=True, **options)
    gm.train(photos, out=tmp_path / "cut", resume=True, **options)
    assert same_weights(tmp_path / "whole", tmp_path / "cut")
    assert metrics_of(tmp_path / "whole") == metrics_of(tmp_path / "cut")
    spaces = [gm.load(tmp_path / name) for name in ("whole", "cut")]
    assert (spaces[0].sample(5) == spaces[1].sample(5)).all()


def test_kill_mid_training_resumes(photos, tmp_path):
    """A real kill -9 at a random moment, of a real process."""
    command = [sys.executable, "-W", "ignore", "-m", "gaiamorph", "train", str(photos), "--size", "16", "--steps", "80",
               "--threads", "1", "--network.width", "8", "--latent-dim", "6", "--batch-size", "16", "--quiet"]  # fmt: skip
    subprocess.run([*command, "--out", str(tmp_path / "whole")], check=True)
    process = subprocess.Popen([*command, "--out", str(tmp_path / "cut")])
    deadline = time.monotonic() + 60
    while not (tmp_path / "cut" / "metrics.csv").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)
    process.kill()
    process.wait()
    subprocess.run([*command, "--out", str(tmp_path / "cut"), "--resume"], check=True)
    assert same_weights(tmp_path / "whole", tmp_path / "cut")


def test_interrupt_saves_and_goes_on(photos, tmp_path, monkeypatch):
    options = {**SMALL, "size": 16, "steps": 50, "show": False}
    gm.train(photos, out=tmp_path / "whole", **options)
    advance = loop.Run.advance

    def interrupted(self):
        if self.step == 20:
            import signal

            signal.raise_signal(signal.SIGINT)
        return advance(self)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Run, "advance", interrupted)
        with pytest.raises(KeyboardInterrupt):
            gm.train(photos, out=tmp_path / "cut", **options)
    assert gm.load(tmp_path / "cut").info.training.steps == 21
    gm.train(photos, out=tmp_path / "cut", resume=True, **options)
    assert same_weights(tmp_path / "whole", tmp_path / "cut")


def test_run_folder(picture_run, photos):
    names = {p.name for p in picture_run.iterdir()}
    assert names >= {"config.yaml", "metrics.csv", "splits.json", "figures", "tensorboard", "checkpoint.safetensors",
                     "space.safetensors"}  # fmt: skip
    assert not [n for n in names if n.endswith(".part")]
    config = yaml.safe_load((picture_run / "config.yaml").read_text())
    assert config["data"] == str(photos)
    assert config["network"]["name"] == "conv"
    assert "ae" not in config
    rows = read_metrics(picture_run)
    assert rows[-1]["step"] == 60
    assert {"R", "F", "I", "reconstruction", "validation", "examples_per_second"} <= rows[-1].keys()
    splits = json.loads((picture_run / "splits.json").read_text())
    assert sum(len(v) for v in splits.values()) == 40
    assert len(list((picture_run / "figures").glob("*.png"))) == 10
    assert len(list((picture_run / "tensorboard").iterdir())) == 1


def test_a_run_can_be_repeated_from_its_config(picture_run, photos, tmp_path):
    config = yaml.safe_load((picture_run / "config.yaml").read_text())
    options = {k: v for k, v in config.items() if k not in ("data", "fingerprint")}
    again = gm.train(photos, out=tmp_path / "again", show=False, **options)
    assert (again.sample(3) == gm.load(picture_run).sample(3)).all()


def test_nonempty_folder_is_refused_and_untouched(photos, tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(gm.UserError, match="exists already"):
        gm.train(photos, out=tmp_path, steps=5, show=False)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_bad_input_leaves_results_untouched_even_with_overwrite(photos, tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(gm.UserError):
        gm.train(photos, out=tmp_path, overwrite=True, network={"name": "mlp"}, learning_rate=-1.0, show=False)
    with pytest.raises(gm.UserError):
        gm.train("nowhere", out=tmp_path, overwrite=True, show=False)
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_resume_refuses_other_settings_and_other_data(picture_run, photos):
    with pytest.raises(gm.UserError, match="steps = 60, and 70"):
        gm.train(photos, out=picture_run, size=16, resume=True, show=False, **{**SMALL, "steps": 70})
    with pytest.raises(gm.UserError, match=r"gaia\.slope"):
        gm.train(photos, out=picture_run, resume=True, show=False, gaia={"slope": 3.0})
    with pytest.raises(gm.UserError, match="model = gaia, and ae"):
        gm.train(photos, out=picture_run, resume=True, show=False, model="ae")
    with pytest.raises(gm.UserError, match="not what"):
        gm.train("sample:faces", out=picture_run, resume=True, show=False)


def test_a_run_with_an_option_that_is_no_more_says_what_still_works(picture_run, photos, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(picture_run, folder)
    config = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(config.replace("set_distance:", "matching:"))
    with pytest.raises(gm.UserError, match=r"its space, if it has one, still opens.*gaia\.matching"):
        gm.train(photos, out=folder, resume=True, show=False)
    assert gm.load(folder).model == "gaia"


@pytest.mark.parametrize("group", ["network", "gaia"])
def test_a_record_in_which_a_group_is_no_table_is_refused(group):
    with pytest.raises(gm.UserError, match=f"{group} must be a group of options"):
        from_dict({"model": "gaia", group: 5})


def test_resume_of_a_finished_run_changes_nothing(picture_run, photos):
    before = (picture_run / "space.safetensors").read_bytes()
    gm.train(photos, out=picture_run, resume=True, show=False)
    assert (picture_run / "space.safetensors").read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"junk", b"\xff" * 100])
def test_damaged_checkpoint(photos, tmp_path, monkeypatch, content):
    options = {**SMALL, "size": 16, "steps": 50, "show": False}
    stop_after(monkeypatch, 5)
    with pytest.raises(SystemExit):
        gm.train(photos, out=tmp_path / "run", **options)
    (tmp_path / "run" / checkpoint.FILE).write_bytes(content)
    with pytest.raises(gm.UserError, match="damaged"):
        gm.train(photos, out=tmp_path / "run", resume=True, **options)


def test_not_finite_stops_and_keeps_the_last_checkpoint(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_CHECKPOINTS", -1)
    compute = GAIA.step
    seen = []

    def diverging(self, batch):
        step = compute(self, batch)
        seen.append(1)
        if len(seen) == 20:
            step.losses["discriminator"] = step.losses["discriminator"] * math.inf
        return step

    monkeypatch.setattr(GAIA, "step", diverging)
    with pytest.raises(
        gm.TrainingError, match=r"discriminator is not a finite number at step 20: lower --learning-rate"
    ):
        gm.train(photos, out=tmp_path / "run", size=16, steps=50, show=False, **SMALL)
    kept = load_file(tmp_path / "run" / checkpoint.FILE)
    assert all(np.isfinite(v).all() for v in kept.values())
    assert not (tmp_path / "run" / "space.safetensors").exists()


def test_minutes(photos, tmp_path):
    space = gm.train(photos, out=tmp_path / "run", size=16, minutes=0.02, show=False, **SMALL)
    assert 1.2 <= space.info.training.seconds < 6
    assert space.info.training.steps > 2


def test_time_that_a_device_takes_after_a_step_was_launched_counts(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "synchronise", lambda device: time.sleep(1))
    space = gm.train(photos, out=tmp_path / "run", **{**SMALL, "size": 16, "steps": 20, "show": False})
    assert space.info.training.seconds >= 2  # two rows of metrics, each of which waits
    assert read_metrics(tmp_path / "run")[-1]["seconds"] >= 2


def test_time_is_that_on_which_processes_agreed(photos, tmp_path, monkeypatch):
    """With a time limit, each process decides whether to take another step. A process that goes on alone would wait forever."""
    monkeypatch.setattr(loop, "synchronise", lambda device: time.sleep(0.01))
    agreed, agree, advance = [0.0], loop.agree, loop.Run.advance

    def agreeing(fabric, stop, seconds):
        stop, seconds = agree(fabric, stop, seconds + 1)  # another process was slower
        agreed.append(seconds)
        return stop, seconds

    def advancing(run):
        assert run.seconds == agreed[-1]
        advance(run)

    monkeypatch.setattr(loop, "agree", agreeing)
    monkeypatch.setattr(loop.Run, "advance", advancing)
    gm.train(photos, out=tmp_path / "run", **{**SMALL, "size": 16, "steps": 21, "show": False})
    assert len(agreed) == 22


def test_fewer_items_than_a_batch(tmp_path):
    from tests.conftest import draw_faces

    for i, picture in enumerate(draw_faces(6, 0)):
        picture.save(tmp_path / f"{i}.png")
    space = gm.train(tmp_path, out=tmp_path / "run", steps=4, size=16, latent_dim=4, threads=1, show=False)
    assert space.info.settings["batch_size"] == 4
    assert space.reconstruct([tmp_path / "0.png"]).shape == (1, 16, 16, 1)


def test_skipped_pictures_are_listed(tmp_path, capsys):
    from tests.conftest import draw_faces

    (tmp_path / "p").mkdir()
    for i, picture in enumerate(draw_faces(30, 0)):
        picture.save(tmp_path / "p" / f"{i}.png")
    (tmp_path / "p" / "broken, one.png").write_bytes(b"x")
    gm.train(tmp_path / "p", out=tmp_path / "run", steps=2, size=16, **SMALL)
    assert "1 file is left out" in capsys.readouterr().err
    assert (tmp_path / "run" / "skipped.csv").read_text().splitlines()[1].startswith('"broken, one.png",')


def test_settings_and_options_exclude_each_other(photos, tmp_path):
    settings = TrainSettings(model="ae", steps=2)
    with pytest.raises(gm.UserError, match="steps were both given: give settings or options"):
        gm.train(photos, out=tmp_path / "run", settings=settings, steps=3)
    assert not (tmp_path / "run").exists()


def test_a_misspelt_option_names_the_options(photos, tmp_path):
    with pytest.raises(gm.UserError, match=r"no option stepz: choose among .*steps"):
        gm.train(photos, out=tmp_path / "run", stepz=3)
    with pytest.raises(gm.UserError, match=r"no option gaia\.slop: choose among .*slope"):
        gm.train(photos, out=tmp_path / "run", gaia={"slop": 3})


def test_options_of_another_model_are_refused(photos, tmp_path):
    with pytest.raises(
        gm.UserError, match="options of gaia have no effect on the model ae: leave gaia out, or give mod"
    ):
        gm.train(photos, out=tmp_path / "run", model="ae", gaia={"slope": 3.0})
    with pytest.raises(gm.UserError, match="options of ae have no effect on the model gaia"):
        gm.train(photos, out=tmp_path / "run", ae={"error": "l2"})


# Parts ------------------------------------------------------------------------------------------------------


def batches(photos, **options):
    """Of ten items."""
    data = dataclasses.replace(gm.open_data(photos, size=16), splits={"train": np.arange(20, 30)})
    model = MODELS["ae"](data.kind.shape, 4, NetworkSettings("conv", width=8))
    return Batches(data, TrainSettings(**options), model, torch.device("cpu"))


def test_batches_have_everything_once_an_epoch(photos):
    source = batches(photos, batch_size=4)
    drawn = np.concatenate([source.indices(step) for step in range(5)])
    assert sorted(drawn[:10]) == sorted(drawn[10:]) == list(range(20, 30))
    assert (drawn[:10] != drawn[10:]).any()
    assert (batches(photos, batch_size=4).indices(3) == source.indices(3)).all(), "any step, without the ones before"
    assert (batches(photos, batch_size=4, seed=1).indices(0) != source.indices(0)).any()
    assert len(batches(photos, batch_size=24).indices(0)) == 24


def test_random_numbers_belong_to_a_step():
    draws = [torch.randn(3, generator=generator_of(seed, step)) for seed, step in ((0, 1), (0, 1), (0, 2), (1, 1))]
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).any()
    assert (draws[0] != draws[3]).any()


def test_log_cuts_back_and_survives_a_torn_row(tmp_path):
    with Log(tmp_path, 0) as log:
        for step in (10, 20, 30):
            log.write(step, {"R": step / 7} | ({"validation": 1.0} if step == 20 else {}))
    with open(tmp_path / "metrics.csv", "a") as file:
        file.write("40,0.5")
    with Log(tmp_path, 20) as log:
        log.write(30, {"R": 9.0})
    rows = read_metrics(tmp_path)
    assert [r["step"] for r in rows] == [10, 20, 30]
    assert rows[2]["R"] == 9
    assert math.isnan(rows[0]["validation"])
    assert rows[1]["validation"] == 1


def test_running_in_a_thread_is_allowed(photos, tmp_path):
    """No signal handler can be set there."""
    thread = threading.Thread(
        target=lambda: gm.train(photos, out=tmp_path / "run", size=16, steps=2, show=False, **SMALL)
    )
    thread.start()
    thread.join()
    assert (tmp_path / "run" / "space.safetensors").exists()
