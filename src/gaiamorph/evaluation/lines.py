"""The lines task (Berthelot et al. 2018, arXiv 1807.07543): whether paths between lines consist of lines and turn evenly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from gaiamorph.data.synthetic import draw_lines
from gaiamorph.evaluation.case import Case, Metric, straight_paths

TRUE_LINES = 10_000
PAIRS, STEPS = 256, 16
FLAT = 1e-4
"""Radians. A path that turns less in all is flat. Otherwise paths that repeat one line would score best."""


@dataclass(frozen=True)
class Lines:
    """mean_distance and smoothness: 0 is best. flat: share of paths that do not turn; above 1 % the others mean nothing."""

    mean_distance: float
    smoothness: float
    flat: float


@cache
def _true_lines() -> tuple[np.ndarray, np.ndarray]:
    """Angles (10000,) and unit vectors (10000, 1024)."""
    angles = 2 * np.pi * np.arange(TRUE_LINES) / TRUE_LINES
    return angles, _unit(draw_lines(angles))


def _unit(pictures: np.ndarray) -> np.ndarray:
    """uint8 (N, 32, 32, 1) -> float32 (N, 1024) of length 1, from pixels in [-1, 1]."""
    flat = pictures.reshape(len(pictures), -1).astype(np.float32) / 127.5 - 1
    return flat / np.linalg.norm(flat, axis=1, keepdims=True)


def measure(paths: np.ndarray) -> Lines:
    """paths: uint8 (P, S, 32, 32, 1), both ends included.

    mean distance: the smallest cosine distance of a picture to 10,000 true lines, averaged over pictures.
    smoothness: the largest change of angle of a path as a share of its whole turn, minus 1 / (S - 1), averaged over paths.
    Flat paths count as 0.
    """
    count, steps = paths.shape[:2]
    angles, true = _true_lines()
    parts = np.array_split(_unit(paths.reshape(-1, *paths.shape[2:])), max(1, count * steps // 512))
    best = [(similar.max(1), similar.argmax(1)) for similar in (part @ true.T for part in parts)]
    cosine, nearest = map(np.concatenate, zip(*best, strict=True))
    distance = np.maximum(0, 1 - cosine.astype(np.float64))
    turned = np.unwrap(angles[nearest].reshape(count, steps), axis=1)
    total = np.abs(turned[:, -1] - turned[:, 0])
    flat = total < FLAT
    largest = np.abs(np.diff(turned, axis=1)).max(1)
    smoothness = np.where(flat, 0, largest / np.where(flat, 1, total) - 1 / (steps - 1))
    return Lines(float(distance.mean()), float(smoothness.mean()), float(flat.mean()))


def lines(case: Case) -> Iterator[Metric]:
    """For ``sample:lines`` only: 256 paths of 16 pictures between fresh lines."""
    if not case.space.can_encode or not case.data.source.startswith("sample:lines"):
        return
    rng = np.random.default_rng([case.seed, 26])
    ends = np.stack([case.space.encode(draw_lines(rng.uniform(0, 2 * np.pi, PAIRS))) for _ in range(2)], 1)
    found = measure(straight_paths(case.space, ends, STEPS))
    yield Metric("lines/mean distance", found.mean_distance, "cosine", "lower", "distance of paths from true lines")
    yield Metric("lines/smoothness", found.smoothness, "of whole turn", "lower", "uneven turning of paths; 0 is even")
    yield Metric("lines/flat paths", found.flat, "of 1", "lower", "share of paths that do not turn; must be below 0.01")
