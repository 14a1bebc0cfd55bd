"""Where sounds lie in long recordings, as the programs of the field write it. All times are seconds."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gaiamorph.data.names import matched, read_metadata
from gaiamorph.data.oddities import counted, listed
from gaiamorph.data.tables import folded, read_frame, read_text
from gaiamorph.errors import UserError, telling

NAMES = {
    "onset": ("onset", "start", "begintime(s)", "starttime"),
    "offset": ("offset", "end", "stop", "endtime(s)", "endtime"),
    "duration": ("duration", "seconds"),
    "label": ("label", "annotation", "species"),
    "file_name": ("filename", "notatedpath", "audiopath", "beginfile"),
}
"""Columns of a table of segments, and what programs call them, but for case, spaces, underscores and ``_s`` at the end."""
ENDINGS = (".TextGrid", ".textgrid", ".txt", ".csv", ".selections.txt", ".Table.1.selections.txt")
"""Of a table beside a recording: Praat; Audacity or Raven; any table with onset and offset; Raven by its own names."""
TIMES = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")
"""Onset and offset in seconds, as the name of a part of a recording."""
TIMED = re.compile(r"^\s*[\d.,]+\t\s*[\d.,]+|\t.*time", re.MULTILINE | re.IGNORECASE)
"""What a text beside a recording has if it says where sounds lie: two numbers in a line, or the head of a table with times."""
FEWEST_GROUPS = 10
"""From so many recordings on, each is a group of its segments."""


class Segment(NamedTuple):
    """A part of a recording, in seconds."""

    path: Path
    onset: float
    offset: float


def entries(
    folder: Path, recordings: Sequence[tuple[str, Path]]
) -> tuple[list[tuple[str, Any]], pd.DataFrame, list[str]] | None:
    """Segments by name (``song.wav@1.5-1.58``), their attributes (the names are the index), and notes.

    They stand in the folder's ``metadata.csv``, with a row for each segment, or in a table beside each recording; then the folder's
    table may say more of each recording. None if there are neither. Raises UserError for a table that cannot be read.
    """
    found = _in_metadata(folder)
    described = found is None
    if found is None and (found := _beside_each(recordings)) is None:
        return None
    table, notes = found
    before = table
    for column in ("onset", "offset"):
        times: Any = pd.to_numeric(table[column], errors="coerce")
        table[column] = times.where(np.isfinite(times))
    table = table.dropna(subset=["file_name", "onset", "offset"])
    if lost := before.index.difference(table.index).tolist():
        which = listed([f"row {i + 1} ({before['file_name'].get(i)})" for i in lost])
        reason = "no file name, or an onset or offset that is no number"
        notes = [*notes, f"{counted(len(lost), 'row')} left out: {reason}\n{which}"]
    if not len(table):
        raise UserError(f"no segment of {folder} has a file name, an onset and an offset in seconds")
    written = table["file_name"].astype(str)
    known, more = matched(
        pd.DataFrame({"row": written.unique()}, index=written.unique()), [n for n, _ in recordings], folder
    )
    name_of = {row: name for (name, _), row in zip(recordings, known["row"], strict=True)}
    paths, parts, kept, twice = dict(recordings), {}, [], []
    for i, (row, onset, offset) in enumerate(zip(written, table["onset"], table["offset"], strict=True)):
        if not (file := name_of.get(row)):
            continue
        if (name := f"{file}@{onset:.10g}-{offset:.10g}") in parts:
            twice.append(name)
            continue
        parts[name] = Segment(paths[file], float(onset), float(offset))
        kept.append(i)
    if twice:
        notes = [*notes, f"{counted(len(twice), 'segment', 'is/are')} there twice: the first is kept\n{listed(twice)}"]
    files = [name.rpartition("@")[0] for name in parts]
    attributes = table.iloc[kept].drop(columns=["file_name", "onset", "offset"]).set_axis(list(parts))
    if overlapping := _overlapping(list(parts.values())):
        notes = [
            *notes,
            f"{counted(overlapping, 'segment', 'overlaps/overlap')} the one before: both may not be in the same split",
        ]
    if unused := sorted(set(paths) - set(files)):
        notes = [
            *notes,
            f"{counted(len(unused), 'recording', 'has/have')} no segments, and so nothing is read of them\n{listed(unused)}",
        ]
    if described:
        known, again = read_metadata(folder, list(dict.fromkeys(files)))
        notes = [*notes, *again]
        for column in known.columns.difference(attributes.columns):
            attributes[column] = known[column].loc[files].to_numpy()
    if "group" not in attributes.columns and len(set(files)) >= FEWEST_GROUPS:
        attributes["group"] = files  # sounds of one recording are more alike than others
    return list(parts.items()), attributes, notes + more


def _overlapping(parts: Sequence[Segment]) -> int:
    """How many segments begin before another one of their recording has ended."""
    count, until = 0, dict.fromkeys((part.path for part in parts), -np.inf)
    for path, onset, offset in sorted(part for part in parts if part.onset < part.offset):
        count += onset < until[path]
        until[path] = max(offset, until[path])
    return count


def _in_metadata(folder: Path) -> tuple[pd.DataFrame, list[str]] | None:
    """The folder's table, if it has segments: ``file_name``, ``onset``, ``offset`` and what else is known, and notes."""
    if not (path := folder / "metadata.csv").is_file():
        return None
    frame, notes = read_frame(path)
    frame = _named(frame)
    if "onset" in frame.columns and "offset" not in frame.columns:
        raise UserError(f"{path} has the column onset, but neither offset nor duration: add one of them, in seconds")
    return (frame, notes) if {"file_name", "onset", "offset"} <= set(frame.columns) else None


