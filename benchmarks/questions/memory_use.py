"""Private memory: of a training on 2,000 and on 200,000 pictures, over 10,000 steps, and of 1,000 continua at full size."""

import contextlib
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from common import GAIAMORPH, Question

COUNTS, LONG = (2_000, 200_000), 10_000
PAIRS, PHOTOGRAPHS, SIDE = 1_000, 40, 256


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


def photographs(folder: Path) -> None:
    """Soft random pictures in colour."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for k in range(PHOTOGRAPHS):
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
        coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(folder / f"{k:02}.png")


def morphed(scratch: Path, pairs: int) -> dict[str, float]:
    """The cost of so many continua of three frames at full size."""
    folder, space = scratch / "photographs", scratch / "space"
    photographs(folder)
    train = ["train", folder, "--out", space, "--size", 32, "--steps", 20, "--quiet"]
    subprocess.run([*GAIAMORPH, *map(str, train)], check=True)
    return continua(space, sorted(folder.glob("*.png")), pairs, scratch)


def continua(space: Path, items: list[Path], pairs: int, scratch: Path) -> dict[str, float]:
    """Seconds for so many continua of three frames between random items of a folder, and the megabytes early and late."""
    table, out = items[0].with_name("pairs.csv"), scratch / "continua"
    names = np.array([item.name for item in items])
    chosen = np.random.default_rng(0).integers(0, len(names), (pairs, 2))
    pd.DataFrame(names[chosen], columns=["a", "b"]).to_csv(table, index=False)
    morph = ["morph", space, "--pairs", table, "--steps", 3, "--no-sheets", "--out", out]
    seconds, rows = looked_at([*GAIAMORPH, *map(str, morph)], out.with_name(f".{out.name}.part"))
    done, megabytes = rows.T
    first = megabytes[np.searchsorted(done, pairs / 20)]
    return {"seconds": seconds, "first_megabytes": first, "last_megabytes": megabytes[done > 0][-1]}


def looked_at(command: list[str], folder: Path | None = None) -> tuple[float, np.ndarray]:
    """Seconds of a command, and (N, 2), all the time: continua that are done in ``folder``, and the command's megabytes."""
    began, rows = time.perf_counter(), []
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        time.sleep(0.2)
        with contextlib.suppress(OSError, StopIteration):
            done = sum(1 for _ in folder.glob("codes_*.npy")) if folder else 0
            rows.append((done, private_megabytes(process.pid)))
    if process.returncode:
        raise SystemExit(f"failed: {command}")
    return time.perf_counter() - began, np.array(rows)


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
        for key in question.missing(case=("pairs",), pairs=(question.steps or PAIRS,)):
            question.results.add(**key, **morphed(Path(scratch), key["pairs"]))
