"""Continua made again from a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from gaiamorph.errors import UserError
from gaiamorph.output.continuum import Continuum, Order, Source
from gaiamorph.space.codec import Codec
from gaiamorph.space.editing import edit
from gaiamorph.space.ends import encode_end
from gaiamorph.space.files import sha256
from gaiamorph.space.morphing import morph
from gaiamorph.space.options import MorphOptions
from gaiamorph.space.vectors import AttributeVector, identity


def remake(codec: Codec, order: Order, base: Path) -> Continuum:
    """The continuum that a manifest describes. Relative sources are looked up here, then beside ``base``.

    Raises UserError if a source is gone or has changed, or if attribute vectors have.
    """
    options = MorphOptions(weights=order.weights, extrapolate=True, refine=order.refine, keep_detail=order.keep_detail)
    a = _read(codec, order.a, order.sha256_a, base)
    b = _read(codec, order.b, order.sha256_b, base)
    first = encode_end(codec, a, options)
    if order.amounts:
        _check_vectors(codec.attributes, order)
        made = edit(codec, first, order.amounts, options, order.columns, b)
        return replace(made, weights=np.array(order.weights))
    made = morph(codec, sha256(codec), first, encode_end(codec, b, options), options)
    return replace(made, spacing=order.spacing, features=order.features)


def _read(codec: Codec, name: str, sha256: str, base: Path) -> Source:
    """The source as the manifest names it."""
    beside = base / name
    found = codec.source(str(beside) if "::" not in name and not Path(name).exists() and beside.exists() else name)
    if found.sha256 != sha256:
        raise UserError(f"{name} has changed since the manifest was written: its SHA-256 is another")
    return replace(found, name=name)


def _check_vectors(vectors: Mapping[str, AttributeVector], order: Order) -> None:
    names = {name for amounts in order.amounts for name in amounts}
    missing = sorted(names - set(vectors))
    if missing:
        raise UserError(f"the manifest edits {missing[0]!r}, an attribute that this space does not have: fit it first")
    if identity({name: vectors[name] for name in names}) != order.attributes_sha256:
        raise UserError("the attribute vectors have changed since the manifest was written: their SHA-256 is another")
