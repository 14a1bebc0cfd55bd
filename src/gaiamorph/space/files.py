"""Space files are opened without running anything in them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from gaiamorph.data import KINDS
from gaiamorph.errors import UserError
from gaiamorph.latent.samplers import Mixture, Prior
from gaiamorph.networks import NETWORKS
from gaiamorph.space.codec import FORMAT, MIXTURE
from gaiamorph.space.info import AttributeVector, SpaceInfo
from gaiamorph.space.latent_space import LatentSpace
from gaiamorph.version import __version__

FILE = "space.safetensors"


def load(path: str | os.PathLike[str], *, device: str = "cpu") -> LatentSpace:
    """Open a space file, or the space of a run folder. Nothing in it is executed.

    Raises UserError if there is none, if it is damaged, or if its format is newer than this package.
    """
    file = Path(path)
    if file.is_dir():
        if not (file / FILE).exists():
            raise UserError(
                f"{file} holds no {FILE}: it is not a run folder, or its training has not ended (go on with --resume)"
            )
        file = file / FILE
    if not file.exists():
        raise UserError(f"{file} does not exist: give a run folder or a .safetensors file")
    try:
        with safe_open(file, framework="pt") as content:
            description = json.loads((content.metadata() or {})["gaiamorph"])
            tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118 (not a dict)
        number = description.pop("format")
        newer = number > FORMAT
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"{file} is not a space of gaiamorph, or is damaged") from error
    if newer:
        raise UserError(
            f"{file} has format {number}, and this gaiamorph ({__version__}) reads up to {FORMAT}: install gaiamorph "
            f"{description.get('gaiamorph_version', 'of the version that wrote it')} or newer"
        )
    try:
        return _assemble(description, tensors, device)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, OverflowError) as error:
        raise UserError(f"{file} is damaged: {str(error).splitlines()[0][:120]}") from error


def _assemble(description: dict[str, Any], tensors: dict[str, Tensor], device: str) -> LatentSpace:
    settings = dict(description.pop("kind"))
    kind = KINDS[settings.pop("name")](**settings)
    described = description.pop("attributes", {})
    info = SpaceInfo.from_json(description)
    # Each layer has a tensor. Without these limits a file could claim a network that is never built to its end.
    if info.network.depth > len(tensors):
        raise ValueError("its network is not that of its tensors")
    # On the meta device nothing is allocated. The weights are the file's own tensors: a file that claims a huge network
    # costs no memory, and is refused because its tensors have other shapes.
    with torch.device("meta"):
        generator = NETWORKS[info.network.name](kind.shape, info.latent_dim, info.network, info.gaussian)
        if not info.can_encode:
            generator = generator.without_encoder()
    weights = {k.removeprefix("generator/"): v for k, v in tensors.items() if k.startswith("generator/")}
    generator.load_state_dict(weights, assign=True)
    distribution: Mixture | Prior | None = None
    if info.prior is not None:
        distribution = Prior(info.prior, info.latent_dim)
    elif "mixture/weights" in tensors:
        distribution = Mixture(*(tensors[f"mixture/{name}"].numpy() for name in MIXTURE))
    rows = tensors["attributes/vectors"].numpy() if described else []
    attributes = {
        name: AttributeVector(vector=row, **about) for row, (name, about) in zip(rows, described.items(), strict=True)
    }
    return LatentSpace(generator, kind, info, distribution, attributes, device)
