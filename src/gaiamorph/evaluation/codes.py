"""Codes: what can be read off them."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from gaiamorph.evaluation.case import Case, Figure
from gaiamorph.evaluation.labels import label_column

MOST_DISTANCES = 500


def codes(case: Case) -> list[Figure]:
    """Linear probe and k-means where there are labels; agreement of distances. Nothing without an encoder."""
    if not case.space.can_encode:
        return []
    some = np.random.default_rng([case.seed, 24]).permutation(len(case.real))[:MOST_DISTANCES]
    figures = [
        Figure(
            "distance agreement",
            distance_agreement(case.tensor(case.real[some]).flatten(1).numpy(), case.z[some]),
            "rank correlation",
            "higher",
            "whether items that differ little have codes that differ little",
        )
    ]
    if (column := label_column(case.data)) is None:
        return figures
    labels = case.data.attributes[column].astype(str).to_numpy()
    train = case.data.splits["train"]
    train = np.random.default_rng([case.seed, 25]).permutation(train)[:5000]
    known, asked = labels[train], labels[case.indices]
    if len(np.unique(known)) < 2:
        return figures
    accuracy = probe_accuracy(case.space.encode(case.data.items[train]), known, case.z, asked)
    return [
        *figures,
        Figure("linear probe", accuracy, "of 1", "higher", f"accuracy of a linear classifier of {column!r} on codes"),
        Figure(
            "k-means",
            kmeans_accuracy(case.z, asked),
            "of 1",
            "higher",
            f"agreement of clusters of codes with {column!r}",
        ),
    ]


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
    """k-means on whitened codes, one cluster a label, matched to labels as well as can be (Hungarian method)."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    names, numbers = np.unique(labels, return_inverse=True)
    if len(names) < 2 or len(z) < 2 * len(names):
        return float("nan")
    whitened = PCA(min(z.shape[1], len(z) - 1), whiten=True, random_state=0).fit_transform(z)
    clusters = KMeans(len(names), n_init="auto", random_state=0).fit_predict(whitened)
    table = np.zeros((len(names), len(names)), dtype=int)
    np.add.at(table, (clusters, numbers), 1)
    rows, columns = linear_sum_assignment(-table)
    return float(table[rows, columns].sum() / len(z))
