"""`Sounds`: recordings as pictures of one size, with duration, level and what else a codec keeps beside them."""

import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gaiamorph import drawing
from gaiamorph.data import recordings
from gaiamorph.data.appearance import Appearance
from gaiamorph.data.finding import UNHEARD
from gaiamorph.data.kinds import CPU, Dataset, End, Kind, Request, Strip, moved
from gaiamorph.data.oddities import doubles
from gaiamorph.data.recordings import MOST_RATE, cached_items, in_milliseconds, source_of
from gaiamorph.data.segments import TIMES, Segment
from gaiamorph.errors import UnreadableError, UserError
from gaiamorph.sound import files
from gaiamorph.sound.coder import Coder
from gaiamorph.sound.mel import Mel
from gaiamorph.sound.playback import Playback, decibels
from gaiamorph.sound.spectrogram import spectrogram
from gaiamorph.sound.world import World, median_pitch

FMIN, FMAX = 100.0, 0.45
"""Frequencies of mel pictures by default: Hz, and a share of the rate. Those of the codec world show all that there is."""
LOWEST_RATE, NYQUIST = 4000, 0.5
LOWEST_WORLD_RATE = 16_000
"""At 8000 Hz, WORLD takes everything for noise."""
SECONDS_MAX = 5.0
"""Longer recordings are left out by default: one picture cannot show them."""
GAP = 0.3
"""Seconds between the frames of ``continuum.wav``."""
DRAWN_FLOOR = 60.0
"""dB below the loudest cell, of spectrograms in a sheet."""
SECONDS, LEVEL = 0, 1
"""Places of the numbers that every codec keeps beside a picture: log2 of the seconds, and the level in dB."""


@cache
def _coder(codec: str, rate: int, fmin: float, fmax: float) -> Coder:
    return World(rate, fmin, fmax) if codec == "world" else Mel.at(rate, fmin, fmax)


