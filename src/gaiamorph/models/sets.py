"""The energy distance between made and real items. It compares them as sets, not one by one."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

SIDE = 16
"""Pixels on each side of the small versions that are compared."""


def coarse(x: Tensor) -> Tensor:
    """Items as they are compared, (B, d): images as means over `SIDE` x `SIDE` places (or fewer), vectors as they are.

    Texture takes no part: a generator asked for the texture of real pictures drew a mesh of dots.
    """
    if x.ndim == 2:
        return x
    height, width = (min(side, SIDE) for side in x.shape[2:])
    return functional.adaptive_avg_pool2d(x, (height, width)).flatten(1)


def independent_pairs(mixed: Tensor, known: Tensor | None = None, rows_of_x: int | None = None) -> Tensor:
    """The pairs that count in an energy distance, as 1 and 0. Those that share a source are closer than independent items.

    Returns (R, N + K + M + K). Rows are items of this step: x and y. Columns: x, earlier x, y, earlier y.
    mixed (M, N): the share of each x in each y. known (K,): 1 for earlier items, which are independent of all; 0 for none.
    rows_of_x: how many of the N items of x have a row. A few are enough for the mean distance from x.
    """
    m, n = mixed.shape
    known = mixed.new_zeros(0) if known is None else known
    rows_of_x = n if rows_of_x is None else min(n, rows_of_x)
    sources = torch.eye(n + m, dtype=known.dtype, device=known.device)
    sources[n:, :n] = mixed != 0
    independent = torch.cat([sources[:rows_of_x], sources[n:]]) @ sources.T == 0
    of_x, of_y = independent.to(known.dtype).tensor_split([n], 1)
    earlier = known.expand(len(independent), -1)
    return torch.cat([of_x, earlier, of_y, earlier], 1)


def energy_distance(x: Tensor, y: Tensor, pairs: Tensor | None = None, earlier: Sequence[Tensor] = ()) -> Tensor:
    """The energy distance (Székely & Rizzo 2013) of x (N, d) and y (M, d), divided by the spread of x:

        (2 E|x - y| - E|x - x'| - E|y - y'|) / E|x - x'|

    The estimate has no bias for independent items, so it may fall below 0. It is 0 on average if and only if both sets have the
    same distribution. pairs: those that count (`independent_pairs`), by default all of different items. With ``earlier`` (K, d)
    of x and of y, means run over pairs of an item of this step with any item. It is 0 where a mean has no pair.

    The gradient is that of y. A pair (y, y') moves with both of its items, and the distance from x is taken from both sides. So the
    gradient of the side that is a row, with columns held constant, counts twice.
    """
    pairs = independent_pairs(x.new_zeros(len(y), len(x))) if pairs is None else pairs
    with torch.autocast(x.device.type, enabled=False):
        x = x.detach()
        earlier_x, earlier_y = earlier if len(earlier) else (x[:0], x[:0])
        x_and_earlier = torch.cat([x, earlier_x])
        rows_of_x, columns_of_x = len(pairs) - len(y), len(x_and_earlier)
        rows = torch.cat([x[:rows_of_x], y])
        distances = pairs * torch.cdist(rows, torch.cat([x_and_earlier, y.detach(), earlier_y]))

        def sums(values: Tensor) -> Tensor:
            """Over the pairs (x, x), (x, y), (y, x) and (y, y): (4,)."""
            halves = values.tensor_split([rows_of_x])
            return torch.stack([part.sum() for half in halves for part in half.tensor_split([columns_of_x], 1)])

        counts = sums(pairs)
        xx, xy, yx, yy = ((counts > 0).all() * sums(distances) / counts.clamp_min(1)).unbind()
        spread = xx.clamp_min(1e-12)
        value, of_rows = (xy + yx - xx - yy) / spread, 2 * (yx - yy) / spread
        return value.detach() + of_rows - of_rows.detach()
