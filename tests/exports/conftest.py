"""Continua that are exported."""

from __future__ import annotations

import pytest

import gaiamorph as gm
from gaiamorph.output.continuum import save_continua

FRAMES = 5


@pytest.fixture(scope="module")
def two_pairs(photos, picture_run, tmp_path_factory):
    """A folder with continua of five frames between two pairs of pictures."""
    folder = tmp_path_factory.mktemp("continua") / "pairs"
    space = gm.load(picture_run)
    names = [[f"p{i:02d}.png" for i in pair] for pair in ((0, 1), (2, 3))]
    pairs = [(photos / a, photos / b) for a, b in names]
    return save_continua(list(space.morph_pairs(pairs, steps=FRAMES, detail="none")), folder)
