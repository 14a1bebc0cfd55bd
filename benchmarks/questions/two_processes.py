"""Two processes against one, with one thread each: at twice the batch, at the same batch, and two that exchange nothing."""

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np

import gaiamorph as gm
from common import GAIAMORPH, Question, ratio, step_ms

TWO = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "gaiamorph")
CASES = {
    "one": (1, 64, 1),
    "one, large batch": (1, 128, 1),
    "two, weak": (2, 128, 1),
    "two, weak, large batch": (2, 256, 1),
    "two, strong": (2, 64, 1),
    "two, apart": (1, 64, 2),
}
"""Processes of a training, its batch, and such trainings at a time."""


def speed(items: Path, processes: int, batch: int, apart: int, steps: int) -> float:
    """Items a second, of all trainings together."""

    def one(number: int) -> float:
        with tempfile.TemporaryDirectory() as scratch:
            options = f"--out {scratch}/run --steps {steps} --batch-size {batch} --threads 1 --precision fp32 --quiet"
            command = [*(TWO if processes == 2 else GAIAMORPH), "train", str(items), *options.split()]
            subprocess.run(command, check=True, capture_output=True)
            return 1000 * batch / step_ms(Path(scratch, "run"))

    with ThreadPoolExecutor(apart) as pool:
        return sum(pool.map(one, range(apart)))


def answer(question: Question) -> None:
    if not list(question.missing(case=[case for case in CASES if case.startswith("two")])):
        return
    found: dict[str, list[float]] = {case: [] for case in CASES}
    with tempfile.TemporaryDirectory() as scratch:
        # Each photograph twice: enough for the largest batch.
        items = Path(scratch, "items.npy")
        np.save(items, np.tile(gm.open_data("sample:faces", align=False).items, (2, 1, 1, 1)))
        for _ in range(question.repeats):
            for case, asked in CASES.items():
                found[case].append(speed(items, *asked, steps=question.steps or 60))
    for case in (c for c in CASES if c.startswith("two")):
        alone = found["one, large batch" if "large" in case else "one"]
        question.results.add(
            case=case, batch=128 if "large" in case else 64, repeats=question.repeats, one=median(alone),
            two=median(found[case]), faster=ratio(found[case], alone),
        )  # fmt: skip
