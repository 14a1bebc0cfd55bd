"""`align`: a folder of photographs as a folder of aligned pictures.

The work lies in a hidden folder beside the result until all is done. A stopped run goes on there.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import PngImagePlugin

from gaiamorph.data import images
from gaiamorph.data.alignment import Alignment
from gaiamorph.data.alignment.found import Found
from gaiamorph.data.alignment.rule import ENLARGED, FILE, MOST_MISSING, NONE_FOUND, TAG
from gaiamorph.data.finding import Found as Listed
from gaiamorph.data.finding import find, printable
from gaiamorph.data.names import read_metadata
from gaiamorph.data.oddities import listed, no_pictures, unread
from gaiamorph.errors import UnreadableError, UserError
from gaiamorph.output import contact_sheets
from gaiamorph.output.folders import refuse_existing
from gaiamorph.output.journal import Journal

TABLE, METADATA = "alignment.csv", "metadata.csv"
AFTER_HEADER = 33
"""Bytes of a PNG file before its second chunk."""
AT_ONCE = 64
"""Photographs that are worked on before their rows are written down."""
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class AlignedFolder:
    """What `align` made. rows: those of ``alignment.csv``. notes: what is odd about the tables, for the user."""

    folder: Path
    rows: list[dict[str, Any]] = field(repr=False)
    notes: list[str] = field(default_factory=list, repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """A row for each aligned picture, and one with the reason for each photograph that could not be aligned."""
        return pd.DataFrame(self.rows)

    @property
    def made(self) -> list[dict[str, Any]]:
        """The rows of aligned pictures."""
        return [row for row in self.rows if "aligned" in row]

    @property
    def missing(self) -> dict[str, str]:
        """The reason for each photograph that could not be aligned, by name."""
        return {row["file_name"]: row["reason"] for row in self.rows if "aligned" not in row}

    @property
    def photographs(self) -> int:
        return len({row["file_name"] for row in self.rows})

    @property
    def summary(self) -> str:
        """The outcome in one line."""
        firsts = {row["file_name"]: row for row in reversed(self.made)}.values()
        counts = {
            "with several faces": sum(row["things"] > 1 for row in firsts),
            "turned upright": sum(row["turned"] > 0 for row in self.made),
            f"enlarged more than {ENLARGED:g} times": sum(row["scale"] > ENLARGED for row in self.made),
        }
        told = [f"{count} {what}" for what, count in counts.items() if count]
        return ", ".join([f"{len(firsts)} of {self.photographs} photographs aligned", *told])


@dataclass(frozen=True)
class _Job:
    """What every thread needs. table: points that people have placed. every: all faces, not the largest alone."""

    rule: Alignment
    folder: Path
    table: Any
    every: bool

    def rows(self, entry: tuple[str, Path, str]) -> list[dict[str, Any]]:
        """Align one photograph (name, path, name of the result without ending). Returns its rows of the table."""
        name, path, stem = entry
        try:
            photograph = np.asarray(images.decode(images.read_bytes(path)))
            found = self._found(name, path, photograph)
            chosen = found if self.every else found[:1]
            return [self._row(name, photograph, thing, stem, k, len(found)) for k, thing in enumerate(chosen)]
        except UnreadableError as error:
            return [{"file_name": name, "reason": str(error)}]

    def _found(self, name: str, path: Path, photograph: np.ndarray) -> list[Found]:
        if self.table is not None and (self.table.has(name) or not self.table.is_face):
            return [Found(self.table.of(name, photograph.shape))]
        if not (found := self.rule.find(photograph, path)):
            raise UnreadableError(NONE_FOUND)
        return found

    def _row(
        self, name: str, photograph: np.ndarray, thing: Found, stem: str, number: int, count: int
    ) -> dict[str, Any]:
        """Write one aligned picture. Returns its row."""
        from gaiamorph.data.alignment.points import FACE
        from gaiamorph.data.alignment.transform import scale_of

        aligned = self.rule.apply(photograph, thing)
        file = f"{stem}_face{number + 1}.png" if number else f"{stem}.png"
        (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
        _write_png(aligned.picture, self.folder / file, self.rule.geometry)
        row = {
            "file_name": name,
            "aligned": file,
            "reason": "",
            "things": count,
            "score": thing.score,
            "turned": thing.turned,
            "scale": scale_of(aligned.transform),
        }
        for i, (x, y) in enumerate(thing.points.round(2).tolist()):
            row |= {f"x{i + 1}": x, f"y{i + 1}": y} if self.rule.places else {f"{FACE[i]}_x": x, f"{FACE[i]}_y": y}
        return row | {f"m{i}{j}": float(aligned.transform[i, j]) for i in range(2) for j in range(3)}


def _write_png(picture: np.ndarray, path: Path, text: str) -> None:
    """Write uint8 (H, W) or (H, W, 3), with a text under `TAG`. OpenCV takes half of Pillow's time, but writes no text."""
    import cv2

    coded = cv2.imencode(".png", picture if picture.ndim == 2 else picture[..., ::-1])[1].tobytes()
    with open(path, "wb") as file:
        file.write(coded[:AFTER_HEADER])
        PngImagePlugin.putchunk(file, b"tEXt", f"{TAG}\0{text}".encode())
        file.write(coded[AFTER_HEADER:])


