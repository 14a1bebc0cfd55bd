"""Folders of tables: PsychoPy, BIDS and Psych-DS."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gaiamorph.exports.stimuli import FOLDER, Stimuli
from gaiamorph.exports.trials import discrimination, identification
from gaiamorph.version import __version__

BIDS_VERSION = "1.10.0"
MEANINGS = {
    "stimulus": "File of the stimulus",
    "pair": "Number of the continuum",
    "position": "Number of the frame in its continuum, from 0",
    "weight": "Share of B: 0 is A, 1 is B. In an edit along one attribute, its amount",
    "source_a": "What the continuum begins with",
    "source_b": "What the continuum ends with",
    "seconds": "Duration in seconds, without padding",
    "level_db": "Root mean square in dB of full scale",
    "pitch_hz": "Median pitch of the voiced moments in Hz",
}
"""Columns of stimuli, in words. Others are amounts of attributes."""
NAME = "A continuum made with gaiamorph"
ABOUT = (
    "Stimuli between A and B, made with gaiamorph. manifest.csv says how each was made, and from what: gaiamorph morph SPACE "
    "--manifest manifest.csv --out DIR makes the same files again, under the names in its column file.\n"
)


def write_psychopy(stimuli: Stimuli, folder: Path, distances: Sequence[int]) -> None:
    """``conditions.csv`` (a row for each stimulus) and ``pairs.csv`` (discrimination), for loops of PsychoPy."""
    stimuli.copy(folder / FOLDER)
    _write_table(folder / "conditions.csv", identification(stimuli))
    _write_table(folder / "pairs.csv", discrimination(stimuli, distances))


def write_bids(stimuli: Stimuli, folder: Path) -> None:
    """``stimuli/`` by BIDS Extension Proposal 44: ``stimuli.tsv``, ``stimuli.json``, ``stim-LABEL_image.png`` (``_audio.wav``)."""
    (folder / FOLDER).mkdir()
    kind, rows = "audio" if stimuli.are_heard else "image", []
    for stimulus in stimuli:
        label = "".join(filter(str.isalnum, stimulus.path.stem))
        file = f"stim-{label}_{kind}{stimulus.path.suffix}"
        (folder / FOLDER / file).write_bytes(stimulus.content())
        known = stimulus.described()
        at = f"weight {stimulus.weight:g}" if len(stimulus.amounts) < 2 else json.dumps(stimulus.amounts)
        about = f"from {known['source_a']} to {known['source_b']}, {at}".translate({9: " ", 10: " ", 13: " "})
        own = {"stimulus_id": f"stim-{label}", "type": kind, "filename": file, "description": about, "present": "true"}
        rows.append(own | {name: value for name, value in known.items() if name != "stimulus"})
    _write_table(folder / FOLDER / "stimuli.tsv", rows, "\t", "n/a")
    meant = {
        "stimulus_id": "Identifier of the stimulus, for the column stim_id of events.tsv",
        "type": "Kind of the stimulus",
        "filename": "File of the stimulus, beside this table",
        "description": "What it shows",
        "present": "Whether the file is part of the data set",
    }
    _write_json(
        folder / FOLDER / "stimuli.json",
        {name: {"Description": meant.get(name) or _meaning(name)} for name in _columns(rows)},
    )
    made = [{"Name": "gaiamorph", "Version": __version__}]
    _write_json(
        folder / "dataset_description.json",
        {"Name": NAME, "BIDSVersion": BIDS_VERSION, "DatasetType": "raw", "GeneratedBy": made},
    )
    (folder / "README").write_text(ABOUT, encoding="utf-8")
    (folder / ".bidsignore").write_text("manifest.csv\n", encoding="utf-8")


def write_psychds(stimuli: Stimuli, folder: Path) -> None:
    """A data set of Psych-DS: the files lie in ``materials/``, and their table is ``data/stimulus-continua_data.csv``."""
    stimuli.copy(folder / "materials" / FOLDER)
    rows = [row | {"stimulus": f"materials/{row['stimulus']}"} for row in identification(stimuli)]
    (folder / "data").mkdir()
    _write_table(folder / "data" / "stimulus-continua_data.csv", rows)
    measured = [{"@type": "PropertyValue", "name": name, "description": _meaning(name)} for name in _columns(rows)]
    described = {
        "@context": "https://schema.org/", "@type": "Dataset", "name": NAME, "description": ABOUT.strip(),
        "schemaVersion": "Psych-DS 0.4.0", "variableMeasured": measured,
    }  # fmt: skip
    _write_json(folder / "dataset_description.json", described)
    (folder / "README.md").write_text(ABOUT, encoding="utf-8")
    (folder / ".psychdsignore").write_text("manifest.csv\n", encoding="utf-8")


def _meaning(column: str) -> str:
    return MEANINGS.get(column, f"Amount of the attribute {column}, in its units")


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _write_table(path: Path, rows: Sequence[Mapping[str, Any]], separator: str = ",", missing: str = "") -> None:
    with open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        writer = csv.DictWriter(file, _columns(rows), delimiter=separator, restval=missing, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
