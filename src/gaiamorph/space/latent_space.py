"""`LatentSpace`: what a user keeps of a training, and works with."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save as to_safetensors
from torch import Tensor

from gaiamorph.data import Dataset, Kind, Pictures, open_data
from gaiamorph.errors import UserError
from gaiamorph.features import open_features
from gaiamorph.latent.refine import refine as improve
from gaiamorph.latent.samplers import Mixture, Prior
from gaiamorph.networks import Autoencoder
from gaiamorph.output.continuum import Continuum, Order, Source
from gaiamorph.output.folders import new_file
from gaiamorph.space import averaging, editing, morphing, reading
from gaiamorph.space.vectors import AttributeVector, identity

FORMAT = (6, 0)
"""Major, minor. A newer minor still opens here; a newer major says what to do. 2 to 6: networks have more settings or values."""
MAJORS = (1, 2, 3, 4, 5, 6)
"""That open here."""
HASHED_FORMAT = [1, 1]
"""What stands for the format in a space's hash, so that a newer minor version does not change it."""
BATCH = 32
"""Items that go through the network at once. Always exactly as many (the last batch is filled up with zeros), so
that an item's code and a code's picture do not depend on what else was asked for: frames can be made again bit by bit."""


class LatentSpace:
    """An encoder and a decoder, with what is known of the codes between them.

    Items are in natural form: pictures uint8 (H, W, C), vectors float32 in their original units.
    Codes are float32 (N, latent_dim).
    """

    def __init__(
        self,
        generator: Autoencoder,
        kind: Kind,
        info: dict[str, Any],
        distribution: Mixture | Prior | None,
        device: str = "cpu",
        attributes: dict[str, AttributeVector] | None = None,
    ) -> None:
        """``info`` is plain JSON: model, network, latent_dim, training, validation, codes (see docs/formats.md)."""
        self.kind, self.info, self.distribution = kind, info, distribution
        self.attributes = attributes or {}
        self.device = torch.device(device)
        self.generator = generator.eval().requires_grad_(False).to(self.device)
        if len(kind.shape) == 3:
            self.generator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def latent_dim(self) -> int:
        return self.generator.latent_dim

    @property
    def model(self) -> str:
        return self.info["model"]

    @property
    def can_encode(self) -> bool:
        """Whether real items have codes (a GAN has no encoder)."""
        return self.info.get("can_encode", True)

    def __repr__(self) -> str:
        return f"<LatentSpace {self.model}, {self.kind.name} {self.kind.shape}, latent_dim {self.latent_dim}>"

    # Codes and items ------------------------------------------------------------------------------

    def encode(self, items: Any, *, refine: int = 0) -> np.ndarray:
        """items -> codes (N, latent_dim), float32.

        items: a Dataset; an array (N, ...) in natural form; a path, PIL picture or row; or a sequence of those.
        refine: gradient steps that improve each code on its own reconstruction error.
        Raises UserError for anything that is not an item of this space's kind, or if the model has no encoder.
        """
        return self._encode(reading.natural(self, items), refine)

    def decode(self, z: Any) -> np.ndarray:
        """codes (N, latent_dim) -> items in natural form: pictures uint8 (N, H, W, C), vectors float32 (N, D)."""
        try:
            z = np.asarray(z, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise UserError(f"codes must be numbers of the shape (N, {self.latent_dim})") from error
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise UserError(f"codes must have the shape (N, {self.latent_dim}), not {z.shape}")
        if not np.isfinite(z).all():
            raise UserError("codes must be finite numbers")
        return self._collect(self._decode_tensors(z), self.kind.to_items)

    def reconstruct(self, items: Any) -> np.ndarray:
        """decode(encode(items))."""
        return self.decode(self.encode(items))

    def errors(self, items: Any, *, refine: int = 0) -> np.ndarray:
        """Reconstruction error of each item (N,): mean absolute difference in [0, 1] units."""
        natural = reading.natural(self, items)
        z = self._encode(natural, refine)
        errors = []
        for start in range(0, len(natural), BATCH):
            x = self.kind.to_tensor(natural[start : start + BATCH], self.device)
            y = torch.cat(list(self._decode_tensors(z[start : start + BATCH])))
            errors.append((x - y).abs().flatten(1).mean(1).cpu().numpy())
        return np.concatenate(errors)

    def unlike(self, items: Any) -> np.ndarray:
        """Which items (N,) lie above the 99th percentile of validation's reconstruction errors."""
        return self.errors(items) > self.info["validation"]["l1_percentile_99"]

    def sample(self, n: int, *, seed: int = 0) -> np.ndarray:
        """n new items: `decode` of `sample_codes`."""
        return self.decode(self.sample_codes(n, seed=seed))

    def sample_codes(self, n: int, *, seed: int = 0) -> np.ndarray:
        """n codes (n, latent_dim), from a Gaussian mixture fitted to the training codes, or from the prior of a model
        that has no encoder."""
        if n < 1:
            raise UserError(f"at least one item must be asked for, not {n}")
        if self.distribution is None:
            raise UserError("this space holds no distribution of codes to sample from")
        return self.generator.placed(torch.from_numpy(self.distribution.sample(n, seed))).numpy()

    # Morphs ---------------------------------------------------------------------------------------

    def morph(
        self,
        a: Any,
        b: Any,
        steps: int = 11,
        weights: Sequence[float] | np.ndarray | None = None,
        *,
        spacing: str = "even",
        features: str = "values",
        refine: int = 0,
        extrapolate: bool = False,
        keep_detail: bool = False,
    ) -> Continuum:
        """A continuum from a to b. Its ends are the reconstructions of a and b, or with ``keep_detail`` a and b themselves.

        a, b: items (a path, a PIL picture, an array), or ``SOURCE::NAME`` for an item of a data set.
        weights: shares of b, 0 is a and 1 is b; beyond those only with ``extrapolate``. Without weights,
            ``steps`` of them are spaced ``even`` in z, or ``perceptual``: evenly along the decoded path, its
            length measured in the feature space ``features`` (values, hed).
        refine: as in `encode`.
        keep_detail: what the space cannot redraw of a and b is added back, a's fading into b's along the way.
        Warns (UnlikeTrainingWarning) of an end that is unlike the training data. Raises UserError.
        """
        return next(
            self.morph_pairs(
                [(a, b)],
                steps,
                weights,
                spacing=spacing,
                features=features,
                refine=refine,
                extrapolate=extrapolate,
                keep_detail=keep_detail,
            )
        )

    def morph_pairs(
        self,
        pairs: Sequence[tuple[Any, Any]],
        steps: int = 11,
        weights: Sequence[float] | np.ndarray | None = None,
        **options: Any,
    ) -> Iterator[Continuum]:
        """Continua for many pairs, one after another, with the options of `morph`; each path is read and checked once."""
        return morphing.morph_pairs(self, pairs, steps, weights, **options)

    def remake(self, order: Order, base: Path) -> Continuum:
        """The continuum that a manifest describes; relative sources are looked up here, then beside ``base``.

        Raises UserError if a source is gone or has changed, or if attribute vectors have.
        """
        return morphing.remake(self, order, base)

    def features_along(self, z: np.ndarray, measure: Callable[[Tensor], Tensor]) -> np.ndarray:
        """Features (N, D) of the items that codes (N, latent_dim) decode to, before those are rounded to a file's values."""
        return self._collect(self._decode_tensors(z), lambda x: measure(x).numpy())

    def features(self, name: str) -> Callable[[Tensor], Tensor]:
        """The feature space ``values`` or ``hed``, in which perceived change along a path is measured."""
        if name == "pca":
            raise UserError("a path is measured in 'values' or 'hed': 'pca' needs the training items")
        low, high = torch.zeros(1, *self.kind.shape), torch.ones(1, *self.kind.shape)
        return open_features(name, torch.cat([low, high]))

    def source(self, thing: Any) -> Source:
        """An end of a continuum, read, with the SHA-256 of its file (of its values, if it has no file)."""
        return reading.source(self, thing)

    def read_items(self, source: str | os.PathLike[str]) -> tuple[list[str], np.ndarray]:
        """Names and items (N, ...) of a data set, or of one file that holds an item."""
        return reading.named_items(self, source)

    def open_data(self, source: str | os.PathLike[str]) -> Dataset:
        """A data set with items sized and cropped as this space's training data was."""
        options: dict[str, Any] = {}
        if isinstance(self.kind, Pictures) and str(source) != "sample:lines":
            # Pictures that are not square come from an array, and keep their own size.
            size = self.kind.height if self.kind.height == self.kind.width else None
            options = {"size": size, "channels": self.kind.channels, "crop": self.kind.crop}
        return open_data(source, seed=self.info["training"]["seed"], **options)

    # Attributes -----------------------------------------------------------------------------------

    def fit_attributes(
        self,
        data: Any,
        columns: list[str] | None = None,
        *,
        method: str = "least_squares",
        labels: str | os.PathLike[str] | None = None,
        split: str = "train",
        seed: int = 0,
    ) -> dict[str, AttributeVector]:
        """Fit attribute vectors and keep them in ``attributes`` by name; the new ones are returned.

        data: a Dataset, or anything that `open_data` takes, whose attributes are columns of ``metadata.csv`` and the
            like. labels: a table of them instead (.csv or .parquet, with ``file_name`` or ``name``).
        columns: attributes to use; by default all that can be. Texts become one vector a level.
        method: ``least_squares`` (each attribute with the others held fixed), ``ridge`` (the same where attributes
            nearly determine each other) or ``mean_difference`` (each by itself).
        split: items to fit on; ``all`` for every one.
        seed: of the bootstrap. Raises UserError for attributes that cannot be fitted, saying which and why.
        """
        return editing.fit_attributes(self, data, columns, method, labels, split, seed)

    def add_difference(self, name: str, start: Any, end: Any) -> AttributeVector:
        """Keep the difference of two groups' mean codes as the vector ``name``: +1 leads from ``start`` to ``end``.

        start, end: anything that `encode` takes. It is how transforms between average faces are made (Rowland &
        Perrett 1995).
        """
        return editing.add_difference(self, name, start, end)

    def average(self, items: Any, *, mixed: int | None = None) -> np.ndarray:
        """The average of a group, ``items`` (anything that `encode` takes), as one item in natural form.

        mixed: how many members may be mixed into one code; by default as many as in the training of GAIA (2, or 4 with the
            samplers dirichlet and hull) and ACAI, and any number for other models and for vectors. A group no larger is
            the item at its mean code. Of a larger one, members are drawn as mixtures of so many, and the pictures averaged:
            1 is the average of reconstructions. See `space.averaging`. Raises UserError for less than 1.
        """
        return averaging.average(self, items, mixed)

    def edit(
        self, item: Any, amounts: Mapping[str, float], *, refine: int = 0, keep_detail: bool = False
    ) -> np.ndarray:
        """One item with attributes changed by ``amounts`` of their units, as an item in natural form.

        refine: as in `encode`. keep_detail: the change is made to the item itself, not to its reconstruction. For files with
        a manifest, see `edits`. Raises UserError for an attribute that the space does not have.
        """
        return self.edits(item, [amounts], refine=refine, keep_detail=keep_detail).frames[0]

    def edits(
        self,
        item: Any,
        amounts: Sequence[Mapping[str, float]],
        *,
        refine: int = 0,
        columns: int = 0,
        keep_detail: bool = False,
    ) -> Continuum:
        """One item edited in several ways: a frame for each entry of ``amounts``. ``save`` writes it like a morph.

        columns: frames in a row of the contact sheet (0: all in one). refine, keep_detail: as in `edit`.
        """
        return editing.edits(self, item, amounts, refine, columns, keep_detail)

    def edit_path(self, item: Any, attribute: str, amounts: Sequence[float], **options: Any) -> Continuum:
        """A continuum along one attribute: a frame for each amount, 0 being the item's own reconstruction. ``options`` are
        those of `edit`."""
        return self.edits(item, [{attribute: float(amount)} for amount in amounts], **options)

    def edit_grid(
        self,
        item: Any,
        first: tuple[str, Sequence[float]],
        second: tuple[str, Sequence[float]],
        *,
        refine: int = 0,
        keep_detail: bool = False,
    ) -> Continuum:
        """Two attributes against each other: rows of frames by ``first`` (name, amounts), columns by ``second``."""
        return editing.grid(self, item, first, second, refine, keep_detail)

    def transfer(
        self, a: Any, b: Any, names: Sequence[str] | None = None, *, refine: int = 0, keep_detail: bool = False
    ) -> Continuum:
        """a, and a with the attributes of b: the part of the difference of their codes that lies along the vectors
        ``names`` (by default all)."""
        return editing.transfer(self, a, b, names, refine, keep_detail)

    # Files ----------------------------------------------------------------------------------------

    def _state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        tensors = {f"generator/{k}": v.cpu().contiguous() for k, v in self.generator.state_dict().items()}
        if isinstance(self.distribution, Mixture):
            for name in ("weights", "means", "factors"):
                tensors[f"mixture/{name}"] = torch.from_numpy(getattr(self.distribution, name)).contiguous()
        return tensors, {"format": list(FORMAT), "kind": {"name": self.kind.name, **self.kind.settings()}, **self.info}

    @property
    def attributes_sha256(self) -> str:
        """Identity of the attribute vectors, which the space's own does not cover: empty if there are none."""
        return identity(self.attributes)

    @property
    def sha256(self) -> str:
        """Identity of the space: SHA-256 over its tensors by name, and its description as canonical JSON. Attribute
        vectors are not part of it: what was morphed before they were fitted can still be made again."""
        tensors, description = self._state()
        description["format"] = HASHED_FORMAT
        digest = hashlib.sha256(json.dumps(description, sort_keys=True, separators=(",", ":")).encode())
        for name in sorted(tensors):
            value = tensors[name].numpy()
            digest.update(f"\n{name} {value.dtype} {value.shape}\n".encode())
            digest.update(value.tobytes())
        return digest.hexdigest()

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
        """Write one ``.safetensors`` file: weights, and the description in its metadata."""
        target = Path(path)
        if target.suffix != ".safetensors":
            raise UserError(f"a space is saved as a .safetensors file, which {target.name} is not")
        tensors, description = self._state()
        if self.attributes:
            vectors = list(self.attributes.values())
            tensors["attributes/vectors"] = torch.from_numpy(np.stack([v.vector for v in vectors]))
            description["attributes"] = {name: v.describe() for name, v in self.attributes.items()}
        with new_file(target, overwrite) as scratch:
            scratch.write_bytes(to_safetensors(tensors, {"gaiamorph": json.dumps(description)}))
        return target

    # Inside ---------------------------------------------------------------------------------------

    def _encode(self, natural: np.ndarray, refine: int) -> np.ndarray:
        if not self.can_encode:
            raise UserError(
                f"{self.model} has no encoder, so real items have no codes in it: it can only sample new ones "
                "(train ae, vae, vae_gan, aae, acai or gaia to morph between real items)"
            )
        if refine < 0:
            raise UserError(f"refine must not be negative, as {refine} is")
        codes = []
        for start in range(0, len(natural), BATCH):
            x = self.kind.to_tensor(natural[start : start + BATCH], self.device)
            z = _in_full_batch(self.generator.encode, x)
            if refine:
                sd = torch.tensor(self.info["codes"]["sd"], dtype=z.dtype, device=z.device).clamp_min(1e-6)
                z = self.generator.placed(improve(self.generator.decode, _filled(x), _filled(z), sd, refine)[: len(x)])
            codes.append(z.cpu().numpy())
        return np.concatenate(codes).astype(np.float32)

    def _decode_tensors(self, z: np.ndarray) -> Iterator[Tensor]:
        for start in range(0, len(z), BATCH):
            part = torch.tensor(z[start : start + BATCH], dtype=torch.float32, device=self.device)
            yield _in_full_batch(self.generator.decode, part)

    @staticmethod
    def _collect(tensors: Iterator[Tensor], convert: Callable[[Tensor], np.ndarray]) -> np.ndarray:
        return np.concatenate([convert(x.cpu()) for x in tensors])


def _filled(x: Tensor) -> Tensor:
    """x (n, ...) with zeros after it, to (BATCH, ...)."""
    return x if len(x) == BATCH else torch.cat([x, x.new_zeros(BATCH - len(x), *x.shape[1:])])


@torch.inference_mode()
def _in_full_batch(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return function(_filled(x))[: len(x)]
