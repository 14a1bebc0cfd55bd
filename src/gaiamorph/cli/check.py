"""gaiamorph check"""

import dataclasses
from typing import Annotated

from cyclopts import Parameter

from gaiamorph.cli.options import Config
from gaiamorph.data import open_data
from gaiamorph.data.summary import summary
from gaiamorph.training.runs import DataOptions


def check(
    data: str,
    /,
    *,
    how: Annotated[DataOptions, Parameter(name="*")] = DataOptions(),
    seed: int = 0,
    config: Config = None,
) -> None:
    """Say what training would read: items, splits, files that are left out, copies, and pictures that are odd.

    Args:
        data: A folder of pictures, or anything else that train takes.
        seed: Seed of splits.
    """
    print(summary(open_data(data, **dataclasses.asdict(how), seed=seed)), end="")
