"""Similarity transforms: fitted to points, and applied to pictures."""

import cv2
import numpy as np

BORDERS = {"reflect": cv2.BORDER_REFLECT_101, "edge": cv2.BORDER_REPLICATE}
"""What lies outside a photograph. Any other border is a colour."""


def similarity(points: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The rotation, scale and shift (2, 3) that brings points (N, 2) nearest to places (N, 2), by least squares.

    Two points meet their places exactly. Source: Umeyama 1991 (doi 10.1109/34.88573), written with complex numbers, which
    have no reflections.
    """
    z, w = (p[:, 0] + 1j * p[:, 1] for p in (np.asarray(points, float), np.asarray(places, float)))
    centred = z - z.mean()
    factor = np.vdot(centred, w - w.mean()) / np.vdot(centred, centred)
    shift = w.mean() - factor * z.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def scale_of(transform: np.ndarray) -> float:
    """Pixels of the aligned picture for one pixel of the photograph."""
    return float(np.hypot(*transform[:, 0]))


def applied(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (N, 2) after the transform (2, 3)."""
    return points @ transform[:, :2].T + transform[:, 2]


def inverse(transform: np.ndarray) -> np.ndarray:
    return cv2.invertAffineTransform(transform)


def warp(
    picture: np.ndarray, transform: np.ndarray, size: tuple[int, int], border: str = "reflect", fast: bool = False
) -> np.ndarray:
    """A picture uint8 (H, W) or (H, W, C) under the transform (2, 3), as size (width, height). Anti-aliased.

    Points are (right, down), with 0 at the centre of the first pixel. border: reflect, edge, or a colour #rrggbb. fast: for
    a detector, that need not be exact to the last grey level or row.
    """
    shrunk = scale_of(transform)
    if shrunk < 1:
        # cv2.warpAffine does not filter. A mean over areas comes first, to about the scale that is wanted.
        picture, transform = _needed(picture, transform, size)
        while fast and scale_of(transform) < 0.5 and min(picture.shape[:2]) >= 4:
            height, width = (side // 2 for side in picture.shape[:2])
            even = picture[: 2 * height, : 2 * width]
            picture = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
            transform = transform @ np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]])
        shrunk = scale_of(transform)
        height, width = (max(1, round(side * shrunk)) for side in picture.shape[:2])
        across, down = width / picture.shape[1], height / picture.shape[0]
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        grown = np.array([[1 / across, 0, 0.5 / across - 0.5], [0, 1 / down, 0.5 / down - 0.5], [0, 0, 1]])
        transform = transform @ grown
    mode = BORDERS.get(border, cv2.BORDER_CONSTANT)
    colour = colour_of(border, picture.ndim) if mode == cv2.BORDER_CONSTANT else 0
    return cv2.warpAffine(
        picture,
        transform,
        size,
        flags=cv2.INTER_LINEAR if fast else cv2.INTER_CUBIC,
        borderMode=mode,
        borderValue=colour,
    )


def _needed(picture: np.ndarray, transform: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The part of a picture that its warp shows, and the transform of that part. Shrinking the rest would cost time."""
    corners = applied(inverse(transform), np.array([(x, y) for x in (0, size[0]) for y in (0, size[1])], float))
    whole = np.array(picture.shape[1::-1])
    low, high = corners.min(0), corners.max(0)
    # What lies outside is mirrored, so as much is needed inside. A few pixels more are for the filters.
    edge = 4 / scale_of(transform)
    first = np.clip(np.minimum(low, 2 * (whole - 1) - high) - edge, 0, whole - 2).astype(int)
    last = np.clip(np.maximum(high, -low) + edge, first + 2, whole).astype(int)
    part = picture[first[1] : last[1], first[0] : last[0]]
    return part, np.column_stack([transform[:, :2], transform @ [*first, 1]])


def colour_of(border: str, axes: int = 3) -> tuple[float, ...]:
    """The colour #rrggbb as numbers, as one grey for pictures with two axes."""
    colour = tuple(float(int(border[i : i + 2], 16)) for i in (1, 3, 5))
    return colour if axes == 3 else (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2],)
