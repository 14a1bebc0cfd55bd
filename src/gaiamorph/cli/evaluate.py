"""gaiamorph evaluate, gaiamorph compare"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from gaiamorph.cli.options import Common, Config, Features, Flag, Space, Spread, names
from gaiamorph.errors import UserError
from gaiamorph.evaluation import Case
from gaiamorph.evaluation.compare import compare as run
from gaiamorph.evaluation.evaluate import PAGE, RESULTS
from gaiamorph.evaluation.evaluate import evaluate as measure
from gaiamorph.models import MODELS
from gaiamorph.training import TrainSettings, runs


def evaluate(
    space: Space,
    data: str | None = None,
    /,
    *,
    out: Path,
    split: str | None = None,
    features: Features = None,
    seed: int = 0,
    quiet: Flag = False,
    common: Annotated[Common, Spread] = Common(),
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
    opened = common.open(space, out)
    items = opened.open_data(data or opened.info.training.source)
    case = Case(opened, items, split=split, seed=seed, features=names(features))
    console = Console(stderr=True, highlight=False, quiet=quiet)
    measure(case, out, overwrite=common.overwrite, say=lambda metric: console.print(f"measuring {metric}"))
    for name in (RESULTS, PAGE):
        print(out / name)


def compare(
    data: str,
    /,
    *,
    out: Path,
    models: str = ",".join(MODELS),
    seeds: int = 3,
    features: Features = None,
    split: str | None = None,
    how: Annotated[runs.DataOptions, Parameter(name="*")] = runs.DataOptions(),
    settings: Annotated[TrainSettings, Parameter(name="*")] = TrainSettings(),
    quiet: Flag = False,
    config: Config = None,
) -> None:
    """Train several models under one budget and measure them side by side.

    All see the same number of real examples (--steps), or train for the same time (--minutes). Run again, it goes on where it
    stopped.

    Parameters
    ----------
    data
        Data to train and measure on, as train takes it.
    out
        Folder for the runs, table.md, table.csv, results.csv, comparison.png and index.html.
    models
        Names, separated by commas.
    seeds
        Trainings of each model, with the seeds 0, 1, ...
    split
        Held-out items to measure on: test, test_seen, validation.
    quiet
        Print nothing but the names of the files.
    """
    default = TrainSettings()
    if settings.model != default.model or settings.seed != default.seed:
        raise UserError("compare takes --models and --seeds, not --model and --seed")
    console = Console(stderr=True, highlight=False, quiet=quiet)
    run(
        data,
        names(models) or [],
        seeds,
        out,
        how=how,
        settings=settings,
        features=names(features),
        split=split,
        say=lambda text: console.print(text, markup=False),
        show=not quiet,
    )
    for name in ("table.md", "index.html"):
        print(out / name)
