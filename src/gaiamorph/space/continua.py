"""Morphs between two items, and edits of one item along attribute vectors."""

import json
import math
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, Unpack

import numpy as np
import torch

from gaiamorph.errors import UserError
from gaiamorph.features import open_features
from gaiamorph.latent import interpolate
from gaiamorph.output.continuum import Continua, Continuum
from gaiamorph.output.description import Source
from gaiamorph.output.manifest import Order, Sources, beside, split_name
from gaiamorph.space.codec import ARRAY
from gaiamorph.space.drawing import Drawer, EditKeywords, EditOptions, End
from gaiamorph.space.info import AttributeVector, identity

MOST_STEPS = 100_000
FAR, VAGUE = 4.0, 0.5
"""An edit by more than so many standard deviations, and one along a vector with a larger standard error, are warned of."""
Weights = Sequence[float] | np.ndarray | None


@dataclass(frozen=True, kw_only=True)
class MorphOptions(EditOptions):
    """Which frames a continuum has."""

    steps: int = 11
    """Frames of a continuum, ends included."""
    weights: list[float] | None = None
    """Weights of B instead of steps: 0 is A, 1 is B."""
    spacing: Literal["even", "perceptual"] = "even"
    """even: equal distances between codes. perceptual: equal distances between frames, measured in a feature space."""
    features: Literal["values", "hed"] = "values"
    """Feature space of the perceptual spacing."""
    extrapolate: bool = False
    """Allow weights below 0 and above 1."""
    blend: bool = False
    """Blend the items themselves, without the model, for comparison: a cross-dissolve of pictures; of sounds their spectrograms, or
    the parameters of WORLD."""


class MorphKeywords(EditKeywords, total=False):
    """The fields of `MorphOptions` as keyword arguments, without steps and weights, which also go by position."""

    spacing: Literal["even", "perceptual"]
    features: Literal["values", "hed"]
    extrapolate: bool
    blend: bool


class EditWarning(UserWarning):
    """An edit that will hardly do what it says: too far, or along a vector that the data hardly determines."""


