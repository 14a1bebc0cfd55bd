"""Doubled edges: where a frame between two photographs shows two outlines, half transparent, instead of one.

An edge of a cross-fade is two edges. They are parallel, both go from dark to light the same way, and brightness does not turn
back between them. Each has part of the contrast that the edge has in the photographs. Photographs have such pairs too, such as
an eyelid and its fold, so their share is taken off. An edge that moved, or a soft one, has no second edge beside it.
"""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, maximum_filter

SCALE, LEAST_SCALE = 1 / 200, 1.0
"""Standard deviation of the Gaussian before edges are found: as a share of the side, and at least so many pixels.
Edges nearer than about three of it count as one soft edge. Hair has many fine edges side by side, and finer scales see them."""
FARTHEST = 3 / 16
"""Largest distance of the two edges, as a share of the side."""
FAINTEST = 0.035
"""Least slope of an edge, in standard deviations of the picture's brightness a pixel."""
ACROSS = (-2, 2)
"""Where the brightness on both sides of an edge is read, in standard deviations of the Gaussian."""
ALIKE = 0.3
"""Least slope of the weaker of the two edges, relative to the other one."""
VALLEY, BACK = 0.8, 0.15
"""Slope between the two edges, relative to the edge: it falls below the first, and never turns back by more than the second."""
PARALLEL = 0.8
"""Cosine of the largest angle between two parallel edges."""
WHOLE = 0.9
"""The photographs have an edge nearby with this share of the two edges' contrast together, or more. Otherwise the edges are two."""
DIRECTIONS, CELL = 16, 4
"""Directions, and pixels of a cell's side, in which the strongest edge nearby is looked up."""


class Edges(NamedTuple):
    """Edge pixels (N,) of a picture: where they are, in pixels.

    step: change of brightness across the edge, in standard deviations of the picture. Blur changes it less than the slope.
    direction: angle of the slope, in radians. partner: slope of a parallel edge beside it, relative to its own; 0 without one.
    """

    y: np.ndarray
    x: np.ndarray
    step: np.ndarray
    direction: np.ndarray
    partner: np.ndarray


def edges(picture: np.ndarray) -> Edges:
    """The edges of a picture uint8 (H, W, C): ridges of its slope, at one scale."""
    grey = picture.mean(2)
    grey = (grey - grey.mean()) / max(grey.std(), 1e-9)
    sigma = max(SCALE * max(grey.shape), LEAST_SCALE)
    smooth = gaussian_filter(grey, sigma)
    down, right = np.asarray(np.gradient(smooth))
    slope = np.hypot(down, right)
    y, x = np.nonzero(slope > FAINTEST)
    normal = np.stack([down[y, x], right[y, x]]) / slope[y, x]
    before, after = (map_coordinates(slope, (y, x) + sign * normal, order=1, mode="nearest") for sign in (-1, 1))
    ridge = (slope[y, x] > before) & (slope[y, x] >= after)
    y, x, normal = y[ridge], x[ridge], normal[:, ridge]
    partner = np.zeros(len(y))
    for sign in (-1, 1):
        found = _partner((y, x), sign * normal, down, right)
        partner = np.where(_likeness(found) > _likeness(partner), found, partner)
    dark, light = (map_coordinates(smooth, (y, x) + side * sigma * normal, order=1, mode="nearest") for side in ACROSS)
    return Edges(y, x, np.maximum(light - dark, 0), np.arctan2(*normal), partner)


def _partner(at: tuple[np.ndarray, np.ndarray], way: np.ndarray, down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Slopes (N,) of parallel edges that lie on ``way`` (2, N) from edge pixels, relative to theirs. 0 if there is none."""
    steps = np.arange(1, round(FARTHEST * max(down.shape)) + 1)
    places = np.stack(at)[:, :, None] + way[:, :, None] * steps
    slopes = np.stack([map_coordinates(part, places, order=1) for part in (down, right)])
    own = down[at] * way[0] + right[at] * way[1]
    along = (slopes * way[:, :, None]).sum(0) / own[:, None]
    lowest = np.minimum.accumulate(along, 1)
    parallel = along * np.abs(own)[:, None] > PARALLEL * np.hypot(*slopes)
    second = parallel & (lowest > -BACK) & (lowest < VALLEY * np.minimum(along, 1))
    best = _likeness(np.where(second, along, 0)).argmax(1)
    chosen = np.arange(len(best)), best
    return np.where(second[chosen], along[chosen], 0)


def _likeness(ratio: np.ndarray) -> np.ndarray:
    """The smaller slope relative to the larger one, from their ratio. 0 for a ratio of 0."""
    return np.minimum(ratio, 1 / np.maximum(ratio, 1e-9))


def _strongest(found: Edges, shape: tuple[int, ...]) -> np.ndarray:
    """The largest step of each direction near each cell of a picture: (DIRECTIONS, cells down, cells across)."""
    cells = np.zeros((DIRECTIONS, -(-shape[0] // CELL), -(-shape[1] // CELL)))
    for number, direction in enumerate(cells):
        turned = np.cos(found.direction - 2 * np.pi * number / DIRECTIONS) > PARALLEL
        np.maximum.at(direction, (found.y[turned] // CELL, found.x[turned] // CELL), found.step[turned])
    reach = round(FARTHEST * max(shape)) // CELL
    return maximum_filter(cells, (1, 2 * reach + 1, 2 * reach + 1))


def _share(found: Edges, strongest: np.ndarray) -> float:
    """Share of doubled edges, beside the mean of the photographs' strongest edges. Weights: squared steps."""
    number = np.rint(found.direction * DIRECTIONS / (2 * np.pi)).astype(int) % DIRECTIONS
    whole = strongest[number, found.y // CELL, found.x // CELL]
    doubled = (_likeness(found.partner) > ALIKE) & (whole > WHOLE * found.step * (1 + found.partner))
    return float((found.step**2 * doubled).sum() / max((found.step**2).sum(), 1e-9))


def doubled_edges(frames: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Shares (S,) of doubled edges in frames uint8 (S, H, W, C) between the photographs a and b, uint8 (H, W, C).

    0: no more than in the photograph that has more. A cross-fade of two faces, half and half, has about 0.2. Each picture's
    brightness and contrast do not matter. Made for pictures of 256 pixels a side and more, and for frames about halfway.
    Not seen: edges of which one has less than `ALIKE` of the other's slope, and edges within fine hair.
    """
    photographs = [edges(picture) for picture in (a, b)]
    strongest = np.mean([_strongest(found, a.shape) for found in photographs], 0)
    floor = max(_share(found, strongest) for found in photographs)
    return np.array([max(0.0, _share(edges(frame), strongest) - floor) for frame in frames])
