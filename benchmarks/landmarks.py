"""The rival: a landmark morph of two photographs, as PsychoMorph, WebMorph and facemorpher make it.

Both photographs are warped to the shape between theirs, and cross-faded. The warp is affine within each Delaunay triangle of
the points. People place the points by hand: 189 on a face, its ears, hair, neck and collar.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay

from gaiamorph.data.alignment import Alignment
from gaiamorph.data.alignment.points import TEMPLATE
from gaiamorph.data.alignment.transform import applied, warp

EDGE = 9
"""Points on each edge of the picture, corners included. They keep their places."""
ROOM = 128
"""Pixels of the photograph around the aligned picture, on each side. The crown of the head often lies there, with its points."""


def aligned_with_points(path: Path, rule: Alignment, room: int = ROOM) -> tuple[np.ndarray, np.ndarray]:
    """A photograph, aligned as uint8 (side, side, 3), and the points (N, 2) of its template NAME.tem in it.

    side: the rule's size and twice the room, in pixels. Points are right and down in pixels, 0 at the centre of the first pixel.
    """
    picture = np.asarray(Image.open(path).convert("RGB"))
    transform = rule.largest(picture, path).transform + np.array([[0, 0, room]])
    side = rule.size + 2 * room
    first, *lines = path.with_suffix(TEMPLATE).read_text(encoding="latin-1").splitlines()
    points = np.array([line.split() for line in lines[: int(first)]], float)
    return warp(picture, transform, (side, side), rule.border), applied(transform, points)


def border(shape: tuple[int, ...]) -> np.ndarray:
    """Points (4 * (EDGE - 1), 2) on the edges of a picture (H, W, ...), each once."""
    corner = np.array([shape[1] - 1.0, shape[0] - 1.0])
    steps = np.stack(np.meshgrid(*[np.linspace(0, 1, EDGE)] * 2), -1).reshape(-1, 2)
    return corner * steps[((steps == 0) | (steps == 1)).any(1)]


def warped(picture: np.ndarray, points: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """A picture uint8 (H, W, 3) under the piecewise-affine warp that brings points (N, 2) to shape (N, 2). float32."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    source = LinearNDInterpolator(Delaunay(shape), points)(x, y).astype(np.float32)
    return cv2.remap(
        picture.astype(np.float32), source[..., 0], source[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )


def morph(
    a: np.ndarray, b: np.ndarray, points_a: np.ndarray, points_b: np.ndarray, weights: Sequence[float], room: int = ROOM
) -> np.ndarray:
    """Frames uint8 (S, H, W, 3) between pictures with room around, uint8 (H + 2 room, W + 2 room, 3), and points (N, 2).

    Each weight, 0 to 1, is B's share. The frames have no room around: they are aligned as the rule says.
    """
    fixed = border(a.shape)
    ends = [np.concatenate([points, fixed]) for points in (points_a, points_b)]
    seen = slice(room, a.shape[0] - room), slice(room, a.shape[1] - room)
    frames = []
    for weight in weights:
        shape = (1 - weight) * ends[0] + weight * ends[1]
        frame = (1 - weight) * warped(a, ends[0], shape) + weight * warped(b, ends[1], shape)
        frames.append(np.rint(np.clip(frame[seen], 0, 255)).astype(np.uint8))
    return np.stack(frames)
