"""A case for metrics: a space, held-out items, and the items that the space makes of them."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch

from gaiamorph.data import Dataset
from gaiamorph.errors import UserError
from gaiamorph.evaluation.judge import label_column, open_labels
from gaiamorph.features import FeatureSpace, has_hed, open_features
from gaiamorph.latent import interpolate
from gaiamorph.space import LatentSpace
from gaiamorph.training.machine import autocast, chosen_precision
from gaiamorph.version import __version__

MOST_ITEMS = 1_000
"""At most this many held-out items, and as many training items, are measured. They are chosen at random."""
PAIRS = 500
"""Pairs of held-out items to interpolate between."""
FLOOR = "floor (training items)"
"""Name of a set of real items. Nothing can be expected to be nearer to other real items."""
PRECISION = chosen_precision("auto", "cpu", "conv")
"""Precision of the networks of feature spaces."""


def standard_error(without: np.ndarray) -> float | None:
    """Standard error of a metric from its values (n,) without each block of groups (jackknife, Efron & Stein 1981), or None."""
    n = len(without)
    return float(np.sqrt((n - 1) * np.var(without))) if n > 1 and np.isfinite(without).all() else None


@dataclass(frozen=True)
class Metric:
    """One measured number. ``better`` is the direction of improvement. ``meaning`` explains the number in plain words."""

    name: str
    value: float
    unit: str
    better: Literal["lower", "higher", "neither"]
    meaning: str
    without: tuple[float, ...] = ()
    """Values with one block of held-out groups left out after another (the jackknife). Empty if not computed."""

    @property
    def error(self) -> float | None:
        """Standard error over the choice of held-out groups. None for fewer than two finite values."""
        return standard_error(np.array(self.without))

    def record(self) -> dict[str, Any]:
        """Plain JSON, with null for a value that is not finite."""
        value = self.value if math.isfinite(self.value) else None
        return {
            "name": self.name, "value": value, "error": self.error, "unit": self.unit,
            "better": self.better, "meaning": self.meaning,
        }  # fmt: skip


class Case:
    """A space on held-out data. Everything is drawn from ``seed``, and made once, when a metric asks for it.

    split: of ``data``; by default ``test_seen`` (new items of training groups) if the data has it, otherwise ``test``.
    features: names of feature spaces; by default pca; hed for pictures, if its weights are installed; modulations for sounds;
        labels if the data has them.
    A model without an encoder is measured on codes from its prior, instead of the codes of real items.
    Raises UserError if the data is of another shape, or has no items in the split.
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
        if not len(data.splits["train"]):
            raise UserError(f"{data.source} has {len(data)} items, too few to measure on")
        name = split or ("test_seen" if len(data.splits.get("test_seen", ())) else "test")
        if not len(data.splits.get(name, ())):
            raise UserError(f"the data has no items in the split {name!r}: choose one of {', '.join(data.splits)}")
        self.space, self.data, self.split, self.seed = space, data, name, seed
        self.indices = self._some(data.splits[name], 1)
        self._names = features

    def _some(self, indices: np.ndarray, number: int) -> np.ndarray:
        rng = np.random.default_rng([self.seed, 20, number])
        return np.sort(rng.choice(indices, min(len(indices), MOST_ITEMS), replace=False))

    @cached_property
    def real(self) -> np.ndarray:
        return self.data.items[self.indices]

    @cached_property
    def training_indices(self) -> np.ndarray:
        return self._some(self.data.splits["train"], 2)

    @cached_property
    def training(self) -> np.ndarray:
        return self.data.items[self.training_indices]

    @cached_property
    def all_groups(self) -> np.ndarray:
        """The number of the group of each item of the data. Without groups, each item is its own."""
        groups = self.data.groups
        return np.arange(len(self.data)) if groups is None else np.unique(groups, return_inverse=True)[1]

    @cached_property
    def groups(self) -> np.ndarray:
        """(N,): the groups of ``real``."""
        return self.all_groups[self.indices]

    @cached_property
    def z(self) -> np.ndarray:
        """Codes of ``real``, or as many codes from the prior."""
        if self.space.can_encode:
            return self.space.encode(self.real)
        return self.space.sample_codes(len(self.real), seed=self.seed)

    @cached_property
    def code_groups(self) -> np.ndarray:
        """(N,): the groups of ``z``. Each code from the prior has its own, which no real item has."""
        return self.groups if self.space.can_encode else -1 - np.arange(len(self.z))

    @cached_property
    def reconstructions(self) -> np.ndarray:
        return self.space.decode_items(self.z)

    @cached_property
    def pairs(self) -> np.ndarray:
        """(PAIRS, 2): positions in ``real`` of two items of different groups.

        Each item is at each end equally often (or once less), unless one group has over half of the items. With few items,
        the two ends of a random choice would differ more than models do.
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
        """(PAIRS,): uniform random weights."""
        return np.random.default_rng([self.seed, 22]).random(PAIRS)

    def between(self, weights: np.ndarray | float, count: int = PAIRS) -> np.ndarray:
        """Decoded points between the codes of the first ``count`` pairs. weights (count,), or one for all."""
        a, b = self.z[self.pairs[:count].T]
        return self.space.decode_items(interpolate.linear(a, b, np.broadcast_to(weights, count)))

    def paths(self, ends: np.ndarray, steps: int) -> np.ndarray:
        """Decoded straight paths (N, steps, ...) between codes (N, 2, latent_dim), both ends included."""
        weights = np.linspace(0, 1, steps)
        items = self.space.decode_items(np.concatenate([interpolate.linear(a, b, weights) for a, b in ends]))
        return items.reshape(len(ends), steps, *items.shape[1:])

    @cached_property
    def interpolants(self) -> np.ndarray:
        """Decoded points between the pairs, at ``weights``."""
        return self.between(self.weights)

    @cached_property
    def midpoints(self) -> np.ndarray:
        return self.between(0.5)

    @cached_property
    def feature_names(self) -> list[str]:
        """Names of the feature spaces. Opening one may train a network; the names cost nothing."""
        kind = self.space.kind
        seen = kind.is_image and not kind.is_heard and has_hed()  # the network knows photographs
        usable = {"pca": True, "hed": seen, "modulations": kind.is_heard, "labels": label_column(self.data)}
        return [name for name in usable if usable[name]] if self._names is None else self._names

    @cached_property
    def feature_spaces(self) -> dict[str, FeatureSpace]:
        training = self.space.kind.to_tensor(self.training)
        return {
            name: open_labels(self.data) if name == "labels" else open_features(name, training)
            for name in self.feature_names
        }

    def features(self, name: str, items: np.ndarray) -> np.ndarray:
        """Features (N, F). Networks compute in `PRECISION`, which changes distances of sets by at most half a percent."""
        with autocast(PRECISION, torch.device("cpu")):
            return self.feature_spaces[name](self.space.kind.to_tensor(items)).numpy()

    @cached_property
    def real_features(self) -> dict[str, np.ndarray]:
        """Features of ``real`` by feature space."""
        return {name: self.features(name, self.real) for name in self.feature_spaces}

    def record(self) -> dict[str, Any]:
        """The space and the data as plain JSON."""
        return {
            "gaiamorph_version": __version__, "space_sha256": self.space.sha256, "model": self.space.model,
            "data": self.data.source, "fingerprint": self.data.fingerprint, "split": self.split, "seed": self.seed,
            "feature_spaces": self.feature_names, "precision": PRECISION,
        }  # fmt: skip
