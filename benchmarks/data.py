"""Batches from the store against a DataLoader over files.  python benchmarks/data.py [--repeats 5]

5,000 PNG files of 64 x 64 x 3. The DataLoader decodes each file when it is asked for, in this process and with two workers.
Cold: what the system holds of the files is dropped first. Results: results/data.json.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from gaiamorph.data import open_data
from gaiamorph.models import MODELS
from gaiamorph.training.batches import Batches, Share
from gaiamorph.training.settings import TrainSettings, settled
from results import Results

FILES, BATCH, BATCHES = 5_000, 64, 60


class Files(Dataset):
    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, i: int) -> torch.Tensor:
        with Image.open(self.paths[i]) as picture:
            return torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255


def forget(paths: list[Path]) -> None:
    """Drop what the system keeps of these files in memory."""
    for path in paths:
        with open(path, "rb") as file:
            os.fdatasync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def rate(batches: Iterator) -> float:
    began = time.perf_counter()
    for _ in range(BATCHES):
        next(batches)
    return BATCHES / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    results = Results("data", "python benchmarks/data.py")
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["GAIAMORPH_CACHE"] = str(Path(scratch, "cache"))
        folder = Path(scratch, "files")
        folder.mkdir()
        rng = np.random.default_rng(0)
        for i in range(FILES):
            small = Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8))
            small.resize((64, 64), Image.Resampling.BICUBIC).save(folder / f"{i:05d}.png")
        paths = sorted(folder.glob("*.png"))
        began = time.perf_counter()
        data = open_data(folder, size=64)
        built = time.perf_counter() - began
        store = [p for p in Path(scratch, "cache").rglob("*") if p.is_file()]
        settings = settled(TrainSettings(model="ae", batch_size=BATCH, flip="off", shift=0), data)
        model = MODELS["ae"](data.kind.shape, 8, settings.network)

        def ours() -> Iterator:
            batches = Batches(data, settings, model.draw, torch.device("cpu"), Share())
            yield from (batches.at(step) for step in range(BATCHES))

        def loader(workers: int) -> Callable[[], Iterator]:
            return lambda: iter(DataLoader(Files(paths), BATCH, shuffle=True, num_workers=workers))

        ways = {"store": ours, "DataLoader": loader(0), "DataLoader, 2 workers": loader(2)}
        found: dict[tuple[str, str], list[float]] = {}
        for _ in range(options.repeats):
            for state in ("cold", "warm"):
                for name, way in ways.items():
                    if state == "cold":
                        forget(store if name == "store" else paths)
                    found.setdefault((name, state), []).append(rate(way()))
        for (name, state), rates in found.items():
            ratios = [a / b for a, b in zip(found["store", state], rates, strict=True)]
            results.add(
                way=name,
                state=state,
                repeats=options.repeats,
                batches_per_second=median(rates),
                store_is_faster=median(ratios),
                cache_built_in_seconds=built,
            )
            print(results.runs[-1], flush=True)


if __name__ == "__main__":
    main()
