"""Five sets in the plane: share of interpolants inside the data.  python benchmarks/toy2d.py [--models gaia ae] [--seeds 0 1 2]

Settings are those of recipes/toy2d.yaml, one recipe for all sets. Results: results/toy2d.json, and results/toy2d_points.npz with
what one seed made.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import gaiamorph as gm
from gaiamorph.data import synthetic
from gaiamorph.evaluation.inside import inside_data
from results import FOLDER, Results

DRAWN = 0
"""The seed whose interpolants are kept to be looked at."""


def interpolants(space, name: str, seed: int) -> np.ndarray:
    """1,000 points, decoded at uniform weights between random pairs of real ones that were not trained on."""
    rng = np.random.default_rng([seed, 7])
    ends = [space.encode(synthetic.draw(name, 1000, seed, split)) for split in ("first ends", "second ends")]
    weights = rng.random((1000, 1)).astype(np.float32)
    return space.decode((1 - weights) * ends[0] + weights * ends[1])


def measure(space, name: str, seed: int) -> tuple[dict[str, float], np.ndarray]:
    """The figures, and the interpolants. All real points here are fresh: none was trained on, and each use has its own."""
    fitted, threshold = synthetic.draw(name, 5000, seed, "density"), synthetic.draw(name, 5000, seed, "threshold")
    covered = synthetic.draw(name, 1000, seed, "test")
    points = interpolants(space, name, seed)
    inside = inside_data(points, fitted, threshold, covered)
    error = np.abs((space.reconstruct(covered) - covered) / fitted.std(0)).mean()
    return {"inside": inside.share, "coverage": inside.coverage, "reconstruction": float(error)}, points


def run(key: dict[str, Any]) -> tuple[dict[str, Any], np.ndarray]:
    """One training, in a process of its own: its row, and interpolants to look at."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {**gm.recipe("toy2d"), "model": key["model"], "seed": key["seed"], "threads": 1}
        space = gm.train(f"sample:{key['set']}", out=Path(folder) / "run", show=False, **settings)
    training = space.info["training"]
    figures, points = measure(space, key["set"], key["seed"])
    return {**key, "seconds": training["seconds"], "warnings": training["warnings"], **figures}, points


def keep(results: str, name: str, points: np.ndarray) -> None:
    """Add a cloud to those that `report.py` draws."""
    path = FOLDER / f"{results}_points.npz"
    kept = dict(np.load(path)) if path.exists() else {}
    np.savez_compressed(path, **{**kept, name: points.astype(np.float16)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["gaia", "ae", "vae", "vae_gan", "aae", "acai"])
    parser.add_argument("--sets", nargs="+", default=list(synthetic.PLANE_SETS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--at-once", type=int, default=2, help="runs at a time, each with one thread")
    parser.add_argument("--name", default="toy2d")
    options = parser.parse_args()
    results = Results(options.name, "python benchmarks/toy2d.py")
    keys = [
        {"set": name, "model": model, "seed": seed}
        for seed, model, name in product(options.seeds, options.models, options.sets)
    ]
    began = time.monotonic()
    # Networks this small gain nothing by a second thread; a second run does.
    with ProcessPoolExecutor(options.at_once, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = [pool.submit(run, key) for key in keys if not results.has(**key)]
        for done, future in enumerate(as_completed(running), 1):
            row, points = future.result()
            results.add(**row)
            if row["seed"] == DRAWN:
                keep(options.name, f"{row['set']} {row['model']}", points)
            print(f"{done} of {len(running)}, {time.monotonic() - began:.0f} s", results.runs[-1], flush=True)


if __name__ == "__main__":
    main()
