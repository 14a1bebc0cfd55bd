"""Seconds and memory of sounds: reading, training steps, a continuum, 1,000 continua, and a recording of two hours."""

import itertools
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import soundfile

import gaiamorph as gm
from common import GAIAMORPH, Question, pictures, ratio, rounds, step_ms
from gaiamorph.sound.synthetic import RATE, syllables
from questions.memory_use import continua, looked_at

RECORDINGS, PAIRS, HOURS, SEGMENTS = 5000, 1000, 2, 5000
FRAMES, SECONDS = 11, 0.1
READING = {"rate": RATE, "fmin": 500.0, "fmax": 12_000.0}
STEPS = 60


def recordings(folder: Path, count: int) -> Path:
    """Files of syllables, each with a little noise of its own."""
    folder.mkdir()
    known, rng = syllables(), np.random.default_rng(0)
    for k in range(count):
        wave = known[k % len(known)][3]
        soundfile.write(folder / f"{k:05}.wav", wave + rng.normal(0, 1e-3, len(wave)), RATE)
    return folder


def long_recording(folder: Path) -> Path:
    """One file of many hours, and a table of its segments. It is written part by part."""
    folder.mkdir()
    known, rng, rows = syllables(), np.random.default_rng(0), []
    part = HOURS * 3600 * RATE // SEGMENTS
    with soundfile.SoundFile(folder / "long.wav", "w", RATE, 1, "PCM_16") as file:
        for k in range(SEGMENTS):
            _, label, _, wave = known[k % len(known)]
            rows.append(("long.wav", k * part / RATE, (k * part + len(wave)) / RATE, label))
            file.write(np.pad(wave, (0, part - len(wave))) + rng.normal(0, 1e-3, part))
    pd.DataFrame(rows, columns=["file_name", "onset", "offset", "label"]).to_csv(folder / "metadata.csv", index=False)
    return folder


def opened(source: Path, cache: Path) -> list[str]:
    """A command that opens data without a cache of earlier runs."""
    given = ", ".join(f"{name}={value}" for name, value in READING.items())
    code = f"import gaiamorph as gm; assert len(gm.open_data({str(source)!r}, {given})) == {RECORDINGS}"
    return ["env", f"GAIAMORPH_CACHE={cache}", GAIAMORPH[0], "-c", code]


def _training(task: dict[str, Any]) -> Any:
    def once() -> float:
        with tempfile.TemporaryDirectory() as scratch:
            own = READING if task["sounds"] else {"flip": "off"}
            settings = {"steps": STEPS, "latent_dim": 128, "shift": 0, "affine": 0.0, "show": False, **own}
            gm.train(task["source"], out=Path(scratch, "run"), **settings)
            return step_ms(Path(scratch, "run"))

    return once


def answer(question: Question) -> None:
    results = question.results
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["GAIAMORPH_CACHE"] = str(Path(scratch, "cache"))
        source = recordings(Path(scratch, "recordings"), RECORDINGS)
        if not results.has(case="reading"):
            seconds, rows = looked_at(opened(source, Path(scratch, "one")))
            again, _ = looked_at(opened(source, Path(scratch, "one")))
            results.add(
                case="reading", recordings=RECORDINGS, seconds=seconds, cached=again, megabytes=rows[:, 1].max()
            )
        if not results.has(case="long"):
            long = long_recording(Path(scratch, "long"))
            size = (long / "long.wav").stat().st_size / 2**20
            seconds, rows = looked_at(opened(long, Path(scratch, "two")))
            results.add(case="long", recordings=SEGMENTS, seconds=seconds, file=size, megabytes=rows[:, 1].max())
        if not results.has(case="step"):
            gm.open_data(source, **READING)
            path = Path(scratch, "pictures.npy")
            np.save(path, pictures((64, 64, 1)))
            tasks = {
                "sounds": {"source": str(source), "sounds": True},
                "pictures": {"source": str(path), "sounds": False},
            }
            found = rounds(_training, tasks, question.repeats)
            medians = {f"{name}_ms": median(times) for name, times in found.items()}
            results.add(
                case="step", repeats=question.repeats, **medians, ratio=ratio(found["sounds"], found["pictures"])
            )
        space = gm.train(source, out=Path(scratch, "run"), model="ae", steps=20, show=False, **READING)
        if not results.has(case="continuum"):
            waves = [np.asarray(x[3][: round(SECONDS * RATE)]) for x in syllables()[:200:20]]
            space.morph(waves[0], waves[1], steps=FRAMES)
            times = []
            for a, b in itertools.pairwise(waves):
                began = time.perf_counter()
                space.morph(a, b, steps=FRAMES)
                times.append(time.perf_counter() - began)
            results.add(case="continuum", frames=FRAMES, seconds=median(times))
        if not results.has(case="pairs"):
            some = sorted(source.glob("*.wav"))[:40]
            results.add(case="pairs", pairs=PAIRS, **continua(Path(scratch, "run"), some, PAIRS, Path(scratch)))
