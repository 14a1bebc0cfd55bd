"""How sure the convexity gap of faces is.  python benchmarks/gap.py [--sets faces faces64] [--models gaia acai] [--seeds 0 1 2]

The gap in principal components of models trained as by `grid.py`, on held-out photographs, on those of training, and on held-out
ones without each of the people in turn: how far it moves says how much it owes to who happens to be there. Results:
results/gap.json.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import gaiamorph as gm
from gaiamorph.evaluation.case import Case
from gaiamorph.evaluation.convexity import along, gap
from grid import SETS
from results import Results

SPACE = "pca"


def measure(space: gm.LatentSpace, source: str, seed: int) -> dict:
    data = space.open_data(source)
    assert data.groups is not None
    held_out, trained = (
        Case(space, data, split=split, seed=seed, features=[SPACE]) for split in ("test_seen", "train")
    )
    distances, without = along(held_out)[SPACE]
    people = np.unique(data.groups[held_out.indices])
    return {
        "gap": float(gap(distances)),
        "gap_in_training": float(gap(along(trained)[SPACE][0])),
        "without": dict(zip(map(str, people), gap(without).tolist(), strict=True)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=["faces", "faces64"], choices=[n for n in SETS if "faces" in n])
    parser.add_argument("--models", nargs="+", default=["gaia", "acai"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    results = Results("gap", "python benchmarks/gap.py")
    for seed in options.seeds:
        for name in options.sets:
            for model in options.models:
                if results.has(set=name, model=model, seed=seed):
                    continue
                settings = {"model": model, "seed": seed, "threads": options.threads, **SETS[name]}
                with tempfile.TemporaryDirectory() as folder:
                    space = gm.train(out=Path(folder, "run"), show=False, **settings)
                    figures = measure(space, SETS[name]["source"], seed)
                results.add(
                    set=name, model=model, seed=seed, seconds=space.info["training"]["seconds"], **figures,
                )  # fmt: skip
                print(name, model, seed, {k: v for k, v in figures.items() if k != "without"}, flush=True)


if __name__ == "__main__":
    main()
