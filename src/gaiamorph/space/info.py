"""What a space says of itself: its description in the file, as frozen dataclasses."""

from __future__ import annotations

import dataclasses
import hashlib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from gaiamorph.networks import NetworkSettings


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
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "vector"}


def identity(vectors: Mapping[str, AttributeVector]) -> str:
    """SHA-256 over the vectors in order of name. Empty if there are none."""
    if not vectors:
        return ""
    digest = hashlib.sha256()
    for name in sorted(vectors):
        digest.update(f"{name}\n".encode("utf-8", "surrogateescape"))
        digest.update(np.ascontiguousarray(vectors[name].vector, dtype=np.float32).tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class TrainingInfo:
    """What the space was trained on, and how the training went."""

    source: str
    """The data, as it was given to ``train``."""
    fingerprint: str
    """SHA-256 of the data."""
    items: int
    """Number of training items."""
    seed: int
    steps: int
    examples: int
    """Training items seen, with repetition."""
    seconds: float
    """Wall-clock seconds of the training steps."""
    averaged: bool
    """Whether the weights are the exponential moving average."""
    device: str
    processes: int
    threads: int
    """Threads of each process."""
    precision: str
    compiled: bool
    """Whether the networks were compiled."""
    captured: bool
    """Whether the steps were captured as a CUDA graph."""
    warnings: list[dict[str, Any]]
    """Warnings of the training: ``step`` and ``warning``."""


@dataclass(frozen=True)
class ValidationInfo:
    """Reconstruction errors on the held-out validation items, as mean absolute differences in [0, 1] units."""

    items: int
    l1: float
    """Mean over the items."""
    l1_percentile_99: float
    """99th percentile over the items."""


@dataclass(frozen=True)
class CodesInfo:
    """Statistics of the training codes, one number for each entry of a code."""

    mean: list[float]
    sd: list[float]


@dataclass(frozen=True, kw_only=True)
class SpaceInfo:
    """The description of a space. The file keeps it as JSON (see docs/formats.md)."""

    gaiamorph_version: str
    model: str
    can_encode: bool = True
    """Whether real items have codes. A GAN has no encoder."""
    latent_dim: int
    gaussian: bool = False
    """Whether the encoder gives a mean and a log variance for each entry of a code."""
    network: NetworkSettings
    settings: dict[str, Any]
    """Every option of the training, as plain JSON."""
    training: TrainingInfo
    prior: Literal["normal", "uniform"] | None = None
    """Distribution that codes are drawn from, if the model has no encoder."""
    validation: ValidationInfo | None = None
    """None without an encoder."""
    codes: CodesInfo | None = None
    """None without an encoder."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON. An absent key is None."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value is not None}

    @staticmethod
    def from_json(values: dict[str, Any]) -> SpaceInfo:
        """The inverse of `to_json`. Raises TypeError for an unknown or missing name, and for a wrong type."""
        return _read(SpaceInfo, values)


def _read(hint: Any, value: Any) -> Any:
    """``value`` as the type ``hint``: a dataclass from a dictionary, anything else as it is. Raises TypeError."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return None if value is None else _read(typing.get_args(hint)[0], value)
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        hints = typing.get_type_hints(hint)
        unknown = sorted(set(value) - set(hints))
        if unknown:
            raise TypeError(f"unknown entry {unknown[0]!r}")
        return hint(**{name: _read(hints[name], given) for name, given in value.items()})  # type: ignore[operator]
    if typing.get_origin(hint) is Literal:
        fits = value in typing.get_args(hint)
    elif hint is float:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    else:
        fits = type(value) is (typing.get_origin(hint) or hint)
    if not fits:
        raise TypeError(f"{value!r} is not of the type {hint}"[:100])
    return value
