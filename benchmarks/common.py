"""What all questions share: result files, trainings that resume, timings on a noisy machine, pictures."""

import itertools
import json
import math
import multiprocessing
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import torch

import gaiamorph as gm

HERE = Path(__file__).parent
IMAGES = HERE.parent / "docs" / "images"
GAIAMORPH = (sys.executable, "-W", "ignore", "-m", "gaiamorph")
SPAWN = multiprocessing.get_context("spawn")


def rounded(value: Any, digits: int = 5) -> Any:
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return float(f"{value:.{digits}g}") if isinstance(value, float) and math.isfinite(value) else value


def sharp(model: str = "gaia", **own: Any) -> dict[str, Any]:
    """The defaults for pictures until aligned photographs were measured: sharper, with more artifacts. own: other options of GAIA.

    Tables that compare models have these settings.
    """
    gaia = {"gaia": {"through_discriminator": 1.0, **own}} if model == "gaia" else {}
    return {"affine": 0.0, "shift": 1, "latent_dim": 64, "network": {"codes": "free"}, **gaia}


class Results:
    """The runs in ``results/NAME.json``, one a line, below the facts that hold for all of them."""

    def __init__(self, name: str, command: str) -> None:
        self.path = HERE / "results" / f"{name}.json"
        self.head: dict[str, Any] = json.loads(self.path.read_text()) if self.path.exists() else {}
        self.runs: list[dict[str, Any]] = self.head.pop("runs", [])
        known = torch.cpu.get_capabilities()
        bf16 = next((name for name in ("amx_bf16", "avx512_bf16", "bf16") if known.get(name, False)), "no bf16")
        processor = f"{torch.backends.cpu.get_cpu_capability()}, {bf16.replace('_', ' ')}"
        self.made = {
            "command": command,
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, {processor}",
            "python": platform.python_version(),
            "torch": torch.__version__,
            "gaiamorph": gm.__version__,
        }

    def has(self, **key: Any) -> bool:
        return any(all(run.get(k) == v for k, v in key.items()) for run in self.runs)

    def add(self, **run: Any) -> None:
        self.runs.append(rounded(run))
        self.head |= self.made
        lines = ",\n".join(json.dumps(r, ensure_ascii=False) for r in self.runs)
        text = f'{json.dumps(rounded(self.head), ensure_ascii=False)[:-1]}, "runs": [\n{lines}\n]}}\n'
        self.path.write_text(text, encoding="utf-8")
        print(self.runs[-1], flush=True)


@dataclass
class Question:
    """A question as it was asked on the command line. None leaves a choice to the question itself."""

    name: str
    seeds: Sequence[int] | None = None
    models: Sequence[str] | None = None
    steps: int | None = None
    threads: int = 0
    repeats: int = 5
    machine: str = ""
    runs: Path = Path(tempfile.gettempdir(), "gaiamorph-benchmarks")
    """Run folders are kept here, so that a training goes on where it was stopped."""

    def __post_init__(self) -> None:
        option = f" --machine {self.machine}" if self.machine else ""
        name = f"{self.name}_{self.machine}" if self.machine else self.name
        self.results = Results(name, f"python benchmarks/run.py {self.name}{option}")

    def missing(self, **choices: Sequence[Any]) -> Iterator[dict[str, Any]]:
        """Each combination of the choices that has no run yet."""
        for values in itertools.product(*choices.values()):
            key = dict(zip(choices, values, strict=True))
            if not self.results.has(**key):
                yield key

    def folder(self, *parts: Any) -> Path:
        return self.runs / self.name / "-".join(map(str, parts))

    def train(self, source: Any, folder: Path, **settings: Any) -> gm.LatentSpace:
        resume = (folder / "config.yaml").exists()
        return gm.train(source, out=folder, resume=resume, show=False, **{"threads": self.threads, **settings})


def cost(space: gm.LatentSpace) -> dict[str, Any]:
    """Seconds of the training, and its warnings."""
    training = space.info.training
    return {"seconds": training.seconds, "warnings": [w["warning"] for w in training.warnings]}


# Timings --------------------------------------------------------------------------------------------


def pictures(shape: tuple[int, ...], count: int = 512) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), np.uint8)


def step_ms(folder: Path, skip: int = 20) -> float:
    """Median milliseconds of a step in a run folder, without the first steps."""
    rows = pd.read_csv(folder / "metrics.csv").query(f"step >= {skip}")
    return 1000 * float((rows["seconds"].diff() / rows["step"].diff()).median())


def train_ms(items: np.ndarray, steps: int = 60, **settings: Any) -> float:
    """Milliseconds of a step of `gm.train` on these pictures."""
    with tempfile.TemporaryDirectory() as scratch:
        source, out = Path(scratch, "items.npy"), Path(scratch, "run")
        np.save(source, items)
        gm.train(source, out=out, steps=steps, show=False, **{"latent_dim": 64, "flip": "off", "shift": 0, **settings})
        return step_ms(out)


def _prepare(make: Callable[[dict], Callable[[], float]], task: dict[str, Any]) -> None:
    global _measure
    _measure = make(task)


def _measured() -> float:
    return _measure()


def rounds(
    make: Callable[[dict], Callable[[], float]], tasks: dict[str, dict[str, Any]], repeats: int
) -> dict[str, list[float]]:
    """What ``make(task)()`` measures for each task in each round. Every task has a process of its own, which waits for its turn:
    a slow moment of the machine hits all of them. Each round begins with another task."""
    pools = {name: ProcessPoolExecutor(1, SPAWN, _prepare, (make, task)) for name, task in tasks.items()}
    found: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(repeats):
        first = turn % len(tasks)
        for name in (*tasks, *tasks)[first : first + len(tasks)]:
            found[name].append(pools[name].submit(_measured).result())
    for pool in pools.values():
        pool.shutdown()
    return found


def ratio(slow: Sequence[float], fast: Sequence[float]) -> dict[str, float]:
    """How many times ``fast`` is as fast as ``slow``, within each round."""
    ratios = [a / b for a, b in zip(slow, fast, strict=True)]
    return {"median": median(ratios), "least": min(ratios), "most": max(ratios)}


# Pictures -------------------------------------------------------------------------------------------


def save_sheet(rows: list[list[np.ndarray]], labels: list[str], heads: list[str], cell: int, name: str) -> None:
    """A labelled table of pictures in docs/images: grey if all of it is grey, which makes the file smaller."""
    from gaiamorph.output import figures

    sheet = figures.sheet(rows, labels, heads, cell)
    grey = all(item.shape[-1] == 1 for row in rows for item in row)
    (sheet.convert("L") if grey else sheet).save(IMAGES / f"{name}.png", optimize=True)
