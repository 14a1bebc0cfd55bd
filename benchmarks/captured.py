"""A step on a graphics card, launched operation by operation and captured as one CUDA graph.  python benchmarks/captured.py

Both wait in one process and are measured in turn. Without a graphics card it measures nothing. Results: results/captured.json.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import torch

from gaiamorph.training.loop import Run
from interleaved import ratio
from results import Results
from step import our_run, pictures

CASES = {
    "conv 32x32x1": ("conv", (32, 32, 1), 64),
    "conv 64x64x3": ("conv", (64, 64, 3), 64),
    "conv 64x64x3, large batch": ("conv", (64, 64, 3), 256),
    "conv 128x128x3": ("conv", (128, 128, 3), 64),
    "adain 64x64x3": ("adain", (64, 64, 3), 64),
}
"""Network, shape, batch."""
STEPS = 30
"""Steps in one measurement."""


def milliseconds(run: Run) -> float:
    """Of a step."""
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(STEPS):
        run.advance()
    torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - began) / STEPS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("there is no graphics card here: nothing is measured")
        return
    results = Results("captured", "python benchmarks/captured.py")
    card = torch.cuda.get_device_name()
    for name, (network, shape, batch) in CASES.items():
        if results.has(case=name, card=card):
            continue
        items = pictures(shape)
        # off: neither compiled nor captured. Whether to compile the other is open here, so it waits for the card after each step.
        ways = {"launched": "off", "captured": "auto"}
        with tempfile.TemporaryDirectory() as folder:
            runs = {
                w: our_run(network, items, batch, Path(folder), compile=how, device="cuda") for w, how in ways.items()
            }
            for run in runs.values():
                milliseconds(run)
            if not runs["captured"].captured.on:
                raise SystemExit(f"not captured: {runs['captured'].captured.trouble}")
            found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
            for _ in range(options.repeats):
                for way, run in runs.items():
                    found[way].append({"ms": milliseconds(run)})
            for run in runs.values():
                run.batches.close()
        results.add(
            case=name, card=card, batch=batch, precision=runs["captured"].settings.precision, repeats=options.repeats,
            faster=ratio(found["launched"], found["captured"]),
            **{f"{way}_ms": median(f["ms"] for f in figures) for way, figures in found.items()},
        )  # fmt: skip
        print(results.runs[-1], flush=True)


if __name__ == "__main__":
    main()
