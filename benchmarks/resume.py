"""kill -9 at random moments, then --resume: the same bits?  python benchmarks/resume.py [--kills 20] [--steps 3000]

Each run is a process of its own on one thread, killed at a random moment from its first breath to its end. It is long enough to
write several checkpoints, one every 15 seconds. Results: results/resume.json.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import gaiamorph as gm
from results import Results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=3000)
    options = parser.parse_args()
    results = Results("resume", "python benchmarks/resume.py")
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as scratch:
        command = [
            sys.executable,
            "-m",
            "gaiamorph",
            "train",
            "sample:faces",
            "--steps",
            str(options.steps),
            "--threads",
            "1",
        ]
        command += ["--size", "16", "--network.width", "8", "--batch-size", "16", "--quiet"]
        began = time.monotonic()
        subprocess.run([*command, "--out", f"{scratch}/whole"], check=True)
        length = time.monotonic() - began
        whole = gm.load(f"{scratch}/whole")
        checkpoint = Path(scratch, "whole", "checkpoint.safetensors").read_bytes()
        number = 0
        while sum(run["killed"] for run in results.runs) < options.kills:
            number += 1
            folder = Path(scratch, f"run-{number}")
            moment = rng.uniform(0, length)
            process = subprocess.Popen([*command, "--out", str(folder)])
            try:
                process.wait(moment)
                killed = False
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed = True
            state = sorted(p.name for p in folder.iterdir()) if folder.exists() else []
            subprocess.run([*command, "--out", str(folder), "--resume"], check=True)
            results.add(
                moment=round(moment / length, 3),
                killed=killed,
                had_checkpoint="checkpoint.safetensors" in state,
                same_weights=same_tensors(checkpoint, (folder / "checkpoint.safetensors").read_bytes()),
                same_samples=bool((gm.load(folder).sample(8) == whole.sample(8)).all()),
            )
            print(results.runs[-1], flush=True)


def same_tensors(a: bytes, b: bytes) -> bool:
    from safetensors.numpy import load

    one, other = load(a), load(b)
    return one.keys() == other.keys() and all((one[k] == other[k]).all() for k in one)


if __name__ == "__main__":
    main()
