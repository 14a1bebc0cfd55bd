"""What GAIA learns in bf16 beside what it learns in fp32.  python benchmarks/precision.py [--seeds 0 1 2]

The five sets in the plane (`toy2d.py`) and photographs of faces (``grid.py faces``), with all other settings as there. Results:
results/precision.json.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import gaiamorph as gm
import grid
import toy2d
from gaiamorph.data import synthetic
from gaiamorph.evaluation.case import Case
from gaiamorph.evaluation.evaluate import measure
from results import Results

FACES = grid.SETS["faces"]
METRICS = ["reconstruction", "sharpness", "realism", "convexity"]


def figures(space: gm.LatentSpace, name: str, seed: int) -> dict[str, float]:
    if name in synthetic.PLANE_SETS:
        return toy2d.measure(space, name, seed)[0]
    case = Case(space, space.open_data(FACES["source"]), seed=seed)
    return {f.name: f.value for f in measure(case, METRICS)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=["faces", *synthetic.PLANE_SETS])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    results = Results("precision", "python benchmarks/precision.py")
    for seed in options.seeds:
        for name in options.sets:
            for precision in ("bf16", "fp32"):
                if results.has(set=name, seed=seed, precision=precision):
                    continue
                plane: dict[str, Any] = {"source": f"sample:{name}", **gm.recipe("toy2d")}
                settings = FACES if name == "faces" else plane
                with tempfile.TemporaryDirectory() as folder:
                    space = gm.train(
                        out=Path(folder, "run"),
                        seed=seed,
                        precision=precision,
                        threads=options.threads,
                        show=False,
                        **settings,
                    )
                    training = space.info["training"]
                    results.add(
                        set=name, seed=seed, precision=precision, seconds=training["seconds"],
                        warnings=[w["warning"] for w in training["warnings"]], figures=figures(space, name, seed),
                    )  # fmt: skip
                print(name, seed, precision, round(training["seconds"]), flush=True)


if __name__ == "__main__":
    main()
