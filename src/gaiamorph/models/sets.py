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
    """The pairs that an energy distance is a mean over: of rows (members of today) with columns (x, y, earlier x, earlier y)."""

    of_today: Tensor
    """(R, N + M): 1 for those rows and columns of today that count, else 0."""
    known: Tensor
    """(K,): 1 for earlier members of a set, which count in every row, and 0 where there is none yet."""


def count_pairs(made_of: Tensor, known: Tensor | None = None, some: int | None = None) -> Pairs:
    """The pairs that count, where y is made of x as made_of (M, N) says: not 0.

    Those that are made of one another, or of the same member, lie too near to each other, and are left out. known (K,): 1 for
    earlier members, strangers to all, and 0 where there is none yet. some: rows of x, of which fewer than all tell how far x is
    from anything.
    """
    m, n = made_of.shape
    known = made_of.new_zeros(0) if known is None else known
    rows_of_x = min(n, n if some is None else some)
    with torch.autocast(made_of.device.type, enabled=False):
        sources = torch.eye(n + m, dtype=known.dtype, device=known.device)
        sources[n:, :n] = made_of != 0
        of_today = torch.cat([sources[:rows_of_x], sources[n:]]) @ sources.T == 0
        return Pairs(of_today.to(known.dtype), known)


def energy_distance(x: Tensor, y: Tensor, pairs: Pairs | None = None, earlier: Sequence[Tensor] = ()) -> Tensor:
    """How unlike two sets are, x (N, d) and y (M, d), as a share of how unlike two members of x are.

    The energy distance (Székely & Rizzo 2013) over the first of its terms that is of x alone:

        (2 E|x - y| - E|x - x'| - E|y - y'|) / E|x - x'|

    without bias where members are independent (so it may fall below 0); it is 0 on average where both are drawn from the same
    distribution, and only there. Its gradient is that of y: x is given. By default all pairs of different members count; where no
    pair of some kind does, it is 0. With ``earlier``, (K, d) of x and of y, means are over pairs of a member of today with any (and
    E|x - y| is the mean of both ways to choose which of the two is of today).
    """
    pairs = count_pairs(x.new_zeros(len(y), len(x))) if pairs is None else pairs
    with torch.autocast(x.device.type, enabled=False):
        distance, gradient = _distance_and_gradient(
            x.detach(), y.detach(), Pairs(*(p.to(x.dtype) for p in pairs)), earlier
        )
        return distance + ((y - y.detach()) * gradient).sum()


@torch.no_grad()
def _distance_and_gradient(x: Tensor, y: Tensor, pairs: Pairs, earlier: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """What `energy_distance` is, and its gradient (M, d) with respect to y.

    In sums over whole rows: a weight for each pair would be as much to write and read as the distances themselves.
    """
    (n, m), (of_today, known) = (len(x), len(y)), pairs
    rows_of_x = len(of_today) - m
    columns = torch.cat([x, y, *earlier])
    distances = torch.cdist(torch.cat([x[:rows_of_x], y]), columns)
    distances[:, : n + m] *= of_today
    # Which rows and which columns belong to which set: (2, rows) and (columns, 2).
    in_x = torch.cat([known.new_ones(n), known.new_zeros(m), known, torch.zeros_like(known)])
    in_y = torch.cat([known.new_zeros(n), known.new_ones(m), torch.zeros_like(known), known])
    of_columns = torch.stack([in_x, in_y], 1)
    of_rows = torch.cat([of_columns[:rows_of_x], of_columns[n : n + m]]).T
    counts = of_rows @ (of_today @ of_columns[: n + m] + known.sum())
    shares = (counts > 0).all() / counts.clamp_min(1)
    means = of_rows @ (distances @ of_columns) * shares
    within_x = means[0, 0].clamp_min(1e-12)

    signs = 1 - 2 * torch.arange(2, dtype=known.dtype, device=known.device)  # 1 and -1: nearer to x, away from y
    weights = of_columns @ (signs * shares[1])
    # What does not count, or lies in one place with y, pulls in no direction: as from infinitely far.
    inverse = functional.threshold(distances[rows_of_x:], 0, torch.inf).reciprocal_()
    pulls = inverse @ (weights[:, None] * torch.cat([columns, torch.ones_like(columns[:, :1])], 1))
    # y stands on either side of pairs, and columns are constants: the gradient of its own side, twice.
    gradient = 2 * (y * pulls[:, -1:] - pulls[:, :-1]) / within_x
    return (means[0, 1] + means[1, 0] - means[0, 0] - means[1, 1]) / within_x, gradient
