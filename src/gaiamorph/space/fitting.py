"""Attribute vectors of a space, fitted to labelled items or taken from two groups."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from gaiamorph.data import Dataset
from gaiamorph.data.attributes import attributes_of, refuse_copies
from gaiamorph.errors import UserError
from gaiamorph.latent import attributes as methods
from gaiamorph.space.codec import Codec
from gaiamorph.space.vectors import AttributeVector


def fit_attributes(
    codec: Codec,
    data: Any,
    columns: list[str] | None,
    method: str,
    labels: str | os.PathLike[str] | None,
    split: str,
    seed: int,
) -> dict[str, AttributeVector]:
    """Attribute vectors by name, fitted to the labelled items of one split.

    data: a Dataset, or anything that `open_data` takes. columns: attributes to use; None for all that can be.
    method: a name in `latent.attributes.METHODS`. labels: a table of attributes in place of the data's own.
    split: items to fit on, or ``all``. seed: of the bootstrap.
    Raises UserError for attributes that cannot be fitted, and says which and why.
    """
    if method not in methods.METHODS:
        raise UserError(f"there is no method {method!r}: choose one of {', '.join(methods.METHODS)}")
    opened = data if isinstance(data, Dataset) else codec.open_data(data)
    known = {"all": np.arange(len(opened)), **opened.splits}
    if split not in known or not len(known[split]):
        raise UserError(f"the data has no items in the split {split!r}: choose one of {', '.join(known)}")
    design = attributes_of(opened, Path(labels) if labels else None, columns).rows(known[split])
    labelled = np.flatnonzero(~np.isnan(design.values).all(1))
    design = design.rows(labelled)
    refuse_copies(design)
    z = codec.encode(opened.items[known[split][labelled]])
    found = methods.fit(z, design.values, method, seed)
    return {
        a.name: AttributeVector(
            a.name, found.vectors[k].astype(np.float32), a.kind, method, int(found.items[k]), a.reference, found.r2,
            float(found.unique[k]), float(found.error[k]), [n for n in design.names if n != a.name],
            opened.source, opened.fingerprint,
        )
        for k, a in enumerate(design.attributes)
    }  # fmt: skip


def difference(codec: Codec, name: str, start: Any, end: Any) -> AttributeVector:
    """The vector from the mean code of the items ``start`` to that of the items ``end``, with its standard error."""
    z_start, z_end = codec.encode(start), codec.encode(end)
    vector = (z_end.mean(0) - z_start.mean(0)).astype(np.float32)
    spread = np.sqrt((z_start.var(0) / len(z_start) + z_end.var(0) / len(z_end)).sum())
    error = float(spread / max(float(np.linalg.norm(vector)), 1e-12))
    return AttributeVector(name, vector, "difference", "mean_difference", len(z_start) + len(z_end), error=error)
