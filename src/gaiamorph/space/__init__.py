"""`LatentSpace`: the trained encoder and decoder, their description, and the file that stores them."""

from gaiamorph.space.codec import BATCH, Codec
from gaiamorph.space.ends import UnlikeTrainingWarning
from gaiamorph.space.files import FILE
from gaiamorph.space.info import CodesInfo, SpaceInfo, TrainingInfo, ValidationInfo
from gaiamorph.space.latent_space import LatentSpace, load
from gaiamorph.space.options import EditOptions, MorphOptions
from gaiamorph.space.vectors import AttributeVector

__all__ = [
    "BATCH",
    "FILE",
    "AttributeVector",
    "Codec",
    "CodesInfo",
    "EditOptions",
    "LatentSpace",
    "MorphOptions",
    "SpaceInfo",
    "TrainingInfo",
    "UnlikeTrainingWarning",
    "ValidationInfo",
    "load",
]
