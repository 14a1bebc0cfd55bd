"""What lies in a folder of recordings: whole files, or segments of them."""

import contextlib
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import soundfile

from gaiamorph.data import cache, hub, images, segments
from gaiamorph.data.finding import find
from gaiamorph.data.names import described
from gaiamorph.data.oddities import MOST_UNREADABLE, counted, listed, too_many
from gaiamorph.data.request import Report, Request
from gaiamorph.data.segments import Segment
from gaiamorph.errors import UnreadableError, UserError
from gaiamorph.sound import files, synthetic
from gaiamorph.sound.world import World

Held = Path | Segment | bytes | np.ndarray | None
"""What an item is read from: a file, a part of one, its content, or a waveform (samples,). None: there is nothing."""
Thing = Held | Callable[[], Held]
"""The same, or what fetches it: contents of files that are stored elsewhere are held one after another."""


class Read(NamedTuple):
    """An item, the SHA-256 of its file (or of its samples), and what is odd about the recording."""

    item: np.ndarray
    sha256: str
    odd: tuple[str, ...]


NOTHING = "the row has no recording"
MOST_RATE = 48_000
"""Hz: of pictures, unless a higher rate is asked for."""
LOOKED_AT = 100
"""So many recordings show which rates there are."""
LONG = 600.0
"""Times of a table that are later than this, in seconds, look like milliseconds."""


def loaded(thing: Thing) -> Held:
    return thing() if callable(thing) else thing


def rates_of(source: str, recordings: Sequence[Thing]) -> Counter[int]:
    """How many recordings have which rate, of the first `LOOKED_AT` in random order that can be read.

    Raises UserError if there are none.
    """
    rates: Counter[int] = Counter()
    for i in np.random.default_rng(0).permutation(len(recordings)):
        if rates.total() == LOOKED_AT:
            break
        one = loaded(recordings[i])
        with contextlib.suppress(soundfile.SoundFileError):
            if isinstance(one, bytes | Path):
                with files.opened(one) as file:
                    rates[file.samplerate] += 1
    if not rates:
        raise UserError(f"{source} holds no recording that can be read")
    return rates


def odd_rates(rates: Counter[int], rate: int, asked: bool, fmax: float) -> list[str]:
    """Notes on rates that are too low for what pictures show, and on what is lost by a lower rate that nobody asked for."""
    notes, total = [], rates.total()
    if (high := sum(count for own, count in rates.items() if own > rate)) and not asked:
        notes.append(
            f"{high} of {total} recordings looked at have more than {rate} Hz and are brought to it: nothing above "
            f"{rate / 2:g} Hz is kept (--rate {max(rates)} keeps all)"
        )
    if low := sum(count for own, count in rates.items() if own / 2 < fmax):
        notes.append(
            f"{low} of {total} recordings looked at have a rate below {2 * fmax:g} Hz: their pictures are empty at the top "
            "(a lower --fmax makes them alike)"
        )
    return notes


@dataclass
class Source:
    """Items by name, their attributes (the names are the index), notes, what tells the source from others, how many recordings have
    which rate, and (name, reason) of those that are not read."""

    entries: list[tuple[str, Thing]]
    attributes: pd.DataFrame
    notes: list[str]
    stamps: list[Any]
    rates: Counter[int]
    unheard: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._things = dict(self.entries)

    def original(self, name: str) -> Held:
        """What the item of this name is read from."""
        return loaded(self._things[name])


def source_of(request: Request, samples: tuple[str, ...]) -> Source | None:
    """What ``request.source`` holds, or None if that is no recordings. Raises UserError."""
    where, _, name = request.source.partition(":")
    if where == "sample" and name in samples:
        rate = request.rate or synthetic.RATE
        names, labels, birds, waves = zip(*synthetic.syllables(rate), strict=True)
        attributes = pd.DataFrame({"label": labels, "group": birds}, index=list(names))
        return Source(list(zip(names, waves, strict=True)), attributes, [], list(names), Counter({rate: 1}))
    if where == "hub":
        if hub.holds(name) != "recordings":
            return None
        stored, attributes, notes = hub.files(name, "recordings")
        entries: list[tuple[str, Thing]] = [(name, partial(stored.original, name)) for name in attributes.index]
        return Source(
            entries, attributes, notes, [name, *stored.key], rates_of(request.source, [thing for _, thing in entries])
        )
    if not request.path.is_dir() or not (found := find(request.path)).recordings:
        return None
    recordings = found.recordings
    entries, attributes, notes = segments.entries(request.path, recordings) or (
        list(recordings), *described(request.path, [name for name, _ in recordings]),
    )  # fmt: skip
    stamps = [[[name, *images.stamp(path)] for name, path in recordings], [name for name, _ in entries]]
    return Source(
        entries, attributes, notes, stamps, rates_of(request.source, [path for _, path in recordings]), found.unheard
    )


