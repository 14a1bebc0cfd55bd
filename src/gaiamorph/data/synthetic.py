"""Synthetic sets with known truth: points in the plane from scikit-learn, and lines (Berthelot et al. 2018)."""

import numpy as np

PLANE_SETS = ("moons", "circles", "blobs", "s-curve", "swiss-roll")
SYNTHETIC_SETS = (*PLANE_SETS, "lines")
COUNTS = {"train": 10_000, "validation": 1_000, "test": 1_000}
"""Items of each split. The place of a split is part of its seed."""
BLOB_CENTRES = ((0.0, 2.0), (1.9, 0.6), (1.2, -1.6), (-1.2, -1.6), (-1.9, 0.6))
"""Five centres on a pentagon of radius 2."""
LINE_SIZE = 32


def draw(name: str, count: int, seed: int, split: str = "train") -> np.ndarray:
    """Fresh items for each (name, seed, split): points float32 (count, 2), or lines uint8 (count, 32, 32, 1).

    split: train, validation or test. Any other word gives items that no training ever sees.
    """
    salt = [[*COUNTS].index(split)] if split in COUNTS else [3, *split.encode()]
    state = np.random.SeedSequence([seed, SYNTHETIC_SETS.index(name), *salt])
    if name == "lines":
        return draw_lines(np.random.default_rng(state).uniform(0, 2 * np.pi, count))
    from sklearn import datasets

    make, options = {
        "moons": (datasets.make_moons, {"noise": 0.05}),
        "circles": (datasets.make_circles, {"noise": 0.03, "factor": 0.5}),
        "blobs": (datasets.make_blobs, {"centers": np.array(BLOB_CENTRES), "cluster_std": 0.4}),
        "s-curve": (datasets.make_s_curve, {"noise": 0.05}),
        "swiss-roll": (datasets.make_swiss_roll, {"noise": 0.3}),
    }[name]
    points = np.asarray(make(count, random_state=int(state.generate_state(1)[0]), **options)[0], dtype=np.float32)
    return points[:, [0, 2]] if points.shape[1] == 3 else points


def draw_splits(name: str, seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Fresh items of all splits together, and the indices of each split."""
    parts = [draw(name, count, seed, split) for split, count in COUNTS.items()]
    indices = np.split(np.arange(sum(COUNTS.values())), np.cumsum([*COUNTS.values()])[:-1])
    return np.concatenate(parts), dict(zip(COUNTS, indices, strict=True))


def draw_lines(angles: np.ndarray, size: int = LINE_SIZE) -> np.ndarray:
    """Anti-aliased lines from the centre to the edge, two pixels wide: uint8 (N, size, size, 1) for angles (N,) in radians.

    The brightness of a pixel is its coverage, computed from its distance to the line's axis.
    """
    middle = (size - 1) / 2
    y, x = np.mgrid[:size, :size] - middle
    direction = np.stack([np.cos(angles), np.sin(angles)])[:, :, None, None]
    along = np.clip(x * direction[0] + y * direction[1], 0, middle)
    distance = np.hypot(x - along * direction[0], y - along * direction[1])
    return np.round(255 * np.clip(1.5 - distance, 0, 1)).astype(np.uint8)[..., None]
