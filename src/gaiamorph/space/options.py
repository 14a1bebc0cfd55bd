"""Options of morphs and edits. The Python calls and the command line read the same dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict


@dataclass(frozen=True, kw_only=True)
class EditOptions:
    """How an item becomes a code, and frames become files."""

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
