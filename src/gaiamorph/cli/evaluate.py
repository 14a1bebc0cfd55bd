"""gaiamorph evaluate, gaiamorph compare, gaiamorph attributes report"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gaiamorph.cli.attributes import Columns, Labels
from gaiamorph.cli.options import Common, Config, Features, Flag, Space, Spread, names
from gaiamorph.errors import UserError
from gaiamorph.evaluation import Case, attributes
from gaiamorph.evaluation import evaluate as measuring
from gaiamorph.models import MODELS
from gaiamorph.output.report import PAGE, RESULTS
from gaiamorph.training import TrainSettings, runs


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Options of each verb that measures on held-out items."""

    split: str | None = None
    """Held-out items: test, test_seen or validation. By default test_seen where there are groups, otherwise test."""
    features: Features = None
    quiet: Flag = False
    """Print nothing but the names of the files."""

    def say(self, text: str) -> None:
        """Progress, on standard error."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def case(self, space: Path, data: str | None, out: Path, seed: int, common: Common) -> Case:
        """The space on the data, or on the data that it was trained on."""
        opened = common.open(space, out)
        items = opened.open_data(data or opened.info.training.source)
        return Case(opened, items, split=self.split, seed=seed, features=names(self.features))


def evaluate(
    space: Space,
    data: str | None = None,
    /,
    *,
    out: Path,
    seed: int = 0,
    held_out: Annotated[HeldOut, Spread] = HeldOut(),
    common: Annotated[Common, Spread] = Common(),
) -> None:
    """Measure a space on held-out items: results.json, and index.html to read.

    Args:
        data: Items to measure on, as train takes them; by default the data that the space was trained on.
        seed: Seed of the random pairs and weights.
    """
    case = held_out.case(space, data, out, seed, common)
    measuring.evaluate(case, out, overwrite=common.overwrite, say=lambda metric: held_out.say(f"measuring {metric}"))
    print(out / RESULTS, out / PAGE, sep="\n")


def report(
    space: Space,
    data: str | None = None,
    /,
    *,
    out: Path,
    columns: Columns = None,
    labels: Labels = None,
    seed: int = 0,
    identity: Flag = False,
    held_out: Annotated[HeldOut, Spread] = HeldOut(),
    common: Annotated[Common, Spread] = Common(),
) -> None:
    """`gaiamorph.cli.attributes` has the description.

    Args:
        data: Items with attributes; by default what the space was trained on.
        seed: Seed of the judge.
        identity: Items are faces: also measure whether edited ones are still the same people (pip install
            'gaiamorph[identity]').
    """
    case = held_out.case(space, data, out, seed, common)
    attributes.report(
        case,
        out,
        columns=names(columns),
        labels=labels,
        identity=identity,
        overwrite=common.overwrite,
        say=held_out.say,
    )
    print(out / RESULTS, out / PAGE, sep="\n")


def compare(
    data: str,
    /,
    *,
    out: Path,
    models: str = ",".join(MODELS),
    seeds: int = 3,
    held_out: Annotated[HeldOut, Spread] = HeldOut(),
    how: Annotated[runs.DataOptions, Parameter(name="*")] = runs.DataOptions(),
    settings: Annotated[TrainSettings, Parameter(name="*")] = TrainSettings(),
    config: Config = None,
) -> None:
    """Train several models under one budget and measure them side by side.

    All see the same number of real examples (--steps), or train for the same time (--minutes). Run again, it goes on where it
    stopped.

    Args:
        data: Data to train and measure on, as train takes it.
        out: Folder for the runs, table.md, table.csv, results.csv, comparison.png and index.html.
        models: Names, separated by commas.
        seeds: Trainings of each model, with the seeds 0, 1, ...
    """
    if (settings.model, settings.seed) != (TrainSettings().model, TrainSettings().seed):
        raise UserError("compare takes --models and --seeds, not --model and --seed")
    measuring.compare(
        data, names(models) or [], seeds, out, how=how, settings=settings, features=names(held_out.features),
        split=held_out.split, say=held_out.say, show=not held_out.quiet,
    )  # fmt: skip
    print(out / "table.md", out / PAGE, sep="\n")
