"""Recorded training curves: a change of code that changes what is learnt shows here.

Every model takes 50 steps with every network on 16 x 16 photographs of faces, in double precision and by a plain loop. From AVX2
on, these curves do not depend on the processor: its rounding is far below `TOLERANCE`. Three more go through `gaiamorph.train` in
single precision, at a low learning rate, so that rounding does not grow.

To record new curves after an intended change: ``python -m tests.test_curves``. Say in the commit which curve changed, and why.
"""

from __future__ import annotations

import csv
import itertools
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

import gaiamorph as gm
from gaiamorph.models import MODELS, Batch
from gaiamorph.networks import NETWORKS, NetworkSettings

FILE = Path(__file__).parent / "assets" / "curves.csv"
STEPS, EVERY, BATCH = 50, 10, 8
TOLERANCE = 1e-4
"""Relative tolerance in double precision. AVX2 and AVX-512 give the same six digits. Older processors draw other normal numbers."""
TRAIN_TOLERANCE = 0.02
"""Relative, of `gaiamorph.train` in single precision."""
CASES = list(itertools.product(MODELS, NETWORKS))
TRAINED = ("gaia", "vae_gan", "began")
WIDTHS = {"mlp": 32, "conv": 8, "adain": 4}
NOT_LOSSES = {"step", "seconds", "examples_per_second"}
Curves = dict[str, list[float]]


@cache
def faces() -> torch.Tensor:
    data = gm.open_data("sample:faces", align=False, size=16)
    return data.kind.to_tensor(data.items[data.splits["train"]]).double()


def plain_curves(model: str, network: str, learning_rate: float = 5e-4) -> Curves:
    """Each player's loss and each logged scalar, as means over ``EVERY`` steps."""
    torch.set_num_threads(1)
    x = faces()
    torch.manual_seed(0)
    made = MODELS[model](tuple(x.shape[1:]), 8, NetworkSettings(network, WIDTHS[network], 1)).double()  # type: ignore[arg-type]
    players = made.players()
    optimizers = {player: torch.optim.Adam(group, learning_rate, (0.5, 0.99)) for player, group in players.items()}
    generator = torch.Generator().manual_seed(0)
    rows: list[dict[str, float]] = []
    for _ in range(STEPS):
        some = torch.randint(len(x), (BATCH,), generator=generator)
        noise = {
            name: drawn.double() if drawn.is_floating_point() else drawn
            for name, drawn in made.draw(BATCH, generator).items()
        }
        step = made(Batch(x[some], noise))
        step.backward(players)
        for player, optimizer in optimizers.items():
            optimizer.param_groups[0]["lr"] = learning_rate * float(step.rates.get(player, 1.0))
            optimizer.step()
            optimizer.zero_grad()
        losses = {f"loss of {player}": float(loss.detach()) for player, loss in step.losses.items()}
        rows.append(losses | {name: float(value.detach()) for name, value in step.metrics.items()})
    means = {name: np.array([row[name] for row in rows]).reshape(-1, EVERY).mean(1) for name in rows[0]}
    return {name: values.tolist() for name, values in means.items()}


def trained_curves(model: str, folder: Path) -> Curves:
    """Rows of ``metrics.csv``: means over ten steps."""
    gm.train(
        "sample:faces", align=False, out=folder, size=16, model=model, steps=60, network={"width": 8}, latent_dim=8, batch_size=16,
        learning_rate=2e-4, precision="fp32", threads=1, show=False,
    )  # fmt: skip
    with open(folder / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows if row[name]] for name in rows[0] if name not in NOT_LOSSES}


def recorded(model: str, how: str) -> Curves:
    with open(FILE, newline="") as file:
        rows = [row for row in csv.reader(file) if row[:2] == [model, how]]
    return {name: [float(v) for v in values.split()] for _, _, name, values in rows}


def differences(found: Curves, expected: Curves) -> dict[str, float]:
    """The largest difference of each curve, relative to the largest value of the recorded one."""
    assert found.keys() == expected.keys()
    return {
        name: float(np.abs(np.subtract(values, expected[name])).max() / max(np.abs(expected[name]).max(), 1e-9))
        for name, values in found.items()
    }


@pytest.mark.parametrize(("model", "network"), CASES)
def test_curves_are_those_recorded(model, network):
    found = differences(plain_curves(model, network), recorded(model, network))
    assert max(found.values()) < TOLERANCE, found


@pytest.mark.parametrize("model", TRAINED)
def test_trained_curves_are_those_recorded(model, tmp_path):
    found = differences(trained_curves(model, tmp_path / "run"), recorded(model, "train"))
    assert max(found.values()) < TRAIN_TOLERANCE, found


def test_a_small_change_is_noticed():
    found = differences(plain_curves("gaia", "conv", 5.05e-4), recorded("gaia", "conv"))
    assert found["R"] > TOLERANCE


def rows() -> Iterator[list[str]]:
    for model, network in CASES:
        for name, values in plain_curves(model, network).items():
            yield [model, network, name, " ".join(f"{v:.6g}" for v in values)]
    for model in TRAINED:
        with tempfile.TemporaryDirectory() as folder:
            for name, values in trained_curves(model, Path(folder, "run")).items():
                yield [model, "train", name, " ".join(f"{v:.5g}" for v in values)]


if __name__ == "__main__":
    with open(FILE, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows())
