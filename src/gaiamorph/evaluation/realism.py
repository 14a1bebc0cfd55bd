"""Realism: whether generated items are like real ones, and whether paths between two items stay so and are even."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from scipy.spatial.distance import cdist

from gaiamorph.data.synthetic import draw_lines
from gaiamorph.evaluation.case import FLOOR, PAIRS, Case, Metric

Groups = np.ndarray | None
"""(N, k): the groups that each item is made of. None: each item is its own group."""
BLOCKS = 50
"""Groups are left out one by one. More groups than this are left out in this many blocks."""
ITEMS_PER_FEATURE = 2
"""A Fréchet distance needs this many items a feature in both sets. With fewer it is mostly bias."""
WEIGHTS, PAIRS_OF_CURVE = np.linspace(0, 1, 11), 200
"""Weights and pairs of the distances along paths."""
PATHS, STEPS = 50, 11
"""Paths, and items of each, whose steps are measured."""
TRUE_LINES, LINE_PATHS, LINE_STEPS = 10_000, 256, 16
FLAT = 1e-4
"""Radians. A path of lines that turns less in all is flat. Otherwise paths that repeat one line would score best."""


def kernel_distance(a: np.ndarray, b: np.ndarray, groups_a: Groups = None, groups_b: Groups = None) -> float:
    """Kernel distance of two sets of features (N, F) and (M, F). 0 is best; sampling noise may go below 0.

    It is the unbiased squared maximum mean discrepancy with the kernel (x.y / F + 1)^3 (Binkowski et al. 2018). Unlike a
    Fréchet distance it has no bias on small sets. It depends on the feature space.

    Items must be independent. Reconstructions are not independent of the items that they are compared with, nor are
    pictures of the same person. Pairs of items with a common group are left out of all three means. Raises ValueError if
    no pair is left in one of them.
    """
    return kernel_distances(a, b, groups_a, groups_b)[0]


def kernel_distances(a: np.ndarray, b: np.ndarray, groups_a: Groups, groups_b: Groups) -> tuple[float, np.ndarray]:
    """`kernel_distance`, and its values (n,) without each block of the groups of b. NaN if no pair is left in a mean."""
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
    """(n, N) boolean: the items that stay without each block of the groups ``of`` (sorted, unique). Any group takes its items."""
    n = min(len(of), BLOCKS)
    place = np.searchsorted(of, groups).clip(max=len(of) - 1)
    block = np.where(of[place] == groups, place % n, -1)
    return (block != np.arange(n)[:, None, None]).all(-1)


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance of Gaussians fitted to features (N, F) and (M, F) (Heusel et al. 2017).

    |mean_a - mean_b|^2 + trace(C_a + C_b - 2 (C_a C_b)^(1/2))
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    covariance_a, covariance_b = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    # trace((C_a C_b)^(1/2)) is the sum of the roots of the eigenvalues, which are real and not negative.
    eigenvalues = np.linalg.eigvals(covariance_a @ covariance_b).real.clip(0)
    means = ((a.mean(0) - b.mean(0)) ** 2).sum()
    return float(means + np.trace(covariance_a) + np.trace(covariance_b) - 2 * np.sqrt(eigenvalues).sum())


def precision_recall(made: np.ndarray, real: np.ndarray) -> tuple[float, float]:
    """Improved precision and recall (Kynkäänniemi et al. 2019) of features (N, F) and (M, F).

    precision: share of made items that lie in the hypersphere of a real item, whose radius is the distance to its third
    nearest real item. recall: the same with both sets exchanged.
    """

    def share(points: np.ndarray, centres: np.ndarray) -> float:
        radii = np.sort(cdist(centres, centres), 1)[:, min(3, len(centres) - 1)]
        return float((cdist(points, centres) <= radii).any(1).mean())

    return share(made, real), share(real, made)


def realism(case: Case) -> Iterator[Metric]:
    """Kernel distance, precision and recall of seven sets of items in each feature space.

    Mixtures are of five codes each, with Dirichlet shares. Blends mix values instead of codes, as interpolants do.
    The floor is the score of training items: real items against other real items.
    """
    of_two = case.code_groups[case.pairs]
    rng = np.random.default_rng([case.seed, 23])
    five, shares = rng.integers(0, len(case.z), (PAIRS, 5)), rng.dirichlet(np.ones(5), PAIRS)
    mixtures = case.space.decode_items(np.einsum("nk,nkd->nd", shares, case.z[five]))
    a, b = case.real[case.pairs.T]
    sets: dict[str, tuple[np.ndarray, Groups]] = {
        "interpolants": (case.interpolants, of_two),
        "midpoints": (case.midpoints, of_two),
        "mixtures of five": (mixtures, case.code_groups[five]),
        "reconstructions": (case.reconstructions, case.code_groups[:, None]),
        "samples": (case.space.decode_items(case.space.sample_codes(len(case.real), seed=case.seed)), None),
        "blends of values": (case.data.kind.blend(a, b, case.weights), case.groups[case.pairs]),
        FLOOR: (case.training, case.all_groups[case.training_indices][:, None]),
    }
    for space, real in case.real_features.items():
        unit = f"{space} features"
        for name, (items, groups) in sets.items():
            made = case.features(space, items)
            distance, without = kernel_distances(made, real, groups, case.groups[:, None])
            meaning = f"distance of {name}, as a set, from held-out real items of other groups; the floor is that of real items"
            yield Metric(f"kernel distance/{space}/{name}", distance, unit, "lower", meaning, tuple(without.tolist()))
            if min(len(made), len(real)) >= ITEMS_PER_FEATURE * real.shape[1]:
                frechet, meaning = frechet_distance(made, real), f"Fréchet distance of {name} from held-out real items"
                yield Metric(f"frechet distance/{space}/{name}", frechet, unit, "lower", meaning)
            precision, recall = precision_recall(made, real)
            yield Metric(f"precision/{space}/{name}", precision, "of 1", "higher", f"share of {name} that look real")
            yield Metric(f"recall/{space}/{name}", recall, "of 1", "higher", f"share of real items that {name} reach")


@lru_cache(maxsize=1)
def along(case: Case) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernel distance of decoded points from held-out real items, at weights 0, 0.1, ... 1 between the pairs.

    By feature space: distances (11,), and distances (11, n) with one block of groups left out after another.
    """
    items = [case.between(w, PAIRS_OF_CURVE) for w in WEIGHTS]
    groups = case.code_groups[case.pairs[:PAIRS_OF_CURVE]], case.groups[:, None]
    found = {}
    for space, real in case.real_features.items():
        each = [kernel_distances(case.features(space, made), real, *groups) for made in items]
        found[space] = np.array([distance for distance, _ in each]), np.array([without for _, without in each])
    return found


