"""A frame put back into the photograph that it was made from."""

import cv2
import numpy as np

from gaiamorph.data.alignment.transform import inverse

SOFT = 0.15
"""Share of a frame's side over which the paste fades out, at each edge."""


def paste(frame: np.ndarray, photograph: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """The photograph uint8 (H, W, 3) with a frame uint8 (h, w, 1 or 3) in it, under a mask with soft edges.

    transform: (2, 3), from pixels of the photograph to pixels of the frame.
    """
    height, width = frame.shape[:2]
    size = photograph.shape[1::-1]
    colour = frame if frame.shape[2] == 3 else np.repeat(frame, 3, 2)
    back = inverse(transform)
    put = cv2.warpAffine(colour, back, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    # The mask has the photograph's resolution, so that it is smooth however small the frame is.
    y, x = np.mgrid[: size[1], : size[0]]
    across, down = (transform[i, 0] * x + transform[i, 1] * y + transform[i, 2] for i in (0, 1))
    edge = np.minimum(_nearness(across, width), _nearness(down, height))
    mask = (edge * edge * (3 - 2 * edge))[..., None]
    return np.rint(mask * put + (1 - mask) * photograph).astype(np.uint8)


def _nearness(place: np.ndarray, side: int) -> np.ndarray:
    """0 at the edges of a frame and outside of it, rising to 1 within its soft margin."""
    share = (place + 0.5) / side
    return np.clip(np.minimum(share, 1 - share) / SOFT, 0, 1)
