"""The batches of a run: gathered by a thread, augmented on the device."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gaiamorph.data import Dataset
from gaiamorph.data.kinds import moved
from gaiamorph.models import Batch
from gaiamorph.training import augment
from gaiamorph.training.sampler import Sampler, generator_of
from gaiamorph.training.settings import TrainSettings


@dataclass(frozen=True)
class Share:
    """The part of each batch that process ``rank`` of ``world`` takes, in ``pieces`` one after another."""

    rank: int = 0
    world: int = 1
    pieces: int = 1

    def rows(self, batch_size: int, piece: int) -> slice:
        size = batch_size // (self.world * self.pieces)
        start = (self.rank * self.pieces + piece) * size
        return slice(start, start + size)


class _Gathered(NamedTuple):
    items: np.ndarray
    noise: dict[str, Tensor]
    changes: dict[str, Tensor]


class Batches:
    """Batches by step and piece. They depend on the seed, and not on the number of processes.

    Items and random numbers are drawn for the whole batch, and each process takes its rows of them.
    A thread gathers the next batch while the current one is in use.
    """

    def __init__(
        self,
        data: Dataset,
        settings: TrainSettings,
        draw: Callable[[int, torch.Generator], dict[str, Tensor]],
        device: torch.device,
        share: Share,
    ) -> None:
        self.data, self.settings, self.draw, self.device, self.share = data, settings, draw, device, share
        self.sampler = Sampler(data.splits["train"], settings.batch_size, settings.seed)
        self._thread = ThreadPoolExecutor(1, "batches")
        self._ahead: dict[tuple[int, int], Future[_Gathered]] = {}

    def at(self, step: int, piece: int = 0) -> Batch:
        """The batch of a step and piece. The one after it is gathered meanwhile."""
        current = self._ahead.pop((step, piece), None) or self._thread.submit(self._gather, step, piece)
        after = (step, piece + 1) if piece + 1 < self.share.pieces else (step + 1, 0)
        self._ahead = {after: self._thread.submit(self._gather, *after)}
        return self._on_device(current.result())

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)

    def _gather(self, step: int, piece: int) -> _Gathered:
        s = self.settings
        rows = self.share.rows(s.batch_size, piece)
        generator = generator_of(s.seed, step)
        noise = self.draw(s.batch_size, generator)
        changes: dict[str, Tensor] = {}
        if s.flip == "on" or s.shift or s.affine:
            changes = augment.draw(s.batch_size, s.shift, generator, s.affine)
        # Nothing here may use torch's own threads: a second pool of them would compete with the step.
        items = np.ascontiguousarray(self.data.items[self.sampler.batch(step)[rows]])
        return _Gathered(items, {k: v[rows] for k, v in noise.items()}, {k: v[rows] for k, v in changes.items()})

    def _on_device(self, gathered: _Gathered) -> Batch:
        """Moved to the device, and augmented there."""
        s = self.settings

        def move(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
            return {name: moved(value, self.device) for name, value in tensors.items()}

        x = self.data.kind.to_tensor(gathered.items, self.device)
        changes = move(gathered.changes)
        if s.flip == "on":
            x = augment.flip(x, changes["flip"])
        if s.shift:
            x = augment.shift(x, changes["shift"], s.shift)
        if s.affine:
            x = augment.affine(x, changes["affine"])
        if x.ndim == 4:
            x = x.contiguous(memory_format=torch.channels_last)
        return Batch(x, move(gathered.noise))