def align(
    photos: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    points: str | os.PathLike[str] | None = None,
    like: str | os.PathLike[str] | None = None,
    every: bool = False,
    overwrite: bool = False,
    report: Report | None = None,
    **options: Any,
) -> AlignedFolder:
    """Align a folder of photographs (or one) into a new folder.

    points: ``faces`` (found; the default), ``templates`` (NAME.tem beside a photograph), or a table: ``file_name``, and ``x1``,
        ``y1``, ``x2``, ``y2``, ... in pixels. With ``left_eye_x``, ... it has faces, and those that it does not name are found.
    like: a folder that this function made: the same alignment again.
    every: all faces of a photograph; by default the largest.
    report: called with (photographs done, photographs in all).
    options: fields of `Alignment` (``size=512, margin=0.5, border="reflect", by="eyes"``).
    ``alignment.csv`` has a row for each photograph that could not be aligned, too, with the reason. A stopped run goes on when it
    is started again. Raises UserError, and leaves nothing, if more than a fifth of the photographs cannot be aligned.
    """
    import cv2

    source, target = Path(photos), Path(out)
    if source.resolve() in (target.resolve(), *target.resolve().parents):
        raise UserError(f"{target} lies in {source}, where it would be read as photographs: choose a place beside it")
    if target.resolve() in source.resolve().parents:
        raise UserError(f"{target} holds the photographs: choose a place beside it")
    refuse_existing(target, overwrite, folder=True)
    entries, others = _entries(source)
    names = [name for name, _, _ in entries]
    metadata, notes = read_metadata(source, names)
    rule, table = _rule(points, like, options, names)
    notes += table.notes if table is not None else []
    key = json.dumps([rule.key, every, str(points), points and images.stamp(Path(points)), str(source.resolve())])
    journal = Journal(target, key)
    part = journal.folder
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # each photograph has a thread of its own
    try:
        rows = _aligned(_Job(rule, part, table, every), entries, journal, report)
        _refuse_missing(rows, source)
        result = AlignedFolder(target, [*rows, *others], notes)
        _finish(part, rule, result, metadata)
    except UserError:
        journal.discard()
        raise
    finally:
        cv2.setNumThreads(threads)
    journal.finish()
    return result


def _entries(source: Path) -> tuple[list[tuple[str, Path, str]], list[dict[str, Any]]]:
    """Name, path and name of the result without ending; and rows of files that look like pictures, but cannot be read.

    Two photographs that differ in their ending keep it.
    """
    if not source.exists():
        raise UserError(f"{source} does not exist: give a folder of photographs, or one")
    seen = find(source) if source.is_dir() else Listed([(printable(source.name), source)])
    found = seen.pictures
    if not found:
        raise UserError(no_pictures(source, seen))
    others = [{"file_name": name, "reason": reason} for name, reason in seen.skipped]
    stems = [name.rpartition(".")[0] or name for name, _ in found]
    often = Counter(stem.casefold() for stem in stems)
    # The second face of anna.jpg becomes anna_face2.png. No photograph may have that name.
    alone = [often[stem.casefold()] == 1 and not re.search(r"_face\d+$", stem, re.IGNORECASE) for stem in stems]
    chosen = [stem if one else name for one, stem, (name, _) in zip(alone, stems, found, strict=True)]
    return [(name, path, stem) for (name, path), stem in zip(found, chosen, strict=True)], others


