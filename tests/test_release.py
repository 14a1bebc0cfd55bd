"""What describes a release agrees with the package."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path

import yaml

import gaiamorph

ROOT = Path(__file__).parent.parent


def test_all_files_name_the_same_version_and_licence():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    codemeta = json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["version"] == codemeta["version"] == gaiamorph.__version__
    assert citation["license"] == project["license"] == codemeta["license"].rpartition("/")[2]
    assert f"## {gaiamorph.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_package_has_its_types_recipes_and_assets():
    package = files("gaiamorph")
    assert package.joinpath("py.typed").is_file()
    assert package.joinpath("recipes", "paper.yaml").is_file()
    for name in ("experiment.js", "experiment.css", "settings.js", "jspsych.json"):
        assert package.joinpath("exports", "assets", name).is_file()
