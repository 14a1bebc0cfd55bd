"""The fixed figure of a run: the same held-out items every time."""

from __future__ import annotations

from pathlib import Path

import torch

from gaiamorph.data import Dataset, Vectors
from gaiamorph.models import Model
from gaiamorph.output import figures

PICTURES, POINTS = 8, 1000


@torch.inference_mode()
def fixed_figure(model: Model, data: Dataset, path: Path) -> None:
    """x, G(x), G(z_interp) and what the model adds (D of each): rows of pictures, or point clouds of vectors.

    Column i of G(z_interp) lies halfway between items i and i + 1.
    """
    path.parent.mkdir(exist_ok=True)
    vectors = isinstance(data.kind, Vectors)
    indices = data.splits["validation"][: POINTS if vectors else PICTURES]
    device = next(model.parameters()).device
    views = {
        name: data.kind.to_items(x) for name, x in model.views(data.kind.to_tensor(data.items[indices], device)).items()
    }
    if isinstance(data.kind, Vectors):
        figures.points(views, path, data.kind.columns)
    else:
        figures.sheet([list(row) for row in views.values()], list(views), cell=64).save(path)
