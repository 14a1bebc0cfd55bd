"""Attribute vectors: directions in z with their origin."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np


@dataclass(frozen=True)
class AttributeVector:
    """A direction in z, and the data and method that it comes from.

    vector: float32 (latent_dim,): the change of z for +1.
    kind: binary (+1 is absent -> present), numeric (+1 is one unit), level (+1 is from the level ``reference`` to this
        one) or difference (+1 is from the mean of one group to that of another).
    method: how it was fitted. items, r2, unique, error: how well it is determined (see `latent.attributes.Fit`).
    fitted_with: the attributes that were held fixed.
    source, fingerprint: the data that it was fitted to.
    """

    name: str
    vector: np.ndarray = field(repr=False)
    kind: str
    method: str
    items: int
    reference: str = ""
    r2: float = float("nan")
    unique: float = float("nan")
    error: float = float("nan")
    fitted_with: list[str] = field(default_factory=list)
    source: str = ""
    fingerprint: str = ""

    def describe(self) -> dict[str, Any]:
        """All fields except the vector, as plain JSON."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "vector"}


def identity(vectors: Mapping[str, AttributeVector]) -> str:
    """SHA-256 over the vectors in order of name. Empty if there are none."""
    if not vectors:
        return ""
    digest = hashlib.sha256()
    for name in sorted(vectors):
        digest.update(f"{name}\n".encode("utf-8", "surrogateescape"))
        digest.update(np.ascontiguousarray(vectors[name].vector, dtype=np.float32).tobytes())
    return digest.hexdigest()
