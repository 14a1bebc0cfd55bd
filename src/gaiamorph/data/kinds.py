"""`Kind`, the contract of one kind of data, and `Dataset`, items of one kind that are split for training."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor

from gaiamorph import drawing
from gaiamorph.data.appearance import Appearance
from gaiamorph.data.request import Request
from gaiamorph.defaults import ITEMS_MEASURED, Traits
from gaiamorph.sound.playback import Playback

CPU = torch.device("cpu")
SHEET_COLUMNS = 24
"""A longer continuum shows this many of its frames, evenly chosen."""
End = tuple[np.ndarray, Any]
"""An item, and what it was read from, or None."""


def moved(x: Tensor, device: torch.device) -> Tensor:
    """x on the device. A CUDA copy is asynchronous, from pinned memory."""
    return x.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else x.to(device)


@dataclass(frozen=True)
class Strip:
    """A continuum as a drawing shows it.

    frames: (S, ...) in natural form, with one of ``labels`` each. a, b: the original items at the ends.
    along, axis: the x-axis of a plot (S,), and its label.
    per_row: frames in a row of a grid, with labels ``sides`` and ``tops``; 0 for one row.
    """

    frames: np.ndarray
    labels: Sequence[str]
    a: np.ndarray
    b: np.ndarray | None
    along: np.ndarray
    axis: str
    per_row: int = 0
    sides: Sequence[str] = ()
    tops: Sequence[str] = ()

    @property
    def panels(self) -> list[tuple[str, np.ndarray]]:
        """Labels and items of one row: A, the frames (`SHEET_COLUMNS` of them, evenly chosen, if there are more), and B."""
        count = len(self.frames)
        chosen = np.unique(np.linspace(0, count - 1, min(count, SHEET_COLUMNS)).round().astype(int)).tolist()
        rows = [("A", self.a), *((str(self.labels[i]), self.frames[i]) for i in chosen)]
        return rows if self.b is None else [*rows, ("B", self.b)]


@dataclass(frozen=True)
class Kind(ABC):
    """How one kind of data is opened, scaled for the networks, drawn, and written to files.

    An *item* is a NumPy array in natural form (pictures uint8 (H, W, C), vectors float32 in their original units).
    A *tensor* is float32 (*shape), in [0, 1]. Settings are plain JSON and are stored in the space file.
    """

    name: ClassVar[str]
    suffix: ClassVar[str]
    """File ending of one written item."""
    dtype: ClassVar[type[np.generic]] = np.float32
    """Type of an item's values."""
    is_image: ClassVar[bool] = False
    """Whether a tensor is an image (channels, height, width). Convolutions, spectra and VGG features apply to images only."""
    has_photographs: ClassVar[bool] = False
    """Whether items are made of larger pictures (`full_size`, `at`, `photograph`), whose detail can be carried along a path."""
    network: ClassVar[str] = "mlp"
    """Name of the default network."""
    augmentations: ClassVar[frozenset[str]] = frozenset()
    """Those of flip, shift and affine (`training.augment`) that turn an item into another item."""
    details: ClassVar[tuple[str, ...]] = ("none", "added")
    """What can become of the detail that a space cannot redraw. The first is the default."""
    decodes_mean_codes: ClassVar[bool] = True
    """Whether the average of a group is decoded from its mean code. Pictures are averaged after decoding instead: at the mean
    code a generator draws texture that no picture has."""
    shown: ClassVar[int] = 8
    """Items of each set that `draw_sets` shows."""
    sources: ClassVar[str]
    """What `open` takes, in words, for error messages."""
    tensor: ClassVar[str]
    """How an item becomes a tensor, in words, for programs that have the networks alone."""
    samples: ClassVar[tuple[str, ...]] = ()
    """Names after ``sample:`` that `open` takes."""
    is_heard: ClassVar[bool] = False
    """Whether items are sounds, for which a `Playback` can be chosen."""
    one_table: ClassVar[bool] = False
    """Whether `write_items` makes items rows of one table (see `append`). Otherwise each item has a file of its own."""

    @classmethod
    @abstractmethod
    def open(cls, request: Request) -> "Dataset | None":
        """The data set at ``request.source``, or None if the source is not of this kind. Raises UserError."""

    @abstractmethod
    def read(self, thing: Any) -> np.ndarray:
        """One item from a path, an object or an array, cropped and sized like the training data. Raises UserError."""

    def part(self, path: Path, name: str) -> Any:
        """The original of a part of one file, which `read` takes, or None if the file has no part of this name."""
        return None

    def reading(self) -> dict[str, Any]:
        """Options of `open_data` that read other data in the same way."""
        return {}

    def settings(self) -> dict[str, Any]:
        """Arguments of the constructor, as plain JSON."""
        return asdict(self)

    def described(self) -> dict[str, Any]:
        """Name, settings, and what follows from them, for programs that have the networks alone: plain JSON."""
        return {"name": self.name, **self.settings()}

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Shape of one tensor, without the batch."""

    @property
    def item_shape(self) -> tuple[int, ...]:
        """Shape of one item in natural form."""
        return self.shape

    @property
    def about(self) -> str:
        """What the items are, for people."""
        return f"{self.name} of {' x '.join(map(str, self.item_shape))}"

    @abstractmethod
    def to_tensor(self, items: np.ndarray, device: torch.device = CPU) -> Tensor:
        """Items (N, ...) in natural form as float32 (N, *shape) in [0, 1], on the device."""

    @abstractmethod
    def to_items(self, x: Tensor) -> np.ndarray:
        """The inverse: x (N, *shape) as items (N, ...), clipped to the values that a file can hold."""

    def facts(self, items: np.ndarray) -> np.ndarray:
        """Numbers (N, F) that belong to items and that no tensor shows, such as the duration of a sound. Most kinds have none."""
        return np.zeros((len(items), 0))

    def with_facts(self, items: np.ndarray, facts: np.ndarray) -> np.ndarray:
        """Items (N, ...) with other numbers (N, F), or (1, F) for all."""
        return items

    def delivered(self, items: np.ndarray) -> np.ndarray:
        """Items (N, ...) as people take them: sounds become waveforms, others stay."""
        return items

    def heard(self, items: np.ndarray) -> np.ndarray:
        """Items (N, ...) as they are after what people take of them: sounds are made into waveforms and analysed again."""
        return items

    def is_natural(self, items: np.ndarray) -> bool:
        """Whether items (N, ...) of the right shape are in natural form already. Others go through `read` one by one."""
        return items.dtype == self.dtype

    def blend(self, a: np.ndarray, b: np.ndarray, weights: np.ndarray | float) -> np.ndarray:
        """Items a and b (N, ...) blended by value, not by code. weights (N,) or one number: the share of b."""
        w = np.reshape(weights, (-1, *[1] * len(self.item_shape)))
        mixed = (1 - w) * a + w * b
        return (np.rint(mixed) if np.issubdtype(self.dtype, np.integer) else mixed).astype(self.dtype)

    def completed(self, items: np.ndarray, ends: Sequence[End], weights: np.ndarray, detail: str) -> np.ndarray:
        """Frames (S, ...) between two ends, with what a space does not draw of them. weights: (S,), shares of the second."""
        return items

    def pictures(self, items: np.ndarray) -> np.ndarray:
        """Items (N, ...) as pictures uint8 (N, H, W, 1 or 3). A kind with ``is_image`` has them."""
        raise NotImplementedError(f"{self.name} have no pictures")

    def sheet(
        self,
        rows: Sequence[Sequence[np.ndarray | None]],
        row_labels: Sequence[str] = (),
        column_labels: Sequence[str] = (),
        cell: int = 96,
    ) -> Image.Image:
        """A contact sheet: rows of items, or None for an empty place. See `drawing.sheet`."""
        drawn = [[None if item is None else self.pictures(item[None])[0] for item in row] for row in rows]
        return drawing.sheet(drawn, row_labels, column_labels, cell)

    def draw_continuum(self, strip: Strip, cell: int = 96) -> Image.Image:
        """A continuum between its original ends. Each picture is about ``cell`` pixels across."""
        if strip.per_row:
            starts = range(0, len(strip.frames), strip.per_row)
            rows = [list(strip.frames[i : i + strip.per_row]) for i in starts]
            return self.sheet(rows, strip.sides, strip.tops, cell)
        labels, items = zip(*strip.panels, strict=True)
        return self.sheet([items], (), labels, cell)

    def draw_sets(self, sets: Mapping[str, np.ndarray]) -> Image.Image:
        """Sets of items (N, ...) by name, for comparison."""
        return self.sheet([list(items[: self.shown]) for items in sets.values()], list(sets), cell=64)

    def full_size(self, original: Any) -> int:
        """Longer side in pixels of an item that was made of ``original`` (what `read` takes), before it was made small."""
        raise NotImplementedError(f"{self.name} have no size")

    def at(self, size: int) -> "Kind":
        """The same kind with larger items, whose longer side has ``size`` pixels."""
        raise NotImplementedError(f"{self.name} have no size")

    def photograph(self, original: Any) -> np.ndarray:
        """As `read`, but an array in the shape of an item is aligned, too."""
        raise NotImplementedError(f"{self.name} have no photographs")

    def placed(self, path: Path) -> tuple[np.ndarray, np.ndarray]:
        """The photograph uint8 (H, W, 3) in a file, and the transform (2, 3) from its pixels to those of the item it becomes."""
        raise NotImplementedError(f"{self.name} have no photographs")

    @abstractmethod
    def write(self, item: np.ndarray, path: Path, scale: int = 1) -> None:
        """Write one item. ``scale`` enlarges pictures."""

    def append(self, items: np.ndarray, path: Path) -> None:
        """Write items (N, ...) at the end of a table. A kind with ``one_table`` does so."""
        raise NotImplementedError(f"{self.name} are no rows of a table")

    def whole(self, item: np.ndarray, original: Any) -> np.ndarray:
        """An item as it was before it was made into one of the networks' shape: the recording of a sound. Others stay."""
        return item

    def origin(self, original: Any, end: str) -> dict[str, Any]:
        """What a manifest says of the original at an end ("a" or "b"), beside its name: where a segment lies in its recording."""
        return {}

    def prepared(
        self, items: Sequence[np.ndarray], playback: Playback = Playback(), appearance: Appearance = Appearance()
    ) -> tuple[Sequence[np.ndarray], list[dict[str, Any]]]:
        """Items that are written together, made comparable, and what a manifest says of each beside the usual.

        A sound that is too loud for a file turns down the others as well.
        """
        return items, [{} for _ in items]

    def write_items(
        self,
        items: Sequence[np.ndarray],
        names: Sequence[str],
        folder: Path,
        table: str,
        scale: int,
        submit: Callable[..., Any],
    ) -> list[str]:
        """Write prepared items into ``folder`` and return the file name of each.

        names, table: names without ending, of the files and of the one table. Later calls append to the table.
        submit: called with a function and its arguments; may run them in another thread.
        """
        if self.one_table:
            self.append(np.stack(items), folder / f"{table}{self.suffix}")
            return [f"{table}{self.suffix}"] * len(items)
        files = [name + self.suffix for name in names]
        for file, item in zip(files, items, strict=True):
            submit(self.write, item, folder / file, scale)
        return files

    def write_joined(self, items: Sequence[np.ndarray], folder: Path, name: str) -> Path | None:
        """Write prepared frames of a continuum one after another, if they are for the ear. name: of the file, without ending."""
        return None


