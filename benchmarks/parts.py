"""Where the time of a step goes, operation by operation.  python benchmarks/parts.py [--repeats 7]

Each operation of a whole step is timed where it runs: convolutions and matrix products, whose arithmetic is counted, and all
others. The rate of the products alone is what a step could reach at most, were everything around them done in no time.
Results: results/parts.json.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from gaiamorph.training.precision import memory_kept
from gaiamorph.training.profile import product_rate
from results import Results
from step import CASES, our_run, pictures

STEPS = 4
"""In one measurement."""
LISTED = 8
"""Products that are told of one by one, by the time they take."""


class Timed(TorchDispatchMode):
    """Seconds and arithmetic of every operation, by its name and the shapes of what it multiplies."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: dict[tuple[str, str], float] = defaultdict(float)
        self.flops: dict[tuple[str, str], float] = defaultdict(float)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        began = time.perf_counter()
        out = func(*args, **kwargs)
        spent = time.perf_counter() - began
        packet = func._overloadpacket
        count = flop_registry.get(packet)
        shapes = " and ".join(" x ".join(map(str, a.shape)) for a in args if isinstance(a, torch.Tensor) and a.ndim > 1)
        key = packet.__name__, shapes if count else ""
        self.seconds[key] += spent
        if count:
            self.flops[key] += count(*args, **kwargs, out_val=out)
        return out


def measure(name: str, precision: str, repeats: int) -> dict[str, Any]:
    network, shape, batch = CASES[name]
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    found = []
    with tempfile.TemporaryDirectory() as folder, memory_kept():
        run = our_run(network, pictures(shape), batch, Path(folder), precision=precision)
        run.advance(), run.advance()
        for _ in range(repeats):
            peak = product_rate(torch.device("cpu"), dtype)
            began = time.perf_counter()
            for _ in range(STEPS):
                run.advance()
            whole = (time.perf_counter() - began) / STEPS
            with Timed() as timed:
                for _ in range(STEPS):
                    run.advance()
            found.append((peak, whole, timed))
        run.batches.close()
    keys = found[0][2].seconds
    seconds = {key: median(t.seconds[key] for *_, t in found) / STEPS for key in keys}
    flops = {key: n / STEPS for key, n in found[0][2].flops.items()}
    peak = median(p for p, *_ in found)
    products = sum(seconds[key] for key in flops)
    others: dict[str, float] = defaultdict(float)
    for key, s in seconds.items():
        if key not in flops:
            others[key[0]] += s
    return {
        "ms": 1000 * median(w for _, w, _ in found),
        "products_ms": 1000 * products,
        "others_ms": 1000 * sum(others.values()),
        "products_of_product_rate": sum(flops.values()) / products / peak,
        "largest": [
            {"operation": key[0], "shapes": key[1], "ms": 1000 * seconds[key],
             "of_product_rate": flops[key] / seconds[key] / peak}
            for key in sorted(flops, key=lambda key: -seconds[key])[:LISTED]
        ],
        "others": {n: 1000 * s for n, s in sorted(others.items(), key=lambda item: -item[1])[:LISTED]},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    results = Results("parts", "python benchmarks/parts.py")
    for name in ("conv 32x32x1", "conv 64x64x3"):
        for precision in ("bf16", "fp32"):
            if results.has(case=name, precision=precision):
                continue
            results.add(
                case=name,
                precision=precision,
                repeats=options.repeats,
                **measure(name, precision, options.repeats),
            )
            print(results.runs[-1], flush=True)


if __name__ == "__main__":
    main()
