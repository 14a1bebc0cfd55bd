"""Continua between two items."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gaiamorph.errors import UserError
from gaiamorph.features import open_features
from gaiamorph.latent import interpolate, spacing
from gaiamorph.output.continuum import Continuum
from gaiamorph.space.codec import Codec
from gaiamorph.space.ends import End, draw, encode_end, warn_unlike
from gaiamorph.space.files import sha256
from gaiamorph.space.options import MorphOptions

MOST_STEPS = 100_000


def morph_pairs(codec: Codec, pairs: Sequence[tuple[Any, Any]], options: MorphOptions) -> Iterator[Continuum]:
    """Continua for many pairs, one after another. Each item is read and encoded once, before the first continuum.

    pairs: items, or names of items (see `Reader.source`).
    Warns (UnlikeTrainingWarning) of ends that are unlike the training data. Raises UserError.
    """
    things = {_key(thing): thing for pair in pairs for thing in pair}
    ends = {key: encode_end(codec, codec.source(thing), options) for key, thing in things.items()}
    warn_unlike(codec, ends.values())
    space_sha256 = sha256(codec)
    for a, b in pairs:
        yield morph(codec, space_sha256, ends[_key(a)], ends[_key(b)], options)


def morph(codec: Codec, space_sha256: str, a: End, b: End, options: MorphOptions) -> Continuum:
    """The continuum between two encoded items. Raises UserError for weights that cannot be used."""
    weights = _weights(codec, a.code, b.code, options)
    if not options.extrapolate and (weights.min() < 0 or weights.max() > 1):
        raise UserError("weights below 0 or above 1 lie beyond the two items: ask for that with extrapolate")
    z = interpolate.linear(a.code, b.code, weights)
    how = options.spacing if options.weights is None else "given"
    return Continuum(
        codec.kind, a.source, b.source, weights, z, draw(codec, z, _faded(a.detail, b.detail, weights)), space_sha256,
        how, options.features if how == "perceptual" else "", options.refine, keep_detail=options.keep_detail,
    )  # fmt: skip


def _faded(detail_a: Tensor | None, detail_b: Tensor | None, weights: np.ndarray) -> Tensor | None:
    """Detail (S, *shape) that fades from a's to b's (*shape) with the weights (S,). Beyond an end it stays whole."""
    if detail_a is None or detail_b is None:
        return None
    shares = detail_a.new_tensor(np.clip(weights, 0, 1)).view(-1, *[1] * detail_a.ndim)
    return (1 - shares) * detail_a + shares * detail_b


def _weights(codec: Codec, z_a: np.ndarray, z_b: np.ndarray, options: MorphOptions) -> np.ndarray:
    """Weights of b (S,), given or spaced."""
    if options.weights is not None:
        given = np.asarray(options.weights, dtype=np.float64)
        if given.ndim != 1 or not len(given) or not np.isfinite(given).all():
            raise UserError("weights must be a list of finite numbers")
        return given
    if not 2 <= options.steps <= MOST_STEPS:
        raise UserError(f"a continuum needs between 2 and {MOST_STEPS} steps, not {options.steps}")
    if options.spacing == "even":
        return spacing.even(options.steps)
    if options.spacing != "perceptual":
        raise UserError(f"spacing must be 'even' or 'perceptual', not {options.spacing!r}")
    measure = _open_measure(codec, options.features)

    def features(weights: np.ndarray) -> np.ndarray:
        outputs = codec.outputs(interpolate.linear(z_a, z_b, weights))  # not rounded to a file's values
        return np.concatenate([measure(x).numpy() for x in outputs])

    return spacing.perceptual(features, options.steps)


def _open_measure(codec: Codec, name: str) -> Callable[[Tensor], Tensor]:
    if name == "pca":
        raise UserError("a path is measured in 'values' or 'hed': 'pca' needs the training items")
    # The standard deviation of this pair is 0.5: it stands for that of the training items.
    low, high = torch.zeros(1, *codec.kind.shape), torch.ones(1, *codec.kind.shape)
    return open_features(name, torch.cat([low, high]))


def _key(thing: Any) -> Any:
    """What tells one end from another: its path, or which object it is."""
    return os.fspath(thing) if isinstance(thing, (str, os.PathLike)) else id(thing)
