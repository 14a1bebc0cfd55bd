"""The mel scale (O'Shaughnessy 1987), the moments of a picture, and levels."""

import math

import numpy as np

FAINTEST = 1e-6
"""The amplitude below which a sound is silent."""


def spaced_mel(fmin: float, fmax: float, count: int) -> np.ndarray:
    """Frequencies (count,) in Hz from fmin to fmax, evenly spaced on the mel scale."""
    low, high = (2595 * math.log10(1 + f / 700) for f in (fmin, fmax))
    return 700 * (10 ** (np.linspace(low, high, count) / 2595) - 1)


def window_of(seconds: float, rate: int) -> int:
    """Samples of a window of about so many seconds: a power of two."""
    return 2 ** round(math.log2(seconds * rate))


def moments_at(count: int, length: float) -> np.ndarray:
    """The middles (count,) of as many even parts of a length."""
    return (np.arange(count) + 0.5) * length / count


def level_of(wave: np.ndarray, rate: int, fmin: float, fmax: float) -> float:
    """Root mean square of what lies between two frequencies in Hz, of a waveform (samples,), in dB of full scale."""
    spectrum = np.fft.rfft(wave.astype(np.float64))
    power = 2 * np.square(np.abs(spectrum[_inside(len(wave), rate, fmin, fmax)])).sum() / len(wave) ** 2
    return 20 * math.log10(max(math.sqrt(power), FAINTEST))


def at_level(
    wave: np.ndarray, level: float, rate: int, fmin: float, fmax: float, outside: float | None = None
) -> np.ndarray:
    """The waveform (samples,) with another level, as `level_of` gives it.

    outside: gain in dB of what does not lie between the two frequencies. By default that of the rest.
    """
    gain = 10 ** ((level - level_of(wave, rate, fmin, fmax)) / 20)
    if outside is None:
        return wave * np.float32(gain)
    gains = np.where(_inside(len(wave), rate, fmin, fmax), gain, 10 ** (outside / 20))
    return np.fft.irfft(gains * np.fft.rfft(wave.astype(np.float64)), len(wave)).astype(np.float32)


def _inside(samples: int, rate: int, fmin: float, fmax: float) -> np.ndarray:
    """Which frequencies of the spectrum of so many samples lie between two, in Hz."""
    frequencies = np.fft.rfftfreq(samples, 1 / rate)
    return (frequencies >= fmin) & (frequencies <= fmax)
