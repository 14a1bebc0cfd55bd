"""The average of a group of items.

A generator learns to draw mixtures of two or four codes. The mean code of many items lies nearer to the centre, where
training never looks: a GAIA draws a mesh there. So the code of each member is moved towards the mean code, until the codes
scatter as mixtures do. The members are drawn there, and their pictures averaged, as stimulus makers average faces that were
warped to a common shape (Rowland & Perrett 1995).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gaiamorph.errors import UserError
from gaiamorph.models import MODELS
from gaiamorph.space.codec import Codec

AT_ONCE = 1024
"""Members whose pictures are in memory at the same time."""


def average(codec: Codec, items: Any, mixed: int | None) -> np.ndarray:
    """The average of a group, ``items`` (anything that `Codec.encode` takes), as one item in natural form.

    mixed: how many members may be mixed into one code; None for as many as the model has learnt to mix. A group of at most
        ``mixed`` members is decoded at its mean code. Raises UserError if it is less than 1.
    """
    if mixed is not None and mixed < 1:
        raise UserError(f"mixed must be at least 1, not {mixed}")
    z = codec.encode(items)
    mean = z.mean(0, keepdims=True)
    share = kept(len(z), mixed or mixed_in_training(codec) or len(z))
    drawn = mean + share * (z - mean) if share else mean
    total, natural = np.zeros(codec.kind.item_shape), np.dtype(np.float32)
    for start in range(0, len(drawn), AT_ONCE):
        items = codec.decode(drawn[start : start + AT_ONCE])
        total, natural = total + items.sum(0, dtype=np.float64), items.dtype
    mean_item = total / len(drawn)
    return (np.rint(mean_item) if np.issubdtype(natural, np.integer) else mean_item).astype(natural)


def kept(members: int, mixed: int) -> float:
    """The share t of each member's distance from the mean code that is kept.

    With a variance of 1 for single codes, a mixture of N has 1 / N. The mean of K members has 1 / K, and a member's rest
    beside it has 1 - 1 / K. So t solves 1 / K + t^2 (1 - 1 / K) = 1 / N. It is 0 if K <= N: the mean code itself.
    """
    if members <= mixed:
        return 0.0
    return math.sqrt((1 / mixed - 1 / members) / (1 - 1 / members))


def mixed_in_training(codec: Codec) -> int:
    """How many codes the model has learnt to mix. 0 if none, or if the kind of item is averaged at the mean code."""
    model = MODELS.get(codec.model)
    if model is None or codec.kind.decodes_mean_codes:
        return 0
    return model.mixes(codec.info.settings.get(codec.model, {}))
