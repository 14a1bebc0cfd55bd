"""How much a figure owes to who happens to be among the held-out items: the jackknife (Efron & Stein 1981).

Items of one group (photographs of one person) are left out together, and the figure is worked out from the rest, group by group.
"""

from __future__ import annotations

import numpy as np

BLOCKS = 50
"""Groups are left out one by one; where there are more than so many, in so many blocks."""


def kept(groups: np.ndarray, of: np.ndarray) -> np.ndarray:
    """(n, N), boolean: which items stay when one block after another of the groups ``of`` (sorted, no group twice) is left out.

    groups (N, k): those that each item is made of; it goes with any of them.
    """
    n = min(len(of), BLOCKS)
    place = np.searchsorted(of, groups).clip(max=len(of) - 1)
    block = np.where(of[place] == groups, place % n, -1)
    return (block != np.arange(n)[:, None, None]).all(-1)


def standard_error(without: np.ndarray) -> float | None:
    """Of a figure that is ``without`` (n,) when one block after another is left out. None where that is not known for each of at
    least two."""
    n = len(without)
    if n < 2 or not np.isfinite(without).all():
        return None
    return float(np.sqrt((n - 1) * without.var()))
