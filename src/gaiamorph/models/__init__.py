"""Methods. A new one is a file and a line here."""

from gaiamorph.models.aae import AAE
from gaiamorph.models.acai import ACAI
from gaiamorph.models.ae import AE
from gaiamorph.models.base import Batch, Model, Step
from gaiamorph.models.began import BEGAN
from gaiamorph.models.gaia import GAIA
from gaiamorph.models.gan import GAN
from gaiamorph.models.vae import VAE
from gaiamorph.models.vae_gan import VAEGAN

MODELS: dict[str, type[Model]] = {
    "gaia": GAIA,
    "ae": AE,
    "vae": VAE,
    "gan": GAN,
    "vae_gan": VAEGAN,
    "aae": AAE,
    "acai": ACAI,
    "began": BEGAN,
}

__all__ = ["MODELS", "Batch", "Model", "Step"]
