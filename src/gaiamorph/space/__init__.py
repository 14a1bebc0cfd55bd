"""`LatentSpace`: the trained encoder and decoder, their description, and the file that stores them."""

from gaiamorph.space.codec import BATCH, FORMAT, Codec
from gaiamorph.space.continua import EditWarning, MorphOptions
from gaiamorph.space.drawing import EditOptions, UnlikeTrainingWarning
from gaiamorph.space.info import AttributeVector, CodesInfo, SpaceInfo, StartInfo, TrainingInfo, ValidationInfo
from gaiamorph.space.latent_space import FILE, LatentSpace, load

__all__ = [
    "BATCH",
    "FILE",
    "FORMAT",
    "AttributeVector",
    "Codec",
    "CodesInfo",
    "EditOptions",
    "EditWarning",
    "LatentSpace",
    "MorphOptions",
    "SpaceInfo",
    "StartInfo",
    "TrainingInfo",
    "UnlikeTrainingWarning",
    "ValidationInfo",
    "load",
]  # fmt: skip
