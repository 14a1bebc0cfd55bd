"""Writing 10,000 morph frames of 64 x 64 pixels, against decoding and saving one frame at a time."""

import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image

import gaiamorph as gm
from common import Question, ratio
from gaiamorph.output.continuum import save_continua

FRAMES, STEPS = 10_000, 10


def one_at_a_time(space: gm.LatentSpace, pairs: list, folder: Path) -> None:
    """As a short script would: encode two items, and for each frame decode, convert, save."""
    folder.mkdir()
    with torch.inference_mode():
        for number, (a, b) in enumerate(pairs):
            z_a, z_b = (space.generator.encode(space.kind.to_tensor(item[None])) for item in (a, b))
            for i, w in enumerate(np.linspace(0, 1, STEPS)):
                x = space.generator.decode((1 - float(w)) * z_a + float(w) * z_b)[0]
                picture = (x.permute(1, 2, 0) * 255).round().byte().numpy()
                Image.fromarray(picture).save(folder / f"{number:05d}_{i:04d}.png")


def answer(question: Question) -> None:
    if question.results.has(case="frames"):
        return
    frames = question.steps or FRAMES
    rng = np.random.default_rng(0)
    items = rng.integers(0, 256, (200, 8, 8, 3), np.uint8).repeat(8, 1).repeat(8, 2)
    pairs = [tuple(items[rng.choice(len(items), 2, replace=False)]) for _ in range(frames // STEPS)]
    few = pairs[: max(1, len(pairs) // 10)]  # a tenth is enough to time the slow way
    times: dict[str, list[float]] = {"one at a time": [], "frames": [], "frames and sheets": []}
    with tempfile.TemporaryDirectory() as scratch:
        np.save(Path(scratch, "items.npy"), items)
        space = gm.train(Path(scratch, "items.npy"), out=Path(scratch, "run"), steps=30, show=False)
        for repeat in range(question.repeats):
            for case in times:
                folder, began = Path(scratch, f"{case}{repeat}"), time.perf_counter()
                if case == "one at a time":
                    one_at_a_time(space, few, folder)
                else:
                    save_continua(space.morph_pairs(pairs, STEPS), folder, sheets=case != "frames")
                made = few if case == "one at a time" else pairs
                times[case].append(1000 * (time.perf_counter() - began) / (STEPS * len(made)))
    slow = times.pop("one at a time")
    for case, fast in times.items():
        question.results.add(
            case=case, frames=frames, repeats=question.repeats, one_at_a_time_ms=median(slow), ms=median(fast),
            faster=ratio(slow, fast),
        )  # fmt: skip