@dataclass(frozen=True)
class Sounds(Kind):
    """Items float32 (rows, moments): the channels of the picture in [0, 1], low bands first, then the facts beside it, in rows.

    Tensors float32 (channels, bands, moments), high bands first, as people look at spectrograms.
    """

    rate: int
    fmin: float
    fmax: float
    typical: tuple[float, ...] = (-3.0, 0.0)
    """The facts of a sound that nothing is known of: the medians of the training items."""
    codec: str = "mel"
    trim: float = 0.0
    """Ends that are quieter than the loudest part by this many dB are cut off. 0: none."""
    seconds_max: float = SECONDS_MAX

    name: ClassVar[str] = "sounds"
    suffix: ClassVar[str] = ".wav"
    is_image: ClassVar[bool] = True
    network: ClassVar[str] = "conv"
    details: ClassVar[tuple[str, ...]] = ("carried", "added", "none")
    decodes_mean_codes: ClassVar[bool] = False
    is_heard: ClassVar[bool] = True
    tensor: ClassVar[str] = "(channels, bands, moments): the picture of the sound, high bands first (docs/sound.md)"
    sources: ClassVar[str] = "a folder of recordings, or one with a table of segments"
    samples: ClassVar[tuple[str, ...]] = ("sounds",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "typical", tuple(self.typical))  # a space file has plain JSON

    @property
    def coder(self) -> Coder:
        return _coder(self.codec, self.rate, self.fmin, self.fmax)

    @classmethod
    def open(cls, request: Request) -> Dataset | None:
        if (source := source_of(request, cls.samples)) is None:
            return None
        if request.size or request.channels or request.align:
            raise UserError(
                f"size, channels and align are for pictures, and {request.source} holds recordings: leave them out"
            )
        kind = cls._asked(request, source.rates.most_common(1)[0][0])
        kind.check()
        entries, attributes = source.entries, source.attributes
        key = ["sounds", kind.settings(), source.stamps]
        items, sources = cached_items(key, entries, partial(recordings.read_one, kind), kind.item_shape, request.report)
        recordings.refuse_broken(request.source, sources.skipped, len(entries))
        if not sources.names:
            name, reason = sources.skipped[0]
            raise UserError(f"no recording in {request.source} can be used: {name}: {reason}{in_milliseconds(entries)}")
        attributes = attributes.loc[sources.names].reset_index(drop=True)
        splits, groups = request.split(attributes)
        if len(splits["train"]):
            kind = replace(kind, typical=tuple(map(float, np.median(kind.facts(items[splits["train"]]), 0))))
        odd = [
            *recordings.odd_rates(source.rates, kind.rate, bool(request.rate), kind.fmax),
            *recordings.odd(sources.odd),
            *doubles(sources.names, recordings.families(sources.hashes), splits, groups, "recordings", "content"),
        ]
        return Dataset(
            request.source, kind, items, sources.names, attributes, splits, groups, sources.hashes,
            skipped=sorted([*sources.skipped, *source.unheard]), notes=source.notes + odd, mirror=False, original=source.original,
        )  # fmt: skip

    @classmethod
    def _asked(cls, request: Request, commonest: int) -> Self:
        """The kind that options ask for. commonest: rate of the recordings."""
        world = request.codec == "world"
        rate = request.rate or min(commonest, MOST_RATE)
        rate = max(rate, LOWEST_WORLD_RATE) if world and not request.rate else rate
        low, high = (0.0, NYQUIST * rate) if world else (FMIN, FMAX * rate)
        return cls(
            rate,
            low if request.fmin is None else request.fmin,
            request.fmax or high,
            codec=request.codec or "mel",
            trim=request.trim or 0.0,
            seconds_max=request.seconds_max or SECONDS_MAX,
        )

    def check(self) -> None:
        """Raise UserError for options that cannot be."""
        least = LOWEST_WORLD_RATE if self.codec == "world" else LOWEST_RATE
        if self.rate < least:
            raise UserError(f"rate must be at least {least} Hz with the codec {self.codec}, not {self.rate}")
        if not 0 <= self.fmin < self.fmax <= NYQUIST * self.rate:
            most = f"half of the rate, which is {NYQUIST * self.rate:g} Hz"
            raise UserError(
                f"fmin and fmax must rise from 0 to {most}, and {self.fmin:g} and {self.fmax:g} do not: choose others"
            )
        if not 0 < self.seconds_max <= files.MOST_SECONDS:
            raise UserError(f"seconds_max must lie between 0 and {files.MOST_SECONDS:g}, not {self.seconds_max:g}")
        if self.trim < 0:
            raise UserError(
                f"trim must not be negative: it is a number of dB below the loudest part, not {self.trim:g}"
            )

    @property
    def about(self) -> str:
        return f"sounds at {self.rate} Hz, {self.fmin:g} to {self.fmax:g} Hz, codec {self.codec}"

    def reading(self) -> dict[str, Any]:
        return {name: value for name, value in self.settings().items() if name != "typical"}

    def described(self) -> dict[str, Any]:
        return {**super().described(), "coder": asdict(self.coder)}  # type: ignore[call-overload]

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.coder.channels, self.coder.bands, self.coder.moments)

    @property
    def _facts(self) -> int:
        """How many numbers stand beside a picture."""
        return 2 + self.coder.contours * self.coder.moments

    @property
    def _picture_rows(self) -> int:
        return self.coder.channels * self.coder.bands

    @property
    def item_shape(self) -> tuple[int, ...]:
        return (self._picture_rows + 1 + self.coder.contours, self.coder.moments)

    def part(self, path: Path, name: str) -> Segment | None:
        """name: onset and offset in seconds, as in 1.5-1.58."""
        times = TIMES.fullmatch(name)
        return Segment(path, float(times[1]), float(times[2])) if times and path.is_file() else None

    def read(self, thing: Any) -> np.ndarray:
        """A path, a `Segment`, or a waveform (samples,) at the rate of the kind."""
        if isinstance(thing, np.ndarray) and thing.shape == self.item_shape:
            return thing
        if isinstance(thing, (str, os.PathLike)) and not Path(thing).is_file():
            raise UserError(f"{Path(thing)} is not a file: give the path of a recording")
        unnamed = {np.ndarray: "a waveform", bytes: "a recording"}
        where = unnamed.get(type(thing)) or str(getattr(thing, "path", thing))
        try:
            if isinstance(thing, np.ndarray):
                return self.item(self.recording(thing))
            found = self.decoded(thing if isinstance(thing, (bytes, Segment)) else Path(thing))
            for what in (what for what in ("clipped", "cut") if getattr(found, what)):
                warnings.warn(f"{where} is {recordings.ODD[what]}", stacklevel=2)
            return self.item(found.wave)
        except UnreadableError as error:
            reason = UNHEARD.get(Path(where).suffix.lower(), error)
            raise UserError(f"{where}: {reason}") from error

    def item(self, wave: np.ndarray) -> np.ndarray:
        """The item of a waveform (samples,)."""
        picture, facts = self.coder.analysed(wave)
        rows = picture.astype(np.float32).reshape(1, self._picture_rows, -1)
        return self.with_facts(rows, facts[None])[0]

    def items(self, waves: Iterable[np.ndarray]) -> np.ndarray:
        """The items (N, rows, moments) of waveforms (samples,)."""
        return np.stack([self.item(wave) for wave in waves])

    def heard(self, items: np.ndarray) -> np.ndarray:
        return self.items(self.delivered(items))

    def facts(self, items: np.ndarray) -> np.ndarray:
        """The numbers (N, F) beside the pictures of items: log2 of the seconds, level in dB, and those of the codec."""
        return items[:, self._picture_rows :].reshape(len(items), -1)[:, : self._facts]

    def with_facts(self, items: np.ndarray, facts: np.ndarray) -> np.ndarray:
        """items: whole ones, or their pictures alone (N, rows of the picture, moments)."""
        rows = np.zeros((len(items), (1 + self.coder.contours) * self.coder.moments), np.float32)
        rows[:, : self._facts] = facts
        return np.concatenate([items[:, : self._picture_rows], rows.reshape(len(items), -1, self.coder.moments)], 1)

    def channels_of(self, items: np.ndarray) -> np.ndarray:
        """Items' channels (N, channels, bands, moments), low bands first."""
        return items[:, : self._picture_rows].reshape(len(items), *self.shape)

    def to_tensor(self, items: np.ndarray, device: torch.device = CPU) -> Tensor:
        return moved(torch.from_numpy(np.ascontiguousarray(self.channels_of(items)[:, :, ::-1])), device)

    def to_items(self, x: Tensor) -> np.ndarray:
        """The facts are `typical`."""
        pictures = x.detach().float().clamp(0, 1).cpu().numpy()[:, :, ::-1]
        rows = pictures.reshape(len(pictures), self._picture_rows, -1)
        return self.with_facts(rows, np.asarray(self.typical)[None])

    def completed(self, items: np.ndarray, ends: Sequence[End], weights: np.ndarray, detail: str) -> np.ndarray:
        """Waveforms, an array (S,) of arrays (samples,). Carried detail makes the ends the recordings themselves."""
        a, b = (self.facts(item[None]) for item, _ in ends)
        items = self.with_facts(items, (1 - weights[:, None]) * a + weights[:, None] * b)
        originals = [self.recording(of) for _, of in ends if of is not None and detail != "none"]
        if len(originals) < len(ends):
            return self.delivered(items)
        one, two = (self.coder.lost(wave) for wave in originals)
        shares = (min(max(float(share), 0.0), 1.0) for share in weights)
        frames = self._waves(items, [one.fading(two, share) for share in shares])
        for share, wave in zip((0, 1), originals, strict=True):
            for i in np.flatnonzero(weights == share):
                frames[i] = wave
        return frames

    def recording(self, original: Any) -> np.ndarray:
        """The waveform (samples,) of what an item was read from: a path, the content of a file, a `Segment`, or a waveform.

        Raises UnreadableError.
        """
        if isinstance(original, (str, bytes, os.PathLike, Segment)):
            return self.decoded(original if isinstance(original, (bytes, Segment)) else Path(original)).wave
        wave = np.asarray(original, np.float32)
        if wave.ndim != 1:
            raise UnreadableError(f"its shape is {wave.shape}: give one channel, (samples,), at {self.rate} Hz")
        return files.checked(wave)

    def decoded(self, held: Path | bytes | Segment) -> files.Recording:
        """A recording without its quiet ends. Raises UnreadableError."""
        where, span = (held.path, held[1:]) if isinstance(held, Segment) else (held, None)
        found = files.read(where, self.rate, self.seconds_max, span)
        found = files.trimmed(found, self.rate, self.trim) if self.trim else found
        files.check_band(found.wave, self.rate, self.fmin, self.fmax)
        return found

    def delivered(self, items: np.ndarray) -> np.ndarray:
        """Items as waveforms: an array (N,) of arrays (samples,) float32 in their natural length, at `rate`."""
        return self._waves(items)

    def _waves(self, items: np.ndarray, lost: Any = None) -> np.ndarray:
        made = np.empty(len(items), object)
        for i, wave in enumerate(self.coder.waves(self.channels_of(items), self.facts(items), lost)):
            made[i] = wave
        return made

    def pictures(self, items: np.ndarray) -> np.ndarray:
        """The first channel, dark where it is loud."""
        grey = np.rint(255 * (1 - np.clip(self.channels_of(items)[:, 0, ::-1], 0, 1))).astype(np.uint8)
        return grey[..., None]

    def sheet(self, rows: Any, row_labels: Any = (), column_labels: Any = (), cell: int = 96) -> Image.Image:
        """Waveforms are drawn as items are."""
        drawn = [[self.item(x) if x is not None and x.ndim == 1 else x for x in row] for row in rows]
        return super().sheet(drawn, row_labels, column_labels, cell)

    def draw_continuum(self, strip: Strip, cell: int = 96) -> Image.Image:
        """Spectrograms on one scale of dB, of time and of frequency."""
        if strip.per_row:
            return super().draw_continuum(strip, cell)
        waves, span = [(label, self._wave(x)) for label, x in strip.panels], (self.fmin, self.fmax)
        drawn = [
            (label, spectrogram(wave, self.rate, *span, self.coder.seconds), len(wave) / self.rate)
            for label, wave in waves
        ]
        return drawing.spectrograms(drawn, span, DRAWN_FLOOR)

    def write(self, item: np.ndarray, path: Path, scale: int = 1) -> None:
        """An item, or a waveform (samples,). What is too loud is turned down."""
        (wave,), _ = files.turned_down([self._wave(item)])
        files.write(wave, path, self.rate)

    def write_joined(self, items: Sequence[np.ndarray], folder: Path, name: str) -> Path:
        gap = np.zeros(round(GAP * self.rate), np.float32)
        parts = [part for wave in items for part in (wave, gap)]
        files.write(np.concatenate(parts[:-1]), path := folder / f"{name}{self.suffix}", self.rate)
        return path

    def whole(self, item: np.ndarray, original: Any) -> np.ndarray:
        """The recording, or without one the waveform of the item."""
        return self._wave(item) if original is None else self.recording(original)

    def origin(self, original: Any, end: str) -> dict[str, Any]:
        onset, offset = original[1:] if isinstance(original, Segment) else ("", "")
        if self.trim and isinstance(original, (Segment, Path)):
            found = self.decoded(original)
            onset = round((onset or 0.0) + found.start / self.rate, 6)
            offset = round(onset + len(found.wave) / self.rate, 6)
        return {f"onset_{end}": onset, f"offset_{end}": offset}

    def prepared(
        self, items: Sequence[np.ndarray], playback: Playback = Playback(), appearance: Appearance = Appearance()
    ) -> tuple[list[np.ndarray], list[dict[str, Any]]]:
        """Items or waveforms as waveforms."""
        before = [self._wave(item) for item in items]
        waves, gains = playback.prepared(before, self.rate)
        said = [
            self._said(wave, own, gain) | asdict(playback) for wave, own, gain in zip(waves, before, gains, strict=True)
        ]
        return waves, said

    def _wave(self, item: np.ndarray) -> np.ndarray:
        return item if item.ndim == 1 else self.delivered(item[None])[0]

    def _said(self, wave: np.ndarray, before: np.ndarray, gain: float) -> dict[str, Any]:
        """What a manifest says of a waveform as it is written, and as it was before. gain in dB."""
        level = decibels(float(np.sqrt(np.square(wave[: len(before)]).mean())))
        pitch = median_pitch(before, self.rate) if self.codec == "world" else np.nan
        return {
            "codec": self.codec, "rate": self.rate, "seconds": round(len(before) / self.rate, 6), "level_db": level,
            "gain_db": gain, "pitch_hz": "" if np.isnan(pitch) else round(pitch, 2),
            "inversion": self.coder.inversion,
        }  # fmt: skip
