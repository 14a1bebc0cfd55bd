"""Batches of 64 from 5,000 PNG files of 64 x 64 x 3: from the cache, and from a DataLoader that decodes each file when asked."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader

import gaiamorph as gm
from common import Question

FILES, BATCH, BATCHES = 5_000, 64, 60


def decoded(paths: list[Path]) -> torch.Tensor:
    """A batch, as a collate function makes it."""
    return torch.stack([torch.from_numpy(np.array(Image.open(path))).permute(2, 0, 1).float() / 255 for path in paths])


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


def answer(question: Question) -> None:
    if question.results.runs:
        return
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as scratch:
        cache, folder = Path(scratch, "cache"), Path(scratch, "files")
        os.environ["GAIAMORPH_CACHE"] = str(cache)
        folder.mkdir()
        for i in range(FILES):
            small = Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8))
            small.resize((64, 64), Image.Resampling.BICUBIC).save(folder / f"{i:05d}.png")
        began = time.perf_counter()
        data = gm.open_data(folder, size=64)
        built = time.perf_counter() - began
        stored, files = [p for p in cache.rglob("*") if p.is_file()], sorted(folder.glob("*.png"))

        def store() -> Iterator[torch.Tensor]:
            order = rng.permutation(FILES)
            yield from (data.kind.to_tensor(data.items[order[BATCH * i :][:BATCH]]) for i in range(BATCHES))

        def loader(workers: int) -> Callable[[], Iterator]:
            return lambda: iter(DataLoader(files, BATCH, shuffle=True, num_workers=workers, collate_fn=decoded))

        ways = {"store": store, "DataLoader": loader(0), "DataLoader, 2 workers": loader(2)}
        found: dict[tuple[str, str], list[float]] = {}
        for _ in range(question.repeats):
            for state in ("cold", "warm"):
                for way, batches in ways.items():
                    if state == "cold":
                        forget(stored if way == "store" else files)
                    found.setdefault((way, state), []).append(rate(batches()))
        for (way, state), rates in found.items():
            faster = median(a / b for a, b in zip(found["store", state], rates, strict=True))
            question.results.add(
                way=way, state=state, repeats=question.repeats, batches_per_second=median(rates), store_is_faster=faster,
                cache_built_in_seconds=built,
            )  # fmt: skip
