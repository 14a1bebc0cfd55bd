"""The drawing of a run: the same held-out items every time."""

from __future__ import annotations

from pathlib import Path

import torch

from gaiamorph.data import Dataset
from gaiamorph.models import Model


@torch.inference_mode()
def draw_held_out(model: Model, data: Dataset, path: Path) -> None:
    """Draw x, G(x), G(z_interp), and the model's own views (D of each), of the first validation items.

    Column i of G(z_interp) lies halfway between items i and i + 1.
    """
    path.parent.mkdir(exist_ok=True)
    items = data.items[data.splits["validation"][: data.kind.shown]]
    views = model.views(data.kind.to_tensor(items, next(model.parameters()).device))
    data.kind.draw_sets({name: data.kind.to_items(x) for name, x in views.items()}).save(path)
