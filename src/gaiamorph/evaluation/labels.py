"""The feature space ``labels``: what a small classifier of the data's labels looks at.

It is trained on the data that is measured with, so its distances say how far made items are from real ones in what tells kinds of
them apart. They stand beside those of the fixed feature spaces, and are not comparable between data sets, nor between machines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gaiamorph.data import Dataset
from gaiamorph.errors import UserError
from gaiamorph.evaluation.taught import BATCH, DECAY, RATE, STEPS, learnt_from, small_pair, taught

COLUMNS = ("label", "class", "person")
"""Columns that are taken for labels, the first that is there."""
FEATURES = 64
SEED = 0
"""The same for all models and seeds that are compared."""


def label_column(data: Dataset) -> str | None:
    """The column of labels, if the data has one, with at least two of them in its training split, and two items to a label on
    average: what is different for nearly every item is a measure or a name."""
    name = next((name for name in COLUMNS if name in data.attributes), None)
    train = data.splits["train"]
    return name if name and 1 < data.attributes[name].iloc[train].nunique() <= len(train) / 2 else None


class _Classifier(nn.Module):
    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.pair = small_pair(shape, FEATURES)  # its decoder is never called, and so never trained
        self.head = nn.Linear(FEATURES, classes)

    def features(self, x: Tensor) -> Tensor:
        return F.relu(self.pair.encode(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


@dataclass
class LabelFeatures:
    """Features of a classifier: x (N, *shape) in [0, 1] -> (N, 64), in units of the square root of their mean variance over the
    training items, and less their mean."""

    network: _Classifier
    column: str
    classes: list[str]
    mean: Tensor
    scale: Tensor

    @torch.inference_mode()
    def __call__(self, x: Tensor) -> Tensor:
        return (self.network.features(x).float() - self.mean) / self.scale

    @torch.inference_mode()
    def accuracy(self, x: Tensor, labels: np.ndarray) -> float:
        """Share of items x (N, *shape) whose labels (N,) it names; nan where there is none that it knows."""
        known = np.isin(labels, self.classes)
        if not known.any():
            return float("nan")
        named = torch.cat([self.network(part).argmax(1) for part in x.split(256)]).numpy()
        return float((np.array(self.classes)[named] == labels)[known].mean())

    def record(self, data: Dataset, indices: np.ndarray) -> dict[str, Any]:
        """For the record: how it came about, and how well it knows the labels of held-out items."""
        labels = data.attributes[self.column].astype(str).to_numpy()[indices]
        return {
            "accuracy": self.accuracy(data.kind.to_tensor(data.items[indices]), labels),
            "column": self.column, "classes": len(self.classes), "features": FEATURES, "steps": STEPS, "batch_size": BATCH,
            "learning_rate": RATE, "weight_decay": DECAY, "seed": SEED,
        }  # fmt: skip


def open_labels(data: Dataset) -> LabelFeatures:
    """Train the classifier. Raises UserError where the data has no labels, or no training or validation items."""
    column = label_column(data)
    if column is None:
        raise UserError(
            f"the feature space 'labels' needs a column of the data called {' or '.join(COLUMNS)}, with at least two labels, "
            "and at most one to two items"
        )
    labels = data.attributes[column]
    train, _ = learnt_from(data)
    classes = sorted(set(labels.iloc[train].dropna().astype(str)))
    numbers = {name: number for number, name in enumerate(classes)}
    # Missing labels, and those that no training item has, are no part of the loss.
    targets = torch.tensor([numbers.get(name, -1) for name in labels.astype(str)])

    def loss(out: Tensor, rows: np.ndarray) -> Tensor:
        return F.cross_entropy(out, targets[rows], ignore_index=-1)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = _Classifier(data.kind.shape, len(classes))
        taught(network, data, loss)
    some = train[:: max(1, len(train) // 5000)]
    with torch.inference_mode():
        parts = data.kind.to_tensor(data.items[some]).split(256)
        features = torch.cat([network.features(x) for x in parts])
    scale = features.var(0).mean().sqrt().clamp_min(1e-6)
    return LabelFeatures(network, column, classes, features.mean(0), scale)
