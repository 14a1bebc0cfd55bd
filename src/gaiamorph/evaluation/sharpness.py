"""Sharpness and texture: the spectral energy of pictures, by octave and by frequency.

Texture is a regular pattern that real pictures do not have, such as a mesh of dots or a checkerboard. The eye sees it at
once. Other metrics hardly notice it, since it lies in a few frequencies. In blurred pictures it even counts as detail.
Upsampling layers are known for it (Odena, Dumoulin & Olah 2016, "Deconvolution and checkerboard artifacts").
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from gaiamorph.evaluation.case import Case, Metric

SMALLEST_PICTURE = 8
"""Pixels that the shorter side needs."""
SMALLEST_SHARE = 2.0**-20
"""Least energy of an octave, relative to real pictures. It keeps the distance of blank pictures finite."""
LONGEST = 8.0
"""Longest period of a pattern in pixels. Longer ones belong to the content of pictures."""
TWICE = 2.0
"""A frequency counts if it has over twice the energy of real pictures. Sets of a few dozen real pictures differ by less."""


def spectrum(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean energy of pictures uint8 (N, H, W, C) at each frequency, and the frequency in cycles a pixel.

    Both are (H, W), in the order of `numpy.fft.fft2`. Energy is divided by the squared number of pixels.
    """
    grey = pictures.astype(np.float64).mean(3) / 255
    grey -= grey.mean((1, 2), keepdims=True)
    energy = (np.abs(np.fft.fft2(grey)) ** 2).mean(0) / (grey.shape[1] * grey.shape[2]) ** 2
    vertical, horizontal = np.fft.fftfreq(grey.shape[1]), np.fft.fftfreq(grey.shape[2])
    return energy, np.hypot(vertical[:, None], horizontal[None])


def octave_energies(pictures: np.ndarray) -> np.ndarray:
    """Mean spectral energy of pictures uint8 (N, H, W, C) in each octave of spatial frequency, from coarse to fine.

    The last octave is everything above a quarter cycle a pixel. Less than in real pictures is blur, more is noise.
    """
    energy, radius = spectrum(pictures)
    octaves = int(np.log2(min(energy.shape))) - 1
    edges = [0.0, *(2.0 ** -(i + 1) for i in range(octaves - 1, 0, -1)), np.inf]
    return np.array([energy[(radius > low) & (radius <= high)].sum() for low, high in itertools.pairwise(edges)])


def spectral_distance(pictures: np.ndarray, real: np.ndarray) -> float:
    """Mean over octaves of |log2 of the energy ratio|. 0 is as sharp as real pictures, 1 is half or double."""
    made, wanted = octave_energies(pictures), octave_energies(real)
    return float(np.abs(np.log2(np.maximum(made, SMALLEST_SHARE * wanted) / wanted)).mean())


def foreign_contrast(pictures: np.ndarray, real: np.ndarray) -> float:
    """Standard deviation, in grey levels of 255, of the energy that pictures have and real ones do not.

    Only fine frequencies with over twice the energy of real pictures count. Both sets are uint8 (N, H, W, C).
    Each frequency is judged alone, so blur does not hide a pattern.
    """
    energy, radius = spectrum(pictures)
    wanted, _ = spectrum(real)
    counted = (radius > 1 / LONGEST) & (energy > TWICE * wanted)
    return 255 * float(np.sqrt((energy - wanted)[counted].sum()))


def has_octaves(case: Case) -> bool:
    """Whether its items are images of at least 8 pixels a side."""
    return case.space.kind.is_image and min(case.space.kind.shape[-2:]) >= SMALLEST_PICTURE


def sharpness(case: Case) -> Iterator[Metric]:
    """Midpoints and reconstructions against held-out real pictures."""
    if not has_octaves(case):
        return
    pictures = case.space.kind.pictures
    real = pictures(case.real)
    meaning = "mean |log2 ratio| of energies to real pictures, over octaves"
    for name, items in {"midpoints": case.midpoints, "reconstructions": case.reconstructions}.items():
        made = pictures(items)
        fine = float(octave_energies(made)[-1] / octave_energies(real)[-1])
        yield Metric(f"sharpness/{name}", spectral_distance(made, real), "octaves", "lower", meaning)
        yield Metric(f"fine detail/{name}", fine, "of real", "neither", "energy in the finest octave; below 1 is blur")


def texture(case: Case) -> Iterator[Metric]:
    """Midpoints and reconstructions against held-out real pictures. The floor is the score of training items."""
    if not has_octaves(case):
        return
    pictures = case.space.kind.pictures
    sets = {
        "midpoints": case.midpoints,
        "reconstructions": case.reconstructions,
        "floor (training items)": case.training,
    }
    meaning = (
        "contrast, of 255, at fine frequencies with over twice the energy of real pictures (mesh, checkerboard, grain)"
    )
    for name, items in sets.items():
        better = "neither" if name.startswith("floor") else "lower"
        contrast = foreign_contrast(pictures(items), pictures(case.real))
        yield Metric(f"texture/{name}", contrast, "grey levels", better, meaning)
