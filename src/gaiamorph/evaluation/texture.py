"""Texture: patterns that cover pictures evenly, such as a mesh of dots or a checkerboard, and that real ones do not have.

The eye sees them at once. Other metrics hardly do: what lies in a few frequencies is little beside the detail of an octave, and
even counts as detail where pictures are blurred otherwise. Layers that enlarge pictures are known for them (Odena, Dumoulin & Olah
2016, "Deconvolution and checkerboard artifacts"), and a discriminator need not see them.
"""

from __future__ import annotations

import numpy as np

from gaiamorph.evaluation.case import Case, Figure
from gaiamorph.evaluation.sharpness import has_octaves, spectrum

LONGEST = 8.0
"""Pixels that a pattern may take to repeat itself. Longer ones belong to what pictures show."""
TWICE = 2.0
"""Times the energy of real pictures that a frequency has to have to count: sets of a few dozen real ones differ by less."""


def foreign_contrast(pictures: np.ndarray, real: np.ndarray) -> float:
    """Contrast that pictures have, and real ones do not: the standard deviation, in grey levels of 255, of what lies above the
    energy of real pictures at the fine frequencies that have over twice as much. uint8 (N, H, W, C) both.

    Frequencies are judged one by one, so that blur does not hide it.
    """
    energy, radius = spectrum(pictures)
    wanted, _ = spectrum(real)
    counted = (radius > 1 / LONGEST) & (energy > TWICE * wanted)
    return 255 * float(np.sqrt((energy - wanted)[counted].sum()))


def texture(case: Case) -> list[Figure]:
    """Of midpoints and reconstructions, against held-out real pictures."""
    if not has_octaves(case):
        return []
    sets = {
        "midpoints": case.midpoints,
        "reconstructions": case.reconstructions,
        "floor (training items)": case.training,
    }
    return [
        Figure(
            f"texture/{name}",
            foreign_contrast(items, case.real),
            "grey levels",
            "neither" if name.startswith("floor") else "lower",
            "contrast, of 255, at fine frequencies that have over twice the energy of real pictures: a mesh, a checkerboard, grain "
            "(the floor is what training items score)",
        )
        for name, items in sets.items()
    ]
