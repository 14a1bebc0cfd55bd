"""Labels along a path: does it go from the label of A straight to that of B, or through a third?"""

from collections.abc import Iterator

import numpy as np

from gaiamorph.evaluation.case import Case, Metric
from gaiamorph.evaluation.judge import LabelFeatures
from gaiamorph.evaluation.sounds import rivals

WALKED, STEPS = 200, 9
"""Pairs of different labels, and frames of each path."""
BACK = 0.05
"""A step back by less is no step back."""


def third(probabilities: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Which items (N,) have a label that is neither that of A nor that of B. probabilities: (N, labels). a, b: (N,)."""
    best = probabilities.argmax(1)
    return (best != a) & (best != b)


def monotone(shares: np.ndarray) -> np.ndarray:
    """Which paths (N,) never step back. shares: (N, S), the probability of B's label over those of A's and B's."""
    return (np.maximum.accumulate(shares, 1) - shares).max(1) < BACK


def shares_of(probabilities: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N, S) from probabilities (N, S, labels)."""
    of_a, of_b = (np.take_along_axis(probabilities, k[:, None, None], 2)[..., 0] for k in (a, b))
    return of_b / np.maximum(of_a + of_b, 1e-12)


def labels(case: Case) -> Iterator[Metric]:
    """Straight paths between held-out items of different labels, judged by the classifier of the feature space ``labels``.

    Sounds are judged as they are heard.
    """
    judge, kind = case.feature_spaces.get("labels"), case.space.kind
    if not isinstance(judge, LabelFeatures) or not case.space.can_encode:
        return
    known = judge.indices(case.data.attributes[judge.column].iloc[case.indices])
    a, b = case.pairs.T
    fits = np.flatnonzero((known[a] >= 0) & (known[b] >= 0) & (known[a] != known[b]))[:WALKED]
    if not len(fits):
        return
    a, b = a[fits], b[fits]
    frames = case.paths(case.z[np.stack([a, b], 1)], STEPS)
    w = np.linspace(0, 1, STEPS)[None, :, None]
    facts = (1 - w) * kind.facts(case.real[a])[:, None] + w * kind.facts(case.real[b])[:, None]
    items = kind.with_facts(frames.reshape(-1, *kind.item_shape), facts.reshape(len(fits) * STEPS, facts.shape[2]))
    walked = judge.probabilities(kind.to_tensor(kind.heard(items))).reshape(len(fits), STEPS, -1)
    halfway = third(walked[:, STEPS // 2], known[a], known[b]).mean()
    yield Metric("labels/third halfway", float(halfway), "of pairs", "lower", "judged to be neither A's label nor B's")
    for rival, items in rivals(case, np.stack([a, b], 1)).items():
        share = third(judge.probabilities(kind.to_tensor(items)), known[a], known[b]).mean()
        yield Metric(
            f"labels/third, {rival}", float(share), "of pairs", "neither", f"of {rival} halfway, without a model"
        )
    even = monotone(shares_of(walked, known[a], known[b])).mean()
    yield Metric(
        "labels/monotone", float(even), "of pairs", "higher", "B's label over A's and B's never falls along the path"
    )
    right = (walked[:, 0].argmax(1) == known[a]).mean() / 2 + (walked[:, -1].argmax(1) == known[b]).mean() / 2
    yield Metric(
        "labels/ends right", float(right), "of ends", "higher", "reconstructions that keep the label of the item"
    )
