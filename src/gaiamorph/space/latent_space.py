"""`LatentSpace`: the public interface of a trained model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Unpack

import numpy as np
import torch

from gaiamorph.errors import UserError
from gaiamorph.output.continuum import Continuum, Order
from gaiamorph.space import averaging, editing, files, fitting, morphing, remaking
from gaiamorph.space.codec import Codec
from gaiamorph.space.options import EditKeywords, EditOptions, MorphKeywords, MorphOptions
from gaiamorph.space.vectors import AttributeVector, identity


def load(path: str | os.PathLike[str], *, device: str = "cpu") -> LatentSpace:
    """Open a space file, or the space of a run folder. Nothing in it is executed.

    Raises UserError if there is none, if it is damaged, or if its format is newer than this package.
    """
    return files.read(Path(path), LatentSpace, device)


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
        return morphing.morph_pairs(self, pairs, MorphOptions(steps=steps, weights=given, **options))

    def remake(self, order: Order, base: Path) -> Continuum:
        """The continuum that a manifest describes. Relative sources are looked up here, then beside ``base``.

        Raises UserError if a source is gone or has changed, or if attribute vectors have.
        """
        return remaking.remake(self, order, base)

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
        fitted = fitting.fit_attributes(self, data, columns, method, labels, split, seed)
        self.attributes.update(fitted)
        return fitted

    def add_difference(self, name: str, start: Any, end: Any) -> AttributeVector:
        """Keep the difference of two groups' mean codes as the vector ``name``: +1 leads from ``start`` to ``end``.

        start, end: anything that `encode` takes. Transforms between average faces are made so (Rowland & Perrett 1995).
        """
        self.attributes[name] = fitting.difference(self, name, start, end)
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
        """
        return editing.edit_item(self, item, amounts, EditOptions(**options), columns)

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
        """
        return editing.transfer(self, a, b, names, EditOptions(**options))

    # Files ----------------------------------------------------------------------------------------

    @property
    def sha256(self) -> str:
        """Identity of the space, without attribute vectors: see `files.sha256`."""
        return files.sha256(self)

    @property
    def attributes_sha256(self) -> str:
        """Identity of the attribute vectors. Empty if there are none."""
        return identity(self.attributes)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
        """Write one ``.safetensors`` file: weights, and the description in its metadata."""
        files.write(self, Path(path), overwrite)
        return Path(path)
