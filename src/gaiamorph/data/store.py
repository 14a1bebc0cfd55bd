"""The cache: a folder for each set of pictures, with ``items.bin`` (raw uint8, item after item) and ``meta.json``.

A folder is built under a temporary name and then renamed. So a killed build leaves nothing behind, and two processes can
build the same set.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

FORMAT = 3


@dataclass
class Stored:
    """A set in the cache: items uint8 (N, ...), memory-mapped, with the names and SHA-256 of their sources.

    skipped: (name, reason) of each source that was left out. settings: those given by ``prepare``.
    """

    items: np.ndarray
    names: list[str]
    hashes: list[str]
    skipped: list[tuple[str, str]]
    settings: dict[str, Any]


@dataclass
class Row:
    """One item for the cache, or the problem that leaves it out."""

    name: str
    sha256: str = ""
    item: np.ndarray | None = None
    problem: str = ""


def fetch(description: Any, prepare: Callable[[], tuple[Iterable[Row], dict[str, Any]]]) -> Stored:
    """The set with a description in plain JSON. It is built first if the cache does not have it.

    prepare: gives rows with items uint8 of one shape, and settings in plain JSON to store with them.
    The cache is ``GAIAMORPH_CACHE`` if it is set, otherwise the user's cache folder.
    """
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    root = Path(os.environ.get("GAIAMORPH_CACHE") or Path(user, "gaiamorph"))
    folder = root / hashlib.sha256(json.dumps([FORMAT, description], sort_keys=True).encode()).hexdigest()[:24]
    if not (folder / "meta.json").exists():
        _build(folder, *prepare())
    meta = json.loads((folder / "meta.json").read_text())
    shape = (len(meta["names"]), *meta.pop("shape"))
    skipped = [(name, reason) for name, reason in meta.pop("skipped")]
    # NumPy cannot map an empty file.
    items = np.memmap(folder / "items.bin", np.uint8, "r", shape=shape) if shape[0] else np.empty(shape, np.uint8)
    return Stored(items, skipped=skipped, **meta)


def _build(folder: Path, rows: Iterable[Row], settings: dict[str, Any]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".building-", dir=folder.parent, ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        names, hashes, skipped, shape = [], [], [], ()
        with open(scratch / "items.bin", "wb") as file:
            for row in rows:
                if row.item is None:
                    skipped.append([row.name, row.problem])
                    continue
                shape = row.item.shape
                file.write(row.item.tobytes())
                names.append(row.name)
                hashes.append(row.sha256)
        meta = {"shape": shape, "names": names, "hashes": hashes, "skipped": skipped, "settings": settings}
        (scratch / "meta.json").write_text(json.dumps(meta))
        try:
            scratch.rename(folder)
        except OSError:
            if not (folder / "meta.json").exists():  # Otherwise another process was faster.
                raise
