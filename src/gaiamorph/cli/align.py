"""gaiamorph align"""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from gaiamorph.cli.options import Config, Flag, Overwrite, progress
from gaiamorph.output import aligned
from gaiamorph.output.report import PAGE


def align(
    photos: Path,
    /,
    *,
    out: Path,
    points: str | None = None,
    size: int | None = None,
    margin: float | None = None,
    border: str | None = None,
    by: Literal["eyes", "five"] | None = None,
    like: Path | None = None,
    all_: Annotated[bool, Parameter(name="--all", negative=())] = False,
    overwrite: Overwrite = False,
    quiet: Flag = False,
    config: Config = None,
) -> None:
    """Turn and scale photographs so that their faces lie at the same place. Nothing helps a morph of faces as much.

    Writes a PNG file for each face, alignment.csv (points, scores, transforms, and why a photograph is missing), index.html with
    contact sheets, and metadata.csv with the new names. Train on that folder, and the space remembers the alignment: morph, edit
    and the others then take the photographs as they are. A stopped run goes on when it is started again.

    Args:
        photos: A folder of photographs, or one.
        out: New folder.
        points: faces (default): found by a detector. templates: the pupils in NAME.tem beside each photograph (PsychoMorph,
            WebMorph). Or a table with file_name and x1, y1, x2, y2, ... in pixels, of things of any kind; with left_eye_x,
            left_eye_y, right_eye_x, ... it has faces, and those that it does not name are found.
        size: Side of an aligned picture in pixels (default 512).
        margin: Space around (default 0.5: the whole head; 0: brows to chin).
        border: What lies outside of a photograph: reflect (default), edge, or a colour such as #808080.
        by: eyes (default): both eyes lie exactly at their places; five: eyes, nose and mouth as near as possible.
        like: A folder of aligned pictures: the same alignment again.
        all_: All faces of a photograph; by default the largest.
        quiet: Print nothing but warnings and notes.
    """
    given: dict[str, Any] = {"size": size, "margin": margin, "border": border, "by": by}
    options = {name: value for name, value in given.items() if value is not None}
    try:
        with progress("aligning", hidden=quiet) as report:
            made = aligned.align(
                photos, out, points=points, like=like, every=all_, overwrite=overwrite, report=report,
                **options,
            )  # fmt: skip
    except KeyboardInterrupt:
        print("stopped; the same command goes on", file=sys.stderr)
        raise
    for note in made.notes:
        print(f"gaiamorph: note: {note}", file=sys.stderr)
    for name, reason in made.missing.items():
        print(f"gaiamorph: warning: {name} is not aligned: {reason}", file=sys.stderr)
    if not quiet:
        print(made.summary)
        print(out / PAGE)
