"""Several processes learn what one does, and a run may go on with another number of them."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import count

import pytest
import torch
from safetensors.torch import load_file
from tests.conftest import SMALL

import gaiamorph as gm
from gaiamorph.models import MODELS
from gaiamorph.networks import NetworkSettings
from gaiamorph.training.batches import Batches
from gaiamorph.training.log import read_metrics
from gaiamorph.training.loop import BETAS, learning_rate
from gaiamorph.training.settings import from_dict, settled
from gaiamorph.training.stability import Clipping

# At a low learning rate, so that rounding does not grow.
OPTIONS = {**SMALL, "steps": 8, "learning_rate": 2e-4, "precision": "fp32", "device": "cpu"}
SCRIPT = """
import sys
import gaiamorph as gm
from gaiamorph.training import loop, stability

model, photos, out, stop = sys.argv[1:]
stability.UNCUT, stability.LIMIT, loop.SECONDS_BETWEEN_CHECKPOINTS = 2, 1.01, -1
advance = loop.Run.advance

def stopping(run):
    if run.step == int(stop):
        raise SystemExit
    advance(run)

loop.Run.advance = stopping
gm.train(photos, out=out, model=model, size=16, show=False, resume=True, **OPTIONS)
"""


def train(model, photos, out, *, processes, stop):
    """Train until step ``stop``, in that many processes, with a checkpoint after each step."""
    script = out.parent / "script.py"
    script.write_text(SCRIPT.replace("OPTIONS", repr(OPTIONS)))
    start = [sys.executable]
    if processes > 1:
        start += ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [*start, str(script), model, str(photos), str(out), str(stop)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "deprecated" not in done.stderr


class Processes:
    """Replaces torch.distributed in one process. It records what each rank gives, then answers with the result."""

    def __init__(self, world: int) -> None:
        self.world, self.given, self.answering = world, [], False

    def start(self, rank: int, answering: bool) -> None:
        self.rank, self.answering, self.number = rank, answering, count()
        if not answering:
            self.given.append([])

    def all_reduce(self, values: torch.Tensor) -> None:
        self.exchange(values, lambda of_all: torch.stack(of_all).sum(0))

    def broadcast(self, values: torch.Tensor, source: int) -> None:
        self.exchange(values, lambda of_all: of_all[source])

    def exchange(self, values, result) -> None:
        number = next(self.number)
        if self.answering:
            values.copy_(result([given[number] for given in self.given]))
        else:
            self.given[self.rank].append(values.clone())


def reference(name, photos, processes_at, monkeypatch):
    """Weights of a plain loop. Each step computes the shares of all processes in turn and averages their gradients."""
    data = gm.open_data(photos, size=16)
    s = settled(from_dict({"model": name, **OPTIONS}), data, max(processes_at))
    torch.manual_seed(s.seed)
    model = MODELS[name](data.kind.shape, s.latent_dim, s.network, getattr(s, name))
    players = model.players()
    optimizers = {player: torch.optim.Adam(group, betas=BETAS) for player, group in players.items()}
    monkeypatch.setattr("gaiamorph.training.stability.UNCUT", 2)
    monkeypatch.setattr("gaiamorph.training.stability.LIMIT", 1.01)
    clipping = Clipping()
    for step, world in enumerate(processes_at):
        batches = []
        for rank in range(world):
            source = Batches(data, s, model, torch.device("cpu"), rank, world)
            batches.append(source.at(step))
            source.close()
        processes = Processes(world)
        with monkeypatch.context() as patch:
            patch.setattr("torch.distributed.is_initialized", lambda: True)
            patch.setattr("torch.distributed.get_world_size", lambda world=world: world)
            patch.setattr("torch.distributed.all_reduce", processes.all_reduce)
            patch.setattr("torch.distributed.broadcast", processes.broadcast)
            before = [b.clone() for b in model.buffers()]
            for answering in (False, True):
                model.zero_grad()
                for rank, batch in enumerate(batches):
                    for buffer, value in zip(model.buffers(), before, strict=True):
                        buffer.copy_(value)
                    processes.start(rank, answering)
                    result = model(batch)
                    result.backward(players, lambda loss, world=world, **how: (loss / world).backward(**how))
        for player, optimizer in optimizers.items():
            rate = learning_rate(s, step, step / s.steps) * float(result.rates.get(player, 1.0))
            optimizer.param_groups[0]["lr"] = rate
            clipping(player, players[player])
            optimizer.step()
    return model.state_dict()


@pytest.mark.parametrize("model", ["gaia", "began", "ae"])
def test_two_processes_learn_what_one_does_and_a_run_goes_on_with_one(model, photos, tmp_path, monkeypatch):
    train(model, photos, tmp_path / "run", processes=2, stop=5)
    text = (tmp_path / "run" / "config.yaml").read_text()
    train(model, photos, tmp_path / "run", processes=1, stop=8)
    assert (tmp_path / "run" / "config.yaml").read_text() == text
    learnt = load_file(tmp_path / "run" / "checkpoint.safetensors")
    expected = reference(model, photos, [2] * 5 + [1] * 3, monkeypatch)
    for name, weight in expected.items():
        torch.testing.assert_close(
            learnt[f"model/{name}"], weight, rtol=1e-3, atol=4e-5, msg=lambda m, n=name: f"{n} {m}"
        )
    alone = reference(model, photos, [1] * 8, monkeypatch)
    if model == "gaia":  # items are mixed within one share, so the number of processes changes the result
        assert max(float((alone[name] - expected[name]).abs().max()) for name in alone) > 4e-4


@pytest.mark.parametrize(("world", "pieces"), [(1, 1), (2, 1), (1, 4), (3, 2)])
def test_shares_cover_a_batch_once(photos, world, pieces):
    """Items, their augmentation and their noise are those of the whole batch, in its order."""
    data = gm.open_data(photos, size=16)
    model = MODELS["gaia"](data.kind.shape, 4, NetworkSettings("conv", width=8))

    def batches(rank, world, pieces):
        values = {"batch_size": 24, "accumulate": pieces, "flip": "on", "shift": 2, "affine": 0.1}
        source = Batches(data, settled(from_dict(values), data, world), model, torch.device("cpu"), rank, world)
        found = [source.at(3, piece) for piece in range(pieces)]
        source.close()
        return found

    [whole] = batches(0, 1, 1)
    shares = [batch for rank in range(world) for batch in batches(rank, world, pieces)]
    torch.testing.assert_close(torch.cat([batch.x for batch in shares]), whole.x)
    for name, numbers in whole.noise.items():
        assert torch.equal(torch.cat([batch.noise[name] for batch in shares]), numbers)


def test_accumulated_pieces_are_the_same_step(photos, tmp_path):
    options = {**SMALL, "model": "ae", "size": 16, "steps": 4, "affine": 0.05, "precision": "fp32", "show": False}
    errors = {}
    for name, pieces in {"whole": 1, "pieces": 4}.items():
        gm.train(photos, out=tmp_path / name, accumulate=pieces, **options)
        rows = read_metrics(tmp_path / name)
        errors[name] = [row["validation"] for row in rows if not math.isnan(row["validation"])]
    assert len(errors["whole"]) == 4
    assert errors["whole"] == pytest.approx(errors["pieces"], rel=1e-4)


def test_a_batch_that_cannot_be_shared_is_refused(photos):
    data = gm.open_data(photos, size=16)
    with pytest.raises(gm.UserError, match="3 processes, accumulate 4"):
        settled(from_dict({"batch_size": 16, "accumulate": 4}), data, processes=3)
    assert settled(from_dict({"batch_size": 17}), data, processes=2).batch_size == 16
