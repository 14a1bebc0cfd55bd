"""Attribute vectors of a space: fitting them, and items moved along them."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gaiamorph.data import Dataset
from gaiamorph.data.attributes import attributes_of, refuse_copies
from gaiamorph.errors import UserError
from gaiamorph.latent import attributes as fitting
from gaiamorph.output.continuum import Continuum, Order, Source
from gaiamorph.space.detail import lost, restored
from gaiamorph.space.reading import warn_unlike
from gaiamorph.space.vectors import AttributeVector, identity

if TYPE_CHECKING:
    from gaiamorph.space.latent_space import LatentSpace


def fit_attributes(
    space: LatentSpace,
    data: Any,
    columns: list[str] | None,
    method: str,
    labels: str | os.PathLike[str] | None,
    split: str,
    seed: int,
) -> dict[str, AttributeVector]:
    """See `LatentSpace.fit_attributes`."""
    if method not in fitting.METHODS:
        raise UserError(f"there is no method {method!r}: choose one of {', '.join(fitting.METHODS)}")
    opened = data if isinstance(data, Dataset) else space.open_data(data)
    known = {"all": np.arange(len(opened)), **opened.splits}
    if split not in known or not len(known[split]):
        raise UserError(f"the data has no items in the split {split!r}: choose one of {', '.join(known)}")
    design = attributes_of(opened, Path(labels) if labels else None, columns).rows(known[split])
    some = np.flatnonzero(~np.isnan(design.values).all(1))
    design = design.rows(some)
    refuse_copies(design)
    z = space.encode(opened.items[known[split][some]])
    found = fitting.fit(z, design.values, method, seed)
    vectors = {
        a.name: AttributeVector(
            a.name, found.vectors[k].astype(np.float32), a.kind, method, int(found.items[k]), a.reference, found.r2,
            float(found.unique[k]), float(found.error[k]), [n for n in design.names if n != a.name],
            opened.source, opened.fingerprint,
        )
        for k, a in enumerate(design.attributes)
    }  # fmt: skip
    space.attributes.update(vectors)
    return vectors


def add_difference(space: LatentSpace, name: str, start: Any, end: Any) -> AttributeVector:
    """See `LatentSpace.add_difference`."""
    z_start, z_end = space.encode(start), space.encode(end)
    vector = (z_end.mean(0) - z_start.mean(0)).astype(np.float32)
    spread = np.sqrt((z_start.var(0) / len(z_start) + z_end.var(0) / len(z_end)).sum())
    error = float(spread / max(float(np.linalg.norm(vector)), 1e-12))
    made = AttributeVector(name, vector, "difference", "mean_difference", len(z_start) + len(z_end), error=error)
    space.attributes[name] = made
    return made


def edits(
    space: LatentSpace,
    item: Any,
    amounts: Sequence[Mapping[str, float]],
    refine: int = 0,
    columns: int = 0,
    keep_detail: bool = False,
    other: Source | None = None,
    code: np.ndarray | None = None,
) -> Continuum:
    """See `LatentSpace.edits`. other: whose attributes were transferred, for the record. code: of the item (latent_dim,),
    where it is known."""
    if not amounts:
        raise UserError("there is nothing to edit: give amounts of attributes")
    steps = np.stack([_step(space, wanted) for wanted in amounts])
    source = item if isinstance(item, Source) else space.source(item)
    if other is None:  # a transfer has warned of both its items; what a manifest orders has been seen before
        warn_unlike(space, [source])
    start = space.encode(source.item[None], refine=refine) if code is None else code[None]
    z = start + steps
    frames = space.decode(z)
    if keep_detail:
        frames = restored(space.kind, frames, lost(space.kind, source.item[None], space.decode(start)))
    used = {name: space.attributes[name] for wanted in amounts for name in wanted}
    return Continuum(
        space.kind, source, other or source, np.zeros(len(z)), z, frames, space.sha256, "given", "", refine,
        tuple({name: float(amount) for name, amount in wanted.items()} for wanted in amounts), identity(used), columns,
        keep_detail,
    )  # fmt: skip


def _step(space: LatentSpace, wanted: Mapping[str, float]) -> np.ndarray:
    """The change of z (latent_dim,) for amounts by name."""
    step = np.zeros(space.latent_dim, dtype=np.float32)
    for name, amount in wanted.items():
        if name not in space.attributes:
            known = ", ".join(space.attributes) or "none: fit some first"
            raise UserError(f"the space has no attribute {name!r} (it has {known})")
        try:
            number = float(amount)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise UserError(f"the amount of {name!r} must be a finite number, not {amount!r}")
        step += np.float32(number) * space.attributes[name].vector
    return step


def grid(
    space: LatentSpace,
    item: Any,
    first: tuple[str, Sequence[float]],
    second: tuple[str, Sequence[float]],
    refine: int,
    keep_detail: bool,
) -> Continuum:
    """See `LatentSpace.edit_grid`."""
    (row_name, rows), (column_name, columns) = first, second
    if row_name == column_name:
        raise UserError(f"a grid needs two different attributes, not {row_name!r} twice")
    amounts = [{row_name: row, column_name: column} for row in rows for column in columns]
    return edits(space, item, amounts, refine, len(columns), keep_detail)


def transfer(
    space: LatentSpace, a: Any, b: Any, names: Sequence[str] | None, refine: int, keep_detail: bool
) -> Continuum:
    """See `LatentSpace.transfer`."""
    chosen = list(space.attributes) if names is None else list(names)
    _step(space, dict.fromkeys(chosen, 0.0))  # refuses unknown names
    if not chosen:
        raise UserError("the space has no attributes to transfer: fit some first")
    ends = [space.source(a), space.source(b)]
    warn_unlike(space, ends)
    z_a, z_b = space.encode(np.stack([end.item for end in ends]), refine=refine)
    found = fitting.coordinates(z_b - z_a, np.stack([space.attributes[name].vector for name in chosen]))
    amounts = dict(zip(chosen, map(float, found), strict=True))
    return edits(space, ends[0], [dict.fromkeys(chosen, 0.0), amounts], refine, 0, keep_detail, ends[1], z_a)


def check_vectors(space: LatentSpace, order: Order) -> None:
    """Raise UserError unless the space has the vectors that a manifest was written with."""
    names = {name for amounts in order.amounts for name in amounts}
    missing = sorted(names - set(space.attributes))
    if missing:
        raise UserError(f"the manifest edits {missing[0]!r}, an attribute that this space does not have: fit it first")
    if identity({name: space.attributes[name] for name in names}) != order.attributes_sha256:
        raise UserError("the attribute vectors have changed since the manifest was written: their SHA-256 is another")
