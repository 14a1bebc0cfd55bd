"""Paths: whether steps are even and approach the end, and whether items stay realistic all the way (convexity)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from gaiamorph.evaluation.case import Case, Metric
from gaiamorph.evaluation.kernel import kernel_distances

PATHS, STEPS = 50, 11
WEIGHTS = np.linspace(0, 1, 11)
PAIRS_OF_CURVE = 200


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
    items = case.paths(PATHS, STEPS)
    meaning = "unevenness of the perceived steps of a continuum: sd of step lengths over their mean"
    for space in case.feature_spaces:
        paths = case.features(space, items.reshape(-1, *items.shape[2:])).reshape(PATHS, STEPS, -1)
        uneven, nearer = (float(np.mean([f(points) for points in paths])) for f in (evenness, approach))
        yield Metric(f"path evenness/{space}", uneven, "of mean step", "lower", meaning)
        yield Metric(f"path approach/{space}", nearer, "of 1", "higher", "share of steps that approach the second end")


@lru_cache(maxsize=1)
def along(case: Case) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernel distance of decoded points from held-out real items, at weights 0, 0.1, ... 1 between the pairs.

    By feature space: distances (11,), and distances (11, n) with one block of groups left out after another.
    """
    items = [case.between(w, PAIRS_OF_CURVE) for w in WEIGHTS]
    groups = case.code_groups[case.pairs[:PAIRS_OF_CURVE]], case.groups[:, None]
    found = {}
    for space, real in case.real_features.items():
        distances, without = zip(
            *(kernel_distances(case.features(space, made), real, *groups) for made in items), strict=True
        )
        found[space] = np.array(distances), np.array(without)
    return found


def convexity(case: Case) -> Iterator[Metric]:
    """The kernel distance at the middle minus the mean of the ends."""
    meaning = "kernel distance halfway between two items, minus that at the ends; 0 for a convex set of codes"
    for space, curves in along(case).items():
        gap, without = (of[len(of) // 2] - (of[0] + of[-1]) / 2 for of in curves)
        yield Metric(
            f"convexity gap/{space}", float(gap), f"{space} features", "lower", meaning, tuple(without.tolist())
        )
