"""Sharpness: the spectral energy of pictures in each octave."""

from __future__ import annotations

import itertools

import numpy as np

from gaiamorph.evaluation.case import Case, Metric

SMALLEST_PICTURE = 8
"""Pixels that the shorter side needs."""
SMALLEST_SHARE = 2.0**-20
"""Least energy of an octave, relative to real pictures. It keeps the distance of blank pictures finite."""


def high_frequency_energy(pictures: np.ndarray) -> float:
    """Mean spectral energy of pictures uint8 (N, H, W, C) in the finest octave, above a quarter cycle a pixel.

    Less than in real pictures is blur, more is noise. Noise raises it too, so read it together with realism.
    """
    return float(octave_energies(pictures)[-1])


def octave_energies(pictures: np.ndarray) -> np.ndarray:
    """Mean spectral energy of pictures uint8 (N, H, W, C) in each octave of spatial frequency, from coarse to fine.

    The last octave is everything above a quarter cycle a pixel. The one before is an eighth to a quarter, and so on.
    """
    energy, radius = spectrum(pictures)
    octaves = int(np.log2(min(energy.shape))) - 1
    edges = [0.0, *(2.0 ** -(i + 1) for i in range(octaves - 1, 0, -1)), np.inf]
    return np.array([energy[(radius > low) & (radius <= high)].sum() for low, high in itertools.pairwise(edges)])


def spectrum(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean energy of pictures uint8 (N, H, W, C) at each frequency, and the frequency in cycles a pixel.

    Both are (H, W), in the order of `numpy.fft.fft2`. Energy is divided by the squared number of pixels.
    """
    grey = pictures.astype(np.float64).mean(3) / 255
    grey -= grey.mean((1, 2), keepdims=True)
    energy = (np.abs(np.fft.fft2(grey)) ** 2).mean(0) / (grey.shape[1] * grey.shape[2]) ** 2
    vertical, horizontal = np.fft.fftfreq(grey.shape[1]), np.fft.fftfreq(grey.shape[2])
    return energy, np.hypot(vertical[:, None], horizontal[None])


def has_octaves(case: Case) -> bool:
    """Whether its items are images of at least 8 pixels a side."""
    return case.space.kind.is_image and min(case.space.kind.shape[-2:]) >= SMALLEST_PICTURE


def spectral_distance(pictures: np.ndarray, real: np.ndarray) -> float:
    """Mean over octaves of |log2 of the energy ratio|. 0 is as sharp as real pictures, 1 is half or double."""
    made, wanted = octave_energies(pictures), octave_energies(real)
    return float(np.abs(np.log2(np.maximum(made, SMALLEST_SHARE * wanted) / wanted)).mean())


def sharpness(case: Case) -> list[Metric]:
    """Midpoints and reconstructions against held-out real pictures."""
    if not has_octaves(case):
        return []
    found = []
    real = case.space.kind.pictures(case.real)
    for name, items in {"midpoints": case.midpoints, "reconstructions": case.reconstructions}.items():
        made = case.space.kind.pictures(items)
        fine = high_frequency_energy(made) / high_frequency_energy(real)
        distance, meaning = (
            spectral_distance(made, real),
            "mean |log2 ratio| of energies to real pictures, over octaves",
        )
        found += [
            Metric(f"sharpness/{name}", distance, "octaves", "lower", meaning),
            Metric(f"fine detail/{name}", fine, "of real", "neither", "energy in the finest octave; below 1 is blur"),
        ]
    return found
