"""Contact sheets of a folder of aligned pictures, in one page."""

import math
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from gaiamorph import drawing
from gaiamorph.output.report import write_page

SHOWN, PER_SHEET, COLUMNS, CELL = 240, 120, 10, 96
"""Pictures in all, on each sheet, and in a row; pixels of each."""


def write(
    folder: Path,
    title: str,
    paragraphs: Sequence[str],
    made: Sequence[dict[str, Any]],
    missing: Sequence[tuple[str, str]],
) -> None:
    """Write ``index.html``. The least certain pictures come first.

    made: rows with ``aligned``, the name of a picture, and ``score``. missing: names and reasons.
    """
    # Points that were placed by hand have no score.
    rows = sorted(made, key=lambda row: -1.0 if math.isnan(row["score"]) else row["score"])
    with TemporaryDirectory() as scratch:
        captions = {}
        for start in range(0, min(len(rows), SHOWN), PER_SHEET):
            names = [row["aligned"] for row in rows[start : start + PER_SHEET]]
            cells = [_thumbnail(folder / name) for name in names]
            lines = range(0, len(cells), COLUMNS)
            file = Path(scratch, f"{start:04d}.png")
            drawing.sheet([cells[i : i + COLUMNS] for i in lines], cell=CELL).save(file)
            captions[str(file)] = "; ".join(
                f"row {i // COLUMNS + 1}: {', '.join(names[i : i + COLUMNS])}" for i in lines
            )
        more = [f"Shown are {SHOWN} pictures: those with the lowest scores."] if len(rows) > SHOWN else []
        write_page(folder, title, [*paragraphs, *more], captions, missing)


def _thumbnail(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB").resize((CELL, CELL), Image.Resampling.BOX))
