"""A step as one CUDA graph. Capture is tested on any machine, the numbers only on a GPU."""

from __future__ import annotations

import signal

import pytest
import torch
from safetensors.torch import load_file
from tests.conftest import SMALL
from torch.utils._python_dispatch import TorchDispatchMode

import gaiamorph as gm
from gaiamorph.models import MODELS, Batch
from gaiamorph.models.balance import BALANCES
from gaiamorph.models.gaia import GAIA
from gaiamorph.networks import NetworkSettings
from gaiamorph.training import loop
from gaiamorph.training.loop import Run
from gaiamorph.training.speed.cuda_graph import WARM_UP, GraphedStep

OF_THE_HOST = {"aten::lift_fresh", "aten::_local_scalar_dense", "aten::nonzero", "aten::is_nonzero", "aten::item"}
"""Operations that move numbers between host and device. They make a capture fail."""


class HostOperations(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func._schema.name
        if name in OF_THE_HOST:
            self.seen.add(name)
        return func(*args, **(kwargs or {}))


def test_operations_of_the_host_are_seen():
    with HostOperations() as operations:
        x = torch.ones(2)
        x[x > 0] = 2
        float(x.sum() + torch.tensor(1.0) + x.new_tensor(1.0))
        x.nonzero()
    assert {"aten::lift_fresh", "aten::_local_scalar_dense", "aten::nonzero"} <= operations.seen


VARIANTS = [(name, None) for name in MODELS] + [("gaia", GAIA.Settings(objective=o)) for o in BALANCES]


@pytest.mark.parametrize(("name", "settings"), VARIANTS, ids=lambda v: getattr(v, "objective", v))
@pytest.mark.parametrize("architecture", ["conv", "adain", "mlp"])
def test_a_step_stays_on_the_device_and_in_its_memory(name, settings, architecture):
    shape = (5,) if architecture == "mlp" else (1, 16, 16)
    torch.manual_seed(0)
    model = MODELS[name](shape, 4, NetworkSettings(architecture, width=8), settings)
    batch = Batch(torch.rand(4, *shape), model.draw(4, torch.Generator().manual_seed(0)))
    model(batch).backward(model.players())  # tensors that are made once and cached
    before = {key: (buffer.data_ptr(), buffer.clone()) for key, buffer in model.named_buffers()}
    with HostOperations() as operations:
        model(batch).backward(model.players())
    assert not operations.seen
    after = dict(model.named_buffers())
    assert {key: buffer.data_ptr() for key, buffer in after.items()} == {key: at for key, (at, _) in before.items()}
    if name == "gaia" and model.settings.set_distance:
        memory = "set_distance.earlier"
        assert not torch.equal(after[memory], before[memory][1])


def test_without_a_graph_a_step_runs_as_it_is(monkeypatch):
    """If the capture fails half-way, the gradients it left are removed."""
    weight = torch.nn.Parameter(torch.ones(1))
    calls = []

    def passes(batch):
        calls.append(batch)
        (weight * 3).sum().backward()
        return calls[-1]

    step = GraphedStep(passes, [weight])
    step._warmed_up = WARM_UP

    def fails(batch):
        passes(batch)
        raise RuntimeError("operation not permitted\nand more")

    monkeypatch.setattr(step, "_capture", fails)
    with pytest.warns(match=r"no CUDA graph .* runs without \(operation not permitted\)"):
        assert step("first") == "first"
    assert step.on is False
    assert weight.grad.item() == 3
    assert step("second") == "second"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("model", MODELS)
def test_a_graph_computes_the_same(model, photos, tmp_path, monkeypatch):
    """In bf16. In fp32 the last bits differ, and grow over so many steps."""
    weights = {}
    for kind in ("graph", "plain"):
        if kind == "plain":
            monkeypatch.setattr(loop, "GraphedStep", lambda passes, parameters: None)
        folder = tmp_path / kind
        options = {"model": model, "size": 16, "steps": 25, "precision": "bf16"}
        space = gm.train(photos, out=folder, show=False, device="cuda", **options, **SMALL)
        assert space.info.training.captured is (kind == "graph")
        weights[kind] = {
            k: v for k, v in load_file(folder / "checkpoint.safetensors").items() if k.startswith("model/")
        }
    for name, weight in weights["plain"].items():
        torch.testing.assert_close(
            weights["graph"][name], weight, rtol=0, atol=1e-4, msg=lambda text, name=name: f"{name}: {text}"
        )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_run_with_a_graph_resumes_where_it_stopped(photos, tmp_path, monkeypatch):
    options = {"size": 16, "steps": 30, "show": False, "device": "cuda", **SMALL}
    gm.train(photos, out=tmp_path / "whole", **options)
    advance = Run.advance

    def stops(run):
        advance(run)
        if run.step == 17:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Run, "advance", stops)
    with pytest.raises(KeyboardInterrupt):
        gm.train(photos, out=tmp_path / "halves", **options)
    monkeypatch.setattr(Run, "advance", advance)
    gm.train(photos, out=tmp_path / "halves", resume=True, **options)
    whole, halves = (load_file(tmp_path / name / "checkpoint.safetensors") for name in ("whole", "halves"))
    for name, weight in whole.items():
        torch.testing.assert_close(halves[name], weight, rtol=0, atol=1e-4)
