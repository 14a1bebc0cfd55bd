"""One process and two, with one thread each.  python benchmarks/scaling.py [--repeats 5]

Throughput of two processes with the same share each (weak, at two sizes of it) and with the same whole batch (strong),
against one; beside them two that train apart at the same time and exchange nothing, which is what the machine itself allows.
And whether two learn the same as one that pairs within the same two halves. Results: results/scaling.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from interleaved import summary
from results import Results

BATCHES = 64, 128
"""Items of one process: what two exchange is the same for all, so that the larger one is slowed down less by it."""
COMMON = ["--threads", "1", "--quiet"]
CURVE = ["--steps", "50", "--parts", "2", "--gaia.distance", "0", "--precision", "fp32"]


def child(processes: int, batch: int, steps: int) -> None:
    """Seconds a step over all of them, printed by the first process."""
    import numpy as np
    import torch

    from gaiamorph.data import open_data
    from gaiamorph.training.loop import Run
    from gaiamorph.training.precision import memory_kept
    from gaiamorph.training.processes import Processes, launch
    from gaiamorph.training.settings import TrainSettings, settled

    fabric = launch(Processes(), "cpu")
    with tempfile.TemporaryDirectory() as folder, memory_kept():
        # Each photograph twice: enough for the largest batch. (Nearly empty pictures would be timed with denormal numbers.)
        np.save(Path(folder, "items.npy"), np.tile(open_data("sample:faces").items, (2, 1, 1, 1)))
        data = open_data(Path(folder, "items.npy"))
        settings = TrainSettings(batch_size=batch, threads=1, precision="fp32")
        run = Run(data, settled(settings, data, processes), Path(folder), fabric)
        for _ in range(5):
            run.advance()
        fabric.barrier()
        began = time.perf_counter()
        for _ in range(steps):
            run.advance()
        seconds = (time.perf_counter() - began) / steps
        run.batches.close()
        fabric.barrier()
    assert torch.get_num_threads() == 1
    if fabric.is_global_zero:
        print(json.dumps({"seconds": seconds}), flush=True)


def start(processes: int) -> list[str]:
    if processes == 1:
        return [sys.executable, "-W", "ignore"]
    return [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        str(processes),
    ]


def measure(processes: int, batch: int, apart: int = 1) -> float:
    """Examples a second, of ``apart`` such trainings at once."""
    command = [*start(processes), __file__, "--child", str(processes), str(batch)]

    def one(_: int) -> float:
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return batch / next(json.loads(line)["seconds"] for line in out.splitlines() if line.startswith("{"))

    with ThreadPoolExecutor(apart) as pool:
        return sum(pool.map(one, range(apart)))


def validation(folder: Path) -> list[float]:
    import math

    from gaiamorph.training.log import read_metrics

    return [r["validation"] for r in read_metrics(folder) if not math.isnan(r["validation"])]


def curves() -> float:
    """The largest difference of the two curves of held-out error over 50 steps."""
    with tempfile.TemporaryDirectory() as scratch:
        found = []
        for processes in (1, 2):
            out = Path(scratch, str(processes))
            command = ["-m", "gaiamorph", "train", "sample:faces", "--out", str(out), *COMMON, *CURVE]
            subprocess.run([*start(processes), *command], check=True, capture_output=True)
            found.append(validation(out))
    return max(abs(a - b) for a, b in zip(*found, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--child", type=int, nargs=2, default=None)
    options = parser.parse_args()
    if options.child:
        processes, batch = options.child
        child(processes, batch, steps=60 * BATCHES[0] * processes // batch)
        return
    results = Results("scaling", "python benchmarks/scaling.py")
    cases: dict[tuple[str, int], tuple[int, ...]] = {}
    for batch in BATCHES:
        cases |= {("one", batch): (1, batch), ("two, weak", batch): (2, 2 * batch)}
    cases |= {("two, strong", BATCHES[0]): (2, BATCHES[0]), ("two, apart", BATCHES[0]): (1, BATCHES[0], 2)}
    found: dict[tuple[str, int], list[float]] = {case: [] for case in cases}
    for number in range(options.repeats):
        for case, asked in cases.items():
            found[case].append(measure(*asked))
        latest = {case: round(speeds[-1]) for case, speeds in found.items()}
        print(f"round {number + 1} of {options.repeats}: {latest}", flush=True)
    for (name, batch), speeds in found.items():
        if name == "one":
            continue
        alone = found["one", batch]
        results.add(
            case=name,
            batch=batch,
            repeats=options.repeats,
            one=median(alone),
            two=median(speeds),
            faster=summary([b / a for a, b in zip(alone, speeds, strict=True)]),
        )
        print(results.runs[-1], flush=True)
    results.add(case="difference of held-out error over 50 steps", largest=curves())
    print(results.runs[-1], flush=True)


if __name__ == "__main__":
    main()
