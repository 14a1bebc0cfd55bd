"""Frames of encoded items: drawn by the space alone, or with the detail of their photographs, at the photographs' size."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypedDict

import numpy as np
import torch

from gaiamorph.data import Kind
from gaiamorph.detail import after, between, enlarged
from gaiamorph.errors import UserError
from gaiamorph.latent import interpolate
from gaiamorph.output.description import Source
from gaiamorph.space.codec import Codec

Detail = Literal["carried", "added", "none"]
PIECES = 16
"""Pieces of a path along which detail is carried. With 32 it takes longer, and is no better."""
LARGEST = 4096
"""Most pixels of a frame's longer side."""


@dataclass(frozen=True, kw_only=True)
class EditOptions:
    """How an item becomes a code, and a code a frame. The command line reads this class too."""

    refine: int = 0
    """Gradient steps that improve each code before it is used. They lower the item's own reconstruction error."""
    detail: Detail | None = None
    """What becomes of the detail that the space cannot redraw. carried: it moves along with what it belongs to, so that frames
    look like photographs, and the ends are the originals. added: it is added where it was. none: frames are what the space
    draws, at its own size. By default carried for pictures and sounds, and none for vectors."""
    full_size: int | None = None
    """Longer side of the frames in pixels. By default that of the photographs after alignment or cropping, 1024 at most. A pair
    has that of its smaller photograph."""


class EditKeywords(TypedDict, total=False):
    """The fields of `EditOptions` as keyword arguments."""

    refine: int
    detail: Detail | None
    full_size: int | None


class UnlikeTrainingWarning(UserWarning):
    """The reconstruction error of an item is above the 99th percentile of the validation items."""


@dataclass(frozen=True)
class End:
    """An encoded item. code: (latent_dim,), refined if that was asked for. redrawn: the output of the space for it."""

    source: Source
    code: np.ndarray
    redrawn: np.ndarray

    @property
    def itself(self) -> tuple[np.ndarray, Any]:
        """The item, and what it was read from: an end as `Kind.completed` takes it."""
        return self.source.item, self.source.original


