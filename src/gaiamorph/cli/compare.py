"""gaiamorph compare"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from gaiamorph.cli.options import Config, Features, Flag, names
from gaiamorph.errors import UserError
from gaiamorph.evaluation.compare import compare as run
from gaiamorph.models import MODELS
from gaiamorph.training import TrainSettings, runs


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
