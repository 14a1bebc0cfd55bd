"""The autoencoder (Hinton & Salakhutdinov 2006): the baseline of every comparison here."""

from dataclasses import dataclass
from typing import Literal

from gaiamorph.defaults import BY_DATA
from gaiamorph.models.base import Batch, Model, Step
from gaiamorph.models.losses import ERRORS


class AE(Model):
    """Minimises ||x - G(x)||. One player: "generator"."""

    name = "ae"

    @dataclass
    class Settings:
        error: Literal["l1", "l2"] = BY_DATA
        """Reconstruction error: mean absolute or mean squared difference. By default l1, but l2 for sparse pictures."""

    def build(self) -> None:
        self.error = ERRORS[self.settings.error]
        self.generator = self.pair()

    def step(self, batch: Batch) -> Step:
        reconstruction = self.error(batch.x, self.generator(batch.x))
        return Step({"generator": reconstruction}, metrics={"reconstruction": reconstruction})
