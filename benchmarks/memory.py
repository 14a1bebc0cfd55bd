"""Does a large data set cost memory or time?  python benchmarks/memory.py [--steps 150]

Trains on 2,000 and on 200,000 pictures of 32 x 32 x 3 in an .npy file, each in a process of its own, and reports the
private memory at its end (file-backed pages not counted) and the share of a step that goes into making the batch.
Results: results/memory.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from resident import megabytes
from results import Results

COUNTS = (2_000, 200_000)


def child(path: str, steps: int) -> None:
    import gaiamorph as gm
    from gaiamorph.training.batches import Batches

    at, spent = Batches.at, []

    def timed(batches, *place):
        began = time.perf_counter()
        made = at(batches, *place)
        spent.append(time.perf_counter() - began)
        return made

    Batches.at = timed  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        space = gm.train(path, out=Path(folder, "run"), steps=steps, show=False)
    share = float(np.median(spent)) * steps / space.info["training"]["seconds"]
    print(json.dumps({"private_megabytes": megabytes("RssAnon"), "batch_share_of_step": share}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--child", default=None)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.steps)
        return
    results = Results("memory", "python benchmarks/memory.py")
    with tempfile.TemporaryDirectory() as scratch:
        for count in COUNTS:
            path = Path(scratch, f"{count}.npy")
            pictures = np.lib.format.open_memmap(path, "w+", np.uint8, (count, 32, 32, 3))
            rng = np.random.default_rng(0)
            for start in range(0, count, 2000):
                pictures[start : start + 2000] = rng.integers(0, 256, (min(2000, count - start), 32, 32, 3), np.uint8)
            del pictures
            command = [sys.executable, __file__, "--child", str(path), "--steps", str(options.steps)]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            results.add(pictures=count, **json.loads(out.splitlines()[-1]))
            print(results.runs[-1], flush=True)


if __name__ == "__main__":
    main()
