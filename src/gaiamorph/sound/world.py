"""Speech as pictures of its spectral envelope and of its aperiodicity, by the vocoder WORLD (Morise, Yokomori & Ozawa 2016).

The pitch is no part of a picture: it is a contour beside it, so between two pitches there is one pitch, not two. The way back is
a synthesis, in which voiced sounds are pulses and the rest is noise. It needs the package pyworld.
"""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from gaiamorph.errors import UserError
from gaiamorph.sound.scale import at_level, level_of, moments_at, spaced_mel

PERIOD = 0.0025
"""Seconds between two analyses."""
LOWEST_PITCH, HIGHEST_PITCH = 75.0, 600.0
"""Hz."""
NO_PITCH = 0.5 * (np.log2(LOWEST_PITCH) + np.log2(HIGHEST_PITCH))
"""The contour of a sound that has no pitch anywhere."""
LOW_POINTS, VOICED = 24, -6.0
"""A sound is voiced where the aperiodicity of its lowest points is below this, in dB on average."""
TINY = 1e-12


def installed() -> bool:
    return importlib.util.find_spec("pyworld") is not None


@dataclass(frozen=True)
class World:
    """rate, fmin and fmax in Hz. floor, aperiodicity_floor: dB that a picture shows of either. seconds: of a window.

    A picture has two channels: the envelope in dB below its loudest cell, and the aperiodicity in dB.
    """

    rate: int
    fmin: float
    fmax: float
    bands: int = 64
    moments: int = 64
    floor: float = 80.0
    aperiodicity_floor: float = 60.0
    seconds: float = 0.016

    channels: ClassVar[int] = 2
    contours: ClassVar[int] = 1
    inversion: ClassVar[str] = "WORLD"

    def __post_init__(self) -> None:
        if not installed():
            raise UserError("the codec world needs pyworld: pip install 'gaiamorph[speech]'")

    @cached_property
    def fft_size(self) -> int:
        import pyworld

        return pyworld.get_cheaptrick_fft_size(self.rate, LOWEST_PITCH)

    @cached_property
    def _points(self) -> np.ndarray:
        """Frequencies (bands,) of a picture's rows, in Hz."""
        return spaced_mel(self.fmin, self.fmax, self.bands)

    def analysed(self, wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """wave (samples,) -> picture (2, bands, moments) in [0, 1], low bands first; and beside it log2 of the seconds, the level
        between fmin and fmax in dB, and log2 of the pitch in Hz at each moment."""
        pitch, envelope, aperiodicity = self._parameters(wave)
        places = moments_at(self.moments, len(wave) / self.rate) / PERIOD
        cells = np.stack([self._cells(x, len(wave)) for x in (envelope, aperiodicity)])
        scales = ((cells[0] - cells[0].max()) / self.floor, cells[1] / self.aperiodicity_floor)
        level = level_of(wave, self.rate, self.fmin, self.fmax)
        contour = np.interp(places, np.arange(len(pitch)), _filled(pitch))
        return np.clip(np.stack(scales) + 1, 0, 1), np.concatenate([[np.log2(len(wave) / self.rate), level], contour])

    def waves(
        self, pictures: np.ndarray, facts: np.ndarray, lost: "Sequence[LostEnvelope] | None" = None
    ) -> list[np.ndarray]:
        """pictures (N, 2, bands, moments) and the numbers beside them (N, 2 + moments) -> waveforms (samples,).

        lost: what the pictures do not show, of each sound.
        """
        import pyworld

        made = []
        for i, (picture, beside) in enumerate(zip(pictures, facts, strict=True)):
            samples = max(1, round(2 ** float(beside[0]) * self.rate))
            pitch, envelope, aperiodicity = self._drawn(picture, beside)
            if lost:
                known = lost[i].at(len(envelope))
                envelope, aperiodicity = envelope + known.envelope, np.minimum(aperiodicity + known.aperiodicity, 0)
            parts = (pitch, 10 ** (envelope / 10), np.clip(10 ** (aperiodicity / 20), 1e-3, 1))
            sound = pyworld.synthesize(*map(np.ascontiguousarray, parts), self.rate, 1000 * PERIOD)
            sound = np.pad(sound, (0, max(0, samples - len(sound))))[:samples].astype(np.float32)
            made.append(at_level(sound, float(beside[1]), self.rate, self.fmin, self.fmax))
        return made

    def lost(self, wave: np.ndarray) -> "LostEnvelope":
        """What the picture of wave (samples,) does not show."""
        _, envelope, aperiodicity = self._parameters(wave)
        _, *drawn = self._drawn(*self.analysed(wave))
        envelope = envelope - self._cells(envelope, len(wave)).max()  # as in pictures, the loudest cell has 0 dB
        lowest = drawn[0].max() - self.floor
        size = min(len(envelope), len(drawn[0]))
        ratio = np.maximum(envelope[:size], lowest) - np.maximum(drawn[0][:size], lowest)
        return LostEnvelope(ratio, aperiodicity[:size] - drawn[1][:size])

    def has_voice(self, picture: np.ndarray) -> bool:
        """Whether any moment of a picture is made into pulses, not into noise alone."""
        return bool(_is_voiced((picture[1].T - 1) * self.aperiodicity_floor).any())

    def _parameters(self, wave: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pitch (T,) in Hz, 0 where there is none; envelope and aperiodicity (T, frequencies) in dB."""
        import pyworld

        x = np.ascontiguousarray(wave, np.float64)
        pitch, times = pitch_of(wave, self.rate)
        envelope = pyworld.cheaptrick(x, pitch, times, self.rate, fft_size=self.fft_size)
        aperiodicity = pyworld.d4c(x, pitch, times, self.rate, fft_size=self.fft_size)
        return pitch, 10 * np.log10(np.maximum(envelope, TINY)), 20 * np.log10(np.maximum(aperiodicity, TINY))

    def _cells(self, values: np.ndarray, samples: int) -> np.ndarray:
        """Values (T, frequencies) of a sound at the points and moments of a picture: (bands, moments)."""
        places = moments_at(self.moments, samples / self.rate) / PERIOD
        return _resampled(_resampled(values, places).T, self._down)

    def _drawn(self, picture: np.ndarray, beside: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same three of a picture and the numbers beside it."""
        seconds = 2 ** float(beside[0])
        places = np.arange(int(seconds / PERIOD) + 1) * PERIOD / seconds * self.moments - 0.5
        cells = (picture[0] - 1) * self.floor, (picture[1] - 1) * self.aperiodicity_floor
        envelope, aperiodicity = (_resampled(x.T, places) for x in cells)
        voiced = _is_voiced(aperiodicity)
        contour = np.interp(places, np.arange(self.moments), beside[2:])
        return (
            np.where(voiced, 2**contour, 0.0),
            _resampled(envelope.T, self._up).T,
            _resampled(aperiodicity.T, self._up).T,
        )

    @cached_property
    def _down(self) -> np.ndarray:
        """Where the points (bands,) lie among the frequencies."""
        return self._points * self.fft_size / self.rate

    @cached_property
    def _up(self) -> np.ndarray:
        """Where the frequencies lie among the points. Beyond the outermost, values stay."""
        return np.interp(np.fft.rfftfreq(self.fft_size, 1 / self.rate), self._points, np.arange(self.bands))


@dataclass(frozen=True)
class LostEnvelope:
    """What a picture does not show of a sound, in dB: (T, frequencies) each."""

    envelope: np.ndarray
    aperiodicity: np.ndarray

    def at(self, frames: int) -> "LostEnvelope":
        """The same over another number of frames."""
        places = np.linspace(0, len(self.envelope) - 1, frames)
        return LostEnvelope(_resampled(self.envelope, places), _resampled(self.aperiodicity, places))

    def fading(self, other: "LostEnvelope", share: float) -> "LostEnvelope":
        """On the way to another sound. share: of the other."""
        a, b = (self, other) if share < 0.5 else (self.at(len(other.envelope)), other)
        b = b.at(len(a.envelope))
        return LostEnvelope(
            (1 - share) * a.envelope + share * b.envelope, (1 - share) * a.aperiodicity + share * b.aperiodicity
        )


def _is_voiced(aperiodicity: np.ndarray) -> np.ndarray:
    """aperiodicity (T, bands) in dB -> (T,)."""
    return aperiodicity[:, :LOW_POINTS].mean(1) < VOICED


def pitch_of(wave: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Pitch (T,) in Hz of a waveform (samples,), 0 where there is none, and its times in seconds."""
    import pyworld

    x = np.ascontiguousarray(wave, np.float64)
    pitch, times = pyworld.dio(x, rate, f0_floor=LOWEST_PITCH, f0_ceil=HIGHEST_PITCH, frame_period=1000 * PERIOD)
    return pyworld.stonemask(x, pitch, times, rate), times


def median_pitch(wave: np.ndarray, rate: int) -> float:
    """Median pitch in Hz of the voiced moments of a waveform. NaN if there are none."""
    pitch, _ = pitch_of(wave, rate)
    voiced = pitch[pitch > 0]
    return float(np.median(voiced)) if len(voiced) else float("nan")


def _resampled(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Rows of values (T, F) at fractional places (S,), linearly: (S, F). Beyond the ends they stay."""
    places = np.clip(places, 0, len(values) - 1)
    low = np.minimum(places.astype(int), max(0, len(values) - 2))
    part = (places - low)[:, None]
    return (1 - part) * values[low] + part * values[np.minimum(low + 1, len(values) - 1)]


def _filled(pitch: np.ndarray) -> np.ndarray:
    """log2 of a pitch (T,), carried through the moments without one."""
    voiced = np.flatnonzero(pitch > 0)
    if not len(voiced):
        return np.full(len(pitch), NO_PITCH)
    return np.interp(np.arange(len(pitch)), voiced, np.log2(pitch[voiced]))