def _beside_each(recordings: Sequence[tuple[str, Path]]) -> tuple[pd.DataFrame, list[str]] | None:
    """A table with ``file_name``, ``onset``, ``offset`` and, if it is known, ``label``, and notes."""
    frames, notes, transcripts = [], [], []
    for name, path in recordings:
        tables = [
            table for ending in ENDINGS for table in (path.with_suffix(ending), path.with_name(path.name + ending))
        ]
        if (table := next((table for table in tables if table.is_file()), None)) is None:
            continue
        if table.suffix == ".txt" and _is_transcript(table):
            transcripts.append(table.name)
            continue
        frame, more = _beside(table)
        frames.append(frame.assign(file_name=name))
        notes += more
    if transcripts and frames:
        notes.append(
            f"{counted(len(transcripts), 'text')} beside recordings without times, and not read\n{listed(transcripts)}"
        )
    return (pd.concat(frames, ignore_index=True), list(dict.fromkeys(notes))) if frames else None


def _is_transcript(path: Path) -> bool:
    """Whether a text beside a recording does not say where sounds lie."""
    try:
        return not TIMED.search(read_text(path)[0])
    except UserError:  # it is empty, or no text
        return True


def _beside(path: Path) -> tuple[pd.DataFrame, list[str]]:
    if path.suffix.lower() == ".textgrid":
        with telling(f"{path} cannot be read as a TextGrid"):
            return _textgrid(read_text(path)[0], path)
    if path.suffix == ".txt" and (rows := _track(read_text(path)[0])):
        return pd.DataFrame(rows, columns=["onset", "offset", "label"]), []
    frame, notes = read_frame(path)
    frame = _named(frame)
    if not {"onset", "offset"} <= set(frame.columns):
        raise UserError(
            f"{path} lies beside a recording, and has no columns onset and offset: add them, or move it away"
        )
    # Raven repeats a selection for each of its views.
    known = [column for column in ("onset", "offset", "label") if column in frame.columns]
    return pd.DataFrame(frame[known]).drop_duplicates(), notes


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """With columns called as in `NAMES`."""
    spellings = {column: folded(str(column).removesuffix("_s")) for column in frame}
    for name, others in NAMES.items():
        if name not in frame.columns:
            column = next((c for other in others for c, spelt in spellings.items() if spelt == other), None)
            frame = frame if column is None else frame.rename(columns={column: name})
    if {"onset", "duration"} <= set(frame.columns) and "offset" not in frame.columns:
        times: Any = frame[["onset", "duration"]].apply(pd.to_numeric, errors="coerce")
        frame = frame.assign(offset=times.sum(axis=1, skipna=False))
    return frame


def _track(text: str) -> list[tuple[float, float, str]]:
    """A label track of Audacity: onset, offset and label, by tabs, without a head. Nothing for other tables."""
    rows = []
    for line in text.split("\n"):
        if not line.strip() or line.startswith("\\"):  # a line of frequencies belongs to the one before
            continue
        onset, offset, label = (*line.split("\t"), "", "")[:3]
        try:
            rows.append((float(onset.replace(",", ".")), float(offset.replace(",", ".")), label.strip()))
        except ValueError:
            return []
    return rows


def _textgrid(text: str, path: Path) -> tuple[pd.DataFrame, list[str]]:
    """The first tier of intervals of a TextGrid, long or short, and a note on others. Intervals without a text are silence."""
    # Praat itself reads what stands by itself: numbers, and texts in quotes, in which a quote is written twice.
    tokens: list[Any] = [
        quoted.replace('""', '"') if number == "" else float(number)
        for quoted, number in re.findall(r'"((?:[^"]|"")*)"|(?<!\S)(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?!\S)', text)
    ]
    if "IntervalTier" not in tokens:
        raise UserError(f"{path} has no tier of intervals, or is no TextGrid")
    first, *others = [tokens[i + 1] for i, token in enumerate(tokens[:-1]) if token == "IntervalTier"]
    notes = [f"of the tiers of TextGrids, {first!r} is read, and not {', '.join(map(repr, others))}"] if others else []
    start = tokens.index("IntervalTier") + 4  # after the class: name, begin, end
    count = int(tokens[start])
    parts = tokens[start + 1 : start + 1 + 3 * count]
    rows = [(on, off, label.strip()) for on, off, label in zip(*[iter(parts)] * 3, strict=True) if label.strip()]
    return pd.DataFrame(rows, columns=["onset", "offset", "label"]), notes
