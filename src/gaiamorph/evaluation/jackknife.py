"""The jackknife (Efron & Stein 1981): the standard error of a metric over the choice of held-out groups.

The metric is computed again without each group (all photographs of one person) in turn.
"""

from __future__ import annotations

import numpy as np

BLOCKS = 50
"""Groups are left out one by one. More groups than this are left out in this many blocks."""


def kept(groups: np.ndarray, of: np.ndarray) -> np.ndarray:
    """(n, N) boolean: the items that stay without each block of the groups ``of`` (sorted and unique).

    groups (N, k): the groups that each item is made of. An item leaves with any of them.
    """
    n = min(len(of), BLOCKS)
    place = np.searchsorted(of, groups).clip(max=len(of) - 1)
    block = np.where(of[place] == groups, place % n, -1)
    return (block != np.arange(n)[:, None, None]).all(-1)


def standard_error(without: np.ndarray) -> float | None:
    """Standard error of a metric from its values ``without`` (n,) each block. None for fewer than two finite values."""
    n = len(without)
    if n < 2 or not np.isfinite(without).all():
        return None
    return float(np.sqrt((n - 1) * without.var()))
