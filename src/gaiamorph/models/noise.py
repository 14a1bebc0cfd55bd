"""Gaussian noise on D's input. One random number per item decides where its noise is cut from a fixed table.

Fresh numbers for every value of a batch would cost a few percent of a step, and a transfer to a GPU.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

SIDE = 2**10
PLACES = SIDE**2
"""Places in the table where an item's noise may begin."""
SEED = 0
"""All runs share one table. The place is random."""
OCTAVES = 3
"""Octaves of noise on images: of single pixels, and smooth over 2 and over 4 pixels. The coarse ones hold faces together."""
REFERENCE_SIDE = 32
"""Pixels on each side of an image whose finest octave is as strong as the others."""


@dataclass(frozen=True)
class InputNoise:
    """Noise on real and made items, which D redraws without it (Vincent et al. 2008, denoising autoencoders).

    strength: standard deviation, for items in [0, 1]. Images have it in each octave. In the finest it grows with the square root of
    the side: the more pixels an object has, the better it stands out from noise on each.
    """

    shape: tuple[int, ...]
    strength: float

    @property
    def strengths(self) -> list[float]:
        """Standard deviation of each octave, finest first."""
        if len(self.shape) != 3:
            return [self.strength]
        finest = (math.prod(self.shape[1:]) / REFERENCE_SIDE**2) ** 0.25
        octaves = min(OCTAVES, 1 + int(math.log2(min(self.shape[1:]))))
        return [self.strength * finest, *[self.strength] * (octaves - 1)]

    def draw(self, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        """The random numbers of a batch: places in the table (count,), int64."""
        return {"noise": torch.randint(PLACES, (count,), generator=generator)} if self.strength else {}

    def __call__(self, drawn: dict[str, Tensor], x: Tensor) -> Tensor | None:
        """The noise of a batch, like x (B, *shape); None without noise."""
        return noise_at(drawn["noise"].to(x.device), x, *self.strengths) if "noise" in drawn else None


def noise_at(places: Tensor, like: Tensor, *strengths: float) -> Tensor:
    """Normal noise for the items of a batch: places (B,), like (B, *shape) -> as ``like``, also in memory.

    strengths: standard deviations, finest octave first. Octave k of an image is smooth over 2^k pixels.
    """
    table = _table(tuple(like.shape[1:]), strengths, places.device)
    if like.ndim == 2:
        return table.unfold(0, like.shape[1], 1)[places].to(like.dtype)
    height, width = like.shape[2:]
    cut = table.unfold(0, height, 1).unfold(1, width, 1)[places // SIDE, places % SIDE]
    layout = torch.contiguous_format if like.is_contiguous() else torch.channels_last
    return cut.to(like.dtype).contiguous(memory_format=layout)


@lru_cache(2)
def _table(shape: tuple[int, ...], strengths: tuple[float, ...], device: torch.device) -> Tensor:
    """(PLACES + length,) for vectors, (SIDE + height, SIDE + width, channels) for images."""
    generator = torch.Generator().manual_seed(SEED)
    if len(shape) == 1:
        return (strengths[0] * torch.randn(PLACES + shape[0], generator=generator)).to(device)
    channels, *size = shape[0], SIDE + shape[1], SIDE + shape[2]
    total = torch.zeros(1, channels, *size)
    for octave, strength in enumerate(strengths):
        # One more at each end, since the border of an interpolated image is smoothed with nothing.
        first = 2**octave
        drawn = torch.randn(1, channels, *(math.ceil(n / first) + 2 for n in size), generator=generator)
        if octave:
            drawn = F.interpolate(drawn, scale_factor=first, mode="bicubic")
        drawn = drawn[..., first : first + size[0], first : first + size[1]]
        total += drawn * (strength / drawn.std())
    return total[0].permute(1, 2, 0).contiguous().to(device)
