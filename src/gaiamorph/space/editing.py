"""Items moved along attribute vectors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gaiamorph.errors import UserError
from gaiamorph.latent.attributes import coordinates
from gaiamorph.output.continuum import Continuum, Source
from gaiamorph.space.codec import Codec
from gaiamorph.space.ends import End, draw, encode_end, warn_unlike
from gaiamorph.space.files import sha256
from gaiamorph.space.options import EditOptions
from gaiamorph.space.vectors import identity


def edit_item(
    codec: Codec,
    item: Any,
    amounts: Sequence[Mapping[str, float]],
    options: EditOptions,
    columns: int = 0,
) -> Continuum:
    """One item edited in several ways: a frame for each entry of ``amounts``.

    Warns (UnlikeTrainingWarning) if the item is unlike the training data. Raises UserError.
    """
    end = encode_end(codec, codec.source(item), options)
    warn_unlike(codec, [end])
    return edit(codec, end, amounts, options, columns)


def edit(
    codec: Codec,
    end: End,
    amounts: Sequence[Mapping[str, float]],
    options: EditOptions,
    columns: int = 0,
    other: Source | None = None,
) -> Continuum:
    """Edits of an encoded item.

    columns: frames in a row of the contact sheet; 0 puts all in one. other: the item whose attributes were transferred.
    Raises UserError for an unknown attribute, or an amount that is not a finite number.
    """
    if not amounts:
        raise UserError("there is nothing to edit: give amounts of attributes")
    z = end.code + np.stack([_change(codec, wanted) for wanted in amounts])
    used = {name: codec.attributes[name] for wanted in amounts for name in wanted}
    return Continuum(
        codec.kind, end.source, other or end.source, np.zeros(len(z)), z, draw(codec, z, end.detail), sha256(codec),
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


def transfer(
    codec: Codec,
    a: Any,
    b: Any,
    names: Sequence[str] | None,
    options: EditOptions,
) -> Continuum:
    """Two frames: a, and a with the attributes of b.

    The difference of the two codes is projected on the vectors ``names``, all by default.
    Warns (UnlikeTrainingWarning) and raises UserError as `edit_item` does.
    """
    chosen = list(codec.attributes) if names is None else list(names)
    if not chosen:
        raise UserError("the space has no attributes to transfer: fit some first")
    unchanged = dict.fromkeys(chosen, 0.0)
    _change(codec, unchanged)  # an unknown name is refused before the items are read
    ends = [encode_end(codec, codec.source(item), options) for item in (a, b)]
    warn_unlike(codec, ends)
    found = coordinates(ends[1].code - ends[0].code, np.stack([codec.attributes[name].vector for name in chosen]))
    amounts = dict(zip(chosen, map(float, found), strict=True))
    return edit(codec, ends[0], [unchanged, amounts], options, 0, ends[1].source)
