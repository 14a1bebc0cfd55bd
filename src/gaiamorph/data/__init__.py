"""Data: items, their attributes and their splits. A new kind of data is one file and one line in `KINDS`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gaiamorph.data.alignment import Alignment
from gaiamorph.data.kinds import Dataset, Kind
from gaiamorph.data.pictures import Pictures
from gaiamorph.data.request import Report, Request
from gaiamorph.data.sounds import Sounds
from gaiamorph.data.vectors import TABLES, Vectors
from gaiamorph.errors import UserError

KINDS: dict[str, type[Kind]] = {"pictures": Pictures, "sounds": Sounds, "vectors": Vectors}

__all__ = ["KINDS", "TABLES", "Alignment", "Dataset", "Kind", "Pictures", "Vectors", "open_data"]


def open_data(
    source: str | os.PathLike[str],
    *,
    size: int | None = None,
    crop: str = "centre",
    channels: int | None = None,
    align: Alignment | Mapping[str, Any] | bool | None = None,
    rate: int | None = None,
    fmin: float | None = None,
    fmax: float | None = None,
    codec: str | None = None,
    trim: float | None = None,
    seconds_max: float | None = None,
    seed: int = 0,
    few: bool = False,
    report: Report | None = None,
) -> Dataset:
    """Open a data set and split it.

    source: a folder of pictures or of recordings (with an optional ``metadata.csv`` or ``metadata.jsonl``); a file ``.npy``,
        ``.npz``, ``.csv`` or ``.parquet`` of vectors (an ``.npy`` of uint8 (N, H, W) or (N, H, W, 3) holds pictures);
        ``hub:owner/name``; ``sample:NAME``.
    size: pictures become size x size pixels (default 32; an array of pictures keeps its own size).
    crop: ``centre`` or ``none`` (letterbox).
    channels: 1 or 3; by default 3 if any picture has colour.
    align: bring the faces of photographs to one place: True, or an `Alignment`. By default a folder that `gaiamorph align` made
        keeps its own alignment, ``sample:faces`` is aligned, and other pictures are not. False: never.
    rate, fmin, fmax: of recordings, in Hz: samples a second (default: the commonest of the folder, 48000 at most), and the
        frequencies that their pictures show (default: 100 to .45 of the rate).
    codec: of recordings. mel (default): pictures are log-mel spectrograms, for animal sound. world: spectral envelopes by the
        vocoder WORLD, with the pitch beside them, for speech.
    trim: cut off what is quieter at both ends of a recording than its loudest part, by so many dB. Default: nothing.
    seconds_max: longer recordings are left out (default 5, at most 60).
    seed: of the splits, and of the points of synthetic sets.
    few: fewer than four items, which cannot be split, are all held out, in place of an error.
    Raises UserError if there is nothing to use. The message says what to do.
    """
    if crop not in ("centre", "none"):
        raise UserError(f"crop must be 'centre' or 'none', not {crop!r}")
    if size is not None and not 8 <= size <= 1024:
        raise UserError(f"size must be between 8 and 1024 pixels, not {size}")
    if channels not in (None, 1, 3):
        raise UserError(f"channels must be 1 or 3, not {channels}")
    if codec not in (None, "mel", "world"):
        raise UserError(f"codec must be 'mel' or 'world', not {codec!r}")
    rule = align if isinstance(align, bool) and not align else Alignment.of(align)
    heard = {"rate": rate, "fmin": fmin, "fmax": fmax, "codec": codec, "trim": trim, "seconds_max": seconds_max}
    request = Request(str(source), Path(source), size, crop, channels, seed, report, rule, **heard, few=few)
    for kind in KINDS.values():
        if (data := kind.open(request)) is not None:
            if foreign := [name for name, value in heard.items() if value and name not in data.kind.reading()]:
                raise UserError(f"{foreign[0]} is for recordings, and {source} holds {data.kind.name}: leave it out")
            return data
    if request.source.startswith("sample:"):
        known = ", ".join(name for kind in KINDS.values() for name in kind.samples)
        raise UserError(f"there is no sample set {request.source[7:]!r}: choose one of {known}")
    known = "; ".join(kind.sources for kind in KINDS.values())
    problem = "is neither a folder nor a known file" if request.path.exists() else "does not exist"
    raise UserError(f"{source} {problem}: give {known}; or sample:NAME")
