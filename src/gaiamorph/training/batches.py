"""The batches of a run: gathered by a thread, augmented on the device."""

import functools
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from gaiamorph.data import Dataset
from gaiamorph.data.kinds import moved
from gaiamorph.models import Batch, Model
from gaiamorph.training import augment
from gaiamorph.training.settings import TrainSettings

Numbers = dict[str, Tensor]


def generator_of(seed: int, step: int) -> torch.Generator:
    """The random numbers of one step."""
    number = int(np.random.SeedSequence([seed, 4, step]).generate_state(1, np.uint64)[0])
    return torch.Generator().manual_seed(number >> 1)


class Batches:
    """Batches by step and piece. A thread gathers the next one while the current one is in use.

    Items and random numbers of a whole batch are functions of (seed, step) alone: nothing has to be stored to resume. Process
    ``rank`` of ``world`` takes its rows of them, in as many pieces as ``settings.accumulate`` says.
    """

    def __init__(
        self, data: Dataset, settings: TrainSettings, model: Model, device: torch.device, rank: int = 0, world: int = 1
    ) -> None:
        self.data, self.settings, self.draw, self.device = data, settings, model.draw, device
        self.rank, self.world = rank, world
        self._order = functools.lru_cache(2)(
            lambda epoch: np.random.default_rng([settings.seed, 3, epoch]).permutation(data.splits["train"])
        )
        self._thread = ThreadPoolExecutor(1, "batches")
        self._ahead: dict[tuple[int, int], Future[tuple[np.ndarray, Numbers, Numbers]]] = {}

    def at(self, step: int, piece: int = 0) -> Batch:
        """The batch of a step and piece, augmented on the device. The one after it is gathered meanwhile."""
        s = self.settings
        current = self._ahead.pop((step, piece), None) or self._thread.submit(self._gather, step, piece)
        after = (step, piece + 1) if piece + 1 < s.accumulate else (step + 1, 0)
        self._ahead = {after: self._thread.submit(self._gather, *after)}
        items, *numbers = current.result()
        x = self.data.kind.to_tensor(items, self.device)
        noise, changes = ({name: moved(value, self.device) for name, value in drawn.items()} for drawn in numbers)
        if s.flip == "on":
            x = augment.flip(x, changes["flip"])
        if s.shift:
            x = augment.shift(x, changes["shift"], s.shift)
        if s.affine:
            x = augment.affine(x, changes["affine"])
        return Batch(x.contiguous(), noise)

    def indices(self, step: int) -> np.ndarray:
        """Of the items of a whole batch: (batch_size,). An epoch has every item once, in a new order, and ends within a batch."""
        size, length = self.settings.batch_size, len(self.data.splits["train"])
        epochs, places = np.divmod(np.arange(step * size, (step + 1) * size), length)
        return np.concatenate([self._order(epoch)[places[epochs == epoch]] for epoch in np.unique(epochs).tolist()])

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)

    def _gather(self, step: int, piece: int) -> tuple[np.ndarray, Numbers, Numbers]:
        """Items of this process, noise, and random numbers of the augmentation."""
        s = self.settings
        size = s.batch_size // (self.world * s.accumulate)
        start = (self.rank * s.accumulate + piece) * size
        rows = slice(start, start + size)
        generator = generator_of(s.seed, step)
        noise, changes = self.draw(s.batch_size, generator), {}
        if s.flip == "on" or s.shift or s.affine:
            changes = augment.draw(s.batch_size, s.shift, generator, s.affine)
        # Nothing here may use torch's own threads: a second pool of them would compete with the step.
        items = np.ascontiguousarray(self.data.items[self.indices(step)[rows]])
        return items, {k: v[rows] for k, v in noise.items()}, {k: v[rows] for k, v in changes.items()}
