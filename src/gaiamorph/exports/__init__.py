"""Continua for experiments, archives and slides, and spaces for other programs: what `gaiamorph export` writes."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gaiamorph.errors import UserError
from gaiamorph.exports.film import ANIMATED, ENCODED, Film, write_films
from gaiamorph.exports.jspsych import write_jspsych
from gaiamorph.exports.stimuli import read_stimuli
from gaiamorph.exports.tables import write_bids, write_psychds, write_psychopy
from gaiamorph.output.description import MANIFEST
from gaiamorph.output.folders import new_folder

if TYPE_CHECKING:  # it brings torch, which an export does not need
    from gaiamorph.output.continuum import Continuum
    from gaiamorph.space import LatentSpace

FILMS = (*ANIMATED, *ENCODED)
DISTANCES = (2,)
TARGETS = ("psychopy", "jspsych", "bids", "psych-ds", *FILMS, "onnx")


def export(
    thing: "str | Path | Continuum | LatentSpace",
    out: str | Path,
    *,
    to: str,
    distances: Sequence[int] = DISTANCES,
    library: str | Path | None = None,
    film: Film = Film(),
    overwrite: bool = False,
) -> Path:
    """Write a continuum for an experiment, an archive or a slide into a new folder, or a space as ONNX, and return the folder.

    thing: a folder of `morph` or `edit`, of one pair or many; or what these return in Python. For ``onnx``: a space, a space
        file or a run folder.
    to: ``psychopy``, ``jspsych``, ``bids``, ``psych-ds``, or a film: ``gif``, ``webp``, ``apng``, ``mp4``, ``webm``; or ``onnx``.
    distances: steps between the stimuli of a trial of discrimination (PsychoPy, jsPsych).
    library: a folder ``node_modules`` with jsPsych, which is copied. By default pages load it from a public address.
    Raises UserError if the folder is no continuum or space, if a frame is missing or has changed, or for an unknown target.
    """
    if to not in TARGETS:
        raise UserError(f"there is no target {to!r}: choose one of {', '.join(TARGETS)}")
    if film != Film() and to not in FILMS:
        raise UserError(f"fps, hold, ping_pong and once are for films, not for {to}: leave them out")
    if tuple(distances) != DISTANCES and to not in ("psychopy", "jspsych"):
        raise UserError(f"distances are for psychopy and jspsych, not for {to}: leave them out")
    if library is not None and to != "jspsych":
        raise UserError(f"library is for jspsych, not for {to}: leave it out")
    film.check(to)
    if to == "onnx":
        from gaiamorph.exports.onnx import write_onnx
        from gaiamorph.space import LatentSpace, load

        if not isinstance(thing, (LatentSpace, str, Path)):
            raise UserError("onnx is for spaces: give a space, its file, or a run folder")
        space = thing if isinstance(thing, LatentSpace) else load(thing)
        with new_folder(Path(out), overwrite) as folder:
            write_onnx(space, folder)
        return Path(out)
    if not isinstance(thing, (str, Path)):
        from gaiamorph.output.continuum import Continuum

        if not isinstance(thing, Continuum):
            raise UserError(f"{to} is for continua: give what morph or edit returns, or a folder of theirs")
        with tempfile.TemporaryDirectory() as scratch:
            saved = thing.save(Path(scratch) / "continuum", sheets=False)
            return export(saved, out, to=to, distances=distances, library=library, film=film, overwrite=overwrite)
    stimuli = read_stimuli(Path(thing))
    source, target = Path(thing).resolve(), Path(out).resolve()
    if source in (target, *target.parents) or target in source.parents:
        raise UserError(f"{out} and {thing} lie in each other: choose another place, so that no stimuli are lost")
    with new_folder(Path(out), overwrite) as folder:
        shutil.copy(stimuli.folder / MANIFEST, folder)
        if to == "psychopy":
            write_psychopy(stimuli, folder, distances)
        elif to == "jspsych":
            write_jspsych(stimuli, folder, distances, None if library is None else Path(library))
        elif to == "bids":
            write_bids(stimuli, folder)
        elif to == "psych-ds":
            write_psychds(stimuli, folder)
        else:
            write_films(stimuli, folder, to, film)
    return Path(out)
