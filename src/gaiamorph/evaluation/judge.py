"""A judge of attributes: a small network, trained on real items only, that predicts the attributes of an item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gaiamorph.data import Dataset
from gaiamorph.data.attributes import Attribute, Design
from gaiamorph.evaluation.taught import STEPS, learnt_from, small_pair, taught
from gaiamorph.networks import Critic

LEAST_SKILL = 0.5
"""Attributes with less skill on held-out items are left out. 0 is chance, 1 is perfect."""


@dataclass
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

    @torch.inference_mode()
    def scores(self, x: Tensor) -> np.ndarray:
        """Scores (N, K) of x (N, *shape) in [0, 1]: probabilities, or standard deviations of numeric attributes."""
        out = torch.cat([self.network(part) for part in x.split(256)])
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
    train, _ = learnt_from(data)
    values = design.values
    numeric = np.array([a.kind == "numeric" for a in design.attributes])
    mean = np.where(numeric, np.nanmean(values[train], 0), 0.0)
    sd = np.where(numeric, np.nanstd(values[train], 0), 1.0)
    targets = torch.from_numpy(((values - mean) / np.maximum(sd, 1e-12)).astype(np.float32))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Critic(small_pair(data.kind, 2), len(design.attributes))
        known = torch.from_numpy(numeric)
        network = taught(network, data, lambda out, rows: _loss(out, targets[rows], known), steps)
    judge = Judge(network.eval(), design.attributes, *np.zeros((2, len(design.attributes))))
    scores, real = judge.scores(data.kind.to_tensor(data.items[held_out])), targets[held_out].numpy()
    for k, attribute in enumerate(design.attributes):
        judge.gaps[k], judge.skill[k] = _measured(scores[:, k], real[:, k], attribute.kind == "numeric")
    return judge


def _loss(out: Tensor, target: Tensor, numeric: Tensor) -> Tensor:
    """Mean over known values: cross-entropy, or for numeric attributes the squared error in standard deviations."""
    known = ~target.isnan()
    filled = target.nan_to_num()
    each = torch.where(
        numeric, (out - filled).square(), F.binary_cross_entropy_with_logits(out, filled.clamp(0, 1), reduction="none")
    )
    return (each * known).sum() / known.sum().clamp_min(1)


def _measured(scores: np.ndarray, real: np.ndarray, numeric: bool) -> tuple[float, float]:
    """Gap and skill of one attribute on held-out items. Zeros for fewer than four known items or a constant attribute."""
    known = ~np.isnan(real)
    scores, real = scores[known], real[known]
    if len(real) < 4 or real.min() == real.max():
        return 0.0, 0.0
    if numeric:
        correlation = float(np.corrcoef(scores, real)[0, 1]) if scores.std() > 0 else 0.0
        return float(np.cov(scores, real)[0, 1] / real.var(ddof=1)), correlation
    from sklearn.metrics import balanced_accuracy_score

    present = real > 0.5
    skill = balanced_accuracy_score(present, scores > 0.5, adjusted=True)
    return float(scores[present].mean() - scores[~present].mean()), float(skill)
