"""What a space says of itself: its description in the file, as frozen dataclasses."""

import dataclasses
import hashlib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeVar

import numpy as np

from gaiamorph.networks import NetworkSettings

T = TypeVar("T")


@dataclass(frozen=True)
class AttributeVector:
    """A direction in z, and the data and method that it comes from.

    vector: float32 (latent_dim,): the change of z for +1.
    kind: binary (+1 is absent -> present), numeric (+1 is one unit), level (+1 is from the level ``reference`` to this
        one) or difference (+1 is from the mean of one group to that of another).
    method: how it was fitted. items, r2, unique, error: how well it is determined (see `latent.attributes.Fit`).
    sd: standard deviation of the attribute among the items; NaN if it is not known.
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
    sd: float = float("nan")
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
    """What the space was trained on, and how the training went.

    source: the data, as it was given to ``train``. fingerprint: its SHA-256. items: number of training items.
    examples: training items seen, with repetition. seconds: wall-clock seconds of the training steps.
    averaged: whether the weights are the exponential moving average. threads: of each process.
    captured: whether the steps were captured as a CUDA graph. warnings: each with ``step`` and ``warning``.
    """

    source: str
    fingerprint: str
    items: int
    seed: int
    steps: int
    examples: int
    seconds: float
    averaged: bool
    device: str
    processes: int
    threads: int
    precision: str
    compiled: bool
    captured: bool
    warnings: list[dict[str, Any]]


@dataclass(frozen=True)
class ValidationInfo:
    """Reconstruction errors of the held-out validation items, as mean absolute differences in [0, 1] units.

    l1: mean over the items. l1_percentile_99: 99th percentile over the items.
    """

    items: int
    l1: float
    l1_percentile_99: float


@dataclass(frozen=True)
class CodesInfo:
    """Statistics of the training codes, one number for each entry of a code."""

    mean: list[float]
    sd: list[float]


@dataclass(frozen=True)
class StartInfo:
    """The space whose weights a training started from: its SHA-256, the data it was trained on, and its steps."""

    sha256: str
    source: str
    steps: int


@dataclass(frozen=True, kw_only=True)
class SpaceInfo:
    """The description of a space. The file keeps it as JSON (see docs/formats.md).

    can_encode: whether real items have codes. A GAN has no encoder, so it has no ``validation`` and no ``codes``.
    gaussian: whether the encoder gives a mean and a log variance for each entry of a code.
    settings: every option of the training, as plain JSON.
    prior: distribution that codes are drawn from, if the model has no encoder.
    started_from: absent if the weights were random at first.
    """

    gaiamorph_version: str
    model: str
    can_encode: bool = True
    latent_dim: int
    gaussian: bool = False
    network: NetworkSettings
    settings: dict[str, Any]
    training: TrainingInfo
    prior: Literal["normal", "uniform"] | None = None
    validation: ValidationInfo | None = None
    codes: CodesInfo | None = None
    started_from: StartInfo | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON. An absent key is None."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The inverse of `to_json`. Raises TypeError for an unknown or missing name, and for a value of a wrong type."""
        groups = {
            "network": NetworkSettings,
            "training": TrainingInfo,
            "validation": ValidationInfo,
            "codes": CodesInfo,
            "started_from": StartInfo,
        }
        read = {name: _made(groups[name], value) if name in groups else value for name, value in values.items()}
        return _made(cls, read)


def _made(group: type[T], values: dict[str, Any]) -> T:
    """``group(**values)``. The types of texts, numbers and flags are checked."""
    made = group(**values)
    for name, hint in typing.get_type_hints(group).items():
        value = getattr(made, name)
        fits = type(value) in (int, float) if hint is float else type(value) is hint
        if hint in (str, int, float, bool) and not fits:
            raise TypeError(f"{name} is {value!r}, not of the type {hint.__name__}"[:100])
    return made
