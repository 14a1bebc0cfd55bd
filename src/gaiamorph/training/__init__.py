"""Training."""

from gaiamorph.training.recipes import recipe
from gaiamorph.training.runs import train
from gaiamorph.training.settings import TrainSettings

__all__ = ["TrainSettings", "recipe", "train"]
