"""Speed-ups change no numbers."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from tests.conftest import SMALL

import gaiamorph as gm
from gaiamorph.models import MODELS
from gaiamorph.models.interpolation import SAMPLERS
from gaiamorph.networks import NetworkSettings
from gaiamorph.training import loop
from gaiamorph.training.machine import chosen_precision
from gaiamorph.training.profile import PARTS, Profile, network_modules
from gaiamorph.training.speed.memory import memory_kept


def test_bf16_keeps_weights_and_errors_in_fp32(photos, tmp_path):
    space = gm.train(photos, out=tmp_path / "run", size=16, steps=12, precision="bf16", show=False, **SMALL)
    assert space.info.training.precision == "bf16"
    kept = load_file(tmp_path / "run" / "checkpoint.safetensors")
    assert {v.dtype for k, v in kept.items() if k.startswith("model/")} == {np.dtype(np.float32)}
    torch.manual_seed(0)
    pair = MODELS["ae"]((1, 16, 16), 4, NetworkSettings("conv", width=8)).generator
    with torch.autocast("cpu", torch.bfloat16):
        z = pair.encode(torch.rand(2, 1, 16, 16))
        assert z.dtype == pair.decode(z).dtype == torch.float32


@pytest.mark.parametrize("model", MODELS)
def test_every_model_trains_in_bf16(model, photos, tmp_path):
    space = gm.train(photos, out=tmp_path / "run", model=model, size=16, steps=2, precision="bf16", show=False, **SMALL)
    assert space.sample(2).shape == (2, 16, 16, space.kind.shape[0])


def test_precision_follows_the_processor(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert chosen_precision("auto", "cpu", "conv") == "bf16"
    assert chosen_precision("auto", "cpu", "mlp") == "fp32"
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False})
    assert chosen_precision("auto", "cpu", "conv") == "fp32"
    assert chosen_precision("bf16", "cpu", "mlp") == "bf16"


def test_kept_memory_changes_no_number(photos, tmp_path, monkeypatch):
    options = {**SMALL, "size": 16, "steps": 8, "show": False}
    gm.train(photos, out=tmp_path / "kept", **options)
    monkeypatch.setattr(loop, "memory_kept", nullcontext)
    gm.train(photos, out=tmp_path / "plain", **options)
    kept, plain = (load_file(tmp_path / name / "checkpoint.safetensors") for name in ("kept", "plain"))
    assert all((plain[name] == weight).all() for name, weight in kept.items())


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these options")
def test_freed_memory_is_reused_in_training_and_after_it():
    resource = pytest.importorskip("resource")

    def pages_mapped() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        np.ones(2**20, np.uint8)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    with memory_kept():
        pages_mapped()
        assert pages_mapped() < 2**20 / resource.getpagesize() / 2
    pages_mapped()  # all was given back
    assert pages_mapped() < 2**20 / resource.getpagesize() / 2


@pytest.mark.parametrize("name", MODELS)
def test_every_network_is_compiled_and_timed(name):
    model = MODELS[name]((3,), 2, NetworkSettings("mlp", width=8))
    found = {id(p) for module in network_modules(model) for p in module.parameters()}
    assert found == {id(p) for p in model.parameters()}


@pytest.mark.filterwarnings("ignore")  # torch's compiler warns of itself
def test_compiled_networks_learn_the_same_and_are_compiled_for_steps_alone(photos, tmp_path, monkeypatch):
    """Validation and figures have other batch sizes, and must not compile the networks again."""
    compiled = []

    def counting(graph, inputs):
        compiled.append(inputs)
        return graph

    after_steps, advance = [], loop.Run.advance

    def advancing(run):
        advance(run)
        after_steps.append(len(compiled))

    monkeypatch.setattr(loop.Run, "advance", advancing)
    compile = torch.nn.Module.compile
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self, **how: compile(self, backend=counting, **how))
    for name, how in {"on": {"compile": "on"}, "off": {}}.items():
        options = {**SMALL, **how, "size": 16, "steps": 4, "precision": "fp32", "show": False}
        space = gm.train(photos, out=tmp_path / name, **options)
        assert space.info.training.compiled is (name == "on")
        assert len(compiled) == after_steps[0] >= 4  # generator and discriminator, both halves, in the first step
    weights = [load_file(tmp_path / name / "space.safetensors") for name in ("on", "off")]
    for name, weight in weights[0].items():
        np.testing.assert_allclose(weight, weights[1][name], rtol=1e-4, atol=1e-5)


def test_profile_names_where_the_time_went(photos, tmp_path, capfd):
    gm.train(photos, out=tmp_path / "run", size=16, steps=5, profile=True, **SMALL)
    lines = capfd.readouterr().err.splitlines()
    rows = {line.split()[0]: float(line.split()[1]) for line in lines if line.split() and line.split()[0] in PARTS}
    assert list(rows) == list(PARTS)
    total = next(float(line.split()[2]) for line in lines if line.startswith("in all"))
    assert sum(rows.values()) == pytest.approx(total, rel=0.02)
    assert all(rows[name] > 0 for name in ("data", "generator", "discriminator", "backward", "optimiser"))
    assert any("GFLOP/s" in line for line in lines)


def test_a_space_does_not_freeze_what_is_trained(photos, tmp_path, capfd):
    """A short run keeps the trained generator, not the averaged one. The profile then takes one more step."""
    gm.train(photos, out=tmp_path / "run", model="ae", size=16, steps=5, profile=True, average=0.9999, **SMALL)
    assert "GFLOP/s" in capfd.readouterr().err


def test_flops_are_those_of_the_products():
    """In two pieces of a step: a product, and one for the gradient of a, of 2 x 300 x 400 x 500 operations each."""
    a, b = torch.rand(300, 400, requires_grad=True), torch.rand(400, 500)
    profile = Profile(MODELS["ae"]((3,), 2, NetworkSettings("mlp", width=8)), torch.device("cpu"), True)
    with profile.part("losses"):
        (a @ b).sum().backward()
    lines = profile.report(1, lambda: (a @ b).sum().backward(), 2, torch.float32)
    assert lines[-1].startswith("0.48 GFLOP a step")


DRAWS = """
import os
from threading import Thread
import torch
from gaiamorph.models import MODELS
from gaiamorph.models.interpolation import SAMPLERS
from gaiamorph.networks import NetworkSettings

def threads():
    return len(os.listdir("/proc/self/task"))

def look(draw):
    before = threads()
    draw(256, torch.Generator().manual_seed(0))
    started.append(threads() - before)

torch.set_num_threads(2)
models = [M((1, 32, 32), 64, NetworkSettings(name="mlp", width=8), M.Settings()) for M in MODELS.values()]
started = []
for draw in [*(model.draw for model in models), *SAMPLERS.values()]:
    thread = Thread(target=look, args=[draw])
    thread.start()
    thread.join()
print(*started)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted as Linux tells of them")
def test_drawing_a_batch_starts_no_threads():
    """Where batches are drawn, beside the step, another team of threads would wait busily for the next."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("NUM_THREADS")}
    told = subprocess.run([sys.executable, "-c", DRAWS], capture_output=True, text=True, check=True, env=environment)
    assert told.stdout.split() == ["0"] * (len(MODELS) + len(SAMPLERS))
