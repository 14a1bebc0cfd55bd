"""`LatentSpace`, what a user keeps of a training, and the file that it is kept in."""

from gaiamorph.space.files import FILE, load
from gaiamorph.space.latent_space import BATCH, LatentSpace
from gaiamorph.space.reading import UnlikeTrainingWarning
from gaiamorph.space.vectors import AttributeVector

__all__ = ["BATCH", "FILE", "AttributeVector", "LatentSpace", "UnlikeTrainingWarning", "load"]
