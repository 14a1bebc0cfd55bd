"""Spectrograms, for people to look at."""

import numpy as np

from gaiamorph.sound.scale import window_of

LONGEST_WINDOW, MOMENTS = 0.008, 200
"""Seconds of a window, and about how many moments."""


def spectrogram(wave: np.ndarray, rate: int, fmin: float, fmax: float, seconds: float = LONGEST_WINDOW) -> np.ndarray:
    """(frequencies, moments) in dB from fmin to fmax in Hz, of a waveform (samples,). seconds: of a window, 8 ms at most."""
    size = window_of(min(seconds, LONGEST_WINDOW), rate)
    padded = np.pad(wave, size // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: max(1, len(wave) // MOMENTS)]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), 4 * size).T)
    frequencies = np.fft.rfftfreq(4 * size, 1 / rate)
    return 20 * np.log10(power[(frequencies >= fmin) & (frequencies <= fmax)] + 1e-9)
