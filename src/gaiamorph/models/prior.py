"""What models without an encoder have in common."""

from typing import ClassVar, Literal

import torch
from torch import Tensor

from gaiamorph.models.base import Model


class PriorModel(Model):
    """Codes are drawn from a prior, never read from items."""

    can_encode = False
    prior: ClassVar[Literal["normal", "uniform"]]
    """Each entry of a code: standard normal, or uniform between -1 and 1."""

    def draw(self, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        if self.prior == "uniform":
            return {"z": 2 * torch.rand(count, self.latent_dim, generator=generator) - 1}
        return {"z": torch.randn(count, self.latent_dim, generator=generator)}

    def views(self, x: Tensor) -> dict[str, Tensor]:
        z = self.draw(len(x), torch.Generator().manual_seed(0))["z"].to(x.device)
        halfway = (z + z.roll(-1, 0)) / 2
        return {"x": x, "G(z)": self.generator.decode(z), "G(z_interp)": self.generator.decode(halfway)}
