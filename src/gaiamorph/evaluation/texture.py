"""Texture: regular patterns, such as a mesh of dots or a checkerboard, that real pictures do not have.

The eye sees them at once. Other metrics hardly notice them, since they lie in a few frequencies. In blurred pictures they
even count as detail. Upsampling layers are known for them (Odena, Dumoulin & Olah 2016, "Deconvolution and checkerboard
artifacts").
"""

from __future__ import annotations

import numpy as np

from gaiamorph.evaluation.case import Case, Metric
from gaiamorph.evaluation.sharpness import has_octaves, spectrum

LONGEST = 8.0
"""Longest period of a pattern in pixels. Longer ones belong to the content of pictures."""
TWICE = 2.0
"""A frequency counts if it has over twice the energy of real pictures. Sets of a few dozen real pictures differ by less."""


def foreign_contrast(pictures: np.ndarray, real: np.ndarray) -> float:
    """Standard deviation, in grey levels of 255, of the energy that pictures have and real ones do not.

    Only fine frequencies with over twice the energy of real pictures count. Both sets are uint8 (N, H, W, C).
    Each frequency is judged alone, so blur does not hide a pattern.
    """
    energy, radius = spectrum(pictures)
    wanted, _ = spectrum(real)
    counted = (radius > 1 / LONGEST) & (energy > TWICE * wanted)
    return 255 * float(np.sqrt((energy - wanted)[counted].sum()))


def texture(case: Case) -> list[Metric]:
    """Midpoints and reconstructions against held-out real pictures. The floor is the score of training items."""
    if not has_octaves(case):
        return []
    sets = {
        "midpoints": case.midpoints,
        "reconstructions": case.reconstructions,
        "floor (training items)": case.training,
    }
    pictures = case.space.kind.pictures
    meaning = (
        "contrast, of 255, at fine frequencies with over twice the energy of real pictures (mesh, checkerboard, grain)"
    )
    return [
        Metric(
            f"texture/{name}",
            foreign_contrast(pictures(items), pictures(case.real)),
            "grey levels",
            "neither" if name.startswith("floor") else "lower",
            meaning,
        )
        for name, items in sets.items()
    ]
