"""`Sounds`: recordings as log-mel pictures of one size, with duration and level beside them."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import soundfile
import torch
from PIL import Image
from torch import Tensor

from gaiamorph.data import cache, images, segments
from gaiamorph.data.finding import find
from gaiamorph.data.kinds import CPU, Dataset, End, Kind, Request, moved
from gaiamorph.data.names import described
from gaiamorph.data.segments import Segment
from gaiamorph.errors import UnreadableError, UserError
from gaiamorph.sound import files
from gaiamorph.sound.mel import Lost, Mel

MOST_RATE = 48_000
FMIN, FMAX = 100.0, 0.45
"""Frequencies of pictures by default: Hz, and a share of the rate."""
LOWEST_RATE, NYQUIST = 4000, 0.5
GAP = 0.3
"""Seconds between the frames of ``continuum.wav``."""
LONG = 600.0
"""Times of a table that are later than this, in seconds, look like milliseconds."""
FACTS = 2
"""Numbers beside a picture: log2 of the seconds, and the level in dB."""


@dataclass(frozen=True)
class Sounds(Kind):
    """Items float32 (bands + 1, moments): the picture in [0, 1], low bands first; the last row begins with `FACTS`.

    Tensors float32 (1, bands, moments), high bands first, as people look at spectrograms.
    """

    rate: int
    fmin: float
    fmax: float
    typical: tuple[float, ...] = (-3.0, 0.0)
    """The facts of a sound that nothing is known of: the medians of the training items."""

    name: ClassVar[str] = "sounds"
    suffix: ClassVar[str] = ".wav"
    is_image: ClassVar[bool] = True
    network: ClassVar[str] = "conv"
    details: ClassVar[tuple[str, ...]] = ("carried", "added", "none")
    decodes_mean_codes: ClassVar[bool] = False
    sources: ClassVar[str] = "a folder of recordings"

    def __post_init__(self) -> None:
        object.__setattr__(self, "typical", tuple(self.typical))  # a space file has plain JSON

    @property
    def codec(self) -> Mel:
        return Mel.at(self.rate, self.fmin, self.fmax)

    @classmethod
    def open(cls, request: Request) -> Dataset | None:
        if not request.path.is_dir():
            return None
        if not (recordings := find(request.path).recordings):
            return None
        entries, attributes, notes = _entries(request.path, recordings)
        if request.size or request.channels or request.align:
            raise UserError(
                f"size, channels and align are for pictures, and {request.source} holds recordings: leave them out"
            )
        rate = request.rate or min(_commonest_rate([path for _, path in recordings]), MOST_RATE)
        kind = cls(rate, FMIN if request.fmin is None else request.fmin, request.fmax or FMAX * rate)
        kind.check()
        stamps = [[[name, *images.stamp(path)] for name, path in recordings], [name for name, _ in entries]]

        def build(folder: Path) -> None:
            sources = cache.Sources()
            with open(folder / "items.bin", "wb") as out, ThreadPoolExecutor(os.cpu_count()) as pool:
                read = pool.map(partial(_read, kind), (thing for _, thing in entries))
                for done, ((name, _), item) in enumerate(zip(entries, read, strict=True), 1):
                    if isinstance(item, str):
                        sources.skipped.append((name, item))
                    else:
                        out.write(item[0].tobytes())
                        sources.names.append(name)
                        sources.hashes.append(item[1])
                    if request.report:
                        request.report(done, len(entries))
            (folder / "sources.json").write_text(json.dumps(asdict(sources)))

        folder, sources = cache.cached(["sounds", kind.settings(), stamps], build)
        if not sources.names:
            name, reason = sources.skipped[0]
            raise UserError(f"no recording in {request.source} can be used: {name}: {reason}{_milliseconds(entries)}")
        items = np.memmap(folder / "items.bin", np.float32, "r").reshape(-1, *kind.item_shape)
        attributes = attributes.loc[sources.names].reset_index(drop=True)
        splits, groups = request.split(attributes)
        facts = np.median(items[splits["train"], -1, :FACTS], 0)
        kind = cls(kind.rate, kind.fmin, kind.fmax, tuple(map(float, facts)))
        return Dataset(
            request.source, kind, items, sources.names, attributes, splits, groups, sources.hashes, sources.skipped,
            notes, mirror=False, original=dict(entries).__getitem__,
        )  # fmt: skip

    def check(self) -> None:
        """Raise UserError for frequencies that cannot be."""
        if self.rate < LOWEST_RATE:
            raise UserError(f"rate must be at least {LOWEST_RATE} Hz, not {self.rate}")
        if not 0 <= self.fmin < self.fmax <= NYQUIST * self.rate:
            asked = f"{self.fmin:g} and {self.fmax:g} were given"
            raise UserError(f"fmin and fmax must rise from 0 to half of the rate ({NYQUIST * self.rate:g} Hz): {asked}")

    def reading(self) -> dict[str, Any]:
        return {"rate": self.rate, "fmin": self.fmin, "fmax": self.fmax}

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, self.codec.bands, self.codec.moments)

    @property
    def item_shape(self) -> tuple[int, ...]:
        return (self.codec.bands + 1, self.codec.moments)

    def read(self, thing: Any) -> np.ndarray:
        """A path, or a waveform (samples,) at the rate of the kind."""
        if isinstance(thing, np.ndarray) and thing.shape == self.item_shape:
            return thing
        try:
            wave = self._recording(thing)
        except UnreadableError as error:
            raise UserError(f"{thing}: {error}") from error
        return self.item(np.asarray(wave, np.float32))

    def item(self, wave: np.ndarray) -> np.ndarray:
        picture, level = self.codec.picture(torch.from_numpy(wave))
        facts = np.zeros(self.codec.moments, np.float32)
        facts[:FACTS] = np.log2(len(wave) / self.rate), level
        return np.concatenate([picture.numpy(), facts[None]]).astype(np.float32)

    def to_tensor(self, items: np.ndarray, device: torch.device = CPU) -> Tensor:
        pictures = np.ascontiguousarray(items[:, None, -2::-1])
        return moved(torch.from_numpy(pictures), device)

    def to_items(self, x: Tensor) -> np.ndarray:
        pictures = x.detach().float().clamp(0, 1).cpu().numpy()[:, 0, ::-1]
        facts = np.zeros((len(pictures), 1, self.codec.moments), np.float32)
        facts[:, 0, :FACTS] = self.typical
        return np.concatenate([pictures, facts], 1)

    def completed(self, items: np.ndarray, ends: Sequence[End], weights: np.ndarray, detail: str) -> np.ndarray:
        """Waveforms, an array (S,) of arrays (samples,). Carried detail makes the ends the recordings themselves."""
        (a, _), (b, _) = ends
        w = weights[:, None].astype(np.float32)
        items = items.copy()
        items[:, -1] = (1 - w) * a[-1] + w * b[-1]
        frames = np.empty(len(items), object)
        lost, originals = None, [None if detail == "none" or of is None else self._recording(of) for _, of in ends]
        if all(wave is not None for wave in originals):
            one, two = (self.codec.lost(torch.from_numpy(wave)) for wave in originals)
            lost = [one.fading(two, min(max(float(share), 0.0), 1.0)) for share in weights]
        for i, wave in enumerate(self.waves(list(items), lost)):
            frames[i] = wave
        for share, wave in zip((0, 1), originals, strict=True):
            for i in np.flatnonzero(weights == share) if wave is not None else ():
                frames[i] = wave
        return frames

    def _recording(self, original: Any) -> np.ndarray:
        """The waveform (samples,) of what an item was read from: a path, a `Segment`, or a waveform. Raises UnreadableError."""
        if isinstance(original, Segment):
            return files.read(original.path, self.rate, original[1:])
        if isinstance(original, (str, os.PathLike)):
            return files.read(Path(original), self.rate)
        return np.asarray(original, np.float32)

    def waves(self, items: Sequence[np.ndarray], lost: Sequence[Lost] | None = None) -> list[np.ndarray]:
        """Items as waveforms (samples,) float32 in their natural length, at `rate`."""
        stacked = torch.from_numpy(np.stack(items))
        seconds, levels = stacked[:, -1, :FACTS].T
        samples = [max(files.SHORTEST, round(float(2**s) * self.rate)) for s in seconds]
        generator = torch.Generator().manual_seed(0)
        return [wave.numpy() for wave in self.codec.waves(stacked[:, :-1], levels, samples, generator, lost)]

    def pictures(self, items: np.ndarray) -> np.ndarray:
        grey = np.rint(255 * (1 - np.clip(items[:, -2::-1], 0, 1))).astype(np.uint8)
        return grey[..., None]

    def sheet(self, rows: Any, row_labels: Any = (), column_labels: Any = (), cell: int = 96) -> Image.Image:
        """Waveforms are drawn as items are."""
        drawn = [[self.item(x) if x is not None and x.ndim == 1 else x for x in row] for row in rows]
        return super().sheet(drawn, row_labels, column_labels, cell)

    def write(self, item: np.ndarray, path: Path, scale: int = 1) -> None:
        """An item, or a waveform (samples,). Too loud a one is turned down."""
        (wave,) = self.together([item])
        files.write(wave, path, self.rate)

    def write_joined(self, items: Sequence[np.ndarray], folder: Path, name: str) -> Path:
        gap = np.zeros(round(GAP * self.rate), np.float32)
        parts = [part for wave in self.together(items) for part in (wave, gap)]
        files.write(np.concatenate(parts[:-1]), path := folder / f"{name}{self.suffix}", self.rate)
        return path

    def together(self, items: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Items or waveforms as waveforms, all turned down by the same factor if one is too loud."""
        waves = [item if item.ndim == 1 else self.waves([item])[0] for item in items]
        gain = min(1.0, files.LOUDEST / max(files.FAINTEST, *(float(np.abs(wave).max()) for wave in waves)))
        return [wave * np.float32(gain) for wave in waves]


