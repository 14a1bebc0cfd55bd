"""Sound files: reading with limits, and writing without clipping."""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
import soxr

from gaiamorph.errors import UnreadableError
from gaiamorph.sound.scale import FAINTEST, level_of

ENDINGS = frozenset(
    [".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".rf64"]
)
MOST_SECONDS = 60.0
"""No longer recording is ever read whole."""
TRIM_WINDOW, TRIM_KEPT = 0.02, 0.02
"""Seconds over which loudness is judged, and that are kept on both sides."""
SLACK = 0.01
"""Seconds by which a segment may be longer than its recording."""
SHORTEST = 16
"""Samples. Less is no sound."""
LOUDEST = 0.99
"""Largest peak that is written."""
CUT_OFF, ALIKE = 0.9, 4
"""A recording is clipped if so many samples in a row are exactly as loud as its peak, and that is louder than this."""
FAINTEST_BAND, DEEPEST_BAND = -90.0, 60.0
"""There is nothing in a band if its level is below the first, in dB of full scale. The same holds if the whole sound is louder by
more dB than the second."""
CANCELLED = 1e-3
"""Least peak of the mean of channels, as a share of their own. Below it they cancel each other out."""
BROKEN, NOT_FINITE = "cannot be read as a sound", "some of its samples are not finite"


def opened(path: Path | bytes) -> soundfile.SoundFile:
    """The sound in a file, or in the content of one. Raises SoundFileError."""
    if isinstance(path, bytes):
        return soundfile.SoundFile(io.BytesIO(path))
    # A name need not be UTF-8, which soundfile takes for granted.
    name: Any = os.fsencode(path) if os.name == "posix" else path
    return soundfile.SoundFile(name)


class Recording(NamedTuple):
    """wave: (samples,) float32. clipped: its peaks are cut off. cut: its file ends early, or has a wrong head.

    start: samples of the file before the wave.
    """

    wave: np.ndarray
    clipped: bool = False
    cut: bool = False
    start: int = 0


def read(path: Path | bytes, rate: int, seconds_max: float, span: tuple[float, float] | None = None) -> Recording:
    """What a file or its content holds: one channel, without its mean, at ``rate``. Raises UnreadableError.

    span: onset and offset in seconds. Nothing else of the file is decoded.
    """
    try:
        with opened(path) as file:
            own = file.samplerate
            start, stop = (round(at * own) for at in span) if span else (0, file.frames)
            if span and start >= stop:
                raise UnreadableError(f"its onset, {span[0]:g} s, is not before its offset, {span[1]:g} s")
            if span and not (start >= 0 and stop <= file.frames + SLACK * own):
                seconds = file.frames / own
                raise UnreadableError(
                    f"{span[0]:g} to {span[1]:g} s is no part of the recording, which has {seconds:g} s"
                )
            cut = span is None and "(should be" in file.extra_info  # not: an even number of bytes
            if stop - start > seconds_max * own:
                raise UnreadableError(
                    f"longer than {seconds_max:g} s: name a part of it, as in song.wav::1.5-1.58, or put a table of segments "
                    "beside it"
                )
            file.seek(start)
            wave = file.read(min(stop, file.frames) - start, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        raise UnreadableError(f"{BROKEN}: {getattr(error, 'error_string', error)}") from error
    if not np.isfinite(wave).all():
        raise UnreadableError(NOT_FINITE)
    clipped, channels = is_clipped(wave), wave
    wave = channels.mean(1)
    if np.abs(wave).max(initial=0) < CANCELLED * np.abs(channels).max(initial=0):
        raise UnreadableError("its channels cancel each other out: keep one of them")
    wave = wave - wave.mean() if len(wave) else wave
    wave = soxr.resample(wave, own, rate) if own != rate else wave
    return Recording(checked(wave.astype(np.float32)), clipped, cut)


def checked(wave: np.ndarray) -> np.ndarray:
    """The same waveform (samples,). Raises UnreadableError if it is no sound."""
    if not np.isfinite(wave).all():
        raise UnreadableError(NOT_FINITE)
    if len(wave) < SHORTEST:
        raise UnreadableError("it is empty" if not len(wave) else f"it has only {len(wave)} samples")
    if np.abs(wave).max() < FAINTEST:
        raise UnreadableError("it is silent, or constant")
    return wave


def check_band(wave: np.ndarray, rate: int, fmin: float, fmax: float) -> None:
    """Raise UnreadableError if a waveform (samples,) has nothing to be heard between two frequencies in Hz."""
    whole, band = (level_of(wave, rate, *span) for span in ((0, rate), (fmin, fmax)))
    if band < max(FAINTEST_BAND, whole - DEEPEST_BAND):
        raise UnreadableError(f"it has nothing between {fmin:g} and {fmax:g} Hz")


def is_clipped(wave: np.ndarray) -> bool:
    """Whether a waveform (samples, channels) has been cut off at its peak, in any channel."""
    at_peak = np.abs(wave) >= np.maximum(np.abs(wave).max(0, initial=0), CUT_OFF)
    in_a_row = np.lib.stride_tricks.sliding_window_view
    return len(wave) >= ALIKE and bool(in_a_row(at_peak, ALIKE, 0).all(-1).any())


def trimmed(found: Recording, rate: int, below: float) -> Recording:
    """Without the ends where it is more than ``below`` dB quieter than its loudest 20 ms. 20 ms of them stay."""
    wave = found.wave
    size = min(len(wave), round(TRIM_WINDOW * rate))
    power = np.convolve(np.square(wave, dtype=np.float64), np.ones(size) / size, "same")
    loud = np.flatnonzero(power > power.max() * 10 ** (-below / 10))
    kept = round(TRIM_KEPT * rate)
    start = max(0, int(loud[0]) - kept)
    return found._replace(wave=wave[start : int(loud[-1]) + kept + 1], start=start)


def turned_down(waves: Sequence[np.ndarray]) -> tuple[list[np.ndarray], float]:
    """Waveforms that belong together, and the factor by which all are turned down, because one is too loud for a file; or 1."""
    most = max(float(np.abs(wave).max()) for wave in waves)
    factor = LOUDEST / most if most > LOUDEST else 1.0
    return [wave * np.float32(factor) for wave in waves], factor


def write(wave: np.ndarray, path: Path, rate: int) -> None:
    """A waveform (samples,) in [-1, 1] as PCM of 16 bits, with dither."""
    noise = np.random.default_rng(0).triangular(-1, 0, 1, len(wave))
    steps = np.rint(wave * 2.0**15 + noise).clip(-(2**15), 2**15 - 1)  # libsndfile would round down
    soundfile.write(path, steps.astype(np.int16), rate, subtype="PCM_16")
