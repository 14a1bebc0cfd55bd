"""Sounds as log-mel pictures of a fixed size, and back.

A picture shows a whole sound: its spectra at evenly spaced moments. Duration and level are numbers beside it. The way back is an
estimate: magnitudes from bands by multiplicative updates (Lee & Seung 2001, for the Kullback-Leibler divergence), phases by the
fast Griffin-Lim algorithm (Perraudin, Balazs & Søndergaard 2013).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from gaiamorph.sound.scale import at_level, level_of, moments_at, spaced_mel, window_of

UNMIXING, PHASE_STEPS, MOMENTUM = 60, 32, 0.99
"""Updates of the magnitudes, and iterations and momentum of the phases."""
LONGEST_WINDOW = 0.016
"""Seconds."""
TINY = 1e-10
FLOOR = 1e-4
"""Magnitudes below this share of a sound's largest are not told apart."""


@dataclass(frozen=True)
class Mel:
    """rate in Hz; window, n_fft and hop (of the synthesis) in samples; fmin and fmax in Hz; floor: dB below the loudest cell."""

    rate: int = 32_000
    fmin: float = 500.0
    fmax: float = 12_000.0
    bands: int = 64
    moments: int = 64
    floor: float = 80.0
    window: int = 512
    n_fft: int = 1024
    hop: int = 64

    channels: ClassVar[int] = 1
    contours: ClassVar[int] = 0
    inversion: ClassVar[str] = f"fast Griffin-Lim, {PHASE_STEPS} iterations"

    @property
    def seconds(self) -> float:
        return self.window / self.rate

    @classmethod
    def at(cls, rate: int, fmin: float, fmax: float) -> Self:
        """Windows of about 16 ms, or shorter ones where that is enough to tell the lowest bands apart, as with bats."""
        lowest = float(np.diff(spaced_mel(fmin, fmax, cls.bands + 2))[0])
        window = window_of(min(LONGEST_WINDOW, 1 / lowest), rate)
        return cls(rate, fmin, fmax, window=window, n_fft=2 * window, hop=max(1, window // 8))

    def analysed(self, wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """wave (samples,) -> picture (1, bands, moments) in [0, 1], low bands first; and beside it log2 of the seconds, and the
        level between fmin and fmax in dB."""
        picture, _ = self._picture(torch.from_numpy(wave))
        level = level_of(wave, self.rate, self.fmin, self.fmax)
        return picture.numpy()[None], np.array([math.log2(len(wave) / self.rate), level])

    def waves(
        self, pictures: np.ndarray, facts: np.ndarray, lost: "Sequence[LostSpectrum] | None" = None
    ) -> list[np.ndarray]:
        """pictures (N, 1, bands, moments) and the numbers beside them (N, 2) -> waveforms (samples,).

        lost: what the pictures do not show, of each sound. Without it, phases begin at random, the same for each sound.
        """
        made, small = [], self._magnitudes(torch.from_numpy(np.array(pictures[:, 0], np.float32)))
        for i, magnitude in enumerate(small):
            length = max(1, round(2 ** float(facts[i, 0]) * self.rate))
            magnitude, outside = self._stretched(magnitude, length), None
            if lost:
                known = lost[i].at(magnitude.shape[1])
                magnitude, phase = magnitude.clamp_min(known.floor) * known.ratio.exp(), known.phase
                outside = known.loudest
            else:
                phase = 2 * math.pi * torch.rand(magnitude.shape, generator=torch.Generator().manual_seed(0))
            wave = self._griffin_lim(torch.polar(magnitude, phase), length).numpy()
            made.append(at_level(wave, float(facts[i, 1]), self.rate, self.fmin, self.fmax, outside))
        return made

    def lost(self, wave: np.ndarray) -> "LostSpectrum":
        """What the picture of wave (samples,) does not show."""
        x = torch.from_numpy(wave)
        picture, loudest = self._picture(x)
        drawn = self._stretched(self._magnitudes(picture[None])[0], len(x))
        spectrum = self._spectrum(x * 10 ** (-loudest / 20))
        floor = float(spectrum.abs().max()) * FLOOR
        ratio = (spectrum.abs().clamp_min(floor) / drawn.clamp_min(floor)).log()
        return LostSpectrum(ratio, spectrum.angle(), floor, loudest)

    def _picture(self, wave: Tensor) -> tuple[Tensor, float]:
        """wave (samples,) -> picture (bands, moments), and the level of its loudest cell in dB."""
        starts = torch.from_numpy(moments_at(self.moments, len(wave))).long()
        padded = torch.nn.functional.pad(wave, (self.window // 2, self.window // 2))
        frames = padded.unfold(0, self.window, 1)[starts]
        power = torch.fft.rfft(frames * torch.hann_window(self.window), self.n_fft).abs().square()
        cells = 10 * (power @ self._bank.T + TINY).log10()
        level = float(cells.max())
        return ((cells.T - level) / self.floor + 1).clamp(0, 1), level

    def _magnitudes(self, pictures: Tensor) -> Tensor:
        """pictures (N, bands, moments) in [0, 1] -> magnitudes (N, frequencies, moments). The loudest cell has 0 dB."""
        bank = self._bank
        wanted = 10 ** ((pictures - 1) * self.floor / 10)
        share = bank.T / bank.sum(0)[:, None].clamp_min(TINY)
        power = share @ wanted
        for _ in range(UNMIXING):
            power = power * (share @ (wanted / (bank @ power).clamp_min(TINY)))
        return power.sqrt()

    @property
    def _bank(self) -> Tensor:
        return _bank(self.rate, self.fmin, self.fmax, self.bands, self.n_fft)

    def _stretched(self, magnitude: Tensor, length: int) -> Tensor:
        """Magnitudes (frequencies, moments) -> (frequencies, frames) of the synthesis."""
        frames = length // self.hop + 1
        places = (torch.arange(frames) * self.hop * self.moments / length - 0.5).clamp(0, self.moments - 1)
        return _between(magnitude, places)

    def _shape(self) -> dict[str, Any]:
        window = torch.hann_window(self.window)
        return {"n_fft": self.n_fft, "hop_length": self.hop, "win_length": self.window, "window": window}

    def _spectrum(self, wave: Tensor) -> Tensor:
        return torch.stft(wave, **self._shape(), return_complex=True, pad_mode="constant")

    def _griffin_lim(self, spectrum: Tensor, length: int) -> Tensor:
        """The waveform (length,) whose spectrum has nearly the magnitudes of this one (frequencies, frames)."""
        magnitude, before = spectrum.abs(), None
        for _ in range(PHASE_STEPS):
            seen = self._spectrum(torch.istft(spectrum, **self._shape(), length=length))
            ahead = seen if before is None else seen + MOMENTUM * (seen - before)
            spectrum, before = magnitude * ahead / ahead.abs().clamp_min(TINY), seen
        return torch.istft(spectrum, **self._shape(), length=length)


@dataclass(frozen=True)
class LostSpectrum:
    """What a picture does not show of a sound.

    ratio: (frequencies, frames), log of its magnitudes over those drawn. phase: (frequencies, frames).
    floor: smaller magnitudes are not told apart. loudest: level in dB of the cell to which magnitudes are relative.
    """

    ratio: Tensor
    phase: Tensor
    floor: float
    loudest: float

    def at(self, frames: int) -> "LostSpectrum":
        """The same over another number of frames. Phases advance as before, as in a phase vocoder (Flanagan & Golden 1966)."""
        own = self.phase.shape[1]
        if frames == own:
            return self
        places = torch.linspace(0, own - 1, frames)
        phase = self.phase[:, :1].expand(-1, frames)
        if own > 1:
            steps = self.phase.diff()[:, places[:-1].floor().long().clamp_max(own - 2)]
            phase = torch.cat([self.phase[:, :1], steps], 1).cumsum(1)
        return LostSpectrum(_between(self.ratio, places), phase, self.floor, self.loudest)

    def fading(self, other: "LostSpectrum", share: float) -> "LostSpectrum":
        """On the way to another sound. share: of the other. The nearer of both gives the phases."""
        nearer = self if share < 0.5 else other
        size = nearer.phase.shape[1]
        a, b = self.at(size), other.at(size)
        floor = a.floor ** (1 - share) * b.floor**share
        loudest = (1 - share) * a.loudest + share * b.loudest
        return LostSpectrum((1 - share) * a.ratio + share * b.ratio, nearer.phase, floor, loudest)


def _between(values: Tensor, places: Tensor) -> Tensor:
    """values (F, T) at fractional places (S,), linearly: (F, S)."""
    low = places.floor().long().clamp_max(values.shape[1] - 2)
    return torch.lerp(values[:, low], values[:, low + 1], (places - low).float())


@cache
def _bank(rate: int, fmin: float, fmax: float, bands: int, n_fft: int) -> Tensor:
    """Triangles (bands, frequencies), evenly spaced on the mel scale, each of height 1."""
    edges = spaced_mel(fmin, fmax, bands + 2)
    frequencies = np.fft.rfftfreq(n_fft, 1 / rate)
    rising = (frequencies - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - frequencies) / np.diff(edges)[1:, None]
    return torch.from_numpy(np.maximum(0, np.minimum(rising, falling)).astype(np.float32))
