"""Fine-tuning: a run that starts from the weights of an existing space."""

import dataclasses
from typing import Any

from gaiamorph.data import Alignment, Dataset
from gaiamorph.errors import UserError
from gaiamorph.models import MODELS
from gaiamorph.networks import NetworkSettings
from gaiamorph.space import LatentSpace
from gaiamorph.training.settings import TrainSettings

FILE = "start.safetensors"
"""A copy of the space, in the folder of the run. Resuming needs nothing else of it."""


def adopted(space: LatentSpace, how: dict[str, Any], settings: TrainSettings) -> tuple[dict[str, Any], TrainSettings]:
    """Data options and settings, with all that the weights of ``space`` fix. Raises UserError if something else was asked for."""
    info, network = space.info, NetworkSettings()
    if not info.can_encode or not MODELS[settings.model].can_encode:
        raise UserError(f"a {info.model} space cannot start a {settings.model} run: both need an encoder")
    align = Alignment.of(how["align"]) if how["align"] else how["align"]
    reading = space.kind.reading()
    asked = {"model": (settings.model, info.model, None), "latent_dim": (settings.latent_dim, info.latent_dim, None)}
    asked |= {
        f"network.{k}": (getattr(settings.network, k), v, getattr(network, k)) for k, v in vars(info.network).items()
    }
    defaults = {"crop": "centre"}
    asked |= {k: (align if k == "align" else how[k], v, defaults.get(k)) for k, v in reading.items()}
    for name, (given, fixed, default) in asked.items():
        if given not in (fixed, default):
            raise UserError(
                f"the space that the run starts from has {name} = {getattr(fixed, 'key', fixed)}, "
                f"and {getattr(given, 'key', given)} was asked for: give the same, or train without --from"
            )
    settings = dataclasses.replace(settings, latent_dim=info.latent_dim, network=dataclasses.replace(info.network))
    return how | reading, settings


def fitted(data: Dataset, space: LatentSpace) -> Dataset:
    """The data as items of the space: vectors keep its scaling. Raises UserError for items of another kind."""
    one, other = ((k.name, k.shape, getattr(k, "columns", None)) for k in (data.kind, space.kind))
    if one != other:
        raise UserError(
            f"{data.source} holds {one[0]} {one[1]}, and the space that the run starts from is for {other[0]} {other[1]}"
            + (" with other names of columns" if one[:2] == other[:2] else "")
        )
    return dataclasses.replace(data, kind=space.kind)
