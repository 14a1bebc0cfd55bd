"""Space files: what they hold, their identity, and how they are opened without running anything in them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_safetensors
from torch import Tensor

from gaiamorph.data import KINDS, Kind
from gaiamorph.errors import UserError
from gaiamorph.latent.samplers import Mixture, Prior
from gaiamorph.networks import NETWORKS, Autoencoder
from gaiamorph.output.folders import new_file
from gaiamorph.space.codec import Codec
from gaiamorph.space.info import SpaceInfo
from gaiamorph.space.vectors import AttributeVector
from gaiamorph.version import __version__

C = TypeVar("C", bound=Codec)
FILE = "space.safetensors"
FORMAT = 1
"""Number of the format that is written. Older numbers open, a newer one is refused (see docs/formats.md)."""
MIXTURE = ("weights", "means", "factors")
"""Fields of `Mixture` that are tensors in the file."""


def described(codec: Codec) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors by name and the description, both without attribute vectors."""
    tensors = {f"generator/{k}": v.cpu().contiguous() for k, v in codec.generator.state_dict().items()}
    if isinstance(codec.distribution, Mixture):
        arrays = {name: np.ascontiguousarray(getattr(codec.distribution, name)) for name in MIXTURE}
        tensors |= {f"mixture/{name}": torch.from_numpy(array) for name, array in arrays.items()}
    kind = {"name": codec.kind.name, **codec.kind.settings()}
    return tensors, {"format": FORMAT, "kind": kind, **codec.info.to_json()}


def sha256(codec: Codec) -> str:
    """SHA-256 over the description as canonical JSON, then over each tensor in order of name.

    The format and the attribute vectors are not part of it: a morph from before they changed can still be made again.
    """
    tensors, description = described(codec)
    del description["format"]
    digest = hashlib.sha256(json.dumps(description, sort_keys=True, separators=(",", ":")).encode())
    for name in sorted(tensors):
        value = tensors[name].numpy()
        digest.update(f"\n{name} {value.dtype} {value.shape}\n".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def write(codec: Codec, path: Path, overwrite: bool) -> None:
    """One ``.safetensors`` file: tensors, and the description in its metadata."""
    if path.suffix != ".safetensors":
        raise UserError(f"a space is saved as a .safetensors file, which {path.name} is not")
    tensors, description = described(codec)
    if codec.attributes:
        tensors["attributes/vectors"] = torch.from_numpy(np.stack([v.vector for v in codec.attributes.values()]))
        description["attributes"] = {name: v.describe() for name, v in codec.attributes.items()}
    with new_file(path, overwrite) as scratch:
        scratch.write_bytes(to_safetensors(tensors, {"gaiamorph": json.dumps(description)}))


def read(file: Path, make: type[C], device: str) -> C:
    """The codec in a space file, or in that of a run folder. Nothing in the file is executed.

    Raises UserError if there is none, if it is damaged, or if its format is newer than this package.
    """
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
        return make(*_assemble(description, tensors), device)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, OverflowError) as error:
        raise UserError(f"{file} is damaged: {str(error).splitlines()[0][:120]}") from error


def _assemble(
    description: dict[str, Any], tensors: dict[str, Tensor]
) -> tuple[Autoencoder, Kind, SpaceInfo, Mixture | Prior | None, dict[str, AttributeVector]]:
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
    return generator, kind, info, distribution, attributes
