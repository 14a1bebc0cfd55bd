"""How long a command takes to begin.  python benchmarks/startup.py [--repeats 7]

``--help``, ``--version`` and a training of one step, against ``python -c "import torch"``. Results: results/startup.json.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from results import Results

GAIAMORPH = [sys.executable, "-m", "gaiamorph"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        commands = {
            "import torch": [sys.executable, "-c", "import torch"],
            "gaiamorph --help": [*GAIAMORPH, "--help"],
            "gaiamorph --version": [*GAIAMORPH, "--version"],
            "one training step": [*GAIAMORPH, "train", "sample:moons", "--out", str(Path(scratch, "run")), "--steps", "1",
                                  "--overwrite", "--quiet"],
        }  # fmt: skip
        found: dict[str, list[float]] = {name: [] for name in commands}
        for command in commands.values():  # the first call compiles Python files and fills the disk's cache
            subprocess.run(command, check=True, capture_output=True)
        for _ in range(options.repeats):
            for name, command in commands.items():
                began = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                found[name].append(time.perf_counter() - began)
    results = Results("startup", "python benchmarks/startup.py")
    for name, seconds in found.items():
        ratios = [s / t for s, t in zip(seconds, found["import torch"], strict=True)]
        results.add(
            command=name,
            repeats=options.repeats,
            seconds=median(seconds),
            of_import_torch=median(ratios),
            most=max(ratios),
        )
        print(results.runs[-1], flush=True)


if __name__ == "__main__":
    main()
