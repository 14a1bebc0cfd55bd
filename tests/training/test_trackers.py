"""Weights & Biases and MLflow get the rows of metrics.csv, by stand-ins for their clients."""

from __future__ import annotations

import contextlib
import sys
from types import ModuleType, SimpleNamespace

import pandas as pd
import pytest

import gaiamorph as gm
from gaiamorph.errors import UserError

SHORT = {"steps": 30, "threads": 1, "show": False, "latent_dim": 2}


class Wandb(ModuleType):
    def __init__(self) -> None:
        super().__init__("wandb")
        self.begun, self.rows = [], []

    @contextlib.contextmanager
    def init(self, **given):
        self.begun.append(given)
        yield SimpleNamespace(id="w7", log=lambda metrics, step: self.rows.append((step, metrics)))


class Mlflow(ModuleType):
    def __init__(self) -> None:
        super().__init__("mlflow")
        self.begun, self.rows, self.params = [], [], []

    @contextlib.contextmanager
    def start_run(self, **given):
        self.begun.append(given)
        yield SimpleNamespace(info=SimpleNamespace(run_id="m9"))

    def log_params(self, params):
        self.params.append(params)

    def log_metrics(self, metrics, step):
        self.rows.append((step, metrics))


@pytest.mark.parametrize("fake", [Wandb, Mlflow])
def test_the_same_rows_and_one_run(fake, monkeypatch, tmp_path):
    client = fake()
    name = client.__name__
    monkeypatch.setitem(sys.modules, name, client)
    gm.train("sample:moons", out=tmp_path / "run", tracker=name, **SHORT)
    written = pd.read_csv(tmp_path / "run" / "metrics.csv")
    assert [step for step, _ in client.rows] == written["step"].tolist()
    for (_, metrics), row in zip(client.rows, written.to_dict("records"), strict=True):
        assert metrics == {key: pytest.approx(row[key], rel=1e-4) for key in metrics}
    assert "R" in client.rows[9][1]
    said = client.begun[0]["config"] if fake is Wandb else client.params[0]
    assert str(said["steps"]) == "30"
    # A run that goes on is the same run there.
    (tmp_path / "run" / "space.safetensors").unlink()
    gm.train("sample:moons", out=tmp_path / "run", tracker=name, resume=True, **SHORT)
    known = client.begun[-1]
    assert known.get("id", known.get("run_id")) == {"wandb": "w7", "mlflow": "m9"}[name]


def test_a_tracker_that_fails_ends_no_training(monkeypatch, tmp_path):
    client = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", client)

    def away(_, step):
        client.rows.append(step)
        raise ConnectionError("the server is away\nand more")

    monkeypatch.setattr(client, "init", lambda **_: contextlib.nullcontext(SimpleNamespace(id="w7", log=away)))
    with pytest.warns(UserWarning, match=r"the run goes on without it .*: the server is away$"):
        gm.train("sample:moons", out=tmp_path / "run", tracker="wandb", **SHORT)
    assert client.rows == [1]
    assert (tmp_path / "run" / "space.safetensors").exists()
    (tmp_path / "run" / "space.safetensors").unlink()
    monkeypatch.setitem(sys.modules, "mlflow", Mlflow())
    with pytest.raises(UserError, match="go on with --tracker wandb"):
        gm.train("sample:moons", out=tmp_path / "run", tracker="mlflow", resume=True, **SHORT)


def test_a_tracker_that_does_not_start_is_told(monkeypatch, tmp_path):
    client = Mlflow()
    monkeypatch.setitem(sys.modules, "mlflow", client)

    def refuses(**_):
        raise RuntimeError("no server\nat all")

    monkeypatch.setattr(client, "start_run", refuses)
    with pytest.raises(UserError, match=r"the tracker mlflow does not start: no server$"):
        gm.train("sample:moons", out=tmp_path / "run", tracker="mlflow", **SHORT)


def test_a_missing_package_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(UserError, match="pip install wandb"):
        gm.train("sample:moons", out=tmp_path / "run", tracker="wandb", **SHORT)
    with pytest.raises(UserError, match="wandb or mlflow"):
        gm.train("sample:moons", out=tmp_path / "run", tracker="nothing", **SHORT)
    assert not (tmp_path / "run").exists()
