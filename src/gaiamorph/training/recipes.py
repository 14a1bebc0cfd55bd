"""Recipes by name: options that suited one kind of data, as YAML files in ``gaiamorph/recipes``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gaiamorph.errors import UserError
from gaiamorph.models import MODELS
from gaiamorph.training.settings import read_config

FOLDER = Path(__file__).parents[1] / "recipes"


def recipes() -> dict[str, Path]:
    """The files of those that there are, by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}


def recipe(name: str, model: str = "gaia") -> dict[str, Any]:
    """Options of the recipe ``name``, as `gaiamorph.train` takes them: ``train("photos/", **recipe("faces"))``.

    Only what differs from the defaults is there. Options of other models than ``model`` are left out. Raises UserError for an
    unknown name.
    """
    files = recipes()
    if name not in files:
        raise UserError(f"there is no recipe {name!r}: choose one of {', '.join(files)}")
    return {key: value for key, value in read_config(files[name]).items() if key == model or key not in MODELS}


def config_file(given: Path) -> Path:
    """The file that ``--config`` means: ``given``, or the recipe of that name where there is no such file.

    Raises UserError where there is neither.
    """
    files = recipes()
    if not given.is_file() and str(given) in files:
        return files[str(given)]
    if not given.exists():
        raise UserError(f"{given} does not exist, and is no recipe ({', '.join(files)})")
    return given
