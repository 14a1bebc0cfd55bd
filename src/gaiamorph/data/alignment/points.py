"""Points that people have placed: templates of PsychoMorph and WebMorph, and tables."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from gaiamorph.data.names import matched, read_by_name
from gaiamorph.errors import UnreadableError, UserError

TEMPLATE = ".tem"
FACE = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
"""Names of a face's points in a table, before ``_x`` and ``_y``. left: in the picture. The eyes alone are enough."""


def of_template(photograph: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The pupils (2, 2) from NAME.tem beside a photograph (H, W, ...). Raises UnreadableError.

    A template has the number of its points in the first line, then a point in each line: right and down in pixels.
    """
    path = photograph.with_suffix(TEMPLATE)
    if not path.is_file():
        raise UnreadableError(f"it has no template {path.name} beside it")
    try:
        first, *rest = path.read_text(encoding="latin-1").splitlines()
        points = np.array([[float(number) for number in line.split()] for line in rest[: int(first)]])
        if points.shape != (int(first), 2) or len(points) < 2:
            raise ValueError("fewer points than its first line says")
    except (OSError, ValueError) as error:
        raise UnreadableError(
            f"{path.name} is not a template of PsychoMorph or WebMorph ({str(error)[:60]})"
        ) from error
    return inside(points[:2], shape)


def inside(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The points (N, 2). Raises UnreadableError if one lies outside of a picture (H, W, ...), or two are the same."""
    if not ((points >= -0.5) & (points <= np.array([shape[1], shape[0]]) - 0.5)).all():
        raise UnreadableError(f"its points lie outside of its {shape[1]} x {shape[0]} pixels")
    if np.ptp(points, 0).max() < 1:
        raise UnreadableError("its points lie on one spot")
    return points


class Table:
    """A table of points: a column ``file_name``, and pairs of columns in pixels of the photograph.

    The pairs are ``left_eye_x``, ``left_eye_y``, ``right_eye_x``, ... of a face, or ``x1``, ``y1``, ``x2``, ... of any thing.
    """

    def __init__(self, path: Path, photographs: Sequence[str]) -> None:
        """photographs: their names. Raises UserError if no row is of one, or if there are fewer than two points."""
        rows, self.notes = read_by_name(path, ("file_name", "name"))
        pairs = [(f"{name}_x", f"{name}_y") for name in FACE]
        self.is_face = pairs[0][0] in rows.columns
        if not self.is_face:
            pairs = [(f"x{n}", f"y{n}") for n in range(1, len(rows.columns) // 2 + 2)]
        used = [pair for pair in pairs if set(pair) <= set(rows.columns)]
        if len(used) < 2 or used != pairs[: len(used)]:
            raise UserError(
                f"{path} needs columns x1, y1, x2, y2, ... (or left_eye_x, left_eye_y, right_eye_x, ...): two or more points of "
                "each photograph, in pixels"
            )
        numbers = pd.DataFrame(rows, columns=[column for pair in used for column in pair])
        table, notes = matched(numbers, photographs, path)
        self.notes += notes
        self.rows = table.set_axis(list(photographs)).apply(pd.to_numeric, errors="coerce")

    def complete(self) -> list[np.ndarray]:
        """The points (N, 2) of every photograph that has all of them. Raises UserError if there is none."""
        known = self.rows.to_numpy(float)
        known = known[np.isfinite(known).all(1)]
        if not len(known):
            raise UserError("the table of points has no row with all points")
        return list(known.reshape(len(known), -1, 2))

    def of(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """The points (N, 2) of a photograph (H, W, ...). Raises UnreadableError if one is missing, or lies outside."""
        points = self.rows.loc[name].to_numpy(float).reshape(-1, 2)
        if not np.isfinite(points).all():
            raise UnreadableError("the table of points has no row for it, or an empty or infinite cell")
        if self.is_face and points[0, 0] >= points[1, 0]:
            raise UnreadableError("its left eye lies to the right of its right one: left is meant in the picture")
        return inside(points, shape)

    def has(self, name: str) -> bool:
        """Whether the table has any point of a photograph."""
        return bool(self.rows.loc[name].notna().any())


def mean_places(things: list[np.ndarray], margin: float) -> tuple[tuple[float, float], ...]:
    """Places, as shares of the side, from the points (N, 2) of many things: their mean shape, in the middle, with a margin.

    Source: generalised Procrustes analysis (Gower 1975, doi 10.1007/BF02291478), by similarity transforms.
    """
    from gaiamorph.data.alignment.transform import applied, similarity

    centred = [points - points.mean(0) for points in things]
    shape = np.mean([points / np.linalg.norm(points) for points in centred], 0)
    for _ in range(5):
        shape = np.mean([applied(similarity(points, shape), points) for points in things], 0)
        shape /= np.linalg.norm(shape)
    low, high = shape.min(0), shape.max(0)
    shares = 0.5 + (shape - (low + high) / 2) / (np.max(high - low) * (1 + margin))
    return tuple((float(x), float(y)) for x, y in shares.round(6))
