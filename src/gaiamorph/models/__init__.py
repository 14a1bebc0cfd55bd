"""Methods. A new one is a file and a line here."""

from gaiamorph.models.ae import AE
from gaiamorph.models.base import Batch, Model, Step
from gaiamorph.models.gaia import GAIA

MODELS: dict[str, type[Model]] = {"gaia": GAIA, "ae": AE}

__all__ = ["MODELS", "Batch", "Model", "Step"]
