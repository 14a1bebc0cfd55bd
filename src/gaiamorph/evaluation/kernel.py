"""The kernel distance of two sets of features, and its standard error."""

from __future__ import annotations

import numpy as np

from gaiamorph.evaluation.jackknife import kept


def kernel_distance(
    a: np.ndarray, b: np.ndarray, groups_a: np.ndarray | None = None, groups_b: np.ndarray | None = None
) -> float:
    """Kernel distance of two sets of features (N, F) and (M, F). 0 is best; sampling noise may go below 0.

    It is the unbiased squared maximum mean discrepancy with the kernel (x.y / F + 1)^3 (Binkowski et al. 2018). Unlike a
    Fréchet distance it has no bias on small sets. It depends on the feature space.

    Items must be independent. Reconstructions are not independent of the items that they are compared with, nor are
    pictures of the same person. groups_a (N, k) and groups_b (M, l) are the groups that each item is made of. Pairs of
    items with a common group are left out of all three means.

    Raises ValueError if no pair is left in one of the means.
    """
    return float(_kernel_distances(a, b, groups_a, groups_b, np.ones((1, len(a))), np.ones((1, len(b))))[0])


def kernel_distances(
    a: np.ndarray, b: np.ndarray, groups_a: np.ndarray | None, groups_b: np.ndarray
) -> tuple[float, np.ndarray]:
    """`kernel_distance`, and its values (n,) without each block of the groups of b, for `standard_error`."""
    of = np.unique(groups_b)
    stay_b = kept(groups_b, of)
    stay_a = np.ones((len(stay_b), len(a)), bool) if groups_a is None else kept(groups_a, of)
    whole_a, whole_b = (np.vstack([np.ones_like(stay[:1]), stay]) for stay in (stay_a, stay_b))
    distance, *without = _kernel_distances(a, b, groups_a, groups_b, whole_a, whole_b)
    return float(distance), np.array(without)


def _kernel_distances(
    a: np.ndarray,
    b: np.ndarray,
    groups_a: np.ndarray | None,
    groups_b: np.ndarray | None,
    stay_a: np.ndarray,
    stay_b: np.ndarray,
) -> np.ndarray:
    """Distances (n,) between the items that stay, (n, N) and (n, M). NaN if no pair is left in a mean.

    Raises ValueError if the first is NaN.
    """

    def means(x: np.ndarray, y: np.ndarray, left_out: np.ndarray, stay_x: np.ndarray, stay_y: np.ndarray) -> np.ndarray:
        kernel = (x.astype(np.float64) @ y.astype(np.float64).T / x.shape[1] + 1) ** 3
        counted = 1.0 - left_out
        sums, counts = (((stay_x @ of) * stay_y).sum(1) for of in (kernel * counted, counted))
        return np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)

    itself_a, itself_b = np.eye(len(a), dtype=bool), np.eye(len(b), dtype=bool)
    within_a = means(a, a, related(groups_a, groups_a, len(a), len(a)) | itself_a, stay_a, stay_a)
    within_b = means(b, b, related(groups_b, groups_b, len(b), len(b)) | itself_b, stay_b, stay_b)
    between = means(a, b, related(groups_a, groups_b, len(a), len(b)), stay_a, stay_b)
    distances = within_a + within_b - 2 * between
    if np.isnan(distances[0]):
        raise ValueError("two sets of at least two unrelated items each are needed")
    return distances


def related(groups_a: np.ndarray | None, groups_b: np.ndarray | None, n: int, m: int) -> np.ndarray:
    """(n, m) boolean: the items have one of their groups (n, k) and (m, l) in common. Without groups none have."""
    if groups_a is None or groups_b is None:
        return np.zeros((n, m), bool)
    return np.logical_or.reduce([one[:, None] == other for one in groups_a.T for other in groups_b.T])
