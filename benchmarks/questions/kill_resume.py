"""Trainings killed with kill -9 at random moments, then resumed: do they end with the bits of one that was not killed?"""

import random
import subprocess
import tempfile
import time
from pathlib import Path

from safetensors.numpy import load_file

import gaiamorph as gm
from common import GAIAMORPH, Question

KILLS, STEPS = 20, 3000
CHECKPOINT = "checkpoint.safetensors"


def same_tensors(a: Path, b: Path) -> bool:
    one, other = load_file(a), load_file(b)
    return one.keys() == other.keys() and all((one[k] == other[k]).all() for k in one)


def answer(question: Question) -> None:
    rng = random.Random(0)
    options = f"--steps {question.steps or STEPS} --threads 1 --size 16 --network.width 8 --batch-size 16 --quiet"
    command = [*GAIAMORPH, "train", "sample:faces", *options.split()]

    def missing() -> bool:
        return sum(run["killed"] for run in question.results.runs) < KILLS

    if not missing():
        return
    with tempfile.TemporaryDirectory() as scratch:
        whole, number, began = Path(scratch, "whole"), 0, time.monotonic()
        subprocess.run([*command, "--out", str(whole)], check=True)
        length = time.monotonic() - began
        while missing():
            number += 1
            folder, moment = Path(scratch, f"run-{number}"), rng.uniform(0, length)
            process = subprocess.Popen([*command, "--out", str(folder)])
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            killed, had_checkpoint = process.returncode < 0, (folder / CHECKPOINT).exists()
            subprocess.run([*command, "--out", str(folder), "--resume"], check=True)
            question.results.add(
                moment=moment / length, killed=killed, had_checkpoint=had_checkpoint,
                same_weights=same_tensors(whole / CHECKPOINT, folder / CHECKPOINT),
                same_samples=bool((gm.load(folder).sample(8) == gm.load(whole).sample(8)).all()),
            )  # fmt: skip
