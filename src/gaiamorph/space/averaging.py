"""The average of a group of items.

The picture at the mean of many codes is one that no generator was asked for: mixtures of two or four are what it has learnt to
draw, and codes of many people's means lie nearer to the centre than those do. There a GAIA draws a mesh. Members are therefore
drawn as such mixtures are, and their pictures averaged, as stimulus makers average faces that were warped to a common shape
(Rowland & Perrett 1995): each member's code is moved towards the mean code until the codes scatter as mixtures do.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gaiamorph.data import Vectors
from gaiamorph.errors import UserError
from gaiamorph.models import MODELS

if TYPE_CHECKING:
    from gaiamorph.space.latent_space import LatentSpace

AT_ONCE = 1024
"""Members that are decoded together."""


def average(space: LatentSpace, items: Any, mixed: int | None) -> np.ndarray:
    """See `LatentSpace.average`."""
    if mixed is not None and mixed < 1:
        raise UserError(f"mixed must be at least 1, not {mixed}")
    z = space.encode(items)
    mean = z.mean(0, keepdims=True)
    share = kept(len(z), mixed or mixed_in_training(space) or len(z))
    drawn = mean + share * (z - mean) if share else mean
    frames = space.decode(drawn[:AT_ONCE])
    total = frames.sum(0, dtype=np.float64)
    for start in range(AT_ONCE, len(drawn), AT_ONCE):
        total += space.decode(drawn[start : start + AT_ONCE]).sum(0, dtype=np.float64)
    found = total / len(drawn)
    return (np.rint(found) if np.issubdtype(frames.dtype, np.integer) else found).astype(frames.dtype)


def kept(members: int, mixed: int) -> float:
    """The share t of each member's distance from the mean of all with which the codes scatter as mixtures of ``mixed`` do.

    With a variance of 1 of single codes, a mixture of N has 1 / N. The mean of K members has 1 / K, what is left of a member
    beside it 1 - 1 / K, and t solves 1 / K + t^2 (1 - 1 / K) = 1 / N. No more members than may be mixed: 0, the mean code itself.
    """
    if members <= mixed:
        return 0.0
    return math.sqrt((1 / mixed - 1 / members) / (1 - 1 / members))


def mixed_in_training(space: LatentSpace) -> int:
    """How many items' codes the space's model has learnt to mix; 0: none, or it is vectors, whose means have to stay codes'."""
    model = MODELS.get(space.model)
    if model is None or isinstance(space.kind, Vectors):
        return 0
    return model.mixes(space.info["settings"].get(space.model, {}))
