"""Training."""

from gaiamorph.training.runs import train
from gaiamorph.training.settings import TrainSettings

__all__ = ["TrainSettings", "train"]
