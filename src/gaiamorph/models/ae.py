"""The autoencoder (Hinton & Salakhutdinov 2006): the baseline of every comparison here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import nn

from gaiamorph.models.base import Batch, Model, Step
from gaiamorph.models.losses import ERRORS
from gaiamorph.networks import NETWORKS, NetworkSettings


class AE(Model):
    """Minimises ||x - G(x)||. One player: "generator"."""

    @dataclass
    class Settings:
        error: Literal["l1", "l2"] = "l1"
        """Reconstruction error: mean absolute or mean squared difference."""

    def __init__(
        self, shape: tuple[int, ...], latent_dim: int, network: NetworkSettings, settings: Settings | None = None
    ) -> None:
        super().__init__()
        self.error = ERRORS[(settings or self.Settings()).error]
        self.generator = NETWORKS[network.name](shape, latent_dim, network)

    def players(self) -> dict[str, list[nn.Parameter]]:
        return {"generator": list(self.generator.parameters())}

    def forward(self, batch: Batch) -> Step:
        reconstruction = self.error(batch.x, self.generator(batch.x))
        return Step({"generator": reconstruction}, figures={"reconstruction": reconstruction})