class Morpher(Drawer):
    """A codec that morphs between items, and edits them."""

    def morph(
        self, a: Any, b: Any, steps: int = 11, weights: Weights = None, **options: Unpack[MorphKeywords]
    ) -> Continuum:
        """A continuum from a to b. Its ends are a and b themselves; with the detail ``none`` they are their reconstructions.

        a, b: items (a path, a PIL picture, an array), or ``SOURCE::NAME`` for an item of a data set.
        steps, weights, options: see `MorphOptions`.
        Warns (UnlikeTrainingWarning) if an end is unlike the training data. Raises UserError.
        """
        return self.morph_pairs([(a, b)], steps, weights, **options)[0]

    def morph_pairs(
        self,
        pairs: Sequence[tuple[Any, Any]],
        steps: int = 11,
        weights: Weights = None,
        **options: Unpack[MorphKeywords],
    ) -> Continua:
        """`morph` of many pairs: each is made when it is asked for. Each item is read and encoded once, before the first."""
        given = None if weights is None else np.atleast_1d(weights).tolist()
        wanted = MorphOptions(steps=steps, weights=given, **options)
        things = {_key(thing): thing for pair in pairs for thing in pair}
        ends = {key: self._end(self.source(thing), wanted, not wanted.blend) for key, thing in things.items()}
        space_sha256 = self.sha256
        chosen = [(ends[_key(a)], ends[_key(b)]) for a, b in pairs]
        sources = [[end.source.name, end.source.sha256] for pair in chosen for end in pair]
        makers = [partial(self._morph, space_sha256, *pair, wanted) for pair in chosen]
        return self._continua(makers, [space_sha256, asdict(wanted), sources])

    def remake_all(self, orders: Sequence[Order], base: Path, sources: Sources | None = None) -> Continua:
        """`remake` of all continua of a manifest: each is made when it is asked for."""
        makers = [partial(self.remake, order, base, sources) for order in orders]
        return self._continua(makers, [self.sha256, [asdict(order) for order in orders]])

    def _continua(self, makers: Sequence[Callable[[], Continuum]], made_of: Any) -> Continua:
        """Rows of one table cannot be taken back, so vectors that were stopped are made anew."""
        return Continua(makers, "" if self.kind.one_table else json.dumps(made_of, default=np.ndarray.tolist))

    def remake(self, order: Order, base: Path, sources: Sources | str | Path | None = None) -> Continuum:
        """The continuum that a manifest describes. Relative sources are looked up here, then in the folder ``base``.

        sources: a folder where files that are gone are looked up by their SHA-256. A `Sources` serves many orders.
        Raises UserError if a source is gone or has changed, or if attribute vectors have.
        """
        moved = Sources(sources) if isinstance(sources, (str, Path)) else sources
        own = max(self.kind.item_shape[:2])
        options = MorphOptions(
            weights=order.weights.tolist(), extrapolate=True, refine=order.refine, detail=order.detail,  # type: ignore[arg-type]
            full_size=(order.full_size or own) if self.kind.has_photographs else None, blend=order.blend,
        )  # fmt: skip
        a, b = (self._recorded(*source, base, moved) for source in order.sources)
        if order.amounts:
            made = self._edit(self._end(a, options), order.amounts, options, order.columns, b)
            if made.attributes_sha256 != order.attributes_sha256:
                raise UserError(
                    "the attribute vectors have changed since the manifest was written: fit them as they were"
                )
        else:
            end_a, end_b = (self._end(end, options, not options.blend) for end in (a, b))
            made = self._morph(self.sha256, end_a, end_b, options)
        return replace(made, weights=order.weights, spacing=order.spacing, features=order.features)

    def _recorded(self, name: str, sha256: str, base: Path, moved: Sources | None) -> Source:
        """A source of a manifest, under its name there."""
        if name == ARRAY:
            raise UserError(
                "a source of the manifest was an array and no file: make the continuum from the array again"
            )
        path, item = split_name(where := beside(name, base))
        if not Path(path).exists() and not path.startswith(("sample:", "hub:")):
            if moved is None:
                raise UserError(f"{name} is gone: give --sources DIR, where it is found by its SHA-256")
            # The items of a table have no files. The table is known by its name, and its item by the SHA-256.
            table = moved.folder / Path(path).name
            where = f"{table}{item}" if item and table.is_file() else moved.find(name, sha256)
            if where is None:
                raise UserError(
                    f"{name} is gone, and no file in {moved.folder} has its SHA-256: give another --sources"
                )
        source = self.source(where)
        if source.sha256 != sha256:
            raise UserError(f"{name} has changed since the manifest was written: its SHA-256 is another")
        return replace(source, name=name)

    def _morph(self, space_sha256: str, a: End, b: End, options: MorphOptions) -> Continuum:
        weights = self._weights(a.code, b.code, options)
        if not options.extrapolate and (weights.min() < 0 or weights.max() > 1):
            raise UserError("weights below 0 or above 1 lie beyond the two items: ask for that with extrapolate")
        spacing = options.spacing if options.weights is None else "given"
        detail, size = self._settled(options, a.source, b.source)
        if a.source.path and b.source.path and a.source.sha256 == b.source.sha256:
            warnings.warn(f"{a.source.name} and {b.source.name} are the same, so all frames are alike", stacklevel=4)
        z, draw = interpolate.linear(a.code, b.code, weights), self._blended if options.blend else self._between
        return Continuum(
            kind=self._kind(size), a=self._whole(a.source, size), b=self._whole(b.source, size), weights=weights, codes=z,
            frames=draw(a, b, weights, detail, size), space_sha256=space_sha256, spacing=spacing,
            features=options.features if spacing == "perceptual" else "", refine=options.refine, detail=detail, full_size=size,
            blend=options.blend, space=self.origin,
        )  # fmt: skip

    def _weights(self, z_a: np.ndarray, z_b: np.ndarray, options: MorphOptions) -> np.ndarray:
        """Weights of b (S,), given or spaced."""
        if options.weights is not None:
            given = np.asarray(options.weights, dtype=np.float64)
            if given.ndim != 1 or not len(given) or not np.isfinite(given).all():
                raise UserError("weights must be a list of finite numbers")
            return given
        if not 2 <= options.steps <= MOST_STEPS:
            raise UserError(f"a continuum needs between 2 and {MOST_STEPS} steps, not {options.steps}")
        if options.spacing == "even":
            return np.linspace(0, 1, options.steps)
        if options.spacing != "perceptual" or options.features not in ("values", "hed"):
            asked = f"{options.spacing!r} with {options.features!r}"
            raise UserError(f"spacing must be 'even', or 'perceptual' with the features 'values' or 'hed', not {asked}")
        if options.blend:
            raise UserError("perceptual spacing follows the codes, and a blend has none: leave one of them out")
        # The standard deviation of this pair is 0.5: it stands for that of the training items.
        low, high = torch.zeros(1, *self.kind.shape), torch.ones(1, *self.kind.shape)
        measure = open_features(options.features, torch.cat([low, high]))

        def features(weights: np.ndarray) -> np.ndarray:
            outputs = self.outputs(interpolate.linear(z_a, z_b, weights))  # not rounded to a file's values
            return np.concatenate([measure(x).numpy() for x in outputs])

        return interpolate.perceptual(features, options.steps)

    def edit(self, item: Any, amounts: Mapping[str, float], **options: Unpack[EditKeywords]) -> np.ndarray:
        """The frame of `edits` with one entry: the item in natural form, changed by ``amounts`` of attributes by name."""
        return self.edits(item, [amounts], **options).frames[0]

    def edits(
        self, item: Any, amounts: Sequence[Mapping[str, float]], *, columns: int = 0, **options: Unpack[EditKeywords]
    ) -> Continuum:
        """One item edited in several ways: a frame for each entry of ``amounts``. ``save`` writes it like a morph.

        columns: frames in a row of the contact sheet; 0 puts all in one. options: see `EditOptions`.
        Warns (UnlikeTrainingWarning) if the item is unlike the training data. Raises UserError for an attribute that the
        space does not have, and for an amount that is not a finite number.
        """
        wanted = EditOptions(**options)
        end = self._end(self.source(item), wanted)
        return self._edit(end, amounts, wanted, columns, end.source)

    def edit_path(
        self, item: Any, attribute: str, amounts: Sequence[float], **options: Unpack[EditKeywords]
    ) -> Continuum:
        """A continuum along one attribute: a frame for each amount. At 0 the item is unchanged."""
        return self.edits(item, [{attribute: amount} for amount in amounts], **options)

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
        Warns and raises UserError as `edits` does.
        """
        wanted = EditOptions(**options)
        vectors = self._vectors(self.attributes if names is None else names)
        if not vectors:
            raise UserError("the space has no attributes to transfer: fit some first")
        end_a, end_b = (self._end(self.source(item), wanted) for item in (a, b))
        matrix = np.stack([v.vector for v in vectors.values()], 1)
        found = np.linalg.lstsq(matrix, end_b.code - end_a.code, rcond=None)[0]
        amounts = [dict.fromkeys(vectors, 0.0), dict(zip(vectors, found, strict=True))]
        return self._edit(end_a, amounts, wanted, 0, end_b.source)

    def _edit(
        self, end: End, amounts: Sequence[Mapping[str, float]], options: EditOptions, columns: int, b: Source
    ) -> Continuum:
        if not amounts:
            raise UserError("there is nothing to edit: give amounts of attributes")
        used = self._vectors({name: None for wanted in amounts for name in wanted})
        numbers = tuple({name: _finite(name, amount) for name, amount in wanted.items()} for wanted in amounts)
        for vector in used.values():
            _warn(vector, max(abs(given.get(vector.name, 0.0)) for given in numbers))
        unchanged = np.zeros_like(end.code)
        z = end.code + np.stack(
            [sum((np.float32(x) * used[name].vector for name, x in given.items()), unchanged) for given in numbers]
        )
        detail, size = self._settled(options, end.source)
        return Continuum(
            kind=self._kind(size), a=self._whole(end.source, size), b=self._whole(b, size), weights=np.zeros(len(z)), codes=z,
            frames=self._edited(end, z, detail, size), space_sha256=self.sha256, spacing="given", refine=options.refine,
            amounts=numbers, attributes_sha256=identity(used), columns=columns, detail=detail, full_size=size,
            space=self.origin,
        )  # fmt: skip

    def _vectors(self, names: Iterable[str]) -> dict[str, AttributeVector]:
        """Attribute vectors by name. Raises UserError for a name that the space does not have."""
        for name in names:
            if name not in self.attributes:
                known = ", ".join(self.attributes) or "none: fit some first"
                raise UserError(f"the space has no attribute {name!r} (it has {known})")
        return {name: self.attributes[name] for name in names}


def _warn(vector: AttributeVector, most: float) -> None:
    """Warn of an edit by ``most`` along a vector that cannot be expected to work."""
    numeric = vector.kind == "numeric"
    if most > (far := FAR * vector.sd if numeric else FAR):
        unit = f"its standard deviation is {vector.sd:.3g}" if numeric else "1 is from one end to the other"
        warnings.warn(
            f"{vector.name} is changed by {most:g}, and {far:.3g} is far already ({unit}): the result may not look like an item",
            EditWarning,
            stacklevel=4,
        )
    if most and vector.error > VAGUE:
        warnings.warn(
            f"the vector {vector.name} is vague: its standard error is {vector.error:.0%} of its length, so the edit may change "
            "other things as much (more items with known values help, and longer training)",
            EditWarning,
            stacklevel=4,
        )


def _key(thing: Any) -> Any:
    """Tells one end from another: its path, or which object it is."""
    return os.fspath(thing) if isinstance(thing, (str, os.PathLike)) else id(thing)


def _finite(name: str, amount: Any) -> float:
    """The amount of an attribute as a number. Raises UserError."""
    try:
        number = float(amount)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"the amount of {name!r} must be a finite number, not {amount!r}")
    return number
