"""The ends of morphs and the items of edits, and the frames that are made of their codes."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gaiamorph.output.continuum import Source
from gaiamorph.space.codec import Codec
from gaiamorph.space.options import EditOptions


class UnlikeTrainingWarning(UserWarning):
    """The reconstruction error of an item is above the 99th percentile of the validation items."""


@dataclass(frozen=True)
class End:
    """An item as it was read, with everything that the codec says of it."""

    source: Source
    code: np.ndarray
    """(latent_dim,), refined if that was asked for."""
    error: float
    """Reconstruction error before any refinement: mean absolute difference in [0, 1] units."""
    detail: Tensor | None
    """(*shape): the item minus the reconstruction from ``code``. None unless it is kept."""


def encode_end(codec: Codec, source: Source, options: EditOptions) -> End:
    """Encode and reconstruct one item by itself, so that its code does not depend on other items."""
    x = codec.kind.to_tensor(source.item[None], codec.device)
    first = codec.codes(x)
    z = codec.refined(x, first, options.refine)
    with torch.inference_mode():
        lost = x - codec.generator.decode(first)
        error = float(lost.abs().mean())
        if options.keep_detail and z is not first:
            lost = x - codec.generator.decode(z)
    return End(source, z[0].cpu().numpy(), error, lost[0].cpu() if options.keep_detail else None)


def warn_unlike(codec: Codec, ends: Iterable[End]) -> None:
    """Warn (UnlikeTrainingWarning) of each end whose error is above the 99th percentile of the validation items."""
    for end in ends:
        if codec.above_percentile(np.array(end.error)):
            warnings.warn(
                f"{end.source.name} is unlike the training data: its reconstruction error is higher than that of 99 % of "
                "held-out items, so what is made of it may not look like it (refine may help)",
                UnlikeTrainingWarning,
                stacklevel=4,
            )


def draw(codec: Codec, z: np.ndarray, detail: Tensor | None) -> np.ndarray:
    """Frames (S, ...) in natural form from codes z (S, latent_dim), decoded together and with nothing else.

    detail (S or 1, *shape) is added before rounding, so that a reconstruction becomes the item itself.
    """
    if detail is None:
        return codec.decode(z)
    return codec.kind.to_items(torch.cat(list(codec.outputs(z))) + detail)