def convexity(case: Case) -> Iterator[Metric]:
    """The kernel distance at the middle minus the mean of the ends."""
    meaning = "kernel distance halfway between two items, minus that at the ends; 0 for a convex set of codes"
    for space, curves in along(case).items():
        gap, without = (of[len(of) // 2] - (of[0] + of[-1]) / 2 for of in curves)
        unit, without = f"{space} features", tuple(without.tolist())
        yield Metric(f"convexity gap/{space}", float(gap), unit, "lower", meaning, without)


def evenness(points: np.ndarray) -> float:
    """Standard deviation of the step lengths of a path (..., S, F), over their mean. 0 is even. The mean over paths."""
    lengths = np.linalg.norm(np.diff(points, axis=-2), axis=-1)
    return float((lengths.std(-1) / np.maximum(lengths.mean(-1), 1e-12)).mean())


def approach(points: np.ndarray) -> float:
    """Share of the steps of paths (..., S, F) that approach the last point. 1 is a monotone approach."""
    distances = np.linalg.norm(points - points[..., -1:, :], axis=-1)
    return float((np.diff(distances) < 0).mean())


def path(case: Case) -> Iterator[Metric]:
    """Means over straight paths of 11 steps between the pairs, in each feature space."""
    items = case.paths(case.z[case.pairs[:PATHS]], STEPS)
    meaning = "unevenness of the perceived steps of a continuum: sd of step lengths over their mean"
    for space in case.feature_spaces:
        paths = case.features(space, items.reshape(-1, *items.shape[2:])).reshape(PATHS, STEPS, -1)
        yield Metric(f"path evenness/{space}", evenness(paths), "of mean step", "lower", meaning)
        nearer = "share of steps that approach the second end"
        yield Metric(f"path approach/{space}", approach(paths), "of 1", "higher", nearer)


def measure_lines(paths: np.ndarray) -> tuple[float, float, float]:
    """The lines task (Berthelot et al. 2018, arXiv 1807.07543) on paths uint8 (P, S, 32, 32, 1), both ends included.

    mean distance: the smallest cosine distance of a picture to 10,000 true lines, averaged over pictures. 0 is best.
    smoothness: the largest change of angle of a path as a share of its whole turn, minus 1 / (S - 1), averaged over paths.
    0 is best. Flat paths, which do not turn, count as 0. Their share is the third figure. Above 0.01 the others mean nothing.
    """
    from sklearn.metrics import pairwise_distances_argmin_min

    count, steps = paths.shape[:2]
    angles = 2 * np.pi * np.arange(TRUE_LINES) / TRUE_LINES
    drawn, true = (
        pictures.reshape(-1, 32 * 32).astype(np.float32) / 127.5 - 1 for pictures in (paths, draw_lines(angles))
    )
    nearest, distance = pairwise_distances_argmin_min(drawn, true, metric="cosine")
    turned = np.unwrap(angles[nearest].reshape(count, steps), axis=1)
    total = np.abs(turned[:, -1] - turned[:, 0])
    flat = total < FLAT
    largest = np.abs(np.diff(turned, axis=1)).max(1)
    smoothness = np.where(flat, 0, largest / np.where(flat, 1, total) - 1 / (steps - 1))
    return float(distance.mean(dtype=np.float64)), float(smoothness.mean()), float(flat.mean())


def lines(case: Case) -> Iterator[Metric]:
    """For ``sample:lines`` only: 256 paths of 16 pictures between fresh lines."""
    if not case.space.can_encode or not case.data.source.startswith("sample:lines"):
        return
    rng = np.random.default_rng([case.seed, 26])
    ends = np.stack([case.space.encode(draw_lines(rng.uniform(0, 2 * np.pi, LINE_PATHS))) for _ in range(2)], 1)
    distance, smoothness, flat = measure_lines(case.paths(ends, LINE_STEPS))
    yield Metric("lines/mean distance", distance, "cosine", "lower", "distance of paths from true lines")
    yield Metric("lines/smoothness", smoothness, "of whole turn", "lower", "uneven turning of paths; 0 is even")
    yield Metric("lines/flat paths", flat, "of 1", "lower", "share of paths that do not turn; must be below 0.01")