def _commonest_rate(paths: list[Path]) -> int:
    rates: Counter[int] = Counter()
    for path in paths[:: max(1, len(paths) // 100)]:
        try:
            rates[soundfile.info(path).samplerate] += 1
        except soundfile.SoundFileError:
            continue
    if not rates:
        raise UserError(f"{paths[0].parent} holds no recording that can be read")
    return rates.most_common(1)[0][0]


def _entries(
    folder: Path, recordings: list[tuple[str, Path]]
) -> tuple[list[tuple[str, Path | Segment]], pd.DataFrame, list[str]]:
    """Items by name, their attributes (the names are the index), and notes: the segments of a folder, or its recordings."""
    if (found := segments.entries(folder, recordings)) is not None:
        return found
    return list(recordings), *described(folder, [name for name, _ in recordings])


def _milliseconds(entries: list[tuple[str, Path | Segment]]) -> str:
    """A word for a table whose times are no seconds."""
    late = [thing for _, thing in entries if isinstance(thing, Segment) and thing.offset > LONG]
    return " (are its times milliseconds? They have to be seconds)" if len(late) > len(entries) / 2 else ""


def _read(kind: Sounds, thing: Path | Segment) -> tuple[np.ndarray, str] | str:
    """An item and its SHA-256 (of the file, or of the samples of a segment), or the reason why it cannot be used."""
    try:
        if isinstance(thing, Segment):
            wave = files.read(thing.path, kind.rate, thing[1:])
            return kind.item(wave), hashlib.sha256(wave.tobytes()).hexdigest()
        content = thing.read_bytes()
        return kind.item(files.read(content, kind.rate)), hashlib.sha256(content).hexdigest()
    except (UnreadableError, OSError) as error:
        return str(error)
