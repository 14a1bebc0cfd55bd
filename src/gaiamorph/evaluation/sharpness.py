"""Sharpness: how much detail pictures carry, octave by octave."""

from __future__ import annotations

import itertools

import numpy as np

from gaiamorph.evaluation.case import Case, Figure

SMALLEST_PICTURE = 8
SMALLEST_SHARE = 2.0**-20
"""What no detail at all counts as, of the real: blank pictures are very far from real ones, not infinitely."""


def high_frequency_energy(pictures: np.ndarray) -> float:
    """Mean spectral energy a picture above a quarter cycle a pixel: the finest octave. pictures: uint8 (N, H, W, C).

    Compare with real pictures: less is blur, more is noise. Noise alone raises it, so judge it beside realism.
    """
    return float(octave_energies(pictures)[-1])


def octave_energies(pictures: np.ndarray) -> np.ndarray:
    """Mean spectral energy a picture in each octave of spatial frequency, from coarse to fine.

    The last holds everything above a quarter cycle a pixel, the one before from an eighth to a quarter, and so on.
    """
    energy, radius = spectrum(pictures)
    octaves = int(np.log2(min(energy.shape))) - 1
    edges = [0.0, *(2.0 ** -(i + 1) for i in range(octaves - 1, 0, -1)), np.inf]
    return np.array([energy[(radius > low) & (radius <= high)].sum() for low, high in itertools.pairwise(edges)])


def spectrum(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean energy a picture at each frequency, as shares of its pixels squared, and how many cycles a pixel that frequency has:
    (H, W) both, in the order of `numpy.fft.fft2`. pictures: uint8 (N, H, W, C)."""
    grey = pictures.astype(np.float64).mean(3) / 255
    grey -= grey.mean((1, 2), keepdims=True)
    energy = (np.abs(np.fft.fft2(grey)) ** 2).mean(0) / (grey.shape[1] * grey.shape[2]) ** 2
    vertical, horizontal = np.fft.fftfreq(grey.shape[1]), np.fft.fftfreq(grey.shape[2])
    return energy, np.hypot(vertical[:, None], horizontal[None])


def has_octaves(case: Case) -> bool:
    """Whether its items are pictures, and large enough to be taken apart by frequency."""
    return case.pictures and min(case.space.kind.shape[-2:]) >= SMALLEST_PICTURE


def spectral_distance(pictures: np.ndarray, real: np.ndarray) -> float:
    """Mean over octaves of |log2 of the ratio of energies|: 0 is as sharp as real, 1 is half or double."""
    made, wanted = octave_energies(pictures), octave_energies(real)
    return float(np.abs(np.log2(np.maximum(made, SMALLEST_SHARE * wanted) / wanted)).mean())


def sharpness(case: Case) -> list[Figure]:
    """Of midpoints and reconstructions, against held-out real pictures."""
    if not has_octaves(case):
        return []
    figures = []
    for name, items in {"midpoints": case.midpoints, "reconstructions": case.reconstructions}.items():
        fine = high_frequency_energy(items) / high_frequency_energy(case.real)
        figures += [
            Figure(
                f"sharpness/{name}",
                spectral_distance(items, case.real),
                "octaves",
                "lower",
                f"how far the {name} are from real pictures in detail, blur and noise alike: mean |log2 ratio| of energies",
            ),
            Figure(
                f"fine detail/{name}",
                fine,
                "of real",
                "neither",
                f"energy of the {name} in the finest octave; below 1 is blur, above is noise",
            ),
        ]
    return figures
