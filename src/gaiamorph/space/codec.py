"""`Codec`: items to codes and codes to items."""

import hashlib
import json
import os
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gaiamorph.data import TABLES, Dataset, Kind, open_data
from gaiamorph.data.finding import printable
from gaiamorph.data.summary import left_out
from gaiamorph.errors import UserError
from gaiamorph.latent.refine import refine as lower_error
from gaiamorph.latent.samplers import Mixture, Prior
from gaiamorph.networks import Autoencoder
from gaiamorph.output.description import Source
from gaiamorph.space.info import AttributeVector, SpaceInfo

BATCH = 32
"""Most items that the network computes at once."""
ARRAY = "(array)"
"""Name of a source that is no file."""
FORMAT = 1
"""Number of the file format that is written. Older numbers open, a newer one is refused (see docs/formats.md)."""
MIXTURE = ("weights", "means", "factors")
"""Fields of `Mixture` that are tensors in the file."""


class Codec:
    """An encoder and a decoder for one kind of items, with the rest of a space file.

    Items are in natural form: pictures uint8 (H, W, C), vectors float32 in their original units.
    Codes are float32 (N, latent_dim).

    The size of a batch changes the rounding of sums: the code of an item among others and its code alone agree to some
    1e-6, not bit by bit. So morphs and edits encode each item alone, and decode each continuum alone.
    """

    def __init__(
        self,
        generator: Autoencoder,
        kind: Kind,
        info: SpaceInfo,
        distribution: Mixture | Prior | None = None,
        attributes: dict[str, AttributeVector] | None = None,
        device: str = "cpu",
        facts: np.ndarray | None = None,
    ) -> None:
        """distribution: of the codes. attributes: attribute vectors by name.

        facts: (latent_dim + 1, F), what a code says of the numbers beside an item (`Kind.facts`): weights, then constants.
        """
        self.facts = facts
        self.origin = ""
        """Where the space was fetched from (``hub:owner/name@COMMIT``). Empty for a file."""
        self.kind, self.info, self.distribution, self.attributes = kind, info, distribution, attributes or {}
        self.model, self.latent_dim = info.model, info.latent_dim
        self.can_encode = info.can_encode
        self.device = torch.device(device)
        self.generator = generator.eval().requires_grad_(False).to(self.device)
        if kind.is_image:
            self.generator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def encode(self, items: Any, *, refine: int = 0) -> np.ndarray:
        """items -> codes (N, latent_dim), float32.

        items: a Dataset; an array (N, ...) in natural form; a path, PIL picture or row; or a sequence of those.
        refine: gradient steps that lower each item's own reconstruction error.
        Raises UserError if something is not an item of this kind, or if the model has no encoder.
        """
        return np.concatenate([self.codes(x, refine).cpu().numpy() for x in self._batches(items)])

    def decode(self, z: Any) -> np.ndarray:
        """codes (N, latent_dim) -> pictures uint8 (N, H, W, C), vectors float32 (N, D), or sounds: an array (N,) of waveforms
        float32 (samples,).

        A sound is as long and as loud as its code lets expect.
        Raises UserError if the codes have another shape, or are not finite.
        """
        return self.kind.delivered(self.decode_items(z))

    def decode_items(self, z: Any) -> np.ndarray:
        """`decode`, but sounds stay items (N, rows, moments)."""
        try:
            z = np.asarray(z, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise UserError(f"codes must be numbers of the shape (N, {self.latent_dim})") from error
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise UserError(f"codes must have the shape (N, {self.latent_dim}), not {z.shape}")
        if not np.isfinite(z).all():
            raise UserError("codes must be finite numbers")
        items = np.concatenate([self.kind.to_items(x) for x in self.outputs(z)])
        if self.facts is None:
            return items
        return self.kind.with_facts(items, z @ self.facts[:-1] + self.facts[-1])

    def reconstruct(self, items: Any) -> np.ndarray:
        """decode(encode(items)). Sounds keep their own duration and level."""
        natural = self.items(items)
        return self.kind.delivered(
            self.kind.with_facts(self.decode_items(self.encode(natural)), self.kind.facts(natural))
        )

    def errors(self, items: Any, *, refine: int = 0) -> np.ndarray:
        """Reconstruction error of each item (N,): mean absolute difference in [0, 1] units. refine: as in `encode`."""
        found = []
        for x in self._batches(items):
            z = self.codes(x, refine)
            with torch.inference_mode():
                found.append((self.generator.decode(z) - x).abs().flatten(1).mean(1).cpu().numpy())
        return np.concatenate(found)

    def unlike(self, items: Any) -> np.ndarray:
        """Which items (N,) have a reconstruction error above `error_threshold`."""
        return self.errors(items) > self.error_threshold

    @property
    def error_threshold(self) -> float:
        """The 99th percentile of the validation items' reconstruction errors."""
        assert self.info.validation is not None  # an error needs an encoder, and every encoder was validated
        return self.info.validation.l1_percentile_99

    def codes(self, x: Tensor, refine: int = 0) -> Tensor:
        """x (B, *shape) on the device -> z (B, latent_dim), computed in one batch. Raises UserError as `encode` does."""
        if not self.can_encode:
            raise UserError(
                f"{self.model} has no encoder, so real items have no codes in it: it can only sample new ones "
                "(train ae, vae, vae_gan, aae, acai or gaia to morph between real items)"
            )
        if refine < 0:
            raise UserError(f"refine must not be negative, as {refine} is")
        with torch.inference_mode():
            z = self.generator.encode(x)
        if not refine:
            return z
        assert self.info.codes is not None  # every model with an encoder has them
        sd = torch.tensor(self.info.codes.sd, dtype=z.dtype, device=z.device).clamp_min(1e-6)
        return self.generator.placed(lower_error(self.generator.decode, x, z, sd, refine))

    def outputs(self, z: np.ndarray) -> Iterator[Tensor]:
        """z (N, latent_dim) -> outputs (B, *shape) on the processor, in batches of at most 32 from the first code on."""
        for start in range(0, len(z), BATCH):
            part = torch.tensor(z[start : start + BATCH], dtype=torch.float32, device=self.device)
            with torch.inference_mode():
                x = self.generator.decode(part).cpu()
            yield x  # outside of the block: the mode would last while the caller works

    def _batches(self, items: Any) -> Iterator[Tensor]:
        natural = self.items(items)
        for start in range(0, len(natural), BATCH):
            yield self.kind.to_tensor(natural[start : start + BATCH], self.device)

    def open_data(self, source: str | os.PathLike[str]) -> Dataset:
        """A data set with items sized, cropped and split as the training data was. Warns of files that are left out."""
        data = open_data(source, seed=self.info.training.seed, few=True, **self.kind.reading())
        if data.skipped:
            warnings.warn(f"{source}: {left_out(data.skipped)}", stacklevel=2)
        return data

    def source(self, thing: Any) -> Source:
        """One item with its name and the SHA-256 of its file, or of its values if it has no file.

        thing: a path, a picture, an array, ``SOURCE::NAME`` for an item of a data set, or ``FILE::ONSET-OFFSET`` for a part of a
        recording, in seconds. Raises UserError.
        """
        if not isinstance(thing, (str, os.PathLike)):
            item = self.kind.read(thing)
            return Source(ARRAY, _hash(item), item, None if item is thing else thing)
        path = Path(thing)
        where, separator, name = os.fspath(thing).rpartition("::")
        if not separator or path.exists():
            item = self.kind.read(thing)
            return Source(path.as_posix(), hashlib.sha256(path.read_bytes()).hexdigest(), item, path)
        if (part := self.kind.part(Path(where), name)) is not None:
            item = self.kind.read(part)
            return Source(f"{where}::{name}", _hash(item), item, part)
        data = self.open_data(where)
        if name not in data.names:
            known = ", ".join(map(repr, data.names[:2])) + (", ..." if len(data.names) > 2 else "")
            raise UserError(f"{where} has no item {name!r}: its items are called {known}")
        i = data.names.index(name)
        item = self.items(data)[i]
        original = data.original(name) if data.original else None
        return Source(f"{where}::{name}", data.hashes[i] if data.hashes else _hash(item), item, original)

    def sources(self, given: Any) -> list[Source]:
        """Several items, each with its name, hash and original. given: as in `encode`, or such sources. Raises UserError."""
        if isinstance(given, Dataset):
            items = self.items(given)
            hashes = given.hashes or [_hash(item) for item in items]
            originals = [given.original and given.original(name) for name in given.names]
            return [Source(*of) for of in zip(given.names, hashes, items, originals, strict=True)]
        given = _several(given)
        if isinstance(given, np.ndarray):
            given = self.items(given)
        found = [thing if isinstance(thing, Source) else self.source(thing) for thing in given]
        if not found:
            raise UserError("there are no items")
        return found

    def read_items(self, source: str | os.PathLike[str]) -> tuple[list[str], np.ndarray]:
        """Names and items (N, ...) of a data set, or of one file that holds an item."""
        path = Path(source)
        if path.is_file() and path.suffix.lower() not in TABLES:
            return [printable(path.name)], self.items([path])
        data = self.open_data(source)
        return data.names, self.items(data)

    def items(self, given: Any) -> np.ndarray:
        """Items as one array (N, ...) in natural form. given: as in `encode`. Raises UserError."""
        if isinstance(given, Dataset):
            if given.kind.shape != self.kind.shape:
                raise UserError(f"the data has items of {given.kind.shape}, but the space is for {self.kind.shape}")
            return given.items
        given = _several(given)
        if isinstance(given, np.ndarray) and given.dtype != object:
            shape = self.kind.item_shape
            if given.shape[1:] == shape and len(given) and self.kind.is_natural(given):
                return given
            if given.ndim < 2 or len(given) == 0:
                raise UserError(f"an array of items must have the shape (N, {', '.join(map(str, shape))})")
        read = [self.source(t).item if isinstance(t, str) and "::" in t else self.kind.read(t) for t in given]
        if not read:
            raise UserError("there are no items")
        return np.stack(read)

    def described(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors by name and the description, both without attribute vectors."""
        tensors = {f"generator/{k}": v.cpu().contiguous() for k, v in self.generator.state_dict().items()}
        if isinstance(self.distribution, Mixture):
            tensors |= {f"mixture/{name}": torch.tensor(getattr(self.distribution, name)) for name in MIXTURE}
        if self.facts is not None:
            tensors["facts"] = torch.tensor(self.facts).contiguous()  # torch.tensor keeps the order of an array
        kind = {"name": self.kind.name, **self.kind.settings()}
        return tensors, {"format": FORMAT, "kind": kind, **self.info.to_json()}

    @property
    def sha256(self) -> str:
        """SHA-256 over the description as canonical JSON, then over each tensor in order of name.

        The format and the attribute vectors are not part of it: a morph from before they changed can still be made again.
        """
        tensors, description = self.described()
        del description["format"]
        digest = hashlib.sha256(json.dumps(description, sort_keys=True, separators=(",", ":")).encode())
        for name in sorted(tensors):
            value = tensors[name].numpy()
            digest.update(f"\n{name} {value.dtype} {value.shape}\n".encode())
            digest.update(value.tobytes())
        return digest.hexdigest()


def _several(given: Any) -> Iterable[Any]:
    """Things that were given, or the only one. Raises UserError."""
    if isinstance(given, (str, os.PathLike, Image.Image)):
        return [given]
    if not isinstance(given, Iterable):
        raise UserError(f"{given!r} is no item: give paths, PIL pictures, arrays or a Dataset")
    return given


def _hash(item: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(item).tobytes()).hexdigest()
