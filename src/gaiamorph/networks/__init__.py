"""Encoder/decoder pairs. A new architecture is a file and a line here."""

from gaiamorph.networks.adain import AdaIN
from gaiamorph.networks.base import Autoencoder, Critic, NetworkSettings
from gaiamorph.networks.conv import Conv
from gaiamorph.networks.mlp import MLP
from gaiamorph.networks.output import full_precision

NETWORKS: dict[str, type[Autoencoder]] = {"mlp": MLP, "conv": Conv, "adain": AdaIN}

__all__ = ["MLP", "NETWORKS", "Autoencoder", "Critic", "NetworkSettings", "full_precision"]
