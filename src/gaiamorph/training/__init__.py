"""Training."""

from gaiamorph.training.runs import train
from gaiamorph.training.settings import TrainSettings, recipe

__all__ = ["TrainSettings", "recipe", "train"]
