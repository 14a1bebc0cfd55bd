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

MODELS: dict[str, type[Model]] = {model.name: model for model in (GAIA, AE, VAE, GAN, VAEGAN, AAE, ACAI, BEGAN)}

__all__ = [
    "AAE", "ACAI", "AE", "BEGAN", "GAIA", "GAN", "MODELS", "VAE", "VAEGAN", "Batch", "Model", "Step",
]  # fmt: skip