def _rule(points: Any, like: Any, options: dict[str, Any], names: list[str]) -> tuple[Alignment, Any]:
    """The rule, and the table of points or None."""
    from gaiamorph.data.alignment.points import Table, mean_places

    given = Alignment()
    if like is not None:
        if options:
            raise UserError(f"like has the whole alignment: leave {', '.join(options)} out")
        if (known := Alignment.read(Path(like))) is None:
            raise UserError(f"{like} is no folder of aligned pictures: it holds no {FILE}")
        given = known
    rule = replace(given, **options)
    if points is None and not rule.places:
        return rule, None
    if points in (None, "faces", "templates"):
        if rule.places:
            raise UserError(
                f"{like} was aligned by a table of points, and only a table has such points: give --points TABLE"
            )
        return replace(rule, points=points), None
    if not Path(points).is_file():
        raise UserError(f"points come from 'faces', from 'templates' or from a table, and {points} is no file")
    table = Table(Path(points), names)
    if table.is_face or rule.places:
        return rule, table
    if like is not None:
        raise UserError(
            f"{like} has faces, whose points are called left_eye_x, left_eye_y, right_eye_x, ...: {points} has others"
        )
    return replace(rule, points="table", places=mean_places(table.complete(), rule.margin)), table


def _aligned(
    job: _Job, entries: Sequence[tuple[str, Path, str]], journal: Journal, report: Report | None
) -> list[dict[str, Any]]:
    """Rows of all photographs, in order. Decoding and detection run in threads: both release the interpreter lock."""
    rows, remaining, seen = [], iter(entries), 0
    done = {entry["stamped"]: entry["rows"] for entry in journal.entries}
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        while some := list(islice(remaining, AT_ONCE)):
            stamps = [json.dumps([name, *images.stamp(path)]) for name, path, _ in some]
            waiting = {s: pool.submit(job.rows, entry) for s, entry in zip(stamps, some, strict=True) if s not in done}
            try:
                for stamp in stamps:
                    if stamp in waiting:
                        done[stamp] = waiting[stamp].result()
                    rows += done[stamp]
                    seen += 1
                    if report:
                        report(seen, len(entries))
            finally:  # also if the user stops it
                journal.add(*({"stamped": stamp, "rows": done[stamp]} for stamp in waiting if stamp in done))
    return rows


def _refuse_missing(rows: list[dict[str, Any]], source: Path) -> None:
    """Raise UserError if too many photographs are missing."""
    count = len({row["file_name"] for row in rows})
    missing = [(row["file_name"], row["reason"]) for row in rows if "aligned" not in row]
    if len(missing) > MOST_MISSING * count:
        why = "; ".join(f"{reason} ({listed(names)})" for reason, names in unread(missing))
        raise UserError(
            f"{len(missing)} of {count} photographs in {source} cannot be aligned, so nothing is written: {why}; remove them, or "
            "give their points in a table"
        )


def _finish(part: Path, rule: Alignment, result: AlignedFolder, metadata: pd.DataFrame) -> None:
    """Write the tables, the rule and the page."""
    result.table.to_csv(part / TABLE, index=False, float_format="%.9g", errors="surrogateescape")
    description = {"format": 1, "alignment": rule.to_json()}
    (part / FILE).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    if len(metadata.columns):
        # Nullable integers: an empty cell does not turn a column of whole numbers into fractions.
        table = metadata.loc[[row["file_name"] for row in result.made]].convert_dtypes()
        table.insert(0, "file_name", [row["aligned"] for row in result.made])
        table.to_csv(part / METADATA, index=False, errors="surrogateescape")
    paragraphs = [result.summary, f"The alignment: {rule.key}"]
    contact_sheets.write(part, "Aligned photographs", paragraphs, result.made, [*result.missing.items()])
