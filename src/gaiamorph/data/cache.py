"""The cache: pictures decoded once, brought to one size, and what was found out about them.

It has a folder for each set, with ``items.bin`` (raw uint8, item after item) and ``sources.json``. A folder is built under a
temporary name and then renamed. So a killed build leaves nothing behind, and two processes can build the same set.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from gaiamorph.data import copies, images
from gaiamorph.data.images import Facts
from gaiamorph.data.request import Report
from gaiamorph.errors import UnreadableError

FORMAT = 7
MOST_TINT = 2
"""The channels of a grey picture that is kept in colour differ by no more."""


@dataclass
class Sources:
    """What ``sources.json`` holds: name, SHA-256 and facts of each item, the families of copies, and what is unreadable.

    hashes: of the file or, without a file, of the pixels. families: see `copies.families`. skipped: (name, reason).
    odd: names of recordings that are read, by what is odd about them.
    """

    names: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    facts: list[Facts] = field(default_factory=list)
    families: list[tuple[bool, list[int]]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    odd: dict[str, list[str]] = field(default_factory=dict)


class _Read(NamedTuple):
    item: np.ndarray
    sha256: str
    pixels: str
    facts: Facts
    sketch: np.ndarray


def cached(description: Any, build: Callable[[Path], None]) -> tuple[Path, Sources]:
    """The folder of a set in ``GAIAMORPH_CACHE`` or the user's cache folder, and its sources. It is built if it is not there.

    description: plain JSON that identifies the set.
    """
    text = json.dumps([FORMAT, images.HAS_HEIF, *description], sort_keys=True)
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    root = Path(os.environ.get("GAIAMORPH_CACHE") or Path(user, "gaiamorph"))
    folder = root / hashlib.sha256(text.encode()).hexdigest()[:24]
    if not folder.exists():
        root.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".building-", dir=root, ignore_cleanup_errors=True) as scratch:
            build(Path(scratch))
            with contextlib.suppress(OSError):  # Another process may have been faster.
                Path(scratch).rename(folder)
    values = json.loads((folder / "sources.json").read_text())
    values["facts"] = [Facts(*facts) for facts in values["facts"]]
    values["skipped"] = [(name, reason) for name, reason in values["skipped"]]
    return folder, Sources(**values)


def write(
    folder: Path,
    entries: Iterable[tuple[str, Any]],
    fit: Callable[[Image.Image, Path | None], np.ndarray],
    count: int,
    report: Report | None,
) -> None:
    """Write items and their sources. Decoding runs in a few threads, since Pillow releases the interpreter lock.

    entries: (name, picture), where the picture is a path or what `images.examine` takes.
    fit: makes an item of the decoded picture and its path, or raises UnreadableError.
    """
    sources, pixels, sketches = Sources(), [], []
    remaining = iter(entries)
    with (
        open(folder / "items.bin", "wb") as file,
        images.quiet(),
        ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool,
    ):
        while some := list(islice(remaining, 256)):  # Bounds the memory of decoded pictures.
            for (name, _), read in zip(some, pool.map(partial(_read, fit), some), strict=True):
                if isinstance(read, str):
                    sources.skipped.append((name, read))
                else:
                    file.write(read.item.tobytes())
                    sources.names.append(name)
                    sources.hashes.append(read.sha256)
                    sources.facts.append(read.facts)
                    pixels.append(read.pixels)
                    sketches.append(read.sketch)
                if report:
                    report(len(sources.names) + len(sources.skipped), count)
    if sketches:
        sources.families = copies.families(pixels, np.stack(sketches))
    (folder / "sources.json").write_text(json.dumps(asdict(sources)))


def _read(fit: Callable[[Image.Image, Path | None], np.ndarray], entry: tuple[str, Any]) -> _Read | str:
    """An item and what is found out about it, or the reason why the picture cannot be used."""
    thing = entry[1]
    try:
        path = thing if isinstance(thing, Path) else None
        content = images.read_bytes(path) if path else thing
        picture, facts = images.examine(content)
        item = fit(picture, path)
    except UnreadableError as error:
        return str(error)
    pixels = hashlib.sha256(item.tobytes()).hexdigest()
    sha256 = hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else pixels
    if item.shape[-1] == 3:
        grey = bool(np.ptp(item, axis=-1).max() <= MOST_TINT)
        facts = facts._replace(grey=grey)
    return _Read(item, sha256, pixels, facts, copies.sketch(picture))
