"""The cache: a folder for each data set, with ``items.bin`` (raw values, row after row) and ``meta.json``.

A folder is built under a temporary name and then renamed. So a killed build leaves nothing behind, and two processes can
build the same set.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

FORMAT = 2


@dataclass
class Stored:
    """A data set in the cache: items (N, ...), memory-mapped, with the names and SHA-256 of their sources.

    skipped: (name, reason) of each source that was left out. extra: the JSON of ``prepare``.
    """

    items: np.ndarray
    names: list[str]
    hashes: list[str]
    skipped: list[tuple[str, str]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class Row:
    """One item for the cache, or the problem that leaves it out."""

    name: str
    sha256: str = ""
    item: np.ndarray | None = None
    problem: str = ""


def cache_root() -> Path:
    """``GAIAMORPH_CACHE`` if it is set, otherwise the user's cache folder."""
    if root := os.environ.get("GAIAMORPH_CACHE"):
        return Path(root)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gaiamorph"


def key_of(description: Any) -> str:
    """A hash of any plain JSON, as a folder name."""
    text = json.dumps([FORMAT, description], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def fetch(key: str, prepare: Callable[[], tuple[Iterable[Row], dict[str, Any]]]) -> Stored:
    """The data set called ``key``. It is built first if it is not in the cache.

    prepare: gives the rows, and plain JSON to store with them (`Stored.extra`).
    All items must have the same shape and dtype (ValueError). Rows with a problem are left out and listed.
    """
    folder = cache_root() / key
    if not (folder / "meta.json").exists():
        _build(folder, *prepare())
    return _open(folder)


def _build(folder: Path, rows: Iterable[Row], extra: dict[str, Any]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        names, hashes, skipped = [], [], []
        shape, dtype = None, None
        with open(scratch / "items.bin", "wb") as file:
            for row in rows:
                if row.item is None:
                    skipped.append([row.name, row.problem])
                    continue
                if shape is None:
                    shape, dtype = row.item.shape, row.item.dtype
                if (row.item.shape, row.item.dtype) != (shape, dtype):
                    raise ValueError(f"{row.name} is {row.item.shape} {row.item.dtype}, not {shape} {dtype}")
                file.write(np.ascontiguousarray(row.item).tobytes())
                names.append(row.name)
                hashes.append(row.sha256)
        meta = {
            "shape": [len(names), *(shape or ())],
            "dtype": np.dtype(dtype or np.uint8).str,
            "names": names,
            "hashes": hashes,
            "skipped": skipped,
            "extra": extra,
        }
        (scratch / "meta.json").write_text(json.dumps(meta), encoding="utf-8", errors="surrogateescape")
        try:
            scratch.rename(folder)
        except OSError:
            if not (folder / "meta.json").exists():  # Otherwise another process was faster.
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _open(folder: Path) -> Stored:
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8", errors="surrogateescape"))
    shape = tuple(meta["shape"])
    if shape[0]:
        items = np.memmap(folder / "items.bin", dtype=np.dtype(meta["dtype"]), mode="r", shape=shape)
    else:
        items = np.empty(shape, dtype=np.dtype(meta["dtype"]))
    return Stored(items, meta["names"], meta["hashes"], [tuple(s) for s in meta["skipped"]], meta["extra"])
