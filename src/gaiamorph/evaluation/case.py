"""What metrics measure: a space, held-out items, and what lies between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from torch import Tensor

from gaiamorph.data import Dataset
from gaiamorph.errors import UserError
from gaiamorph.evaluation.jackknife import standard_error
from gaiamorph.evaluation.labels import label_column, open_labels
from gaiamorph.features import FeatureSpace, has_hed, open_features
from gaiamorph.latent import interpolate
from gaiamorph.space import LatentSpace
from gaiamorph.training.precision import autocast, chosen_precision

T = TypeVar("T")
MOST_ITEMS = 1_000
"""Held-out items, and training items beside them, that are measured: a random choice of at most this many."""
PAIRS = 500
PRECISION = chosen_precision("auto", "cpu", "conv")
"""That networks of feature spaces compute in."""


@dataclass(frozen=True)
class Figure:
    """One measured number. ``better`` is the direction of improvement; ``meaning`` says it in plain words."""

    name: str
    value: float
    unit: str
    better: Literal["lower", "higher", "neither"]
    meaning: str
    without: tuple[float, ...] = ()
    """The value without one block of the groups of held-out items after another (`jackknife`), where it is worked out."""

    @property
    def error(self) -> float | None:
        """Standard error over who is among the held-out items."""
        return standard_error(np.array(self.without))


def once(function: Callable[[Case], T]) -> Callable[[Case], T]:
    """What a metric makes of a case and others use too: made when it is first asked for, and kept with the case."""

    def kept(case: Case) -> T:
        if function.__qualname__ not in case.kept:
            case.kept[function.__qualname__] = function(case)
        return case.kept[function.__qualname__]

    return kept


def straight_paths(space: LatentSpace, ends: np.ndarray, steps: int) -> np.ndarray:
    """Decoded paths (N, steps, ...) between pairs of codes (N, 2, latent_dim), both ends included."""
    weights = np.linspace(0, 1, steps)
    items = space.decode(np.concatenate([interpolate.linear(a, b, weights) for a, b in ends]))
    return items.reshape(len(ends), steps, *items.shape[1:])


class Case:
    """A space on held-out data. Everything is drawn from ``seed``, and made once, when a metric asks for it.

    split: of ``data``; by default ``test_seen`` (new items of training groups) where there are groups, else ``test``.
    features: names of feature spaces; by default those that are fixed for comparisons and usable here.
    Models without an encoder are judged by codes that are drawn from their prior in place of real items' codes.
    """

    def __init__(
        self,
        space: LatentSpace,
        data: Dataset,
        *,
        split: str | None = None,
        seed: int = 0,
        features: list[str] | None = None,
    ) -> None:
        if data.kind.shape != space.kind.shape:
            raise UserError(f"the data has items of {data.kind.shape}, but the space is for {space.kind.shape}")
        name = split or ("test_seen" if len(data.splits.get("test_seen", ())) else "test")
        if not len(data.splits.get(name, ())):
            raise UserError(f"the data has no items in the split {name!r}: choose one of {', '.join(data.splits)}")
        self.space, self.data, self.split, self.seed = space, data, name, seed
        self.indices = self._some(data.splits[name], 1)
        self.pictures = len(space.kind.shape) == 3
        self._names = features
        self.kept: dict[str, Any] = {}

    def _some(self, indices: np.ndarray, number: int) -> np.ndarray:
        rng = np.random.default_rng([self.seed, 20, number])
        return np.sort(rng.choice(indices, min(len(indices), MOST_ITEMS), replace=False))

    # Items: natural form, as a user gets them ---------------------------------------------------------

    @cached_property
    def real(self) -> np.ndarray:
        return self.data.items[self.indices]

    @cached_property
    def training(self) -> np.ndarray:
        return self.data.items[self.training_indices]

    @cached_property
    def training_indices(self) -> np.ndarray:
        return self._some(self.data.splits["train"], 2)

    def groups_of(self, indices: np.ndarray) -> np.ndarray:
        """(N,): numbers of what items of the data are independent of others by: their groups, or themselves where there are
        no groups."""
        if self.data.groups is None:
            return indices
        return np.unique(self.data.groups, return_inverse=True)[1][indices]

    @cached_property
    def groups(self) -> np.ndarray:
        """(N,): those of ``real``."""
        return self.groups_of(self.indices)

    @cached_property
    def z(self) -> np.ndarray:
        """Codes of ``real``, or as many drawn ones."""
        if self.space.can_encode:
            return self.space.encode(self.real)
        return self.space.sample_codes(len(self.real), seed=self.seed)

    @cached_property
    def code_groups(self) -> np.ndarray:
        """(N,): the groups of ``z``; drawn codes have one each, that no real item has."""
        return self.groups if self.space.can_encode else -1 - np.arange(len(self.z))

    @cached_property
    def reconstructions(self) -> np.ndarray:
        return self.space.decode(self.z)

    @cached_property
    def pairs(self) -> np.ndarray:
        """(PAIRS, 2): places in ``real`` of two different items, of different groups where there are groups.

        Every item is an end of either side as often as any other, or once less, unless a group has over half of them: of few
        items, a choice at random has ends that differ as sets from one another by more than models do.
        """
        rng = np.random.default_rng([self.seed, 21])
        if len(np.unique(self.groups)) < 2:
            raise UserError("interpolation needs held-out items of at least two groups")
        found: list[np.ndarray] = []
        while sum(map(len, found)) < PAIRS:
            a, b = (rng.permutation(len(self.indices)) for _ in range(2))
            group_a, group_b = self.groups[a], self.groups[b]
            for i in np.flatnonzero(group_a == group_b):
                fits = np.flatnonzero((group_a != group_b[i]) & (group_b != group_a[i]))
                if len(fits):
                    exchanged = [i, rng.choice(fits)]
                    b[exchanged], group_b[exchanged] = b[exchanged[::-1]], group_b[exchanged[::-1]]
            found.append(np.stack([a, b], 1)[group_a != group_b])
        return np.concatenate(found)[:PAIRS]

    @cached_property
    def weights(self) -> np.ndarray:
        return np.random.default_rng([self.seed, 22]).random(PAIRS)

    def between(self, weights: np.ndarray | float, count: int = PAIRS) -> np.ndarray:
        """Decoded points on the way between the codes of the first ``count`` pairs; weights (count,) or one for all."""
        a, b = self.z[self.pairs[:count, 0]], self.z[self.pairs[:count, 1]]
        return self.space.decode(interpolate.linear(a, b, np.broadcast_to(weights, (count,))))

    def paths(self, count: int, steps: int) -> np.ndarray:
        """Decoded straight paths between the first ``count`` pairs: (count, steps, ...)."""
        return straight_paths(self.space, self.z[self.pairs[:count]], steps)

    @cached_property
    def interpolants(self) -> np.ndarray:
        """At uniform weights between random pairs."""
        return self.between(self.weights)

    @cached_property
    def midpoints(self) -> np.ndarray:
        return self.between(0.5)

    @cached_property
    def fives_and_shares(self) -> tuple[np.ndarray, np.ndarray]:
        """Of ``mixtures``: places in ``real`` of the items that are mixed, and the share of each; (PAIRS, 5) both."""
        rng = np.random.default_rng([self.seed, 23])
        return rng.integers(0, len(self.z), (PAIRS, 5)), rng.dirichlet(np.ones(5), PAIRS)

    @cached_property
    def mixtures(self) -> np.ndarray:
        """Dirichlet mixtures of five items each."""
        five, shares = self.fives_and_shares
        return self.space.decode(np.einsum("nk,nkd->nd", shares, self.z[five]))

    @cached_property
    def blends(self) -> np.ndarray:
        """What the same pairs and weights give when values are averaged instead of codes."""
        w = self.weights.reshape(-1, *[1] * (self.real.ndim - 1))
        a, b = self.real[self.pairs[:, 0]], self.real[self.pairs[:, 1]]
        mixed = (1 - w) * a + w * b
        return np.round(mixed).astype(np.uint8) if self.pictures else mixed.astype(np.float32)

    # Features -----------------------------------------------------------------------------------------

    @cached_property
    def feature_names(self) -> list[str]:
        """Of the feature spaces. To know them costs nothing; to open them may be a training."""
        if self._names is not None:
            return self._names
        hed = ["hed"] if self.pictures and has_hed() else []  # its weights are an extra: figures in it are left out
        return ["pca", *hed, *(["labels"] if label_column(self.data) else [])]

    @cached_property
    def feature_spaces(self) -> dict[str, FeatureSpace]:
        return {name: self._open(name) for name in self.feature_names}

    def _open(self, name: str) -> FeatureSpace:
        return open_labels(self.data) if name == "labels" else open_features(name, self.tensor(self.training))

    def tensor(self, items: np.ndarray) -> Tensor:
        return self.space.kind.to_tensor(items)

    @torch.inference_mode()
    def features(self, name: str, items: np.ndarray) -> np.ndarray:
        """(N, F). A network computes in `PRECISION`: five times as fast, and distances of sets stay within half a percent."""
        measure = self.feature_spaces[name]
        with autocast(PRECISION, torch.device("cpu")):
            parts = [measure(self.tensor(items[i : i + 256])) for i in range(0, len(items), 256)]
        return torch.cat(parts).numpy()

    @cached_property
    def real_features(self) -> dict[str, np.ndarray]:
        """Features of ``real`` by feature space."""
        return {name: self.features(name, self.real) for name in self.feature_spaces}
