"""Codes: how much of labels and distances they hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from gaiamorph.evaluation.case import Case, Metric
from gaiamorph.evaluation.judge import label_column

MOST_DISTANCES = 500
"""Items whose pairwise distances are compared."""
MOST_PROBED = 5000
"""Training items of the linear probe."""


def codes(case: Case) -> Iterator[Metric]:
    """Agreement of distances, and with labels a linear probe and k-means. Empty if the model has no encoder."""
    if not case.space.can_encode:
        return
    some = np.random.default_rng([case.seed, 24]).permutation(len(case.real))[:MOST_DISTANCES]
    agreement = distance_agreement(case.tensor(case.real[some]).flatten(1).numpy(), case.z[some])
    meaning = "whether similar items have similar codes"
    yield Metric("distance agreement", agreement, "rank correlation", "higher", meaning)
    if (column := label_column(case.data)) is None:
        return
    labels = case.data.attributes[column].astype(str).to_numpy()
    train = np.random.default_rng([case.seed, 25]).permutation(case.data.splits["train"])[:MOST_PROBED]
    known, asked = labels[train], labels[case.indices]
    if len(np.unique(known)) > 1:
        accuracy = probe_accuracy(case.space.encode(case.data.items[train]), known, case.z, asked)
        meaning = f"accuracy of a linear classifier of {column!r} on codes"
        yield Metric("linear probe", accuracy, "of 1", "higher", meaning)
        clusters = kmeans_accuracy(case.z, asked)
        yield Metric("k-means", clusters, "of 1", "higher", f"agreement of clusters of codes with {column!r}")


def distance_agreement(x: np.ndarray, z: np.ndarray) -> float:
    """Spearman's rank correlation of pairwise distances in x (N, D) and z (N, d)."""
    correlation, _ = spearmanr(pdist(x), pdist(z))
    return float(np.asarray(correlation))


def probe_accuracy(z: np.ndarray, labels: np.ndarray, z_held: np.ndarray, held: np.ndarray) -> float:
    """Accuracy on held-out codes of a multinomial logistic regression on standardised codes."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return float(make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(z, labels).score(z_held, held))


def kmeans_accuracy(z: np.ndarray, labels: np.ndarray) -> float:
    """Accuracy of k-means on whitened codes, one cluster a label. Clusters are matched to labels by the Hungarian method."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.metrics import confusion_matrix

    names, numbers = np.unique(labels, return_inverse=True)
    if len(names) < 2 or len(z) < 2 * len(names):
        return float("nan")
    whitened = PCA(min(z.shape[1], len(z) - 1), whiten=True, random_state=0).fit_transform(z)
    clusters = KMeans(len(names), n_init="auto", random_state=0).fit_predict(whitened)
    table = confusion_matrix(clusters, numbers)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return float(table[rows, columns].sum() / len(z))
