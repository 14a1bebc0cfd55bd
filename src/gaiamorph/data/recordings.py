"""What lies in a folder of recordings: whole files, or segments of them."""

import json
import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile

from gaiamorph.data import cache, segments
from gaiamorph.data.names import described
from gaiamorph.data.request import Report
from gaiamorph.data.segments import Segment
from gaiamorph.errors import UserError
from gaiamorph.sound.synthetic import syllables

Thing = Path | Segment | np.ndarray
"""What an item is read from: a file, a part of one, or a waveform (samples,)."""
LOOKED_AT = 100
LONG = 600.0
"""Times of a table that are later than this, in seconds, look like milliseconds."""


def rates_of(paths: list[Path]) -> Counter[int]:
    """How many recordings have which rate, of at most some hundred that are looked at. Raises UserError if none can be read."""
    rates: Counter[int] = Counter()
    for path in paths[:: max(1, len(paths) // LOOKED_AT)]:
        try:
            rates[soundfile.info(path).samplerate] += 1
        except soundfile.SoundFileError:
            continue
    if not rates:
        raise UserError(f"{paths[0].parent} holds no recording that can be read")
    return rates


def low_rates(rates: Counter[int], fmax: float) -> list[str]:
    """A note on recordings whose rate is too low for what pictures show."""
    low = sum(count for rate, count in rates.items() if rate / 2 < fmax)
    if not low:
        return []
    return [
        f"{low} of {rates.total()} recordings looked at have a rate below {2 * fmax:g} Hz: their pictures are empty at the top "
        "(a lower --fmax makes them alike)"
    ]


def entries_of(
    folder: Path, recordings: list[tuple[str, Path]]
) -> tuple[list[tuple[str, Thing]], pd.DataFrame, list[str]]:
    """Items by name, their attributes (the names are the index), and notes: the segments of a folder, or its recordings."""
    if (found := segments.entries(folder, recordings)) is not None:
        return found
    return list(recordings), *described(folder, [name for name, _ in recordings])


def sample_entries(rate: int) -> tuple[list[tuple[str, Thing]], pd.DataFrame, list[str]]:
    """Those of ``sample:sounds``."""
    names, labels, birds, waves = zip(*syllables(rate), strict=True)
    attributes = pd.DataFrame({"label": labels, "group": birds}, index=list(names))
    return list(zip(names, waves, strict=True)), attributes, []


def in_milliseconds(entries: list[tuple[str, Thing]]) -> str:
    """A word for a table whose times are no seconds."""
    late = [thing for _, thing in entries if isinstance(thing, Segment) and thing.offset > LONG]
    return " (are its times milliseconds? They have to be seconds)" if len(late) > len(entries) / 2 else ""


def cached_items(
    key: list[Any],
    entries: list[tuple[str, Thing]],
    read: Callable[[Thing], tuple[np.ndarray, str] | str],
    shape: tuple[int, ...],
    report: Report | None,
) -> tuple[np.ndarray, cache.Sources]:
    """Items (N, *shape) float32, memory-mapped from the cache, and what they came from.

    read: gives an item and its SHA-256, or the reason why it cannot be used.
    """

    def build(folder: Path) -> None:
        sources = cache.Sources()
        with open(folder / "items.bin", "wb") as out, ThreadPoolExecutor(os.cpu_count()) as pool:
            made = pool.map(read, (thing for _, thing in entries))
            for done, ((name, _), item) in enumerate(zip(entries, made, strict=True), 1):
                if isinstance(item, str):
                    sources.skipped.append((name, item))
                else:
                    out.write(item[0].tobytes())
                    sources.names.append(name)
                    sources.hashes.append(item[1])
                if report:
                    report(done, len(entries))
        (folder / "sources.json").write_text(json.dumps(asdict(sources)))

    folder, sources = cache.cached(key, build)
    if not sources.names:
        return np.zeros((0, *shape), np.float32), sources
    return np.memmap(folder / "items.bin", np.float32, "r").reshape(-1, *shape), sources
