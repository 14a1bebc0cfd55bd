"""Continua as files: numbered frames, a contact sheet, and a manifest that can be made into the same frames again."""

import csv
import hashlib
import itertools
import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Unpack, overload

import numpy as np
from PIL import Image

from gaiamorph import drawing
from gaiamorph.data import Kind
from gaiamorph.data.kinds import Strip
from gaiamorph.errors import UserError
from gaiamorph.output.description import COLUMNS, MANIFEST, SHARED, Description, Source, shown
from gaiamorph.output.folders import refuse_existing, writers
from gaiamorph.output.journal import Journal
from gaiamorph.output.viewer import write_viewer
from gaiamorph.output.writing import Writing, WritingKeywords
from gaiamorph.sound.playback import Playback
from gaiamorph.version import __version__

CODES = "codes_{:05d}.npy"
"""Codes of one continuum, until all are done."""


@dataclass(frozen=True, kw_only=True)
class Continuum(Description):
    """Steps from a to b: frames (S, ...) in natural form, and their codes (S, latent_dim).

    kind: of the frames. Those of pictures may be larger than the items of the space.
    """

    kind: Kind = field(repr=False)
    a: Source
    b: Source
    codes: np.ndarray = field(repr=False)
    frames: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def has_b(self) -> bool:
        """Whether b is a second item. Edits of one item have none."""
        return not self.amounts or self.b != self.a

    def save(self, folder: str | Path, *, overwrite: bool = False, **options: Unpack[WritingKeywords]) -> Path:
        """Write frames, ``sheet.png``, ``codes.npy`` and ``manifest.csv`` into a new folder (see `save_continua`).

        options: see `Writing`: scale, include_originals, paste, sheets, playback, appearance.
        """
        return save_continua([self], folder, overwrite=overwrite, **options)

    def sheet(self, cell: int = 96) -> Image.Image:
        """The contact sheet: original A, the frames, original B. Each picture is about ``cell`` pixels wide."""
        labels, along, axis = [shown(w) for w in self.weights], self.weights, "weight (share of B)"
        per_row, sides, tops = 0, [], []
        if self.amounts:
            names = list(self.amounts[0])
            form = "+g" if len(names) == 1 else "+.2g"
            changes = [", ".join(f"{name} {x:{form}}" for name, x in amounts.items() if x) for amounts in self.amounts]
            labels, along, axis = [change[:40] or "0" for change in changes], np.arange(len(self)), "frame"
            if 0 < self.columns < len(self):
                per_row = self.columns
                if len(names) == 2:
                    down, across = names
                    sides = [f"{down}\n{amounts[down]:+g}" for amounts in self.amounts[::per_row]]
                    tops = [f"{across} {amounts[across]:+g}" for amounts in self.amounts[:per_row]]
            elif len(names) == 1 and all(list(amounts) == names for amounts in self.amounts):
                along, axis = np.array([amounts[names[0]] for amounts in self.amounts]), names[0]
        b = self.b.item if self.has_b else None
        strip = Strip(self.frames, labels, self.a.item, b, along, axis, per_row, sides, tops)
        return self.kind.draw_continuum(strip, cell)


@dataclass(frozen=True)
class Continua(Sequence[Continuum]):
    """Several continua. Each is made when it is asked for, and not kept.

    key: identifies all that they are made from.
    """

    makers: Sequence[Callable[[], Continuum]] = field(repr=False)
    key: str

    def __len__(self) -> int:
        return len(self.makers)

    def __iter__(self) -> Iterator[Continuum]:
        # That of Sequence takes an IndexError of a maker for the end.
        return (make() for make in self.makers)

    @overload
    def __getitem__(self, i: int) -> Continuum: ...
    @overload
    def __getitem__(self, i: slice) -> "Continua": ...
    def __getitem__(self, i: int | slice) -> "Continuum | Continua":
        return Continua(self.makers[i], f"{self.key} {i}") if isinstance(i, slice) else self.makers[i]()


def save_continua(
    continua: Iterable[Continuum],
    folder: str | Path,
    *,
    overwrite: bool = False,
    report: Callable[[int, int], None] | None = None,
    **options: Unpack[WritingKeywords],
) -> Path:
    """Write continua into one new folder (see docs/formats.md), and return it.

    A single continuum has frames ``frame_0000.png``, .... Several have a number in front: ``00002_frame_0000.png``. Vectors
    are rows of one table, ``frames.csv``.

    report: called with (continua done, continua in all). options: see `Writing`.
    `Continua`, which `morph_pairs` gives, go on where they were stopped, if they are saved in the same way again.
    """
    how = Writing(**options)
    how.check()
    path, resumable = Path(folder), continua if isinstance(continua, Continua) and continua.key else None
    refuse_existing(path, overwrite, folder=True)
    key = resumable.key if resumable else os.urandom(16).hex()
    journal = Journal(path, json.dumps([key, asdict(how), __version__]))
    done = len(journal.entries)
    try:
        # Two continua say whether there are several. The others are made while the first are written.
        iterator = iter(resumable[done:] if resumable else continua)
        first = list(itertools.islice(iterator, 2))
        if not done + len(first):
            raise UserError("there are no pairs to morph between")
        several, before = done + len(first) > 1, ([], [])
        with writers() as submit:
            for pair, c in enumerate(itertools.chain(first, iterator), start=done):
                futures: list[Future[None]] = []
                prefix = f"{pair:05d}_" if several else ""
                write = partial(_collect, futures, submit)
                how.check(c.kind)
                # Enlarging the sheets of many continua would take longer than all their frames.
                own = _write(c, journal.folder, prefix, how, 1 if several else 96, write)
                rows = [{**row, "pair": pair, "scale": how.scale, "gaiamorph_version": __version__} for row in own]
                np.save(journal.folder / CODES.format(pair), c.codes)
                _settle(journal, *before)
                before = rows, futures
                if report and isinstance(continua, Continua):
                    report(pair + 1, len(continua))
            _settle(journal, *before)
        _finish(journal)
    except BaseException as error:
        if isinstance(error, UserError) or not resumable:
            journal.discard()
        raise
    return path


