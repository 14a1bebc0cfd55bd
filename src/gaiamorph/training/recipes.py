"""Recipes by name: options that suited one kind of data, as YAML files in ``gaiamorph/recipes``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gaiamorph.errors import UserError
from gaiamorph.training.settings import read_config

FOLDER = Path(__file__).parents[1] / "recipes"


def recipes() -> list[str]:
    """Names of those that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def recipe(name: str) -> dict[str, Any]:
    """Options of the recipe ``name``, as `gaiamorph.train` takes them: ``train("photos/", **recipe("faces"))``.

    Only what differs from the defaults is there. Raises UserError for an unknown name.
    """
    if name not in recipes():
        raise UserError(f"there is no recipe {name!r}: choose one of {', '.join(recipes())}")
    return read_config(FOLDER / f"{name}.yaml")


def config_file(given: Path) -> Path:
    """The file that ``--config`` means: ``given``, or the recipe of that name where there is no such file.

    Raises UserError where there is neither.
    """
    if given.is_file():
        return given
    if str(given) in recipes():
        return FOLDER / f"{given}.yaml"
    raise UserError(f"{given} is no file, and no recipe ({', '.join(recipes())})")
