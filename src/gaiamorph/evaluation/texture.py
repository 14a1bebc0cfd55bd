"""Texture: patterns that cover pictures evenly, such as a mesh of dots or a checkerboard, and that real ones do not have.

The eye sees them at once. Other metrics hardly do: what lies in one frequency is little beside the detail of an octave, and even
counts as detail where pictures are blurred otherwise. Layers that enlarge pictures are known for them (Odena, Dumoulin & Olah 2016,
"Deconvolution and checkerboard artifacts"), and a discriminator need not see them.
"""

from __future__ import annotations

import numpy as np

from gaiamorph.evaluation.case import Case, Figure
from gaiamorph.evaluation.sharpness import SMALLEST_PICTURE, SMALLEST_SHARE, spectrum

LONGEST = 8.0
"""Pixels that a pattern may take to repeat itself. Longer ones belong to what pictures show."""


def strongest_pattern(pictures: np.ndarray, real: np.ndarray) -> float:
    """log2 of the energy of pictures over that of real ones, at the frequency where this is largest. uint8 (N, H, W, C) both.

    1 is twice as much as in real pictures. Sets of a few dozen real pictures differ by about .5; blurred ones are below 0.
    """
    energy, radius = spectrum(pictures)
    wanted, _ = spectrum(real)
    fine = radius > 1 / LONGEST
    energy, wanted = energy[fine], wanted[fine]
    least = SMALLEST_SHARE * wanted.mean()
    return float(np.log2(np.maximum(energy, least) / np.maximum(wanted, least)).max())


def texture(case: Case) -> list[Figure]:
    """Of midpoints and reconstructions against held-out real pictures."""
    if not case.pictures or min(case.space.kind.shape[-2:]) < SMALLEST_PICTURE:
        return []
    sets = {
        "midpoints": case.midpoints,
        "reconstructions": case.reconstructions,
        "floor (training items)": case.training,
    }
    return [
        Figure(
            f"texture/{name}",
            strongest_pattern(items, case.real),
            "log2",
            "neither" if name.startswith("floor") else "lower",
            "energy at the one fine frequency where it exceeds that of real pictures most; far above the floor, which is what "
            "training items score, pictures are covered by a mesh or a checkerboard",
        )
        for name, items in sets.items()
    ]