def numbered(count: int) -> tuple[list[str], pd.DataFrame]:
    """Names and attributes of items that have neither: positions, and a table without columns."""
    return [str(i) for i in range(count)], pd.DataFrame(index=range(count))


@dataclass
class Dataset:
    """Items of one kind, with their attributes and splits.

    items: (N, ...) in natural form, memory-mapped if they come from files.
    attributes: a table with one row an item. Cells may be missing.
    groups: (N,) or None. Items of one group (a person) are never divided between training and ``test``.
    splits: indices by name (see `data.splits`).
    skipped: (name, reason) of every file that could not be read.
    mirror: whether the mirror image of an item is an item (no for digits).
    notes: sentences for the user on what was left out, set aside, or read otherwise than it was written. Lines below a
        sentence name the items.
    original: the picture that the item of a name was made of, as the kind's `read` takes it. None if items are the originals.
    """

    source: str
    kind: Kind
    items: np.ndarray
    names: list[str]
    attributes: pd.DataFrame
    splits: dict[str, np.ndarray]
    groups: np.ndarray | None = None
    hashes: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    mirror: bool = True
    original: Callable[[str], Any] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def description(self) -> str:
        """The splits in one line."""
        train, validation, test = (len(self.splits[name]) for name in ("train", "validation", "test"))
        text = f"{train} to train on, {validation} for validation, "
        if self.groups is None:
            return f"{text}{test} for testing"
        seen = f"{len(self.splits['test_seen'])} seen and " if "test_seen" in self.splits else ""
        return f"{text}{seen}{test} unseen for testing; {len(np.unique(self.groups))} groups"

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over names, contents and the kind's settings. Identifies the data that a space was made from."""
        digest = hashlib.sha256(json.dumps([self.kind.name, self.kind.settings()], sort_keys=True).encode())
        if self.hashes:
            for name, content in sorted(zip(self.names, self.hashes, strict=True)):
                digest.update(f"{name}\0{content}\n".encode("utf-8", "surrogateescape"))
        else:
            for start in range(0, len(self.items), 4096):
                digest.update(np.ascontiguousarray(self.items[start : start + 4096]).tobytes())
        return digest.hexdigest()

    @cached_property
    def traits(self) -> Traits:
        """What the defaults depend on, measured from an even choice of training items."""
        train = self.splits["train"]
        chosen = train[np.linspace(0, len(train) - 1, min(len(train), ITEMS_MEASURED)).astype(int)]
        return Traits.of(self.kind.to_tensor(self.items[chosen]).numpy(), self.kind.is_image, self.kind.is_heard)
