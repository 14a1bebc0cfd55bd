"""What is found in a photograph: points."""

import math
from dataclasses import dataclass

import numpy as np

SHAPE = np.array([[-0.5, -0.578], [0.5, -0.578], [0.004, -0.008], [-0.407, 0.578], [0.421, 0.573]])
"""Five points of a mean face: eyes, nose, corners of the mouth. Unit: the distance between the eyes. 0 is the middle."""


@dataclass(frozen=True)
class Found:
    """Points (N, 2) of one thing in a photograph: right and down in pixels, 0 at the centre of the first pixel.

    Of a face: eyes, nose and corners of the mouth, each pair from the picture's left (or the pupils alone, from a template).
    score: of the detector, 0 to 1. width: of the face, in pixels. turned: degrees, clockwise, that set a face upright.
    """

    points: np.ndarray
    score: float = math.nan
    width: float = math.nan
    turned: int = 0
