"""How unlike two sets of items are: what items do not show one by one."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gaiamorph.models.base import of_first_rank
from gaiamorph.models.losses import squared_distances

SIDE = 16
"""Of the small versions of pictures that are compared as sets."""
REMEMBERED = 16
"""Items of a step that the next ones remember. So few that they travel between processes in no time; of one process alone, so
that memories are the same in all of them, and in one that does what they do."""


class SetDistance(nn.Module):
    """E of GAIA: the energy distance of made items from real ones, over several views of them.

    A batch is small, and what it happens to hold says little of the sets: it is compared with items of steps before, too.
    """

    earlier: Tensor
    """(2, memory, d): views of real and of made items."""
    known: Tensor
    """(memory,): 1 for each of them, 0 where there is none yet."""

    def __init__(self, shape: tuple[int, ...], edges: float, memory: int) -> None:
        """edges: weight of the second view; see `views`. memory: how many items of steps before, of each set."""
        super().__init__()
        self.edges, self.memory = edges, memory
        self.widths = [view.shape[1] for view in views(torch.zeros(1, *shape))]
        self.register_buffer("earlier", torch.zeros(2, memory, sum(self.widths)))
        self.register_buffer("known", torch.zeros(memory))

    def forward(self, x: Tensor, y: Tensor, made_of: Tensor) -> tuple[Tensor, Tensor]:
        """E of y (B, *shape), made of x (B, *shape) as made_of (B, B) says; and what was compared, for `remember`."""
        compared = torch.stack([torch.cat(views(items), 1).to(x.dtype) for items in (x, y)])
        parts = zip(compared.split(self.widths, 2), self.earlier.split(self.widths, 2), strict=True)
        first, *others = (
            energy_distance(now[0], now[1], made_of, Earlier(before[0], before[1], self.known)) for now, before in parts
        )
        return first + self.edges * sum(others), compared.detach()

    def remember(self, compared: Tensor) -> None:
        """Keep some of what was compared for the next steps, in place of what has been there for longest."""
        fresh = of_first_rank(compared[:, :REMEMBERED])
        self.earlier = torch.cat([fresh, self.earlier], 1)[:, : self.memory]
        self.known = torch.cat([self.known.new_ones(fresh.shape[1]), self.known])[: self.memory]


def views(x: Tensor) -> tuple[Tensor, ...]:
    """What of items is compared, (B, d) each. Of vectors (B, D): themselves. Of pictures (B, C, H, W), as `SIDE` x `SIDE` means:
    how light they are, and, of the mean of their channels, how strong edges are (absolute differences of neighbours)."""
    if x.ndim == 2:
        return (x,)
    size = min(SIDE, *x.shape[2:])
    grey = x.mean(1, keepdim=True)
    edges = (grey.diff(dim=dimension).abs() for dimension in (2, 3))
    light, *edges = (functional.adaptive_avg_pool2d(values, size).flatten(1) for values in (x, *edges))
    return light, torch.cat(edges, 1)


class Earlier(NamedTuple):
    """Members of two sets from steps before, strangers to those of today."""

    x: Tensor
    """(K, d)"""
    y: Tensor
    """(K, d)"""
    known: Tensor
    """(K,): 1, or 0 where there is none yet."""


def energy_distance(x: Tensor, y: Tensor, made_of: Tensor | None = None, earlier: Earlier | None = None) -> Tensor:
    """How unlike two sets are, x (N, d) and y (M, d), as a share of how unlike two members of x are.

    The energy distance (Székely & Rizzo 2013) over the first of its terms that is of x alone:

        (2 E|x - y| - E|x - x'| - E|y - y'|) / E|x - x'|

    without bias where members are independent (so it may fall below 0); it is 0 on average where both are drawn from the same
    distribution, and only there. Its gradient is that of y: x is given.

    Where y is made of x, made_of (M, N) says of which: not 0. Pairs that are made of one another, or of the same member, lie too
    near to each other, and are left out; where no pair is left the distance is 0. With ``earlier``, the means are over pairs of a
    member of x or y with any of today or earlier (E|x - y| as the mean of both ways to choose which of the two is of today).
    """
    n, m = len(x), len(y)
    with torch.autocast(x.device.type, enabled=False):
        rows = torch.cat([x.detach(), y.to(x.dtype)])
        sources = torch.eye(n + m, dtype=x.dtype, device=x.device)
        if made_of is not None:
            sources = torch.cat([sources[:n, :n], (made_of != 0).to(x.dtype)])
        counted = (sources @ sources.T == 0).to(x.dtype)
        columns, is_y = rows.detach(), torch.arange(n + m, device=x.device) >= n
        if earlier is not None:
            k = len(earlier.known)
            columns = torch.cat([columns, earlier.x, earlier.y])
            counted = torch.cat([counted, earlier.known.repeat(2).expand(n + m, -1)], 1)
            is_y = torch.cat([is_y, torch.arange(2 * k, device=x.device) >= k])
        of = torch.stack([~is_y, is_y], 1).to(x.dtype)
        # Rows x and y, columns X and Y: how far members of today are from those of the one and of the other set.
        sums, counts = (
            torch.stack([(values @ of)[:n].sum(0), (values @ of)[n:].sum(0)])
            for values in (counted * distances(rows, columns), counted)
        )
        (x_to_X, x_to_Y), (y_to_X, y_to_Y) = sums / counts.clamp_min(1)
        # y stands on either side of pairs, and columns are constants: the gradient of its own side, twice.
        of_y = y_to_X - y_to_Y
        distance = 2 * of_y - of_y.detach() + x_to_Y - x_to_X
        return torch.where(counts.min() > 0, distance / x_to_X.clamp_min(1e-12), 0)


def distances(x: Tensor, y: Tensor) -> Tensor:
    """Euclidean distances (N, M) of x (N, d) from y (M, d). Where two are alike up to rounding it is 0, and so is its gradient."""
    squares = squared_distances(x, y)
    precision = torch.finfo(squares.dtype)
    smallest = 32 * precision.eps * squares.detach().mean() + precision.tiny
    return torch.where(squares > smallest, squares.clamp_min(smallest).sqrt(), 0)
