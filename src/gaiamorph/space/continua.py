"""Morphs between two items, and edits of one item along attribute vectors."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypedDict

import numpy as np
import torch
from torch import Tensor

from gaiamorph.errors import UserError
from gaiamorph.features import open_features
from gaiamorph.latent import interpolate
from gaiamorph.output.continuum import Continuum, Order, Source, beside
from gaiamorph.space.codec import Codec
from gaiamorph.space.info import identity

MOST_STEPS = 100_000


@dataclass(frozen=True, kw_only=True)
class EditOptions:
    """How an item becomes a code, and frames become files. The command line reads this class too."""

    refine: int = 0
    """Gradient steps that improve each code before it is used. They lower the item's own reconstruction error."""
    keep_detail: bool = False
    """Start from the item itself, not from its reconstruction: the detail that the reconstruction loses is added back. In a
    morph the detail of A fades into that of B."""


@dataclass(frozen=True, kw_only=True)
class MorphOptions(EditOptions):
    """Which frames a continuum has."""

    steps: int = 11
    """Frames of a continuum, ends included."""
    weights: list[float] | None = None
    """Weights of B instead of steps: 0 is A, 1 is B."""
    spacing: Literal["even", "perceptual"] = "even"
    """even: equal distances between codes. perceptual: equal distances between frames, measured in a feature space."""
    features: Literal["values", "hed"] = "values"
    """Feature space of the perceptual spacing."""
    extrapolate: bool = False
    """Allow weights below 0 and above 1."""


class EditKeywords(TypedDict, total=False):
    """The fields of `EditOptions` as keyword arguments."""

    refine: int
    keep_detail: bool


class MorphKeywords(EditKeywords, total=False):
    """The fields of `MorphOptions` as keyword arguments, without steps and weights, which also go by position."""

    spacing: Literal["even", "perceptual"]
    features: Literal["values", "hed"]
    extrapolate: bool


# Ends -------------------------------------------------------------------------------------------------


class UnlikeTrainingWarning(UserWarning):
    """The reconstruction error of an item is above the 99th percentile of the validation items."""


@dataclass(frozen=True)
class End:
    """An encoded item."""

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


def encode_ends(codec: Codec, things: Iterable[Any], options: EditOptions) -> list[End]:
    """Read and encode items, or names of items (see `Codec.source`). Warns as `LatentSpace.morph` does."""
    ends = [encode_end(codec, codec.source(thing), options) for thing in things]
    for end in ends:
        if codec.above_percentile(np.array(end.error)):
            warnings.warn(
                f"{end.source.name} is unlike the training data: its reconstruction error is higher than that of 99 % of "
                "held-out items, so what is made of it may not look like it (refine may help)",
                UnlikeTrainingWarning,
                stacklevel=4,
            )
    return ends


def _draw(codec: Codec, z: np.ndarray, detail: Tensor | None) -> np.ndarray:
    """Frames (S, ...) in natural form from codes z (S, latent_dim), decoded together and with nothing else.

    detail (S or 1, *shape) is added before rounding, so that a reconstruction becomes the item itself.
    """
    if detail is None:
        return codec.decode(z)
    return codec.kind.to_items(torch.cat(list(codec.outputs(z))) + detail)


# Morphs -----------------------------------------------------------------------------------------------


def morph_pairs(codec: Codec, pairs: Sequence[tuple[Any, Any]], options: MorphOptions) -> Iterator[Continuum]:
    """Continua for many pairs, one after another. Each item is read and encoded once, before the first continuum."""

    def key(thing: Any) -> Any:
        """Tells one end from another: its path, or which object it is."""
        return os.fspath(thing) if isinstance(thing, (str, os.PathLike)) else id(thing)

    things = {key(thing): thing for pair in pairs for thing in pair}
    ends = dict(zip(things, encode_ends(codec, things.values(), options), strict=True))
    space_sha256 = codec.sha256
    for a, b in pairs:
        yield _morph(codec, space_sha256, ends[key(a)], ends[key(b)], options)


