"""Encoder/decoder pairs. A new one is a file and a line here."""

from gaiamorph.networks.adain import AdaIN
from gaiamorph.networks.base import UNSAID, Autoencoder, Critic, NetworkSettings
from gaiamorph.networks.conv import Conv
from gaiamorph.networks.edges import full_precision
from gaiamorph.networks.mlp import MLP

NETWORKS: dict[str, type[Autoencoder]] = {"mlp": MLP, "conv": Conv, "adain": AdaIN}

__all__ = ["MLP", "NETWORKS", "UNSAID", "Autoencoder", "Critic", "NetworkSettings", "full_precision"]
