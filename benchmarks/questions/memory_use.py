"""Private memory of a training: on 2,000 and on 200,000 pictures, and over 10,000 steps."""

import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from common import GAIAMORPH, Question

COUNTS, LONG = (2_000, 200_000), 10_000


def private_megabytes(pid: int) -> float:
    """Resident memory of a process without file-backed pages, as Linux counts it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon:")).split()[1]) / 1024


def watched(source: Path, out: Path, steps: int, *options: str) -> np.ndarray:
    """(N, 2): steps and megabytes, looked at twice a second while a training runs."""
    command = [*GAIAMORPH, "train", str(source), "--out", str(out), "--steps", str(steps), "--quiet"]
    process, rows = subprocess.Popen([*command, *options]), []
    while process.poll() is None:
        time.sleep(0.5)
        try:
            rows.append((pd.read_csv(out / "metrics.csv")["step"].iloc[-1], private_megabytes(process.pid)))
        except (OSError, IndexError, StopIteration):  # nothing is written yet, or the process has ended
            continue
    if process.returncode:
        raise SystemExit(f"a training failed: {command}")
    return np.array(rows)


def answer(question: Question) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for key in question.missing(case=("data set",), pictures=COUNTS):
            path, count, rng = Path(scratch, "items.npy"), key["pictures"], np.random.default_rng(0)
            items = np.lib.format.open_memmap(path, "w+", np.uint8, (count, 32, 32, 3))
            for start in range(0, count, 2000):
                items[start : start + 2000] = rng.integers(0, 256, (2000, 32, 32, 3), np.uint8)
            del items
            rows = watched(path, Path(scratch, str(count)), question.steps or 150)
            question.results.add(**key, private_megabytes=rows[-1, 1])
        for key in question.missing(case=("long run",), steps=(question.steps or LONG,)):
            path = Path(scratch, "small.npy")
            np.save(path, np.random.default_rng(0).integers(0, 256, (512, 8, 8, 1), np.uint8))
            steps, megabytes = watched(path, Path(scratch, "long"), key["steps"], "--batch-size", "8").T
            late = steps > key["steps"] / 5
            slope = 1000 * np.polyfit(steps[late], megabytes[late], 1)[0]
            first = megabytes[np.searchsorted(steps, key["steps"] / 20)]
            question.results.add(
                **key, first_megabytes=first, last_megabytes=megabytes[-1], megabytes_per_1000_steps=float(slope)
            )
