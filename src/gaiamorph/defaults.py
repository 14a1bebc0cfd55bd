"""Defaults that depend on the data. Nobody should need a recipe for a common kind of data.

Four families of data have defaults of their own: pictures, sparse pictures (a few strokes on an even background), sounds and
vectors. A setting whose default is `BY_DATA` takes its value from here. The run prints which values the data has chosen, and
records them.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np

Values = dict[str, Any]
T = TypeVar("T")

BY_DATA: Any = None
"""The default of a setting whose value depends on the data. Any, so that a type checker sees the setting's own type."""
ITEMS_MEASURED = 512
"""At most this many training items are measured."""
SPARSE = 0.25
"""Pictures are sparse if a smaller share of their values differs from the background. Line drawings have 0.05, digits 0.19,
photographs of faces 0.65."""
MOST_CODE = 16
"""Longest code that vectors get by default."""
CODE, MOST_PICTURE_CODE = 2, 512
"""Pictures get a code of about this times the root of their numbers: 64 for 32 x 32 grey pixels, 256 for 64 x 64 coloured ones."""
SIDE = 32
"""Pictures of this side are moved by one pixel in training, larger ones by as much more."""


@dataclass(frozen=True)
class Traits:
    """What is measured from training items at the start of a run.

    columns: numbers in a vector; 0 for images.
    shape: of a picture (C, H, W).
    filled: share of an image's values that differ from the background by more than a tenth of the range.
    spread: mean absolute difference of items from their mean. A model that learns anything errs less.
    heard: whether pictures are those of sounds.
    """

    columns: int = 0
    shape: tuple[int, ...] = (1, SIDE, SIDE)
    filled: float = 1.0
    spread: float = np.inf
    heard: bool = False

    @classmethod
    def of(cls, x: np.ndarray, is_image: bool, heard: bool = False) -> Self:
        """Measured from items x (N, *shape) in [0, 1]."""
        spread = float(np.abs(x - x.mean(0)).mean())
        if not is_image:
            return cls(x[0].size, spread=spread)
        return cls(0, x.shape[1:], float((np.abs(x - np.median(x)) > 0.1).mean()), spread, heard)

    @property
    def family(self) -> str:
        if self.columns:
            return "vectors"
        if self.heard:
            return "sounds"
        return "pictures" if self.filled >= SPARSE else "sparse pictures"

    def __str__(self) -> str:
        if self.columns:
            return f"vectors of {self.columns} columns"
        return f"{self.family}, {self.filled:.0%} of their area filled"


BY_FAMILY: dict[str, dict[str, Values]] = {
    "pictures": {
        # Turned and scaled pictures: 10 % less error on 244 photographs, 1 % more on 12,000.
        "train": {"batch_size": 64, "learning_rate": 2e-3, "warmup": 0, "affine": 0.05},
        # A code halfway between two people is as long as theirs.
        "network": {"codes": "sphere"},
        "gaia": {
            "objective": "balanced", "error": "l1", "sampler": "middle", "slope": 5.0, "direct": 8.0, "distance": 0.0,
            "set_distance": 60.0, "discriminator_noise": 0.07, "through_discriminator": 0.1,
        },
        "ae": {"error": "l1"},
        "aae": {"error": "l1"},
        "vae": {"beta": 1.0},
        "acai": {"weight": 0.125},
    },
    "sparse pictures": {
        # A stroke that is moved off its place may not be an item. Twice the rate puts paths between lines 1.5 times as far from
        # lines.
        "train": {"learning_rate": 1e-3, "shift": 0, "affine": 0.0, "latent_dim": 64},
        "network": {"codes": "free"},
        # Under absolute differences the best answer to an unknown stroke is the background.
        "gaia": {
            "objective": "interpolations", "error": "l2", "sampler": "gaussian", "set_distance": 0.0,
            "discriminator_noise": 0.0, "through_discriminator": 1.0,
        },
        "ae": {"error": "l2"},
        "aae": {"error": "l2"},
    },
    # A spectrogram must keep its contours. At 0.1, GAIA fills the valleys between them as an autoencoder does.
    "sounds": {"gaia": {"through_discriminator": 1.0}},
    "vectors": {
        # A path has to cross from one part of the data to another in a jump: a high rate makes a decoder steep enough.
        "train": {"batch_size": 128, "learning_rate": 5e-3, "warmup": 300, "shift": 0, "affine": 0.0},
        "network": {"codes": "free"},
        # D removes noise, so it knows the way back to the data, and its code may be as long as an item.
        "gaia": {
            "objective": "interpolations", "sampler": "dirichlet", "slope": 10.0, "direct": 16.0, "discriminator_noise": 0.05,
            "through_discriminator": 1.0,
        },
        "vae": {"beta": 0.1},  # at 1 the posterior collapses on most plane sets
        "acai": {"weight": 0.5},
    },
}  # fmt: skip
"""Defaults by family of data and group of settings. A value that a family does not have is that of pictures."""
PAPER: Values = {
    "error": "l1", "sampler": "gaussian", "slope": 20.0, "direct": 0.0, "distance": 5e-5, "set_distance": 0.0,
    "discriminator_noise": 0.0, "through_discriminator": 1.0,
}  # fmt: skip
"""GAIA's own values with the objective ``paper``. The reference has half of the learning rate as weight of the distance loss."""


def _by_size(shape: tuple[int, ...]) -> Values:
    """Values for pictures (C, H, W). The longest code is `MOST_PICTURE_CODE`."""
    code = 2 ** round(math.log2(CODE * math.sqrt(math.prod(shape))))
    return {"latent_dim": min(code, MOST_PICTURE_CODE), "shift": max(1, min(shape[1:]) // SIDE)}


def filled(settings: T, group: str, traits: Traits, code: int = 0) -> T:
    """Settings of a group ("train", or a model's name) with every `BY_DATA` replaced. code: the generator's latent_dim."""
    values = BY_FAMILY["pictures"].get(group, {}) | BY_FAMILY[traits.family].get(group, {})
    if group == "train":
        # Vectors get one number more than they have columns: with as many, GAIA errs twice as much.
        own = {"latent_dim": min(traits.columns + 1, MOST_CODE)} if traits.columns else _by_size(traits.shape)
        values = own | values
    if group == "gaia":
        values["discriminator_latent_dim"] = min(traits.columns, MOST_CODE) or max(1, code // 2)
        if getattr(settings, "objective", None) == "paper":
            values |= PAPER
    missing = {name: value for name, value in values.items() if getattr(settings, name) is BY_DATA}
    return dataclasses.replace(settings, **missing)  # type: ignore[type-var]
