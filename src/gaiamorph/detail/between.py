"""Frames between two photographs, and frames of one that changes, along a path that a space draws."""

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from gaiamorph.detail.flow import Flow, chained, enlarged, meeting, moved

UNSURE, AROUND = 0.12, 1 / 43
"""Difference from the space's picture that makes an end 1.6 times less likely. It is averaged over so large a share of the side."""
MOST_ODDS = 4.0
"""Largest logarithm of those odds."""
FINE, WINDOW, MOST_GAIN = 1 / 170, 1 / 43, 1.5
"""Detail finer than the first share of the side keeps its energy within the second. It is enhanced at most 1.5 times."""


def between(
    pictures: np.ndarray, weights: np.ndarray, shown: Iterable[int], a: np.ndarray, b: np.ndarray
) -> Iterator[np.ndarray]:
    """The frames ``shown`` of a path from photograph a (weight 0) to b (weight 1), in the size of the photographs.

    pictures: float32 (K, h, w, C) in [0, 1], which the space draws at increasing weights (K,). 0 and 1 are among them.
    a, b: float32 (H, W, C).

    Both photographs are moved along the path to where the space has their features, and from there to meet each other. Where
    they differ, the space's own picture says which of the two is seen. At the weights 0 and 1 the frames are a and b.
    Beyond them, the space's change is added to the nearer one (see `after`).
    """
    flow = Flow(pictures)
    first, middle, last = np.searchsorted(weights, (0.0, 0.5, 1.0))
    of_a, of_middle, of_b = (flow.displacements(int(k)) for k in (first, middle, last))
    apart = meeting(moved(a, of_a[middle]), moved(b, of_b[middle]))
    for k in shown:
        t = float(weights[k])
        if t < 0 or t > 1:
            end, start, of = (a, first, of_a) if t < 0 else (b, last, of_b)
            yield _changed(end, pictures[start], pictures[k], of[k])
            continue
        here = moved(apart, of_middle[k])
        seen_a = moved(a, chained(-t * here, of_a[k]))
        seen_b = moved(b, chained((1 - t) * here, of_b[k]))
        share = _share(pictures[k], moved(pictures[first], of_a[k]), moved(pictures[last], of_b[k]), t)
        yield _mixed(seen_a, seen_b, cv2.resize(share, a.shape[1::-1])[..., None])


def after(pictures: np.ndarray, shown: Iterable[int], photograph: np.ndarray) -> Iterator[np.ndarray]:
    """The frames ``shown`` of a path that begins at a photograph float32 (H, W, C), in its size.

    pictures: float32 (K, h, w, C) in [0, 1], which the space draws. The first is its own of the photograph.
    The photograph is moved along, and what the space changes beside movement is added.
    """
    displacements = Flow(pictures).displacements(0)
    for k in shown:
        yield _changed(photograph, pictures[0], pictures[k], displacements[k])


def _changed(photograph: np.ndarray, start: np.ndarray, picture: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    lost = photograph - enlarged(start, *photograph.shape[:2])
    return enlarged(picture, *photograph.shape[:2]) + moved(lost, displacement)


def _share(picture: np.ndarray, from_a: np.ndarray, from_b: np.ndarray, t: float) -> np.ndarray:
    """The share (h, w) of b in a frame: t where the ends look alike, and more where the picture is nearer to that from b.

    By Bayes' rule from Gaussian differences. So it is 0 at a, 1 at b, and steeper between where the ends differ.
    """
    size = AROUND * max(picture.shape[:2])
    far_a, far_b = (
        cv2.GaussianBlur(((picture - end) ** 2).mean(2), (0, 0), size) / (2 * UNSURE**2) for end in (from_a, from_b)
    )
    odds = np.exp((far_a - far_b).clip(-MOST_ODDS, MOST_ODDS))
    return (t * odds / (1 - t + t * odds)).astype(np.float32)


def _mixed(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Pictures (H, W, C) mixed by the share (H, W, 1) of b. A mean of two fine textures is greyer than both: it is enhanced."""
    mixed = (1 - share) * a + share * b
    fine_a, fine_b, fine = (_fine(x) for x in (a, b, mixed))
    wanted = (1 - share[..., 0]) * _strength(fine_a) + share[..., 0] * _strength(fine_b)
    gain = (wanted / np.maximum(_strength(fine), 1e-4)).clip(1, MOST_GAIN)
    return mixed + (gain[..., None] - 1) * fine


def _fine(picture: np.ndarray) -> np.ndarray:
    return picture - cv2.GaussianBlur(picture, (0, 0), FINE * max(picture.shape[:2])).reshape(picture.shape)


def _strength(fine: np.ndarray) -> np.ndarray:
    """Root mean square (H, W) of fine detail (H, W, C) around each place."""
    return np.sqrt(cv2.GaussianBlur((fine * fine).mean(2), (0, 0), WINDOW * max(fine.shape[:2])))
