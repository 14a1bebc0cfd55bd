"""Space files: opened without running anything that they hold."""

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
from gaiamorph.networks import NETWORKS, NetworkSettings
from gaiamorph.space.latent_space import FORMAT, MAJORS, LatentSpace
from gaiamorph.space.vectors import AttributeVector
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
        major, minor = description.pop("format")
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, RecursionError) as error:
        raise UserError(f"{file} is not a space of gaiamorph, or is damaged") from error
    if major not in MAJORS:
        raise UserError(
            f"{file} has format {major}.{minor}, and this gaiamorph ({__version__}) reads up to {FORMAT[0]}: "
            "install the version that wrote it ('gaiamorph_version' in its metadata)"
        )
    try:
        return _assemble(description, tensors, device)
    except UserError:
        raise
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, OverflowError) as error:
        raise UserError(f"{file} is damaged: {str(error).splitlines()[0][:120]}") from error


def _assemble(info: dict[str, Any], tensors: dict[str, Tensor], device: str) -> LatentSpace:
    settings = dict(info.pop("kind"))
    kind = KINDS[settings.pop("name")](**settings)
    network = _network(info["network"])
    # Built without memory, then given the file's tensors: a file cannot make us allocate more than it holds.
    with torch.device("meta"):
        generator = NETWORKS[network.name](kind.shape, info["latent_dim"], network, info.get("gaussian", False))
        if not info.get("can_encode", True):
            generator = generator.without_encoder()
    weights = {k.removeprefix("generator/"): v for k, v in tensors.items() if k.startswith("generator/")}
    generator.load_state_dict(weights, assign=True)
    distribution: Mixture | Prior | None = None
    if "prior" in info:
        distribution = Prior(info["prior"], info["latent_dim"])
    elif "mixture/weights" in tensors:
        distribution = Mixture(*(tensors[f"mixture/{n}"].numpy() for n in ("weights", "means", "factors")))
    # In the description that is hashed there are none: see `LatentSpace.sha256`.
    described, info["attributes"] = info.get("attributes", {}), {}
    rows = tensors["attributes/vectors"].numpy() if described else []
    attributes = {
        name: AttributeVector(vector=row, **about) for row, (name, about) in zip(rows, described.items(), strict=True)
    }
    return LatentSpace(generator, kind, info, distribution, device, attributes)


GONE = {"output": "sigmoid", "linear": "off", "coarsest": 8, "read": 0}
"""Network options of earlier versions, each with the only value that still opens."""


def _network(described: dict[str, Any]) -> NetworkSettings:
    """Raises UserError for a network that this version cannot build."""
    given = dict(described)
    if "output" in given:  # written by an earlier version, perhaps before the other options existed
        given = {"blocks": 0, "coarsest": 4 if given["name"] == "conv" else 8} | given
    for name, value in GONE.items():
        if (found := given.pop(name, value)) != value:
            raise UserError(
                f"the space was made with network.{name} {found}, which gaiamorph {__version__} no longer has: "
                "install the version that wrote it ('gaiamorph_version' in its metadata)"
            )
    return NetworkSettings(**given)
