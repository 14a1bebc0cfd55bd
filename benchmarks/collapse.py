"""Does any run of the default recipe collapse?  python benchmarks/collapse.py [--seeds 0 1 2 3 4]

GAIA, briefly, on eight sets: five in the plane with recipes/toy2d.yaml, lines with recipes/lines.yaml (and without it), clothes
and faces with no option but size and budget. What is told: warnings, the largest ratio of R, F and I in the second half, and
the error of held-out items as a share of what answering with the mean item would give (1: nothing learnt). Results:
results/collapse.json.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import gaiamorph as gm
from faces import quarters
from gaiamorph.data import synthetic
from gaiamorph.errors import TrainingError
from gaiamorph.training.log import read_metrics
from results import Results

PLANE: dict[str, Any] = {**gm.recipe("toy2d"), "steps": 2000}
SETS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(synthetic.PLANE_SETS, PLANE),
    "lines": {**gm.recipe("lines"), "steps": 1500},
    "lines without recipe": {"steps": 400},
    "fashion": {"size": 32, "steps": 1000},  # mostly black; once a generator was thrown about after 700 steps
    "faces": {"size": 32, "steps": 400},
}


def learnt(space, data) -> float:
    """Mean error of held-out items, as a share of the mean training item's."""
    x = data.kind.to_tensor(data.items[data.splits["validation"]])
    mean = data.kind.to_tensor(data.items[data.splits["train"][:5000]]).mean(0)
    return space.info["validation"]["l1"] / float((x - mean).abs().mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    results = Results("collapse", "python benchmarks/collapse.py")
    for name in options.sets:
        for seed in options.seeds:
            if results.has(set=name, seed=seed):
                continue
            settings, source = SETS[name], f"sample:{name.split()[0]}"
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch, "run")
                try:
                    space = gm.train(source, out=folder, seed=seed, threads=options.threads, show=False, **settings)
                except TrainingError as error:
                    results.add(set=name, seed=seed, steps=settings["steps"], diverged=str(error))
                    continue
                found = quarters(read_metrics(folder), settings["steps"])
                data = gm.open_data(source, size=settings.get("size"), seed=seed)
                warnings = [w["warning"] for w in space.info["training"]["warnings"]]
                results.add(
                    set=name, seed=seed, steps=settings["steps"], diverged="", warnings=warnings,
                    largest_ratio=found["largest_ratio"], error_share=learnt(space, data),
                )  # fmt: skip
            print(results.runs[-1], flush=True)


if __name__ == "__main__":
    main()
