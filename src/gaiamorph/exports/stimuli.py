"""The stimuli of a continuum folder, as its manifest describes them."""

import hashlib
import json
import keyword
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaiamorph.errors import UserError
from gaiamorph.output.description import MANIFEST
from gaiamorph.output.manifest import read_rows

NEEDED = ("file", "role", "pair", "position", "weight", "source_a", "source_b", "attributes", "space_sha256")
FOLDER = "stimuli"
"""Where experiments keep their files."""
SOUND_COLUMNS = ("seconds", "level_db", "pitch_hz")
"""Columns of sounds that an analysis may need."""
HEADS = {".png": b"\x89PNG", ".wav": b"RIFF"}
"""First bytes of stimuli."""


@dataclass(frozen=True)
class Stimulus:
    """One frame. row: its row of the manifest."""

    path: Path
    row: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def amounts(self) -> dict[str, float]:
        """Of attributes, by name; empty in a morph."""
        return json.loads(self.row["attributes"])

    @property
    def weight(self) -> float:
        """The share of B; of an edit along one attribute, its amount."""
        amounts = self.amounts
        return float(self.row["weight"]) if len(amounts) != 1 else float(next(iter(amounts.values())))

    def content(self) -> bytes:
        """Raises UserError if the file has changed since it was made."""
        content = self.path.read_bytes()
        known = self.row.get("sha256")
        if known and hashlib.sha256(content).hexdigest() != known:
            raise UserError(
                f"{self.path} has changed since it was made (its SHA-256 is not that in the manifest): make the continuum again"
            )
        if not content.startswith(HEADS[self.path.suffix]):  # older manifests have no SHA-256
            raise UserError(f"{self.path} is no {self.path.suffix[1:].upper()} file: make the continuum again")
        return content

    def described(self) -> dict[str, Any]:
        """What a table says of it: columns with names that Python and JavaScript can have."""
        known: dict[str, Any] = {
            "stimulus": f"{FOLDER}/{self.name}", "pair": int(self.row["pair"]), "position": int(self.row["position"]),
            "weight": self.weight, "source_a": self.row["source_a"], "source_b": self.row["source_b"],
        }  # fmt: skip
        known |= {name: self.row[name] for name in SOUND_COLUMNS if self.row.get(name)}
        for name, amount in self.amounts.items():
            column = legal(name)
            while column in known:  # an attribute may be called weight
                column += "_"
            known[column] = amount
        return known


@dataclass(frozen=True)
class Stimuli:
    """The frames of a folder: one list for each continuum."""

    folder: Path
    continua: Sequence[Sequence[Stimulus]]

    def __iter__(self) -> Iterator[Stimulus]:
        return (stimulus for continuum in self.continua for stimulus in continuum)

    @property
    def are_heard(self) -> bool:
        return self.continua[0][0].path.suffix != ".png"

    def copy(self, target: Path) -> None:
        """All files, into a new folder."""
        target.mkdir(parents=True)
        for stimulus in self:
            (target / stimulus.name).write_bytes(stimulus.content())


def read_stimuli(folder: Path) -> Stimuli:
    """The frames of a folder that `morph` or `edit` made. Raises UserError if it is none, or if a frame is missing."""
    if not (folder / MANIFEST).is_file():
        raise UserError(f"{folder} is no continuum: it has no {MANIFEST} (gaiamorph morph or edit writes one)")
    continua: dict[str, list[Stimulus]] = {}
    for line, row in enumerate(read_rows(folder / MANIFEST, "a manifest", NEEDED, "surrogateescape"), start=2):
        if None in row.values():
            raise UserError(f"{folder / MANIFEST} is cut off or damaged in line {line}: take a whole copy of it")
        if row["role"] == "frame":
            if row["file"] != Path(row["file"]).name:
                raise UserError(f"{folder / MANIFEST} names {row['file']!r}, which does not lie beside it")
            continua.setdefault(row["pair"], []).append(Stimulus(folder / row["file"], row))
    found = Stimuli(folder, list(continua.values()))
    if not found.continua:
        raise UserError(f"{folder / MANIFEST} names no frames")
    if any(stimulus.path.suffix not in HEADS for stimulus in found):
        raise UserError(f"{folder} holds rows of a table, not pictures or sounds, so it cannot be exported")
    twice = [name for name, count in Counter(stimulus.name for stimulus in found).items() if count > 1]
    if twice:
        raise UserError(f"{folder / MANIFEST} names {twice[0]} twice: take a copy that no other program has saved")
    try:
        for stimulus in found:
            stimulus.described()
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{folder / MANIFEST} is damaged ({error}): take a copy that no other program has saved"
        ) from error
    if missing := [stimulus.name for stimulus in found if not stimulus.path.is_file()]:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UserError(f"{folder} lacks {missing[0]}{more}, which its manifest names: make the continuum again")
    return found


def legal(name: str) -> str:
    """A name that a variable of Python and of JavaScript can have."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII) or "_"
    return f"{plain}_" if keyword.iskeyword(plain) else f"_{plain}" if plain[0].isdigit() else plain
