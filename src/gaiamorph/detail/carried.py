"""Detail of a photograph, carried along a path of pictures by optical flow."""

import cv2
import numpy as np

FLOW_SIZE = 256
"""Pixels of the longer side at which flow is found."""
SMOOTH = 2.0
"""Standard deviation, in pixels at that size, of the Gaussian that smooths each flow."""
WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)
"""Luma of red, green and blue (ITU-R BT.601)."""


def enlarged(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """A picture float32 (h, w, C) as (height, width, C), bicubic."""
    if picture.shape[:2] == (height, width):
        return picture
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC).reshape(height, width, -1)


def displacements(pictures: np.ndarray, start: int) -> list[np.ndarray]:
    """Where the features of picture ``start`` lie in each of the pictures float32 (K, h, w, C), values in [0, 1].

    For each picture a displacement float32 (H, W, 2), in shares of the sides as (right, down): what lies at x lay at x +
    displacement in picture ``start``. Neighbours on a path differ little, so the flow between them is found well
    (DIS, Kroeger et al. 2016, arXiv:1603.03590). The flows are chained.
    """
    scale = FLOW_SIZE / max(pictures.shape[1:3])
    height, width = (round(side * scale) for side in pictures.shape[1:3])
    grey = [_grey(enlarged(picture, height, width)) for picture in pictures]
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grid = _grid(height, width)
    found = {start: np.zeros((height, width, 2), np.float32)}

    def go(k: int, before: int) -> None:
        flow = cv2.GaussianBlur(dis.calc(grey[k], grey[before], None), (0, 0), SMOOTH)  # type: ignore[call-overload]
        found[k] = flow + _looked_up(found[before], grid + flow, cv2.INTER_LINEAR)

    for k in range(start + 1, len(pictures)):
        go(k, k - 1)
    for k in range(start - 1, -1, -1):
        go(k, k + 1)
    return [found[k] / np.array([width, height], np.float32) for k in range(len(pictures))]


def carried(detail: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    """Detail float32 (H, W, C) of picture ``start``, moved to where its features lie in another picture."""
    height, width = detail.shape[:2]
    moved = cv2.resize(displacement, (width, height), interpolation=cv2.INTER_LINEAR) * (width, height)
    return _looked_up(detail, _grid(height, width) + moved, cv2.INTER_CUBIC).reshape(detail.shape)


def _grid(height: int, width: int) -> np.ndarray:
    """(H, W, 2): the place (right, down) of each pixel."""
    return np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1)


def _looked_up(values: np.ndarray, places: np.ndarray, how: int) -> np.ndarray:
    across, down = (np.ascontiguousarray(places[..., i], np.float32) for i in (0, 1))
    return cv2.remap(values, across, down, how, borderMode=cv2.BORDER_REPLICATE)


def _grey(picture: np.ndarray) -> np.ndarray:
    """uint8 (h, w), as the flow needs it."""
    luma = picture[..., 0] if picture.shape[2] == 1 else picture @ WEIGHTS
    return np.rint(luma.clip(0, 1) * 255).astype(np.uint8)
