"""The house stays small: lines, settings, files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import gaiamorph
from gaiamorph.models import GAIA, MODELS
from gaiamorph.networks import NetworkSettings
from gaiamorph.training.machine import Processes
from gaiamorph.training.runs import DataOptions
from gaiamorph.training.settings import TrainSettings

SOURCE = Path(gaiamorph.__file__).parent
MOST_LINES, MOST_LINES_OF_A_FILE, MOST_LINES_OF_GAIA = 16_500, 350, 120
MOST_SETTINGS, MOST_SETTINGS_OF_GAIA = 57, 10


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_lines():
    counted = {path: lines(path) for path in SOURCE.rglob("*.py")}
    assert sum(counted.values()) <= MOST_LINES
    assert {str(path): n for path, n in counted.items() if n > MOST_LINES_OF_A_FILE} == {}
    assert counted[SOURCE / "models" / "gaia.py"] <= MOST_LINES_OF_GAIA


def test_settings():
    """All that decides what a run computes: training, network, models, how data is read, and processes."""
    groups = {"network", *MODELS}
    own = [f.name for f in dataclasses.fields(TrainSettings) if f.name not in groups]
    others = [NetworkSettings, DataOptions, Processes, *(model.Settings for model in MODELS.values())]
    assert len(own) + sum(len(dataclasses.fields(group)) for group in others) <= MOST_SETTINGS
    assert len(dataclasses.fields(GAIA.Settings)) <= MOST_SETTINGS_OF_GAIA
