"""All models on one set of pictures, under one budget and one yardstick.  python benchmarks/grid.py faces

Networks, examples and held-out items are the same for all models, as in `gaiamorph compare`. Results:
results/grid_NAME.json, with every figure of every run. ``--picture`` draws paths of the runs that are there, seed 0.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import gaiamorph as gm
from gaiamorph import drawing
from gaiamorph.evaluation import METRICS
from gaiamorph.evaluation.case import Case, straight_paths
from gaiamorph.evaluation.convexity import curves
from gaiamorph.evaluation.evaluate import MEASURE, measure
from gaiamorph.models import MODELS
from pages import DOCS
from results import Results
from variants import changed

SETS: dict[str, dict[str, Any]] = {
    "faces": {"source": "sample:faces", "size": 32, "steps": 1500, "batch_size": 32},
    "faces_long": {"source": "sample:faces", "size": 32, "steps": 6000, "batch_size": 32},
    "faces64": {"source": "sample:faces", "size": 64, "steps": 1500, "batch_size": 32},
    "fashion": {"source": "sample:fashion", "size": 32, "steps": 1500, "batch_size": 64, "recipe": "fashion"},
    "lines": {"source": "sample:lines", "steps": 4000, "batch_size": 64, "recipe": "lines"},
}
PAIRS, STEPS = 3, 11
"""Of the picture."""
FEATURES = {"lines": ["pca"]}  # VGG features of lines say nothing that the lines metric does not


def picture(name: str, spaces: dict[str, gm.LatentSpace]) -> None:
    """docs/images/grid_NAME.png: the same pairs of held-out items by every model; the outermost columns are the items.

    The pairs are of those that are measured; the last one, where there are groups, of groups (people) that were not trained on.
    """
    data = next(iter(spaces.values())).open_data(SETS[name]["source"])
    shown = [("test", PAIRS, "")]
    if len(data.splits.get("test_seen", ())):
        shown = [("test_seen", PAIRS - 1, ""), ("test", 1, " (unseen)")]
    rows, labels = [], []
    for split, count, what in shown:
        held = data.items[data.splits[split]]
        ends = held[np.random.default_rng(0).permutation(len(held))[: 2 * count]].reshape(2, count, *held.shape[1:])
        paths = {
            model: straight_paths(space, np.stack([space.encode(items) for items in ends], 1), STEPS)
            for model, space in spaces.items()
        }
        rows += [[ends[0, k], *path[k], ends[1, k]] for k in range(count) for path in paths.values()]
        labels += [model + what for model in paths] * count
    heads = ["item", *(f"{w:.1f}" for w in np.linspace(0, 1, STEPS)), "item"]
    drawing.sheet(rows, labels, heads, 48).save(DOCS / "images" / f"grid_{name}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=0, help="in place of the budget of the set")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--variant", default="", help="options of GAIA, option=value joined by commas: see search.py")
    parser.add_argument("--picture", action="store_true", help="only draw, from the run folders")
    parser.add_argument("--runs", type=Path, default=Path(tempfile.gettempdir()) / "gaiamorph-grid", help="run folders")
    options = parser.parse_args()
    budget = dict(SETS[options.set])
    source, size = budget.pop("source"), budget.pop("size", None)
    given = gm.recipe(budget.pop("recipe")) if "recipe" in budget else {}
    budget["steps"] = options.steps or budget["steps"]

    def folder_of(model: str, seed: int) -> Path:
        return options.runs / f"{options.set}-{model}{options.variant}-{budget['steps']}-{seed}"

    if options.picture:
        made = {model: gm.load(folder_of(model, 0)) for model in options.models if folder_of(model, 0).exists()}
        picture(options.set, {model: space for model, space in made.items() if space.can_encode})
        return
    results = Results(f"grid_{options.set}", f"python benchmarks/grid.py {options.set}")
    for seed in options.seeds:
        for model in options.models:
            key = {"model": model, "seed": seed, "variant": options.variant, **budget, "measure": MEASURE}
            if results.has(**key):
                continue
            folder = folder_of(model, seed)
            space = gm.train(
                source, out=folder, size=size, seed=seed, threads=options.threads, show=False,
                resume=(folder / "config.yaml").exists(), **changed({**given, **budget}, options.variant, model),
            )  # fmt: skip
            case = Case(space, space.open_data(source), seed=seed, features=FEATURES.get(options.set))
            figures = {f.name: f.value for f in measure(case, list(METRICS))}
            training = space.info["training"]
            results.add(
                **key, items=len(case.real), split=case.split, seconds=training["seconds"],
                warnings=[w["warning"] for w in training["warnings"]], figures=figures,
                curves={name: values.round(6).tolist() for name, values in curves(case).items()},
            )  # fmt: skip
            print(model, seed, round(training["seconds"]), {k: round(v, 5) for k, v in figures.items()}, flush=True)


if __name__ == "__main__":
    main()
