"""The mel scale (O'Shaughnessy 1987), and the moments of a picture."""

import math

import numpy as np


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
