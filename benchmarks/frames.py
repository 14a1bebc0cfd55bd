"""Writing 10,000 morph frames at 64 x 64.  python benchmarks/frames.py [--repeats 5]

`LatentSpace.morph_pairs` and `save_continua`, with and without contact sheets, against decoding and saving one frame at a time,
on the same codes and with the same file format. Results: results/frames.json.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image

import gaiamorph as gm
from gaiamorph.output.continuum import save_continua
from interleaved import summary
from results import Results

STEPS = 10


def one_at_a_time(space, pairs, folder: Path) -> int:
    """As a short script would: encode two, and for each frame decode, convert, save."""
    generator, count = space.generator, 0
    with torch.inference_mode():
        for number, (a, b) in enumerate(pairs):
            za, zb = (generator.encode(space.kind.to_tensor(item[None])) for item in (a, b))
            for i, w in enumerate(np.linspace(0, 1, STEPS)):
                x = generator.decode((1 - float(w)) * za + float(w) * zb)[0]
                picture = (x.permute(1, 2, 0) * 255).round().byte().numpy()
                Image.fromarray(picture).save(folder / f"{number:05d}_{i:04d}.png")
                count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--frames", type=int, default=10_000)
    options = parser.parse_args()
    results = Results("frames", "python benchmarks/frames.py")
    with tempfile.TemporaryDirectory() as scratch:
        rng = np.random.default_rng(0)
        smooth = rng.integers(0, 256, (200, 8, 8, 3), np.uint8).repeat(8, 1).repeat(8, 2)
        np.save(Path(scratch, "items.npy"), smooth)
        space = gm.train(Path(scratch, "items.npy"), out=Path(scratch, "run"), steps=30, show=False)
        items = list(smooth)
        pairs = [
            tuple(items[i] for i in rng.choice(len(items), 2, replace=False)) for _ in range(options.frames // STEPS)
        ]
        times: dict[str, list[float]] = {"one at a time": [], "frames": [], "frames and sheets": []}
        for repeat in range(options.repeats):
            few = pairs[: max(1, len(pairs) // 10)]  # a tenth is enough to time the slow way
            folder = Path(scratch, f"one{repeat}")
            folder.mkdir()
            began = time.perf_counter()
            count = one_at_a_time(space, few, folder)
            times["one at a time"].append((time.perf_counter() - began) / count)
            for case in ("frames", "frames and sheets"):
                folder = Path(scratch, f"{case}{repeat}")
                began = time.perf_counter()
                save_continua(space.morph_pairs(pairs, STEPS), folder, sheets=case != "frames")
                times[case].append((time.perf_counter() - began) / options.frames)
                shutil.rmtree(folder)
    for case in ("frames", "frames and sheets"):
        results.add(
            case=case,
            frames=options.frames,
            repeats=options.repeats,
            one_at_a_time_ms=1000 * median(times["one at a time"]),
            gaiamorph_ms=1000 * median(times[case]),
            faster=summary([a / b for a, b in zip(times["one at a time"], times[case], strict=True)]),
        )
        print(results.runs[-1], flush=True)


if __name__ == "__main__":
    main()
