"""What a manifest says of a continuum: its columns, its ends, and how it was made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

MANIFEST = "manifest.csv"
COLUMNS = (
    "file", "role", "pair", "position", "weight", "source_a", "sha256_a", "source_b", "sha256_b",
    "spacing", "features", "refine", "scale", "attributes", "space_sha256", "gaiamorph_version",
    "attributes_sha256", "columns", "detail", "full_size", "sha256", "blend", "space",
)  # fmt: skip
"""Columns of a manifest. docs/formats.md says what each holds."""
SHARED: dict[str, Callable[[str], Any]] = {
    "spacing": str, "features": str, "refine": int, "space_sha256": str, "attributes_sha256": str, "columns": int,
    "detail": str, "full_size": int, "blend": "True".__eq__, "space": str,
}  # fmt: skip
"""Columns that are fields of `Description`, the same for a whole continuum. Each has its conversion."""
TINY = 1e-9
NEWER = ("detail", "full_size", "sha256", "blend", "space")
"""Columns that older manifests lack. The oldest have ``keep_detail`` instead of the first two: 1 is the detail ``added``."""


def shown(weight: float) -> str:
    """A weight with two decimals, or with three if that is all of it: 0.50, 0.125, 0.33."""
    short, longer = (abs(weight - round(weight, digits)) < TINY for digits in (2, 3))
    return f"{weight:.3f}" if longer and not short else f"{weight:.2f}"


@dataclass(frozen=True)
class Source:
    """An end of a continuum: its name, the SHA-256 of its file (or of its values), and the item."""

    name: str
    sha256: str
    item: np.ndarray = field(repr=False, compare=False)
    original: Any = field(default=None, repr=False, compare=False)
    """What the item was read from: a path, a picture, an array, the content of a file. None if there is no more than the item."""

    @property
    def path(self) -> Path | None:
        """The file, if there is one."""
        return self.original if isinstance(self.original, Path) else None


@dataclass(frozen=True, kw_only=True)
class Description:
    """How a continuum from a to b was made. A manifest records it.

    weights: (S,), shares of b. spacing: how they were chosen. features: the feature space of the perceptual spacing.
    amounts: for each frame of an edit of a, amounts of attributes by name; empty for a morph. The b of an edit is a, or the
        item that a was given attributes of.
    columns: frames in a row of the contact sheet; 0 puts all in one.
    detail: what became of the detail that the space cannot redraw (see `EditOptions`).
    full_size: longer side of the frames in pixels; 0 if they have the space's own size.
    blend: whether the items themselves were blended, without their codes.
    space: where the space was fetched from, with its commit; empty for a file.
    """

    weights: np.ndarray
    space_sha256: str
    spacing: str = "even"
    features: str = ""
    refine: int = 0
    amounts: tuple[dict[str, float], ...] = ()
    attributes_sha256: str = ""
    columns: int = 0
    detail: str = "none"
    full_size: int = 0
    blend: bool = False
    space: str = ""
