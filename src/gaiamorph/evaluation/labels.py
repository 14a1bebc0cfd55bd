"""The feature space ``labels``: the features of a small classifier of the data's labels.

The classifier is trained on the same data. Its distances measure what tells the labels apart. They complete those of the
fixed feature spaces, and are not comparable between data sets or between machines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gaiamorph.data import Dataset, Kind
from gaiamorph.errors import UserError
from gaiamorph.evaluation.taught import BATCH, DECAY, RATE, STEPS, learnt_from, small_pair, taught

COLUMNS = ("label", "class", "person")
"""The first of these columns that the data has holds the labels."""
FEATURES = 64
SEED = 0
"""The same for all compared models and seeds."""


def label_column(data: Dataset) -> str | None:
    """The name of the column of labels, or None.

    The training split must have at least two labels, and two items a label on average. Otherwise the column is a
    measurement or a name.
    """
    name = next((name for name in COLUMNS if name in data.attributes), None)
    train = data.splits["train"]
    return name if name and 1 < data.attributes[name].iloc[train].nunique() <= len(train) / 2 else None


class _Classifier(nn.Module):
    def __init__(self, kind: Kind, classes: int) -> None:
        super().__init__()
        self.pair = small_pair(kind, FEATURES)  # The decoder is not used.
        self.head = nn.Linear(FEATURES, classes)

    def features(self, x: Tensor) -> Tensor:
        return F.relu(self.pair.encode(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


@dataclass
class LabelFeatures:
    """Features (N, 64) of x (N, *shape) in [0, 1], minus their mean, in units of the root of their mean variance.

    Mean and variance are over the training items.
    """

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
        """Share of items x (N, *shape) with known labels (N,) that are classified correctly. NaN if no label is known."""
        known = np.isin(labels, self.classes)
        if not known.any():
            return float("nan")
        named = torch.cat([self.network(part).argmax(1) for part in x.split(256)]).numpy()
        return float((np.array(self.classes)[named] == labels)[known].mean())

    def record(self, data: Dataset, indices: np.ndarray) -> dict[str, Any]:
        """The settings of the classifier, and its accuracy on held-out items, as plain JSON."""
        labels = data.attributes[self.column].astype(str).to_numpy()[indices]
        return {
            "accuracy": self.accuracy(data.kind.to_tensor(data.items[indices]), labels),
            "column": self.column, "classes": len(self.classes), "features": FEATURES, "steps": STEPS, "batch_size": BATCH,
            "learning_rate": RATE, "weight_decay": DECAY, "seed": SEED,
        }  # fmt: skip


def open_labels(data: Dataset) -> LabelFeatures:
    """Train the classifier. Raises UserError if the data has no labels, or no training or validation items."""
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
    # Missing labels, and labels without a training item, are not part of the loss.
    targets = torch.tensor([numbers.get(name, -1) for name in labels.astype(str)])

    def loss(out: Tensor, rows: np.ndarray) -> Tensor:
        return F.cross_entropy(out, targets[rows], ignore_index=-1)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = _Classifier(data.kind, len(classes))
        taught(network, data, loss)
    some = train[:: max(1, len(train) // 5000)]
    with torch.inference_mode():
        parts = data.kind.to_tensor(data.items[some]).split(256)
        features = torch.cat([network.features(x) for x in parts])
    scale = features.var(0).mean().sqrt().clamp_min(1e-6)
    return LabelFeatures(network, column, classes, features.mean(0), scale)