def _collect(futures: list[Future[None]], submit: Callable[..., Future[None]], *arguments: Any, **options: Any) -> None:
    futures.append(submit(*arguments, **options))


def _settle(journal: Journal, rows: list[dict[str, Any]], futures: list[Future[None]]) -> None:
    """Wait for the files of a continuum, and write down that it is done."""
    for future in futures:
        future.result()
    for row in rows:
        path = journal.folder / row["file"]
        row["sha256"] = "" if path.suffix == ".csv" else hashlib.sha256(path.read_bytes()).hexdigest()
    if rows:
        journal.add(rows)


def _finish(journal: Journal) -> None:
    files = [journal.folder / CODES.format(pair) for pair in range(len(journal.entries))]
    np.save(
        journal.folder / "codes.npy", np.concatenate([np.load(file) for file in files]).astype(np.float32, copy=False)
    )
    for file in files:
        file.unlink()
    with open(journal.folder / MANIFEST, "w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        more = [name for name in journal.entries[0][0] if name not in COLUMNS]
        manifest = csv.DictWriter(file, [*COLUMNS, *more])
        manifest.writeheader()
        manifest.writerows(row for rows in journal.entries for row in rows)
    if journal.entries[0][0].get("sha256"):  # not of vectors, which are rows of one table
        heard = "codec" in journal.entries[0][0]
        write_viewer(journal.folder, [row for rows in journal.entries for row in rows], heard)
    journal.finish()


def _write(
    c: Continuum, folder: Path, prefix: str, how: Writing, cell: int, write: Callable[..., None]
) -> Iterator[dict[str, Any]]:
    """Write the items of one continuum, and give its rows of the manifest. cell: width of a picture in its sheet."""
    names, items, weights = [f"frame_{i:04d}" for i in range(len(c))], list(c.frames), c.weights.tolist()
    if how.include_originals:
        names, items, weights = [*names, "original_a"], [*items, c.a.item], [*weights, 0.0]
        if c.has_b:
            names, items, weights = [*names, "original_b"], [*items, c.b.item], [*weights, 1.0]
    items, said = c.kind.prepared(items, how.playback, how.appearance)
    files = c.kind.write_items(items, [prefix + name for name in names], folder, "frames", how.scale, write)
    c.kind.write_joined(items[: len(c)], folder, f"{prefix}continuum")
    if how.sheets:
        drawn = _as_written(c, items, how.playback).sheet(cell)
        write(drawn.save, folder / f"{prefix}sheet.png", compress_level=1)
    if how.paste:
        names = [*names, *(name.replace("frame", "pasted") for name in names[: len(c)])]
        files = [*files, *_pasted(c, folder, prefix, write)]
        weights, said = [*weights, *c.weights.tolist()], [*said, *said[: len(c)]]
    if c.kind.is_heard:  # recordings themselves come from no inversion
        kept = {0.0: c.a.original, 1.0: c.b.original} if c.detail != "none" and not c.amounts else {}
        own = [name.startswith("original") or kept.get(w) is not None for name, w in zip(names, weights, strict=True)]
        said = [more | {"inversion": ""} if recorded else more for recorded, more in zip(own, said, strict=True)]
    common = {name: getattr(c, name) for name in SHARED} | {
        "source_a": c.a.name, "sha256_a": c.a.sha256, "source_b": c.b.name, "sha256_b": c.b.sha256,
        **c.kind.origin(c.a.original, "a"), **c.kind.origin(c.b.original, "b"),
    }  # fmt: skip
    for i, (name, file, weight, more) in enumerate(zip(names, files, weights, said, strict=True)):
        role = name.partition("_")[0]
        shown = i if role == "frame" else i - len(names) + len(c)  # pasted frames come last
        amounts = c.amounts[shown] if c.amounts and role != "original" else {}
        own = {"file": file, "role": role, "position": i, "weight": weight}
        yield {**own, "attributes": json.dumps(amounts), **common, **more}


def _as_written(c: Continuum, items: Sequence[np.ndarray], playback: Playback) -> Continuum:
    """A continuum with the frames of its files, for a sheet. Sounds at both ends have the same levels and lengths as these."""
    frames = np.empty(len(c), object) if c.kind.is_heard else np.empty_like(c.frames)
    for i in range(len(c)):
        frames[i] = items[i]
    if not c.kind.is_heard:
        return replace(c, frames=frames)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said of the frames already
        a, b = (replace(end, item=c.kind.prepared([end.item], playback)[0][0]) for end in (c.a, c.b))
    return replace(c, frames=frames, a=a, b=b)


def _pasted(c: Continuum, folder: Path, prefix: str, write: Callable[..., None]) -> list[str]:
    """Write each frame into the photograph of A. Returns the names of the files."""
    from gaiamorph.data.alignment.paste import paste

    if c.a.path is None:
        raise UserError(f"{c.a.name} has no photograph to paste frames into: give the path of a picture")
    photograph, transform = c.kind.placed(c.a.path)

    def put(frame: np.ndarray, path: Path) -> None:
        drawing.write_png(paste(frame, photograph, transform), path)

    files = [f"{prefix}pasted_{i:04d}.png" for i in range(len(c))]
    for file, frame in zip(files, c.frames, strict=True):
        write(put, frame, folder / file)
    return files
