"""Sharpness and texture: the spectral energy of pictures, by octave and by frequency.

Texture is a regular pattern that real pictures do not have, such as a mesh of dots or a checkerboard. The eye sees it at
once. Other metrics hardly notice it, since it lies in a few frequencies. In blurred pictures it even counts as detail.
Upsampling layers are known for it (Odena, Dumoulin & Olah 2016, "Deconvolution and checkerboard artifacts").
"""

from collections.abc import Iterator

import numpy as np

from gaiamorph.evaluation.case import FLOOR, Case, Metric

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
    octave = np.searchsorted(2.0 ** np.arange(-octaves, -1), radius.ravel())
    return np.bincount(octave, energy.ravel())


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


def _beside_real(case: Case, sets: dict[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Each set by name, and held-out real items, both as pictures. Empty unless they have 8 pixels a side.

    Sounds have measures of their own, as they are heard.
    """
    kind = case.space.kind
    if kind.is_image and not kind.is_heard and min(kind.shape[-2:]) >= 8:
        for name, items in sets.items():
            yield name, kind.pictures(items), kind.pictures(case.real)


def sharpness(case: Case) -> Iterator[Metric]:
    """Midpoints and reconstructions against held-out real pictures."""
    meaning = "mean |log2 ratio| of energies to real pictures, over octaves"
    sets = {"midpoints": case.midpoints, "reconstructions": case.reconstructions}
    for name, made, real in _beside_real(case, sets):
        fine = float(octave_energies(made)[-1] / octave_energies(real)[-1])
        yield Metric(f"sharpness/{name}", spectral_distance(made, real), "octaves", "lower", meaning)
        yield Metric(f"fine detail/{name}", fine, "of real", "neither", "energy in the finest octave; below 1 is blur")


def texture(case: Case) -> Iterator[Metric]:
    """Midpoints and reconstructions against held-out real pictures. The floor is the score of training items."""
    meaning = "contrast, of 255, at fine frequencies with over twice the energy of real pictures (mesh, dots, grain)"
    sets = {"midpoints": case.midpoints, "reconstructions": case.reconstructions, FLOOR: case.training}
    for name, made, real in _beside_real(case, sets):
        better = "neither" if name == FLOOR else "lower"
        yield Metric(f"texture/{name}", foreign_contrast(made, real), "grey levels", better, meaning)
