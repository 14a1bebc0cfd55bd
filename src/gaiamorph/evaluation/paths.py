"""Paths: whether their steps are even and approach the end, and the lines task (Berthelot et al. 2018, arXiv 1807.07543)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gaiamorph.data.synthetic import draw_lines
from gaiamorph.evaluation.case import Case, Metric

PATHS, STEPS = 50, 11
TRUE_LINES, LINE_PATHS, LINE_STEPS = 10_000, 256, 16
FLAT = 1e-4
"""Radians. A path that turns less in all is flat. Otherwise paths that repeat one line would score best."""


def evenness(points: np.ndarray) -> float:
    """Standard deviation of the step lengths of a path (S, F), divided by their mean. 0 is even."""
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return float(lengths.std() / max(lengths.mean(), 1e-12))


def approach(points: np.ndarray) -> float:
    """Share of the steps of a path (S, F) that approach its last point. 1 is a monotone approach."""
    distances = np.linalg.norm(points - points[-1], axis=1)
    return float((np.diff(distances) < 0).mean())


def path(case: Case) -> Iterator[Metric]:
    """Means over straight paths of 11 steps between the pairs, in each feature space."""
    items = case.paths(case.z[case.pairs[:PATHS]], STEPS)
    meaning = "unevenness of the perceived steps of a continuum: sd of step lengths over their mean"
    for space in case.feature_spaces:
        paths = case.features(space, items.reshape(-1, *items.shape[2:])).reshape(PATHS, STEPS, -1)
        uneven, nearer = (float(np.mean([f(points) for points in paths])) for f in (evenness, approach))
        yield Metric(f"path evenness/{space}", uneven, "of mean step", "lower", meaning)
        yield Metric(f"path approach/{space}", nearer, "of 1", "higher", "share of steps that approach the second end")


@dataclass(frozen=True)
class Lines:
    """mean_distance and smoothness: 0 is best. flat: share of paths that do not turn; above 1 % the others mean nothing."""

    mean_distance: float
    smoothness: float
    flat: float


def measure_lines(paths: np.ndarray) -> Lines:
    """paths: uint8 (P, S, 32, 32, 1), both ends included.

    mean distance: the smallest cosine distance of a picture to 10,000 true lines, averaged over pictures.
    smoothness: the largest change of angle of a path as a share of its whole turn, minus 1 / (S - 1), averaged over paths.
    Flat paths count as 0.
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
    return Lines(float(distance.mean(dtype=np.float64)), float(smoothness.mean()), float(flat.mean()))


def lines(case: Case) -> Iterator[Metric]:
    """For ``sample:lines`` only: 256 paths of 16 pictures between fresh lines."""
    if not case.space.can_encode or not case.data.source.startswith("sample:lines"):
        return
    rng = np.random.default_rng([case.seed, 26])
    ends = np.stack([case.space.encode(draw_lines(rng.uniform(0, 2 * np.pi, LINE_PATHS))) for _ in range(2)], 1)
    found = measure_lines(case.paths(ends, LINE_STEPS))
    yield Metric("lines/mean distance", found.mean_distance, "cosine", "lower", "distance of paths from true lines")
    yield Metric("lines/smoothness", found.smoothness, "of whole turn", "lower", "uneven turning of paths; 0 is even")
    yield Metric("lines/flat paths", found.flat, "of 1", "lower", "share of paths that do not turn; must be below 0.01")
