"""What a space cannot redraw of an item, added back to what it makes of it.

A reconstruction loses detail, and a morph or an edit starts from the reconstruction. With x an item and G(x) its
reconstruction, the detail is x - G(x): added to G's frames it makes the end of a continuum, and an edit by nothing, the item
itself.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from gaiamorph.data import Kind


def lost(kind: Kind, items: np.ndarray, reconstructions: np.ndarray) -> Tensor:
    """The detail (N, *shape) of items, both (N, ...) in natural form."""
    return kind.to_tensor(items) - kind.to_tensor(reconstructions)


def restored(kind: Kind, frames: np.ndarray, detail: Tensor) -> np.ndarray:
    """Frames (S, ...) in natural form with detail (S or 1, *shape) added, clipped to what a file can hold."""
    return kind.to_items(kind.to_tensor(frames) + detail)


def crossed(detail_a: Tensor, detail_b: Tensor, weights: np.ndarray) -> Tensor:
    """Detail (S, *shape) of a continuum: a's fades into b's (*shape) with the weights (S,), and stays whole beyond the ends."""
    shares = detail_a.new_tensor(np.clip(weights, 0, 1)).view(-1, *[1] * detail_a.ndim)
    return (1 - shares) * detail_a + shares * detail_b
