"""Optical flow along a path of pictures, and pictures moved by it.

A displacement (h, w, 2) says for each place where what is there comes from: (right, down), in shares of the sides. So it serves
pictures of any size.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np

FLOW_SIZE, FLOW_SMOOTH = 128, 1.0
"""Longer side of the pictures between which flow is found, and the standard deviation that smooths each flow, in pixels. At 256 it
takes twice as long, and identities are not nearer."""
MEETING_SIZE, MEETING_SMOOTH, TOLERANCE = 256, 3.0, 3.0
"""The same for photographs that nearly lie over each other. Flow there and back may miss by so many pixels."""
CONTRAST_SIZE, LEAST_CONTRAST = 1 / 20, 0.03
"""Photographs are compared by their local contrast: within so large a share of the side, and no weaker contrast is enhanced."""
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue (ITU-R BT.601)."""


def enlarged(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """A picture float32 (h, w, C) as (height, width, C), bicubic."""
    if picture.shape[:2] == (height, width):
        return picture
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC).reshape(height, width, -1)


def moved(picture: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    """A picture float32 (H, W, C) under a displacement. Beyond its edge it is repeated."""
    height, width = picture.shape[:2]
    by = cv2.resize(displacement, (width, height), interpolation=cv2.INTER_LINEAR)
    return _looked_up(picture, by * np.array([width, height], np.float32), cv2.INTER_CUBIC).reshape(picture.shape)


def chained(second: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The displacement by ``second``, and then, from where that leads, by ``first``. The size is that of ``second``."""
    height, width = second.shape[:2]
    first = cv2.resize(first, (width, height), interpolation=cv2.INTER_LINEAR)
    return second + _looked_up(first, second * np.array([width, height], np.float32), cv2.INTER_LINEAR)


def luma(picture: np.ndarray) -> np.ndarray:
    """(h, w) of a picture (h, w, 1 or 3)."""
    return picture[..., 0] if picture.shape[2] == 1 else picture @ LUMA


class Flow:
    """The flow between neighbours of pictures float32 (K, h, w, C) in [0, 1].

    Neighbours on a path differ little, so that flow between them is found well, where it is not between the ends. Method: dense
    inverse search (Kroeger et al. 2016, arXiv:1603.03590).
    """

    def __init__(self, pictures: np.ndarray) -> None:
        self.grey = [_bytes(luma(enlarged(picture, *_sides(picture, FLOW_SIZE)))) for picture in pictures]
        self.steps: dict[tuple[int, int], np.ndarray] = {}

    def displacements(self, start: int) -> list[np.ndarray]:
        """For each picture, the displacement that brings what ``start`` shows to where it lies there: flows, chained."""
        found = {start: np.zeros((*self.grey[start].shape, 2), np.float32)}
        order = [(k, k - 1) for k in range(start + 1, len(self.grey))] + [(k, k + 1) for k in range(start - 1, -1, -1)]
        for k, before in order:
            found[k] = chained(self._step(k, before), found[before])
        return [found[k] for k in range(len(self.grey))]

    def _step(self, k: int, before: int) -> np.ndarray:
        if (k, before) not in self.steps:
            self.steps[k, before] = cv2.GaussianBlur(_flow(self.grey[k], self.grey[before]), (0, 0), FLOW_SMOOTH)
        return self.steps[k, before]


def meeting(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The displacement that brings photograph b onto a, float32 (H, W, C), which nearly lie over each other already.

    Places that flow back does not lead to again have no counterpart. They move as those around them do, or not at all.
    """
    sides = _sides(a, MEETING_SIZE)
    grey_a, grey_b = (_contrast(cv2.resize(luma(x), sides[::-1], interpolation=cv2.INTER_AREA)) for x in (a, b))
    there, back = _flow(grey_a, grey_b), _flow(grey_b, grey_a)
    missed = np.linalg.norm(chained(there, back) * np.array(sides[::-1]), axis=2)
    trust = np.exp(-((missed / TOLERANCE) ** 2)).astype(np.float32)
    around = cv2.GaussianBlur(trust, (0, 0), MEETING_SMOOTH)
    smooth = cv2.GaussianBlur(there * trust[..., None], (0, 0), MEETING_SMOOTH) / np.maximum(around, 0.05)[..., None]
    return smooth * np.minimum(2 * around, 1)[..., None]


def _flow(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The displacement that brings the picture ``there`` onto ``here``, both uint8 (h, w)."""
    with _one_thread():
        dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        pixels = dis.calc(here, there, np.zeros((*here.shape, 2), np.float32))
    return pixels / np.array(here.shape[::-1], np.float32)


@contextmanager
def _one_thread() -> Iterator[None]:
    """The flow depends on the number of threads that look for it."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def _contrast(grey: np.ndarray) -> np.ndarray:
    """uint8 (h, w): how far each pixel is from the mean around it, in local standard deviations. Light and skin fall out."""
    size = CONTRAST_SIZE * max(grey.shape)
    centred = grey - cv2.GaussianBlur(grey, (0, 0), size)
    spread = np.sqrt(cv2.GaussianBlur(centred * centred, (0, 0), size) + LEAST_CONTRAST**2)
    return _bytes(0.5 + 0.19 * centred / spread)


def _looked_up(values: np.ndarray, by: np.ndarray, how: int) -> np.ndarray:
    """Values (H, W, C) from places that lie ``by`` (H, W, 2) pixels away."""
    height, width = by.shape[:2]
    across, down = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return cv2.remap(values, across + by[..., 0], down + by[..., 1], how, borderMode=cv2.BORDER_REPLICATE)


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.rint(values.clip(0, 1) * 255).astype(np.uint8)


def _sides(picture: np.ndarray, longer: int) -> tuple[int, int]:
    """Height and width of a picture whose longer side becomes ``longer``."""
    height, width = picture.shape[:2]
    scale = longer / max(height, width)
    return max(8, round(height * scale)), max(8, round(width * scale))
