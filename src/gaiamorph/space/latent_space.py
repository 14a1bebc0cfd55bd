"""`LatentSpace`: the public interface of a trained model."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Unpack

import numpy as np
import torch
from safetensors.torch import save as to_safetensors

from gaiamorph.data import Dataset
from gaiamorph.data.attributes import attributes_of, refuse_copies
from gaiamorph.errors import UserError
from gaiamorph.latent import attributes as methods
from gaiamorph.output.continuum import Continuum, Order
from gaiamorph.output.folders import new_file
from gaiamorph.space import averaging, continua
from gaiamorph.space.codec import Codec
from gaiamorph.space.continua import EditKeywords, EditOptions, MorphKeywords, MorphOptions
from gaiamorph.space.info import AttributeVector


class LatentSpace(Codec):
    """A codec that also samples, morphs, edits and is saved."""

    def __repr__(self) -> str:
        return f"<LatentSpace {self.model}, {self.kind.name} {self.kind.shape}, latent_dim {self.latent_dim}>"

    def sample(self, n: int, *, seed: int = 0) -> np.ndarray:
        """n new items in natural form: `decode` of `sample_codes`."""
        return self.decode(self.sample_codes(n, seed=seed))

    def sample_codes(self, n: int, *, seed: int = 0) -> np.ndarray:
        """n new codes (n, latent_dim). Raises UserError if n is less than 1.

        They come from a Gaussian mixture fitted to the training codes, or from the prior of a model without an encoder.
        """
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
        **options: Unpack[MorphKeywords],
    ) -> Continuum:
        """A continuum from a to b. Its ends are the reconstructions of a and b, or a and b themselves with ``keep_detail``.

        a, b: items (a path, a PIL picture, an array), or ``SOURCE::NAME`` for an item of a data set.
        steps, weights, options: see `MorphOptions`.
        Warns (UnlikeTrainingWarning) if an end is unlike the training data. Raises UserError.
        """
        return next(self.morph_pairs([(a, b)], steps, weights, **options))

    def morph_pairs(
        self,
        pairs: Sequence[tuple[Any, Any]],
        steps: int = 11,
        weights: Sequence[float] | np.ndarray | None = None,
        **options: Unpack[MorphKeywords],
    ) -> Iterator[Continuum]:
        """`morph` of many pairs, one after another. Each item is read and encoded once."""
        given = None if weights is None else np.atleast_1d(weights).tolist()
        return continua.morph_pairs(self, pairs, MorphOptions(steps=steps, weights=given, **options))

    def remake(self, order: Order, base: Path) -> Continuum:
        """The continuum that a manifest describes. Relative sources are looked up here, then beside ``base``.

        Raises UserError if a source is gone or has changed, or if attribute vectors have.
        """
        return continua.remake(self, order, base)

    # Attributes -----------------------------------------------------------------------------------

    def fit_attributes(
        self,
        data: Any,
        columns: list[str] | None = None,
        *,
        method: Literal["least_squares", "ridge", "mean_difference"] = "least_squares",
        labels: str | os.PathLike[str] | None = None,
        split: str = "train",
        seed: int = 0,
    ) -> dict[str, AttributeVector]:
        """Fit attribute vectors, keep them in ``attributes`` by name, and return the new ones.

        data: a Dataset, or anything that `open_data` takes. Its attributes are columns of ``metadata.csv`` and the like.
        columns: attributes to use; by default all that can be. Texts become one vector for each level.
        method: ``least_squares`` holds the other attributes fixed; ``ridge`` does so where they nearly determine each
            other; ``mean_difference`` takes each by itself.
        labels: a table of attributes (.csv or .parquet, with ``file_name`` or ``name``) in place of the data's own.
        split: items to fit on; ``all`` for every one.
        seed: of the bootstrap.
        Raises UserError for attributes that cannot be fitted, and says which and why.
        """
        if method not in methods.METHODS:
            raise UserError(f"there is no method {method!r}: choose one of {', '.join(methods.METHODS)}")
        opened = data if isinstance(data, Dataset) else self.open_data(data)
        known = {"all": np.arange(len(opened)), **opened.splits}
        if split not in known or not len(known[split]):
            raise UserError(f"the data has no items in the split {split!r}: choose one of {', '.join(known)}")
        design = attributes_of(opened, Path(labels) if labels else None, columns).rows(known[split])
        labelled = np.flatnonzero(~np.isnan(design.values).all(1))
        design = design.rows(labelled)
        refuse_copies(design)
        z = self.encode(opened.items[known[split][labelled]])
        found = methods.fit(z, design.values, method, seed)
        fitted = {
            a.name: AttributeVector(
                a.name, found.vectors[k].astype(np.float32), a.kind, method, int(found.items[k]), a.reference, found.r2,
                float(found.unique[k]), float(found.error[k]), [n for n in design.names if n != a.name],
                opened.source, opened.fingerprint,
            )
            for k, a in enumerate(design.attributes)
        }  # fmt: skip
        self.attributes.update(fitted)
        return fitted

    def add_difference(self, name: str, start: Any, end: Any) -> AttributeVector:
        """Keep the difference of two groups' mean codes as the vector ``name``: +1 leads from ``start`` to ``end``.

        start, end: anything that `encode` takes. Transforms between average faces are made so (Rowland & Perrett 1995).
        """
        z_start, z_end = self.encode(start), self.encode(end)
        vector = (z_end.mean(0) - z_start.mean(0)).astype(np.float32)
        spread = np.sqrt((z_start.var(0) / len(z_start) + z_end.var(0) / len(z_end)).sum())
        error = float(spread / max(float(np.linalg.norm(vector)), 1e-12))
        items = len(z_start) + len(z_end)
        self.attributes[name] = AttributeVector(name, vector, "difference", "mean_difference", items, error=error)
        return self.attributes[name]

    def average(self, items: Any, *, mixed: int | None = None) -> np.ndarray:
        """The average of a group, ``items`` (anything that `encode` takes), as one item in natural form.

        mixed: how many members may be mixed into one code. The default is as many as the model has learnt to mix: 2 for
            ACAI; 2 for GAIA, or 4 with the samplers dirichlet and hull; any number for other models and for vectors.
            A group of at most ``mixed`` members is decoded at its mean code. Of a larger group, members are decoded as
            mixtures of so many, and the pictures averaged (see `space.averaging`). 1 averages the reconstructions.
        Raises UserError if mixed is less than 1.
        """
        return averaging.average(self, items, mixed)

    def edit(self, item: Any, amounts: Mapping[str, float], **options: Unpack[EditKeywords]) -> np.ndarray:
        """One item in natural form, with attributes changed by ``amounts`` of their units.

        options: see `EditOptions`. `edits` gives files with a manifest.
        Raises UserError for an attribute that the space does not have.
        """
        return self.edits(item, [amounts], **options).frames[0]

    def edits(
        self,
        item: Any,
        amounts: Sequence[Mapping[str, float]],
        *,
        columns: int = 0,
        **options: Unpack[EditKeywords],
    ) -> Continuum:
        """One item edited in several ways: a frame for each entry of ``amounts``. ``save`` writes it like a morph.

        columns: frames in a row of the contact sheet; 0 puts all in one. options: see `EditOptions`.
        Warns (UnlikeTrainingWarning) if the item is unlike the training data. Raises UserError.
        """
        wanted = EditOptions(**options)
        (end,) = continua.encode_ends(self, [item], wanted)
        return continua.edit(self, end, amounts, wanted, columns)

    def edit_path(
        self, item: Any, attribute: str, amounts: Sequence[float], **options: Unpack[EditKeywords]
    ) -> Continuum:
        """A continuum along one attribute: a frame for each amount. At 0 the item is unchanged."""
        return self.edits(item, [{attribute: float(amount)} for amount in amounts], **options)

    def edit_grid(
        self,
        item: Any,
        first: tuple[str, Sequence[float]],
        second: tuple[str, Sequence[float]],
        **options: Unpack[EditKeywords],
    ) -> Continuum:
        """Two attributes against each other: rows of frames by ``first`` (name, amounts), columns by ``second``."""
        (row_name, rows), (column_name, columns) = first, second
        if row_name == column_name:
            raise UserError(f"a grid needs two different attributes, not {row_name!r} twice")
        amounts = [{row_name: row, column_name: column} for row in rows for column in columns]
        return self.edits(item, amounts, columns=len(columns), **options)

    def transfer(
        self, a: Any, b: Any, names: Sequence[str] | None = None, **options: Unpack[EditKeywords]
    ) -> Continuum:
        """Two frames: a, and a with the attributes of b.

        names: attributes to transfer, all by default. The difference of the two codes is projected on their vectors.
        Warns (UnlikeTrainingWarning) and raises UserError as `edits` does.
        """
        return continua.transfer(self, a, b, names, EditOptions(**options))

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
        """Write one ``.safetensors`` file: weights, and the description in its metadata."""
        path = Path(path)
        if path.suffix != ".safetensors":
            raise UserError(f"a space is saved as a .safetensors file, which {path.name} is not")
        tensors, description = self.described()
        if self.attributes:
            tensors["attributes/vectors"] = torch.from_numpy(np.stack([v.vector for v in self.attributes.values()]))
            description["attributes"] = {name: v.describe() for name, v in self.attributes.items()}
        with new_file(path, overwrite) as scratch:
            scratch.write_bytes(to_safetensors(tensors, {"gaiamorph": json.dumps(description)}))
        return path
