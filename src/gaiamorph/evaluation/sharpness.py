"""Sharpness: how much fine detail pictures carry."""

from __future__ import annotations

import numpy as np


def high_frequency_energy(pictures: np.ndarray) -> float:
    """Mean spectral energy a picture above a quarter cycle a pixel: the finest octave. pictures: uint8 (N, H, W, C).

    Compare with real pictures: less is blur, more is noise. Noise alone raises it, so judge it beside realism.
    """
    grey = pictures.astype(np.float64).mean(3) / 255
    grey -= grey.mean((1, 2), keepdims=True)
    energy = np.abs(np.fft.fft2(grey)) ** 2
    vertical, horizontal = np.fft.fftfreq(grey.shape[1]), np.fft.fftfreq(grey.shape[2])
    fine = np.hypot(vertical[:, None], horizontal[None]) > 0.25
    return float(energy[:, fine].sum(1).mean() / (grey.shape[1] * grey.shape[2]) ** 2)
