"""gaiamorph evaluate"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from gaiamorph.cli.options import Config, Device, Features, Flag, Overwrite, Space, names
from gaiamorph.evaluation import Case
from gaiamorph.evaluation.evaluate import PAGE, RESULTS
from gaiamorph.evaluation.evaluate import evaluate as run
from gaiamorph.output.folders import refuse_existing
from gaiamorph.space import load


def evaluate(
    space: Space,
    data: str | None = None,
    /,
    *,
    out: Path,
    split: str | None = None,
    features: Features = None,
    seed: int = 0,
    overwrite: Overwrite = False,
    quiet: Flag = False,
    device: Device = "cpu",
    config: Config = None,
) -> None:
    """Measure a space on held-out items: results.json, and index.html to read.

    Parameters
    ----------
    data
        Items to measure on, as train takes them; by default the data that the space was trained on.
    split
        Which items: test, test_seen, validation. By default test_seen where there are groups, otherwise test.
    seed
        Seed of the random pairs and weights.
    quiet
        Print nothing but the names of the files.
    """
    refuse_existing(out, overwrite)
    opened = load(space, device=device)
    items = opened.open_data(data or opened.info.training.source)
    case = Case(opened, items, split=split, seed=seed, features=names(features))
    console = Console(stderr=True, highlight=False, quiet=quiet)
    run(case, out, overwrite=overwrite, say=lambda metric: console.print(f"measuring {metric}"))
    for name in (RESULTS, PAGE):
        print(out / name)
