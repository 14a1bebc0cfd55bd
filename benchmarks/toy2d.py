"""Five sets in the plane: share of interpolants inside the data.  python benchmarks/toy2d.py [--models gaia ae] [--seeds 0 1 2]

Settings are those of recipes/toy2d.yaml, one recipe for all sets. Results: results/toy2d.json.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import gaiamorph as gm
from gaiamorph.data import synthetic
from gaiamorph.evaluation.inside import inside_data
from recipes import recipe
from results import Results


def measure(space, name: str, seed: int) -> dict[str, float]:
    """All real points here are fresh: none was trained on, and each use has its own."""
    fitted, threshold = synthetic.draw(name, 5000, seed, "density"), synthetic.draw(name, 5000, seed, "threshold")
    covered = synthetic.draw(name, 1000, seed, "test")
    rng = np.random.default_rng([seed, 7])
    ends = [space.encode(synthetic.draw(name, 1000, seed, split)) for split in ("first ends", "second ends")]
    weights = rng.random((1000, 1)).astype(np.float32)
    inside = inside_data(space.decode((1 - weights) * ends[0] + weights * ends[1]), fitted, threshold, covered)
    error = np.abs((space.reconstruct(covered) - covered) / fitted.std(0)).mean()
    return {"inside": inside.share, "coverage": inside.coverage, "reconstruction": float(error)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["gaia", "ae", "vae", "vae_gan", "aae", "acai"])
    parser.add_argument("--sets", nargs="+", default=list(synthetic.PLANE_SETS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--name", default="toy2d")
    options = parser.parse_args()
    results = Results(options.name, "python benchmarks/toy2d.py")
    plane = recipe("toy2d")
    for seed in options.seeds:
        for model in options.models:
            for name in options.sets:
                if results.has(set=name, model=model, seed=seed, variant=""):
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    settings = {**plane, "model": model, "seed": seed, "threads": options.threads}
                    space = gm.train(f"sample:{name}", out=Path(folder) / "run", show=False, **settings)
                figures = measure(space, name, seed)
                training = space.info["training"]
                results.add(
                    set=name,
                    model=model,
                    seed=seed,
                    seconds=training["seconds"],
                    warnings=training["warnings"],
                    **figures,
                )
                print(results.runs[-1], flush=True)


if __name__ == "__main__":
    main()