def read_one(kind: Any, thing: Thing) -> Read | str:
    """An item of a kind `Sounds`, or the reason why it cannot be used."""
    try:
        held = loaded(thing)
        if held is None:
            return NOTHING
        held = held.read_bytes() if isinstance(held, Path) else held
        found = files.Recording(held) if isinstance(held, np.ndarray) else kind.decoded(held)
        content = held if isinstance(held, bytes) else found.wave.tobytes()
        item = kind.item(found.wave)
        coder = kind.coder
        unpitched = isinstance(coder, World) and not coder.has_voice(kind.channels_of(item[None])[0])
        odd = {"clipped": found.clipped, "cut": found.cut, "unpitched": unpitched}
        return Read(item, hashlib.sha256(content).hexdigest(), tuple(what for what, so in odd.items() if so))
    except (UnreadableError, OSError) as error:
        return str(error)


def refuse_broken(source: str, skipped: Sequence[tuple[str, str]], count: int) -> None:
    """Raise UserError if too many of so many recordings are broken. Others are left out for what they are: long, silent."""
    broken = [(name, reason) for name, reason in skipped if reason.startswith(files.BROKEN)]
    if len(broken) > MOST_UNREADABLE * count:
        raise too_many(f"{len(broken)} of {count} recordings in {source} cannot be read", broken)


ODD = {
    "clipped": "clipped: cut off at the loudest level, which sounds distorted",
    "cut": "shorter than the file says: it was cut off, or not finished",
    "unpitched": "without a pitch between 75 and 600 Hz, so the codec world makes noise of them: mel does not",
}
"""What may be odd about a recording that is read, for a note."""


def odd(found: Mapping[str, Sequence[str]]) -> list[str]:
    """Notes on recordings that are odd, by what is odd about them."""
    return [
        f"{counted(len(names), 'recording', 'is/are')} {ODD[what]}\n{listed(names)}" for what, names in found.items()
    ]


def families(hashes: Sequence[str]) -> list[tuple[bool, list[int]]]:
    """Indices of recordings with the same content, as `oddities.doubles` takes them."""
    same: dict[str, list[int]] = {}
    for i, sha256 in enumerate(hashes):
        same.setdefault(sha256, []).append(i)
    return [(True, some) for some in same.values() if len(some) > 1]


def in_milliseconds(entries: list[tuple[str, Thing]]) -> str:
    """A word for a table whose times are no seconds."""
    late = [thing for _, thing in entries if isinstance(thing, Segment) and thing.offset > LONG]
    return " (are its times milliseconds? They have to be seconds)" if len(late) > len(entries) / 2 else ""


def cached_items(
    key: list[Any],
    entries: list[tuple[str, Thing]],
    read: Callable[[Thing], Read | str],
    shape: tuple[int, ...],
    report: Report | None,
) -> tuple[np.ndarray, cache.Sources]:
    """Items (N, *shape) float32, memory-mapped from the cache, and what they came from.

    read: gives an item, or the reason why it cannot be used.
    """

    def build(folder: Path) -> None:
        sources = cache.Sources()
        with open(folder / "items.bin", "wb") as out, ThreadPoolExecutor(os.cpu_count()) as pool:
            made = pool.map(read, (thing for _, thing in entries))
            for done, ((name, _), found) in enumerate(zip(entries, made, strict=True), 1):
                if isinstance(found, str):
                    sources.skipped.append((name, found))
                else:
                    out.write(found.item.tobytes())
                    sources.names.append(name)
                    sources.hashes.append(found.sha256)
                    for what in found.odd:
                        sources.odd.setdefault(what, []).append(name)
                if report:
                    report(done, len(entries))
        (folder / "sources.json").write_text(json.dumps(asdict(sources)))

    folder, sources = cache.cached(key, build)
    if not sources.names:
        return np.zeros((0, *shape), np.float32), sources
    return np.memmap(folder / "items.bin", np.float32, "r").reshape(-1, *shape), sources
