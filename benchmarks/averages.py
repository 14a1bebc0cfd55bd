"""Average faces of groups, drawn in three ways.  python benchmarks/averages.py

GAIA by the recipe faces on the ORL photographs at 32 x 32, as long as `make demo` trains. Of groups of training photographs: the
average of the photographs themselves, the picture at the mean code, and `space.average`. Makes docs/images/averages.png.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import gaiamorph as gm
from gaiamorph import drawing
from pages import DOCS

GROUPS = (2, 4, 6, 8, 16, 32, 64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument(
        "--run", type=Path, default=Path(tempfile.gettempdir()) / "gaiamorph-averages", help="run folder"
    )
    options = parser.parse_args()
    space = gm.train(
        "sample:faces", out=options.run, size=32, steps=6000, batch_size=16, threads=options.threads,
        resume=(options.run / "config.yaml").exists(), **gm.recipe("faces"),
    )  # fmt: skip
    data = space.open_data("sample:faces")
    items = data.items[data.splits["train"]]
    rng = np.random.default_rng(0)
    groups = [items[rng.permutation(len(items))[:count]] for count in GROUPS] + [items]
    rows = {
        "photographs": [np.rint(group.mean(0)).astype(np.uint8) for group in groups],
        "mean code": [space.average(group, mixed=len(group)) for group in groups],
        "average": [space.average(group) for group in groups],
    }
    heads = [str(len(group)) for group in groups]
    drawing.sheet([*rows.values()], [*rows], heads, 96).save(DOCS / "images" / "averages.png")


if __name__ == "__main__":
    main()
