"""The search for GAIA's recipe on sets in the plane, on seeds and points that the report never uses.

python benchmarks/search.py [--variants base ...] [--sets circles ...] [--seeds 10]. Results: results/search_toy2d.json.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import gaiamorph as gm
from gaiamorph.data import synthetic
from results import Results
from toy2d import measure
from variants import changed

BASE = gm.recipe("toy2d")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variants", nargs="+", help="option=value, several joined by commas; 'base' for the recipe")
    parser.add_argument("--sets", nargs="+", default=["circles", "swiss-roll", "moons"], choices=synthetic.PLANE_SETS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[10])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--name", default="search_toy2d")
    options = parser.parse_args()
    results = Results(options.name, "python benchmarks/search.py")
    for variant in options.variants:
        settings = changed(BASE, variant)
        for seed in options.seeds:
            for name in options.sets:
                if results.has(set=name, variant=variant, seed=seed):
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    space = gm.train(
                        f"sample:{name}", out=Path(folder) / "run", show=False, **settings, seed=seed,
                        threads=options.threads,
                    )  # fmt: skip
                figures = {k: round(v, 4) for k, v in measure(space, name, seed)[0].items()}
                training = space.info["training"]
                results.add(
                    set=name, variant=variant, seed=seed, **figures, seconds=training["seconds"],
                    warnings=[w["warning"] for w in training["warnings"]], settings=settings,
                )  # fmt: skip
                print(variant, name, seed, figures, training["seconds"], flush=True)


if __name__ == "__main__":
    main()
