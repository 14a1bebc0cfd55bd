"""Sound files: reading with limits, and writing without clipping."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr

from gaiamorph.errors import UnreadableError

ENDINGS = frozenset(
    [".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".rf64"]
)
MOST_SECONDS = 60.0
"""No longer recording is ever read whole."""
TRIM_WINDOW, TRIM_KEPT = 0.02, 0.02
"""Seconds over which loudness is judged, and that are kept on both sides."""
SHORTEST = 16
"""Samples. Less is no sound."""
LOUDEST, FAINTEST = 0.99, 1e-6
"""Largest peak that is written, and the peak below which a recording is silent."""
CUT_OFF, ALIKE = 0.9, 4
"""A recording is clipped if so many samples in a row are exactly as loud as its peak, and that is louder than this."""
BROKEN = "cannot be read as a sound"


class Recording(NamedTuple):
    """wave: (samples,) float32."""

    wave: np.ndarray
    clipped: bool


def read(path: Path | bytes, rate: int, seconds_max: float, span: tuple[float, float] | None = None) -> Recording:
    """What a file or its content holds: one channel, without its mean, at ``rate``. Raises UnreadableError.

    span: onset and offset in seconds. Nothing else of the file is decoded.
    """
    try:
        with soundfile.SoundFile(io.BytesIO(path) if isinstance(path, bytes) else path) as file:
            own = file.samplerate
            start, stop = (round(at * own) for at in span) if span else (0, file.frames)
            if span and not 0 <= start < stop <= file.frames + 1:
                seconds = file.frames / own
                raise UnreadableError(
                    f"{span[0]:g} to {span[1]:g} s is no part of the recording, which has {seconds:g} s"
                )
            if stop - start > seconds_max * own:
                raise UnreadableError(f"longer than {seconds_max:g} s: cut it into segments, or raise seconds_max")
            file.seek(start)
            wave = file.read(min(stop, file.frames) - start, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        raise UnreadableError(f"{BROKEN}: {getattr(error, 'error_string', error)}") from error
    if not np.isfinite(wave).all():
        raise UnreadableError("some of its samples are not finite")
    clipped, wave = is_clipped(wave), wave.mean(1)
    wave = wave - wave.mean() if len(wave) else wave
    wave = soxr.resample(wave, own, rate) if own != rate else wave
    if len(wave) < SHORTEST:
        raise UnreadableError("it is empty" if not len(wave) else f"it has only {len(wave)} samples")
    if np.abs(wave).max() < FAINTEST:
        raise UnreadableError("it is silent")
    return Recording(wave.astype(np.float32), clipped)


def is_clipped(wave: np.ndarray) -> bool:
    """Whether a waveform (samples, channels) has been cut off at its peak, in any channel."""
    at_peak = np.abs(wave) >= np.maximum(np.abs(wave).max(0, initial=0), CUT_OFF)
    rows = np.lib.stride_tricks.sliding_window_view(at_peak, ALIKE, 0) if len(wave) >= ALIKE else np.zeros((0, 1, 1))
    return bool(rows.all(-1).any())


def trimmed(wave: np.ndarray, rate: int, below: float) -> np.ndarray:
    """Without the ends where it is more than ``below`` dB quieter than its loudest 20 ms. 20 ms of them stay."""
    size = min(len(wave), round(TRIM_WINDOW * rate))
    power = np.convolve(np.square(wave, dtype=np.float64), np.ones(size) / size, "same")
    loud = np.flatnonzero(power > power.max() * 10 ** (-below / 10))
    kept = round(TRIM_KEPT * rate)
    return wave[max(0, loud[0] - kept) : loud[-1] + kept + 1]


def turned_down(waves: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Waveforms that belong together. If one is too loud for a file, all are turned down by the same factor."""
    most = max(float(np.abs(wave).max()) for wave in waves)
    return [wave * np.float32(LOUDEST / most) for wave in waves] if most > LOUDEST else list(waves)


def write(wave: np.ndarray, path: Path, rate: int) -> None:
    """A waveform (samples,) in [-1, 1] as PCM of 16 bits, with dither."""
    noise = np.random.default_rng(0).triangular(-1, 0, 1, len(wave)) / 2**15
    soundfile.write(path, np.clip(wave + noise, -1, 1 - 2**-15), rate, subtype="PCM_16")
