"""Frames of encoded items: drawn by the space alone, or with the detail of their photographs, at the photographs' size."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypedDict

import numpy as np
import torch

from gaiamorph.data import Kind
from gaiamorph.detail import carried, displacements, enlarged
from gaiamorph.errors import UserError
from gaiamorph.latent import interpolate
from gaiamorph.output.continuum import Source
from gaiamorph.space.codec import Codec

Detail = Literal["carried", "added", "none"]
EDIT_PIECES = 16
"""Pieces of a path along which detail is carried, from an item to an edit of it."""
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
    draws, at its own size. By default carried for pictures, and none for vectors."""
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


@dataclass(frozen=True)
class Lent:
    """Detail that an item lends to frames of a path. shares: (S,), of its detail in each frame. start: its place on the path."""

    end: End
    shares: np.ndarray
    start: int


class Drawer(Codec):
    """A codec that draws frames on paths between codes."""

    def _end(self, source: Source, options: EditOptions) -> End:
        """Encode one item by itself, so that its code does not depend on other items.

        Warns if the item is unlike the training data, judged by its code before any refinement.
        """
        x = self.kind.to_tensor(source.item[None], self.device)
        end = self._redrawn(source, self.codes(x)[0])
        error = float(np.abs(_channels_last(x.cpu())[0] - end.redrawn).mean())
        if error > self.error_threshold:
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
        detail = options.detail or ("carried" if self.kind.is_image else "none")
        if detail not in ("carried", "added", "none"):
            raise UserError(f"detail must be 'carried', 'added' or 'none', not {detail!r}")
        if not self.kind.is_image:
            if detail == "carried" or options.full_size:
                raise UserError(
                    f"{self.kind.name} have no size, and no detail that moves: leave detail and full_size out"
                )
            return detail, 0
        size = options.full_size
        if size is None:
            size = 0 if detail == "none" else min(self._full_size(source) for source in sources)
        elif size and not own <= size <= LARGEST:
            raise UserError(f"full_size must lie between {own} (the space's own size) and {LARGEST}, not {size}")
        return detail, 0 if size == own else size

    def _full_size(self, source: Source) -> int:
        if source.original is None:
            return max(self.kind.item_shape[:2])
        return self.kind.full_size(source.original)

    def _kind(self, size: int) -> Kind:
        """The kind of frames of a full size. 0 is the space's own."""
        return self.kind.at(size) if size else self.kind

    def _whole(self, source: Source, size: int) -> Source:
        """A source with its item in full size."""
        return replace(source, item=_photograph(self._kind(size), source)) if size else source

    def _drawn(
        self, path: np.ndarray, shown: Iterable[int], lent: Sequence[Lent], detail: str, size: int
    ) -> np.ndarray:
        """The frames ``shown`` (S,) of a path of codes (K, latent_dim), which are decoded together and with no others.

        detail, size: as from `_settled`.
        """
        kind = self._kind(size)
        outputs = np.concatenate([_channels_last(x) for x in self.outputs(path)])
        frames = [_at(outputs[k], kind) for k in shown]
        for one in lent if detail != "none" else ():
            item = self._whole(one.end.source, size).item
            lost = _channels_last(kind.to_tensor(item[None]))[0] - _at(one.end.redrawn, kind)
            moved = displacements(outputs, one.start) if detail == "carried" else None
            for i, k in enumerate(shown):
                frames[i] = frames[i] + np.float32(one.shares[i]) * (lost if moved is None else carried(lost, moved[k]))
        return np.concatenate([kind.to_items(_channels_first(frame[None])) for frame in frames])

    def _edited(self, end: End, z: np.ndarray, detail: str, size: int) -> np.ndarray:
        """An item at other codes z (S, latent_dim). Carried detail has a path of its own to each; the item itself has none."""
        if detail != "carried":
            return self._drawn(z, np.arange(len(z)), [Lent(end, np.ones(len(z)), 0)], detail, size)
        drawn = []
        for code in z:
            pieces = EDIT_PIECES if (code != end.code).any() else 0
            path = interpolate.linear(end.code, code, np.linspace(0, 1, pieces + 1))
            drawn.append(self._drawn(path, [pieces], [Lent(end, np.ones(1), 0)], detail, size))
        return np.concatenate(drawn)


def _channels_last(x: torch.Tensor) -> np.ndarray:
    """Tensors (N, C, H, W) as arrays (N, H, W, C). Those of vectors stay as they are."""
    return (x.movedim(1, -1) if x.ndim == 4 else x).numpy()


def _channels_first(values: np.ndarray) -> torch.Tensor:
    x = torch.from_numpy(values)
    return x.movedim(-1, 1) if x.ndim == 4 else x


def _at(output: np.ndarray, kind: Kind) -> np.ndarray:
    """An output of the space in the size of a kind."""
    return enlarged(output, *kind.item_shape[:2]) if kind.is_image else output


@lru_cache(maxsize=8)
def _photograph(kind: Kind, source: Source) -> np.ndarray:
    """The item of a source in full size. Equal sources have equal hashes, so one is read once for several pairs."""
    return source.item if source.original is None else kind.photograph(source.original)
