"""What lies in a folder of recordings: whole files, or segments of them."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from gaiamorph.data import segments
from gaiamorph.data.names import described
from gaiamorph.data.segments import Segment
from gaiamorph.errors import UserError
from gaiamorph.sound.synthetic import syllables

Thing = Path | Segment | np.ndarray
"""What an item is read from: a file, a part of one, or a waveform (samples,)."""
LONG = 600.0
"""Times of a table that are later than this, in seconds, look like milliseconds."""


def commonest_rate(paths: list[Path]) -> int:
    rates: Counter[int] = Counter()
    for path in paths[:: max(1, len(paths) // 100)]:
        try:
            rates[soundfile.info(path).samplerate] += 1
        except soundfile.SoundFileError:
            continue
    if not rates:
        raise UserError(f"{paths[0].parent} holds no recording that can be read")
    return rates.most_common(1)[0][0]


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
