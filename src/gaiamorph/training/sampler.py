"""Which items a step sees, and its random numbers: both are functions of (seed, step) alone.

Nothing has to be stored to resume, and every process can work out its own share.
"""

from __future__ import annotations

import numpy as np
import torch


class Sampler:
    """Every item once an epoch, in a new order each; an epoch's last, incomplete batch runs on into the next."""

    def __init__(self, indices: np.ndarray, batch_size: int, seed: int) -> None:
        self.indices, self.batch_size, self.seed = indices, batch_size, seed
        self._epoch, self._order = -1, indices

    def batch(self, step: int) -> np.ndarray:
        """Indices (batch_size,) of the items of ``step``."""
        position = step * self.batch_size
        parts, missing = [], self.batch_size
        while missing:
            epoch, start = divmod(position, len(self.indices))
            part = self._epoch_order(epoch)[start : start + missing]
            parts.append(part)
            position, missing = position + len(part), missing - len(part)
        return np.concatenate(parts)

    def _epoch_order(self, epoch: int) -> np.ndarray:
        if epoch != self._epoch:
            rng = np.random.default_rng([self.seed, 3, epoch])
            self._epoch, self._order = epoch, rng.permutation(self.indices)
        return self._order


def generator_of(seed: int, step: int) -> torch.Generator:
    """The random numbers of one step."""
    number = int(np.random.SeedSequence([seed, 4, step]).generate_state(1, np.uint64)[0])
    return torch.Generator().manual_seed(number >> 1)