class Drawer(Codec):
    """A codec that draws frames on paths between codes."""

    def _end(self, source: Source, options: EditOptions, judged: bool = True) -> End:
        """Encode one item by itself, so that its code does not depend on other items.

        judged: warn if the item is unlike the training data, by its code before any refinement.
        """
        x = self.kind.to_tensor(source.item[None], self.device)
        end = self._redrawn(source, self.codes(x)[0])
        error = float(np.abs(_channels_last(x.cpu())[0] - end.redrawn).mean())
        if judged and error > self.error_threshold:
            warnings.warn(
                f"{source.name} is unlike the training data: its reconstruction error is higher than that of 99 % of "
                "held-out items, so what is made of it may not look like it (refine may help)",
                UnlikeTrainingWarning,
                stacklevel=4,
            )
        return self._redrawn(source, self.codes(x, options.refine)[0]) if options.refine else end

    def _redrawn(self, source: Source, code: np.ndarray | torch.Tensor) -> End:
        code = np.asarray(code.cpu() if isinstance(code, torch.Tensor) else code)
        return End(source, code, _channels_last(next(self.outputs(code[None])))[0])

    def _settled(self, options: EditOptions, *sources: Source) -> tuple[str, int]:
        """The options ``detail`` and ``full_size`` for these sources. The size is 0 for the space's own. Raises UserError."""
        own = max(self.kind.item_shape[:2])
        detail = options.detail or self.kind.details[0]
        if detail not in ("carried", "added", "none"):
            raise UserError(f"detail must be 'carried', 'added' or 'none', not {detail!r}")
        if options.full_size is not None and not self.kind.has_photographs:
            raise UserError(f"{self.kind.name} have no size: leave full_size out")
        if detail not in self.kind.details:
            raise UserError(f"{self.kind.name} have no detail that moves: leave detail out")
        if not self.kind.has_photographs:
            return detail, 0
        size = options.full_size
        if size is None:
            size = 0 if detail == "none" else min(_full_size(self.kind, source) for source in sources)
        elif not own <= size <= LARGEST:
            raise UserError(f"full_size must lie between {own} (the space's own size) and {LARGEST}, not {size}")
        return detail, 0 if size == own else size

    def _kind(self, size: int) -> Kind:
        """The kind of frames of a full size. 0 is the space's own."""
        return self.kind.at(size) if size else self.kind

    def _whole(self, source: Source, size: int) -> Source:
        """A source with its item in full size. That of a sound is the recording."""
        item = _photograph(self._kind(size), source) if size else self.kind.whole(source.item, source.original)
        return replace(source, item=item)

    def _pictures(self, z: np.ndarray) -> np.ndarray:
        """Outputs for codes z (K, latent_dim), which are decoded together and with no others. Pictures are (K, h, w, C)."""
        return np.concatenate([_channels_last(x) for x in self.outputs(z)])

    def _between(self, a: End, b: End, weights: np.ndarray, detail: str, size: int) -> np.ndarray:
        """Frames from a to b. weights: (S,), shares of b. detail, size: as from `_settled`."""
        if detail == "carried" and self.kind.has_photographs:
            knots = interpolate.knots(weights, PIECES)
            pictures = self._pictures(interpolate.linear(a.code, b.code, knots))
            ends = (self._values(end.source, size) for end in (a, b))
            return self._items(between(pictures, knots, np.searchsorted(knots, weights), *ends), size)
        # The detail of a fades into that of b. Beyond an end it stays whole.
        lost = [] if detail == "none" else [self._lost(end, size) for end in (a, b)]
        shares = np.clip(weights, 0, 1)
        frames = self._added(interpolate.linear(a.code, b.code, weights), lost, np.stack([1 - shares, shares], 1), size)
        return self.kind.completed(frames, [a.itself, b.itself], weights, detail)

    def _blended(self, a: End, b: End, weights: np.ndarray, detail: str, size: int) -> np.ndarray:
        """As `_between`, but by value: nothing is decoded."""
        one, two = (self._values(end.source, size) for end in (a, b))
        frames = self._items((np.float32(1 - w) * one + np.float32(w) * two for w in weights), size)
        return self.kind.completed(frames, [a.itself, b.itself], weights, detail)

    def _edited(self, end: End, z: np.ndarray, detail: str, size: int) -> np.ndarray:
        """Frames of an item at other codes z (S, latent_dim). Carried detail has a path of its own to each."""
        if detail == "carried" and self.kind.has_photographs:
            photograph, line = self._values(end.source, size), np.linspace(0, 1, PIECES + 1)
            paths = (self._pictures(interpolate.linear(end.code, code, line)) for code in z)
            frames = (next(after(pictures, [PIECES], photograph)) for pictures in paths)
            return self._items(frames, size)
        lost = [] if detail == "none" else [self._lost(end, size)]
        frames = self._added(z, lost, np.ones((len(z), 1)), size)
        return self.kind.completed(frames, [end.itself, end.itself], np.full(len(z), 0.5), detail)

    def _added(self, z: np.ndarray, lost: Sequence[np.ndarray], shares: np.ndarray, size: int) -> np.ndarray:
        """Frames at codes z (S, latent_dim), and shares (S, L) of the detail ``lost`` at L ends."""
        kind = self._kind(size)
        frames = (
            sum((np.float32(share) * one for share, one in zip(row, lost, strict=False)), _at(picture, kind))
            for picture, row in zip(self._pictures(z), shares, strict=True)
        )
        return self._items(frames, size)

    def _values(self, source: Source, size: int) -> np.ndarray:
        """A source in full size as float32 in [0, 1]: pictures (H, W, C), vectors (D,)."""
        item = _photograph(self._kind(size), source) if size else source.item
        return _channels_last(self._kind(size).to_tensor(item[None]))[0]

    def _lost(self, end: End, size: int) -> np.ndarray:
        """What the space does not redraw of an item, in full size."""
        return self._values(end.source, size) - _at(end.redrawn, self._kind(size))

    def _items(self, frames: Iterable[np.ndarray], size: int) -> np.ndarray:
        kind = self._kind(size)
        return np.concatenate([kind.to_items(_channels_first(frame[None])) for frame in frames])


def _channels_last(x: torch.Tensor) -> np.ndarray:
    """Tensors (N, C, H, W) as arrays (N, H, W, C). Those of vectors stay as they are."""
    return (x.movedim(1, -1) if x.ndim == 4 else x).numpy()


def _channels_first(values: np.ndarray) -> torch.Tensor:
    x = torch.from_numpy(values)
    return x.movedim(-1, 1) if x.ndim == 4 else x


def _at(output: np.ndarray, kind: Kind) -> np.ndarray:
    """An output of the space in the size of a kind."""
    return enlarged(output, *kind.item_shape[:2]) if kind.has_photographs else output


def _full_size(kind: Kind, source: Source) -> int:
    if source.original is None:
        return max(kind.item_shape[:2])
    return kind.full_size(source.original) if source.path is None else _size_of_file(kind, source.path, source.sha256)


def _photograph(kind: Kind, source: Source) -> np.ndarray:
    """The item of a source in full size."""
    if source.original is None:  # there is no more than the item
        small = _channels_last(kind.to_tensor(source.item[None]))[0]
        return kind.to_items(_channels_first(_at(small, kind)[None]))[0]
    return (
        kind.photograph(source.original) if source.path is None else _content_of_file(kind, source.path, source.sha256)
    )


# One file is read once for several pairs. What has no file cannot be told apart by its small item.
@lru_cache(maxsize=64)
def _size_of_file(kind: Kind, path: Path, sha256: str) -> int:
    return kind.full_size(path)


@lru_cache(maxsize=8)
def _content_of_file(kind: Kind, path: Path, sha256: str) -> np.ndarray:
    return kind.photograph(path)
