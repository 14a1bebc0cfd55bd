"""`Alignment`: which points of a photograph are brought to which places."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from gaiamorph.data.alignment.found import SHAPE, Found
from gaiamorph.errors import UnreadableError, UserError, telling

TIGHT, MIDDLE = 0.42, (0.5, 0.56)
"""Of a face without margin: the distance between the eyes, as a share of the side. And where the middle of the face lies."""
SMALLEST, LARGEST = 16, 4096
"""Least and most pixels of an aligned picture's side."""
TAG = "gaiamorph-alignment"
"""Text chunk of an aligned PNG. It holds the rule, so that the picture is not aligned again."""
ENLARGED = 2.0
"""A thing that is enlarged more than this has less detail than its picture seems to."""
MOST_MISSING = 0.2
"""A larger share of photographs that cannot be aligned is an error."""
NONE_FOUND = "no face was found in it"
FILE = "alignment.json"
"""The rule of a folder of aligned pictures."""


@dataclass(frozen=True)
class Aligned:
    """An aligned picture uint8 (size, size) or (size, size, 3), and the transform (2, 3) that made it of the photograph."""

    picture: np.ndarray
    transform: np.ndarray
    found: Found


@dataclass(frozen=True)
class Alignment:
    """How photographs are aligned: a similarity transform brings points of each to the same places. Raises UserError."""

    size: int = 512
    """Side of an aligned picture, in pixels."""
    margin: float = 0.5
    """Space around. Of a face, 0 shows brows to chin, and 0.5 the whole head. Of other things, 0 cuts at the outermost points."""
    border: str = "reflect"
    """What lies outside of the photograph: reflect, edge, or a colour such as #808080."""
    by: Literal["eyes", "five"] = "eyes"
    """Points of a face that are brought to their places: the eyes exactly, or all five by least squares."""
    points: str = "faces"
    """Where points come from. faces: a detector. templates: NAME.tem beside a photograph. table: a table of points."""
    places: tuple[tuple[float, float], ...] = ()
    """Places of points that are not a face's, as shares of the side."""

    def __post_init__(self) -> None:
        if not (type(self.size) is int and SMALLEST <= self.size <= LARGEST):
            raise UserError(f"the size of aligned pictures must lie between {SMALLEST} and {LARGEST}, not {self.size}")
        if not (isinstance(self.margin, int | float) and 0 <= self.margin <= 10):
            raise UserError(f"the margin of aligned pictures must lie between 0 and 10, not {self.margin}")
        if self.border not in ("reflect", "edge") and not re.fullmatch("#[0-9a-fA-F]{6}", str(self.border)):
            raise UserError(f"a border is reflect, edge or a colour #rrggbb, not {self.border!r}")
        if self.by not in ("eyes", "five"):
            raise UserError(f"faces are aligned by 'eyes' or 'five', not by {self.by!r}")
        if self.points not in ("faces", "templates", "table"):
            raise UserError(f"points come from faces, templates or a table, not from {self.points!r}")
        with telling("the places of an alignment are pairs of numbers"):
            places = np.array(self.places, float).reshape(-1, 2)
        object.__setattr__(self, "places", tuple((float(x), float(y)) for x, y in places))

    @classmethod
    def of(cls, given: "bool | Alignment | Mapping[str, Any] | None") -> Self | None:
        """The rule given, as an object or as plain JSON. True: the default rule. False and None: no alignment."""
        if isinstance(given, Mapping):
            if unknown := set(given) - {f.name for f in fields(cls)}:
                raise UserError(f"an alignment has no option {sorted(unknown)[0]!r}")
            return cls(**given)
        if given is None or isinstance(given, cls):
            return given
        return cls() if given else None

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The rule of a folder that `gaiamorph align` made, or None. Raises UserError if its file is damaged."""
        path = folder / FILE
        if not path.is_file():
            return None
        with telling(f"{path} is not an alignment of gaiamorph, or is damaged"):
            return cls.of(json.loads(path.read_text(encoding="utf-8"))["alignment"])

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, the inverse of `of`."""
        return json.loads(json.dumps(asdict(self)))

    @property
    def key(self) -> str:
        """The rule as one line of text."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))

    @property
    def geometry(self) -> str:
        """The same, but for where points come from: it tells whether two pictures are aligned alike."""
        return replace(self, points="faces").key

    def targets(self, count: int) -> np.ndarray:
        """Places (2, 2), (5, 2) or (N, 2) of the points that are fitted, in pixels of the aligned picture.

        count: points that were found. Of a face, all five are used only ``by`` five. Raises UserError.
        """
        if self.places:
            if len(self.places) != count:
                raise UserError(f"the alignment has places for {len(self.places)} points, not for {count}")
            shares = np.array(self.places)
        else:
            used = 5 if self.by == "five" else 2
            if count < used:
                raise UserError(f"aligning by five needs five points of a face, and there are {count}: use eyes")
            shares = MIDDLE + SHAPE[:used] * TIGHT / (1 + self.margin)
        return shares * self.size - 0.5

    def apply(self, picture: np.ndarray, found: Found) -> Aligned:
        """The aligned picture of a photograph uint8 (H, W) or (H, W, 3)."""
        from gaiamorph.data.alignment.transform import similarity, warp

        targets = self.targets(len(found.points))
        transform = similarity(found.points[: len(targets)], targets)
        return Aligned(warp(picture, transform, (self.size, self.size), self.border), transform, found)

    def find(self, picture: np.ndarray, path: Path | None = None) -> list[Found]:
        """The things in a photograph uint8 (H, W) or (H, W, 3), largest first. Empty if there is none.

        path: of the photograph, for its template. Raises UserError if points are needed that nobody gave.
        """
        from gaiamorph.data.alignment import faces, points

        if self.points == "faces":
            return faces.find_faces(picture)
        if self.points == "templates" and path is not None:
            return [Found(points.of_template(path, picture.shape))]
        raise UserError(
            "its points are not known: align it first, with gaiamorph align --points TABLE --like ALIGNED_FOLDER"
        )

    def largest(self, picture: np.ndarray, path: Path | None = None) -> Aligned:
        """The largest thing in a photograph, aligned. Raises UnreadableError if there is none."""
        if not (found := self.find(picture, path)):
            raise UnreadableError(NONE_FOUND)
        return self.apply(picture, found[0])

    def is_done(self, picture: Any, path: Path | None) -> bool:
        """Whether a PIL picture is aligned by this rule already.

        Its text says so, or it has the right size and lies in a folder of such pictures (a program has rewritten it).
        """
        if picture.info.get(TAG) == self.geometry:
            return True
        if path is None or picture.size != (self.size, self.size):
            return False
        rules = (self.read(folder) for folder in path.resolve().parents[:3])
        return any(rule.geometry == self.geometry for rule in rules if rule)
