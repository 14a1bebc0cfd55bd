"""Continua between items, and continua made again from a manifest."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gaiamorph.errors import UserError
from gaiamorph.latent import interpolate, spacing
from gaiamorph.output.continuum import Continuum, Order, Source
from gaiamorph.space import editing
from gaiamorph.space.detail import crossed, lost, restored
from gaiamorph.space.reading import warn_unlike

if TYPE_CHECKING:
    from gaiamorph.space.latent_space import LatentSpace

FRAMES_AT_ONCE = 2048
"""Frames that are decoded together where many pairs are morphed."""


def morph_pairs(
    space: LatentSpace,
    pairs: Sequence[tuple[Any, Any]],
    steps: int,
    weights: Sequence[float] | np.ndarray | None,
    **options: Any,
) -> Iterator[Continuum]:
    """See `LatentSpace.morph_pairs`."""
    sources: dict[Any, Source] = {}
    for thing in (thing for pair in pairs for thing in pair):
        if _key(thing) not in sources:
            sources[_key(thing)] = space.source(thing)
    warn_unlike(space, list(sources.values()))
    # Several pairs at once fill the batches; what is kept of them does not grow with their number.
    at_once = max(1, FRAMES_AT_ONCE // max(1, len(weights) if weights is not None else steps))
    for start in range(0, len(pairs), at_once):
        ends = [(sources[_key(a)], sources[_key(b)]) for a, b in pairs[start : start + at_once]]
        yield from _continua(space, ends, steps, weights, **options)


def remake(space: LatentSpace, order: Order, base: Path) -> Continuum:
    """See `LatentSpace.remake`."""
    ends = []
    for name, sha256 in ((order.a, order.sha256_a), (order.b, order.sha256_b)):
        path = Path(name)
        if "::" not in name and not path.exists() and (base / path).exists():
            name = str(base / path)
        end = space.source(name)
        if end.sha256 != sha256:
            raise UserError(f"{name} has changed since the manifest was written: its SHA-256 is another")
        ends.append(Source(order.a if not ends else order.b, end.sha256, end.item))
    if order.amounts:
        editing.check_vectors(space, order)
        made = editing.edits(space, ends[0], order.amounts, order.refine, order.columns, order.keep_detail, ends[1])
        return replace(made, weights=np.array(order.weights))
    how: dict[str, Any] = {"refine": order.refine, "extrapolate": True, "keep_detail": order.keep_detail}
    (made,) = _continua(space, [(ends[0], ends[1])], 0, order.weights, **how)
    return replace(made, spacing=order.spacing, features=order.features)


def _continua(
    space: LatentSpace,
    pairs: list[tuple[Source, Source]],
    steps: int,
    weights: Sequence[float] | np.ndarray | None,
    spacing: str = "even",
    features: str = "values",
    refine: int = 0,
    extrapolate: bool = False,
    keep_detail: bool = False,
) -> list[Continuum]:
    """Continua of pairs whose items have been read; each item is encoded once."""
    ends = list({id(end): end for pair in pairs for end in pair}.values())
    items = np.stack([end.item for end in ends])
    codes = space.encode(items, refine=refine)
    z_of = {id(end): z for end, z in zip(ends, codes, strict=True)}
    all_weights, all_z = [], []
    for a, b in pairs:
        w = _weights(space, z_of[id(a)], z_of[id(b)], steps, weights, spacing, features)
        if not extrapolate and (w.min() < 0 or w.max() > 1):
            raise UserError("weights below 0 or above 1 lie beyond the two items: ask for that with extrapolate")
        all_weights.append(w)
        all_z.append(interpolate.linear(z_of[id(a)], z_of[id(b)], w))
    frames = np.split(space.decode(np.concatenate(all_z)), np.cumsum([len(w) for w in all_weights])[:-1])
    if keep_detail:
        details = lost(space.kind, items, space.decode(codes))
        of = {id(end): detail for end, detail in zip(ends, details, strict=True)}
        frames = [
            restored(space.kind, f, crossed(of[id(a)], of[id(b)], w))
            for (a, b), w, f in zip(pairs, all_weights, frames, strict=True)
        ]
    how, sha256 = spacing if weights is None else "given", space.sha256
    stated = features if how == "perceptual" else ""
    return [
        Continuum(space.kind, a, b, w, z, f, sha256, how, stated, refine, keep_detail=keep_detail)
        for (a, b), w, z, f in zip(pairs, all_weights, all_z, frames, strict=True)
    ]


def _weights(
    space: LatentSpace, z_a: np.ndarray, z_b: np.ndarray, steps: int, weights: Any, how: str, features: str
) -> np.ndarray:
    if weights is not None:
        given = np.atleast_1d(np.asarray(weights, dtype=np.float64))
        if given.ndim != 1 or not len(given) or not np.isfinite(given).all():
            raise UserError("weights must be a list of finite numbers")
        return given
    if not 2 <= steps <= 100_000:
        raise UserError(f"a continuum needs between 2 and 100000 steps, not {steps}")
    if how == "even":
        return spacing.even(steps)
    if how != "perceptual":
        raise UserError(f"spacing must be 'even' or 'perceptual', not {how!r}")
    measure = space.features(features)
    return spacing.perceptual(lambda w: space.features_along(interpolate.linear(z_a, z_b, w), measure), steps)


def _key(thing: Any) -> Any:
    """What tells one end of a continuum from another: its path, or which object it is."""
    return os.fspath(thing) if isinstance(thing, (str, os.PathLike)) else id(thing)
