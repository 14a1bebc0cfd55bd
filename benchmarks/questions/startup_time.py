"""How long a command takes to begin, against ``python -c "import torch"``."""

import subprocess
import sys
import tempfile
import time
from statistics import median

from common import GAIAMORPH, Question, ratio


def answer(question: Question) -> None:
    if question.results.runs:
        return
    with tempfile.TemporaryDirectory() as scratch:
        training = f"train sample:moons --out {scratch}/run --steps 1 --overwrite --quiet".split()
        commands = {
            "import torch": [sys.executable, "-c", "import torch"],
            "gaiamorph --help": [*GAIAMORPH, "--help"],
            "gaiamorph --version": [*GAIAMORPH, "--version"],
            "one training step": [*GAIAMORPH, *training],
        }
        found: dict[str, list[float]] = {name: [] for name in commands}
        for repeat in range(question.repeats + 1):
            for name, command in commands.items():
                began = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                if repeat:  # the first round compiles Python files and fills the disk's cache
                    found[name].append(time.perf_counter() - began)
    for name, seconds in found.items():
        times = ratio(seconds, found["import torch"])["median"]
        question.results.add(command=name, repeats=question.repeats, seconds=median(seconds), of_import_torch=times)
