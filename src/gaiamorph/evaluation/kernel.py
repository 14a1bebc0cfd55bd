"""The kernel distance of two sets of features, and its standard error by the jackknife (Efron & Stein 1981)."""

from __future__ import annotations

import numpy as np

BLOCKS = 50
"""Groups are left out one by one. More groups than this are left out in this many blocks."""


def kernel_distance(
    a: np.ndarray, b: np.ndarray, groups_a: np.ndarray | None = None, groups_b: np.ndarray | None = None
) -> float:
    """Kernel distance of two sets of features (N, F) and (M, F). 0 is best; sampling noise may go below 0.

    It is the unbiased squared maximum mean discrepancy with the kernel (x.y / F + 1)^3 (Binkowski et al. 2018). Unlike a
    Fréchet distance it has no bias on small sets. It depends on the feature space.

    Items must be independent. Reconstructions are not independent of the items that they are compared with, nor are
    pictures of the same person. groups_a (N, k) and groups_b (M, l) are the groups that each item is made of; by default,
    each item is its own group. Pairs of items with a common group are left out of all three means.

    Raises ValueError if no pair is left in one of the means.
    """
    return kernel_distances(a, b, groups_a, groups_b)[0]


def kernel_distances(
    a: np.ndarray, b: np.ndarray, groups_a: np.ndarray | None, groups_b: np.ndarray | None
) -> tuple[float, np.ndarray]:
    """`kernel_distance`, and its values (n,) without each block of the groups of b, for `standard_error`.

    A value is NaN if no pair is left in a mean.
    """
    # Negative numbers are groups that no real item has.
    alone = -1 - np.arange(len(a) + len(b))[:, None]
    groups_a = alone[: len(a)] if groups_a is None else groups_a
    groups_b = alone[len(a) :] if groups_b is None else groups_b
    of = np.unique(groups_b)
    # The first row keeps all items.
    stay_a, stay_b = (np.vstack([np.ones(len(g)), kept(g, of)]) for g in (groups_a, groups_b))
    sides = (a, groups_a, stay_a), (b, groups_b, stay_b)

    def means(one: int, other: int) -> np.ndarray:
        (x, groups_x, stay_x), (y, groups_y, stay_y) = sides[one], sides[other]
        kernel = (x.astype(np.float64) @ y.astype(np.float64).T / x.shape[1] + 1) ** 3
        counted = ~np.logical_or.reduce([g[:, None] == h for g in groups_x.T for h in groups_y.T])
        sums, counts = (((stay_x @ of_pairs) * stay_y).sum(1) for of_pairs in (kernel * counted, counted))
        return np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)

    distance, *without = means(0, 0) + means(1, 1) - 2 * means(0, 1)
    if np.isnan(distance):
        raise ValueError("two sets of at least two unrelated items each are needed")
    return float(distance), np.array(without)


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
