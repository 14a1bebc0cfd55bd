"""How unlike two sets of items are: what items do not show one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gaiamorph.models.base import of_first_rank

SIDE = 16
"""Of the small versions of pictures that are compared as sets."""
REMEMBERED = 16
"""Items of a step that the next ones remember. So few that they travel between processes in no time; of one process alone, so
that memories are the same in all of them, and in one that does what they do."""


class SetDistance(nn.Module):
    """E of GAIA: the energy distance of made items from real ones, in the large.

    A batch is small, and what it happens to hold says little of the sets: it is compared with items of steps before, too.
    """

    earlier: Tensor
    """(2, memory, d): real and made items, as `in_the_large` has them."""
    known: Tensor
    """(memory,): 1 for each of them, 0 where there is none yet."""

    def __init__(self, shape: tuple[int, ...], memory: int) -> None:
        """memory: how many items of steps before, of each set."""
        super().__init__()
        self.memory = memory
        self.register_buffer("earlier", torch.zeros(2, memory, in_the_large(torch.zeros(1, *shape)).shape[1]))
        self.register_buffer("known", torch.zeros(memory))

    def forward(self, x: Tensor, y: Tensor, made_of: Tensor) -> tuple[Tensor, Tensor]:
        """E of y (B, *shape), made of x (B, *shape) as made_of (B, B) says; and what the next steps are to `remember`."""
        pairs = count_pairs(made_of, self.known, REMEMBERED)
        x, y = in_the_large(x), in_the_large(y).to(x.dtype)
        distance = energy_distance(x, y, pairs, self.earlier.unbind())
        return distance, torch.stack([x[:REMEMBERED], y[:REMEMBERED].detach()])

    def remember(self, fresh: Tensor) -> None:
        """Put items, (2, K, d) of both sets, in the place of those that have been there for longest."""
        # In place: what reads them in the next step may read from this memory alone (`CapturedStep`).
        self.earlier.copy_(torch.cat([of_first_rank(fresh), self.earlier], 1)[:, : self.memory])
        self.known.copy_(torch.cat([self.known.new_ones(fresh.shape[1]), self.known])[: self.memory])


def in_the_large(x: Tensor) -> Tensor:
    """What of items is compared, (B, d): pictures (B, C, H, W) as means over `SIDE` x `SIDE` places, or over fewer where they are
    smaller, and vectors (B, D) as they are. Texture is no part of it: a generator that was asked for as much of it as real
    pictures have drew a mesh of dots."""
    if x.ndim == 2:
        return x
    if x.shape[1] == 1:
        x = x.flatten(1).view(x.shape)  # forgets that channels come last, which would be slower here
    height, width = x.shape[2:]
    size = min(height, SIDE), min(width, SIDE)
    if height % size[0] == width % size[1] == 0:
        return functional.avg_pool2d(x, (height // size[0], width // size[1])).flatten(1)  # the same, sooner
    return functional.adaptive_avg_pool2d(x, size).flatten(1)


class Pairs(NamedTuple):
    """Weights of the pairs that an energy distance is a mean over: of rows (members of today) with columns (x, y, earlier x,
    earlier y). Those of a set's rows with X sum to 1, those with Y to -1."""

    of_x: Tensor
    of_y: Tensor


def count_pairs(made_of: Tensor, known: Tensor | None = None, some: int | None = None) -> Pairs:
    """The pairs that count, where y is made of x as made_of (M, N) says: not 0.

    Those that are made of one another, or of the same member, lie too near to each other, and are left out; where no pair is left
    all weights are 0. known (K,): 1 for earlier members, strangers to all, and 0 where there is none yet. some: rows of x, of which
    fewer than all tell how far x is from anything.
    """
    m, n = made_of.shape
    known = made_of.new_zeros(0) if known is None else known
    rows_of_x = min(n, n if some is None else some)
    with torch.autocast(made_of.device.type, enabled=False):
        sources = torch.eye(n + m, dtype=known.dtype, device=known.device)
        sources[n:, :n] = made_of != 0
        rows = torch.cat([sources[:rows_of_x], sources[n:]])
        counted = torch.cat([rows @ sources.T == 0, known.repeat(2).expand(len(rows), -1)], 1)
        # Which rows and which columns belong to which set.
        in_x = torch.cat([known.new_ones(n), known.new_zeros(m), torch.ones_like(known), torch.zeros_like(known)])
        columns = torch.stack([in_x, 1 - in_x])
        of_rows = torch.cat([columns[:, :rows_of_x], columns[:, n : n + m]], 1)
        counts = of_rows @ counted @ columns.T
        signs = 1 - 2 * torch.arange(2, dtype=known.dtype, device=known.device)  # 1 and -1
        weights = counted * (of_rows.T @ (signs / counts.clamp_min(1)) @ columns) * (counts > 0).all()
        return Pairs(*weights.split([rows_of_x, m]))


def energy_distance(x: Tensor, y: Tensor, pairs: Pairs | None = None, earlier: Sequence[Tensor] = ()) -> Tensor:
    """How unlike two sets are, x (N, d) and y (M, d), as a share of how unlike two members of x are.

    The energy distance (Székely & Rizzo 2013) over the first of its terms that is of x alone:

        (2 E|x - y| - E|x - x'| - E|y - y'|) / E|x - x'|

    without bias where members are independent (so it may fall below 0); it is 0 on average where both are drawn from the same
    distribution, and only there. Its gradient is that of y: x is given. By default all pairs of different members count. With
    ``earlier``, (K, d) of x and of y, means are over pairs of a member of today with any (and E|x - y| is the mean of both ways to
    choose which of the two is of today).
    """
    pairs = count_pairs(x.new_zeros(len(y), len(x))) if pairs is None else pairs
    with torch.autocast(x.device.type, enabled=False):
        columns = torch.cat([x, y, *earlier]).detach()
        from_x = pairs.of_x * torch.cdist(x[: len(pairs.of_x)].detach(), columns)
        of_x, of_y = from_x.sum(), (pairs.of_y * torch.cdist(y, columns)).sum()
        within_x = from_x.clamp_min(0).sum()  # pairs with x have positive weights
        # y stands on either side of pairs, and columns are constants: the gradient of its own side, twice.
        return (2 * of_y - of_y.detach() - of_x) / within_x.clamp_min(1e-12)
