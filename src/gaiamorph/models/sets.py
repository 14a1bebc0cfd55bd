"""The energy distance between made and real items: what items do not show one by one."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gaiamorph.models.base import of_first_rank

SIDE = 16
"""Pixels on each side of the small versions that are compared."""
REMEMBERED = 16
"""Items of a step that the next steps remember. They come from the first process alone, so that all processes have the same."""
MEMORY_OF_IMAGES, MEMORY_OF_VECTORS = 128, 512
"""Items of earlier steps in each set. Vectors are short, so a longer memory costs little."""


class EnergyDistance(nn.Module):
    """The energy distance of made items from real ones, with a memory of earlier steps. A batch alone is too small a sample."""

    earlier: Tensor
    """(2, memory, d): real and made items as `coarse` versions."""
    known: Tensor
    """(memory,): 1 where the memory holds an item, else 0."""

    def __init__(self, shape: tuple[int, ...], memory: int | None = None) -> None:
        super().__init__()
        usual = MEMORY_OF_VECTORS if len(shape) == 1 else MEMORY_OF_IMAGES
        self.memory = usual if memory is None else memory
        self.register_buffer("earlier", torch.zeros(2, self.memory, coarse(torch.zeros(1, *shape)).shape[1]))
        self.register_buffer("known", torch.zeros(self.memory))

    def forward(self, x: Tensor, y: Tensor, mixed: Tensor) -> Tensor:
        """x, y (B, *shape): real and made items. mixed (B, B): the share of each x in each y."""
        x, y = coarse(x), coarse(y).to(x.dtype)
        distance = energy_distance(x, y, count_pairs(mixed, self.known, REMEMBERED), self.earlier.unbind())
        if self.training:
            self.remember(torch.stack([x[:REMEMBERED], y[:REMEMBERED].detach()]))
        return distance

    @torch.no_grad()
    def remember(self, fresh: Tensor) -> None:
        """Replace the oldest items by fresh ones (2, K, d)."""
        # In place, since a CUDA graph reads this memory again in the next step.
        self.earlier.copy_(torch.cat([of_first_rank(fresh), self.earlier], 1)[:, : self.memory])
        self.known.copy_(torch.cat([self.known.new_ones(fresh.shape[1]), self.known])[: self.memory])


def coarse(x: Tensor) -> Tensor:
    """What is compared, (B, d): images as means over `SIDE` x `SIDE` places (or fewer), vectors as they are.

    Texture takes no part: a generator that was asked for as much texture as real pictures have drew a mesh of dots.
    """
    if x.ndim == 2:
        return x
    height, width = (min(side, SIDE) for side in x.shape[2:])
    return functional.adaptive_avg_pool2d(x, (height, width)).flatten(1)


class Pairs(NamedTuple):
    """Pairs that count in an energy distance: rows are items of this step, columns are (x, y, earlier x, earlier y)."""

    of_step: Tensor
    """(R, N + M): 1 where two items of this step count as a pair, else 0. R = rows of x and all M rows of y."""
    known: Tensor
    """(K,): 1 for each earlier item of a set, which counts in every row, else 0."""


def count_pairs(mixed: Tensor, known: Tensor | None = None, rows_of_x: int | None = None) -> Pairs:
    """Leave out pairs that share a source: they are closer than independent items.

    mixed (M, N): the share of each x in each y. known (K,): 1 for earlier items, which are independent of all.
    rows_of_x: how many of the N items of x have a row. A few are enough for the mean distance from x.
    """
    m, n = mixed.shape
    known = mixed.new_zeros(0) if known is None else known
    rows = min(n, n if rows_of_x is None else rows_of_x)
    with torch.autocast(mixed.device.type, enabled=False):
        sources = torch.eye(n + m, dtype=known.dtype, device=known.device)
        sources[n:, :n] = mixed != 0
        independent = torch.cat([sources[:rows], sources[n:]]) @ sources.T == 0
        return Pairs(independent.to(known.dtype), known)


def energy_distance(x: Tensor, y: Tensor, pairs: Pairs | None = None, earlier: Sequence[Tensor] = ()) -> Tensor:
    """The energy distance (Székely & Rizzo 2013) of x (N, d) and y (M, d), divided by the spread of x:

        (2 E|x - y| - E|x - x'| - E|y - y'|) / E|x - x'|

    The estimate has no bias for independent items, so it may fall below 0. It is 0 on average if and only if both sets have the
    same distribution. Without ``pairs``, all pairs of different items count. With ``earlier`` (K, d) of x and of y, means run over
    pairs of an item of this step with any item. It is 0 where no pair is left in one of the means.

    The gradient is that of y. A pair (y, y') moves with both of its items, and the distance from x is taken from both sides. So the
    gradient of the side that is a row, with columns held constant, counts twice.
    """
    pairs = count_pairs(x.new_zeros(len(y), len(x))) if pairs is None else pairs
    with torch.autocast(x.device.type, enabled=False):
        x = x.detach()
        of_step, known = (part.to(x.dtype) for part in pairs)
        n, m, k, rows_of_x = len(x), len(y), len(known), len(of_step) - len(y)
        counted = torch.cat([of_step, known.expand(len(of_step), -1), known.expand(len(of_step), -1)], 1)
        distances = counted * torch.cdist(torch.cat([x[:rows_of_x], y]), torch.cat([x, y.detach(), *earlier]))
        ones, zeros = known.new_ones, known.new_zeros
        row_in_x = torch.cat([ones(rows_of_x), zeros(m)])
        column_in_x = torch.cat([ones(n), zeros(m), ones(k), zeros(k)])
        rows, columns = torch.stack([row_in_x, 1 - row_in_x]), torch.stack([column_in_x, 1 - column_in_x], 1)
        counts = rows @ counted @ columns
        (xx, xy), (yx, yy) = (counts > 0).all() * (rows @ distances @ columns) / counts.clamp_min(1)
        spread = xx.clamp_min(1e-12)
        value, of_rows = (xy + yx - xx - yy) / spread, 2 * (yx - yy) / spread
        return value.detach() + of_rows - of_rows.detach()
