"""gaiamorph attributes fit"""

import sys
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from cyclopts import App, Parameter

from gaiamorph.cli.options import Common, Space, Spread, names
from gaiamorph.data.attributes import attributes_of, overview
from gaiamorph.errors import UserError
from gaiamorph.space import FILE, AttributeVector
from gaiamorph.space.hub import PREFIX

attributes = App(name="attributes")
REPORT = """Measure how far an edit along each vector moves the other attributes: mean difference beside least squares.

Held-out items are edited. A small network, trained on real items, judges the edits. Writes results.json and index.html
with a heat map, the cosines between vectors, the realism of edited items, and pictures of edits."""
attributes.command("gaiamorph.cli.evaluate:report", name="report", help=REPORT)
Columns = Annotated[str | None, Parameter(help="Attributes to use, separated by commas; by default all that can be.")]
Labels = Annotated[
    Path | None,
    Parameter(
        help="A .csv, .jsonl or .parquet table of attributes, with file_name or name, in place of the data's own."
    ),
]


@attributes.command
def fit(
    space: Space,
    data: str | None = None,
    /,
    *,
    columns: Columns = None,
    labels: Labels = None,
    method: Literal["least_squares", "ridge", "mean_difference"] = "least_squares",
    split: str = "train",
    name: str | None = None,
    start: Annotated[str | None, Parameter(name="--from")] = None,
    end: Annotated[str | None, Parameter(name="--to")] = None,
    out: Path | None = None,
    seed: int = 0,
    common: Annotated[Common, Spread] = Common(),
) -> None:
    """Fit attribute vectors and keep them in the space file.

    First shows a table of the attributes, with warnings if they are rare or nearly determine each other.

    Args:
        data: Items with attributes, as train takes them; by default what the space was trained on.
        method: least_squares holds the other attributes fixed; ridge does so where they nearly determine each other;
            mean_difference takes each by itself.
        split: Items to fit on: train, validation, test, test_seen or all.
        name: With --from and --to: the name of the difference between two groups.
        start: The group where the vector starts: a folder of pictures, or anything that train takes.
        end: The group where the vector ends.
        out: Write a new space file instead of changing SPACE.
        seed: Seed of the bootstrap.
    """
    if out is None and str(space).startswith(PREFIX):
        raise UserError(
            f"{space} cannot be changed here: say where to put the space with vectors, --out FILE.safetensors"
        )
    opened = common.open(space, out)
    if name or start or end:
        if not (name and start and end) or data is not None:
            raise UserError("a difference of two groups needs --name, --from and --to, and no DATA")
        fitted = {name: opened.add_difference(name, opened.open_data(start), opened.open_data(end))}
    else:
        items = opened.open_data(data or opened.info.training.source)
        chosen = names(columns)
        found = overview(attributes_of(items, labels, chosen))
        print(shown(found.table), file=sys.stderr)
        for warning in [*items.notes, *found.warnings]:
            print(f"gaiamorph: warning: {warning}", file=sys.stderr)
        fitted = opened.fit_attributes(items, chosen, method=method, labels=labels, split=split, seed=seed)
    print(shown(summary(fitted)))
    print(opened.save(out or (space / FILE if space.is_dir() else space)))


def summary(fitted: dict[str, AttributeVector]) -> pd.DataFrame:
    """A table with one row for each vector."""
    units = {"numeric": "one unit", "difference": "group to group", "binary": "absent to present"}
    columns = ["vector", "+1 is", "method", "items", "error", "R2, all", "R2, its own"]
    rows = [
        (v.name, f"from {v.reference}" if v.reference else units[v.kind], v.method, v.items, v.error, v.r2, v.unique)
        for v in fitted.values()
    ]
    return pd.DataFrame(rows, columns=columns)


def shown(table: pd.DataFrame) -> str:
    """A table as text, with three digits of each number."""
    return table.to_string(index=False, float_format="{:.3g}".format)