def _morph(codec: Codec, space_sha256: str, a: End, b: End, options: MorphOptions) -> Continuum:
    """The continuum between two encoded items. Raises UserError for weights that cannot be used."""
    weights = _weights(codec, a.code, b.code, options)
    if not options.extrapolate and (weights.min() < 0 or weights.max() > 1):
        raise UserError("weights below 0 or above 1 lie beyond the two items: ask for that with extrapolate")
    z = interpolate.linear(a.code, b.code, weights)
    detail = None
    if a.detail is not None and b.detail is not None:
        # The detail of a fades into that of b. Beyond an end it stays whole.
        shares = a.detail.new_tensor(np.clip(weights, 0, 1)).view(-1, *[1] * a.detail.ndim)
        detail = (1 - shares) * a.detail + shares * b.detail
    how = options.spacing if options.weights is None else "given"
    return Continuum(
        codec.kind, a.source, b.source, weights, z, _draw(codec, z, detail), space_sha256,
        how, options.features if how == "perceptual" else "", options.refine, keep_detail=options.keep_detail,
    )  # fmt: skip


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
        return np.linspace(0, 1, options.steps)
    if options.spacing != "perceptual":
        raise UserError(f"spacing must be 'even' or 'perceptual', not {options.spacing!r}")
    if options.features == "pca":
        raise UserError("a path is measured in 'values' or 'hed': 'pca' needs the training items")
    # The standard deviation of this pair is 0.5: it stands for that of the training items.
    low, high = torch.zeros(1, *codec.kind.shape), torch.ones(1, *codec.kind.shape)
    measure = open_features(options.features, torch.cat([low, high]))

    def features(weights: np.ndarray) -> np.ndarray:
        outputs = codec.outputs(interpolate.linear(z_a, z_b, weights))  # not rounded to a file's values
        return np.concatenate([measure(x).numpy() for x in outputs])

    return interpolate.perceptual(features, options.steps)


# Edits ------------------------------------------------------------------------------------------------


def edit(
    codec: Codec,
    end: End,
    amounts: Sequence[Mapping[str, float]],
    options: EditOptions,
    columns: int = 0,
    other: Source | None = None,
) -> Continuum:
    """Edits of an encoded item: a frame for each entry of ``amounts``.

    columns: frames in a row of the contact sheet; 0 puts all in one. other: the item whose attributes were transferred.
    Raises UserError for an unknown attribute, or an amount that is not a finite number.
    """
    if not amounts:
        raise UserError("there is nothing to edit: give amounts of attributes")
    z = end.code + np.stack([_change(codec, wanted) for wanted in amounts])
    used = {name: codec.attributes[name] for wanted in amounts for name in wanted}
    return Continuum(
        codec.kind, end.source, other or end.source, np.zeros(len(z)), z, _draw(codec, z, end.detail), codec.sha256,
        "given", "", options.refine, tuple({name: float(amount) for name, amount in wanted.items()} for wanted in amounts),
        identity(used), columns, options.keep_detail,
    )  # fmt: skip


def _change(codec: Codec, wanted: Mapping[str, float]) -> np.ndarray:
    """The change of z (latent_dim,) for amounts by name."""
    change = np.zeros(codec.latent_dim, dtype=np.float32)
    for name, amount in wanted.items():
        if name not in codec.attributes:
            raise UserError(
                f"the space has no attribute {name!r} (it has {', '.join(codec.attributes) or 'none: fit some first'})"
            )
        try:
            number = float(amount)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise UserError(f"the amount of {name!r} must be a finite number, not {amount!r}")
        change += np.float32(number) * codec.attributes[name].vector
    return change


def transfer(codec: Codec, a: Any, b: Any, names: Sequence[str] | None, options: EditOptions) -> Continuum:
    """Two frames: a, and a with the attributes of b (see `LatentSpace.transfer`)."""
    chosen = list(codec.attributes) if names is None else list(names)
    if not chosen:
        raise UserError("the space has no attributes to transfer: fit some first")
    unchanged = dict.fromkeys(chosen, 0.0)
    _change(codec, unchanged)  # an unknown name is refused before the items are read
    end_a, end_b = encode_ends(codec, (a, b), options)
    vectors = np.stack([codec.attributes[name].vector for name in chosen], 1)
    found = np.linalg.lstsq(vectors, end_b.code - end_a.code, rcond=None)[0]
    return edit(codec, end_a, [unchanged, dict(zip(chosen, found, strict=True))], options, other=end_b.source)


# Manifests --------------------------------------------------------------------------------------------


def remake(codec: Codec, order: Order, base: Path) -> Continuum:
    """The continuum that a manifest describes (see `LatentSpace.remake`)."""
    options = MorphOptions(weights=order.weights, extrapolate=True, refine=order.refine, keep_detail=order.keep_detail)
    sources = []
    for name, sha256 in ((order.a, order.sha256_a), (order.b, order.sha256_b)):
        found = codec.source(beside(name, base))
        if found.sha256 != sha256:
            raise UserError(f"{name} has changed since the manifest was written: its SHA-256 is another")
        sources.append(replace(found, name=name))
    a = encode_end(codec, sources[0], options)
    if not order.amounts:
        made = _morph(codec, codec.sha256, a, encode_end(codec, sources[1], options), options)
        return replace(made, spacing=order.spacing, features=order.features)
    names = {name for amounts in order.amounts for name in amounts}
    if missing := sorted(names - set(codec.attributes)):
        raise UserError(f"the manifest edits {missing[0]!r}, an attribute that this space does not have: fit it first")
    if identity({name: codec.attributes[name] for name in names}) != order.attributes_sha256:
        raise UserError("the attribute vectors have changed since the manifest was written: their SHA-256 is another")
    made = edit(codec, a, order.amounts, options, order.columns, sources[1])
    return replace(made, weights=np.array(order.weights))
