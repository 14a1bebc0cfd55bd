"""Spectrograms, for people to look at."""

import numpy as np

from gaiamorph.sound.scale import window_of

WINDOW, MOMENTS = 0.008, 200
"""Seconds of a window, and about how many moments."""


def spectrogram(wave: np.ndarray, rate: int, fmin: float, fmax: float) -> np.ndarray:
    """(frequencies, moments) in dB from fmin to fmax in Hz, of a waveform (samples,)."""
    size = window_of(WINDOW, rate)
    padded = np.pad(wave, size // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: max(1, len(wave) // MOMENTS)]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), 4 * size).T)
    frequencies = np.fft.rfftfreq(4 * size, 1 / rate)
    return 20 * np.log10(power[(frequencies >= fmin) & (frequencies <= fmax)] + 1e-9)
