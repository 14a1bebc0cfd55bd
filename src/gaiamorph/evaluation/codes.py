"""The space without its interpolations: reconstruction, what codes hold, and cost."""

import math
from collections.abc import Iterator

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr
from torch import Tensor

from gaiamorph.evaluation.case import Case, Metric
from gaiamorph.evaluation.judge import label_column

SSIM_WINDOW = 7
"""Side in pixels of the uniform window of SSIM (Wang et al. 2004). The usual Gaussian of 11 is too wide for small pictures."""
MOST_DISTANCES, MOST_PROBED = 500, 5000
"""Items whose pairwise distances are compared, and training items of the linear probe."""


def reconstruction(case: Case) -> Iterator[Metric]:
    """L1 and MSE of held-out items, and PSNR and SSIM of images. Empty if the model has no encoder."""
    if not case.space.can_encode:
        return
    x, y = map(case.space.kind.to_tensor, (case.real, case.reconstructions))
    l1, mse = float((x - y).abs().mean()), float((x - y).square().mean())
    yield Metric("reconstruction/l1", l1, "of 1", "lower", "mean absolute error, held-out items")
    yield Metric("reconstruction/mse", mse, "of 1", "lower", "mean squared error, held-out items")
    if case.space.kind.is_image:
        psnr = -10 * math.log10(max(mse, 1e-12))
        yield Metric("reconstruction/psnr", psnr, "dB", "higher", "peak signal-to-noise ratio, held-out items")
        yield Metric("reconstruction/ssim", ssim(x, y), "of 1", "higher", "structural similarity, 1 is identical")


def ssim(x: Tensor, y: Tensor) -> float:
    """Mean structural similarity of pictures (N, C, H, W) in [0, 1]."""
    from torchmetrics.image import StructuralSimilarityIndexMeasure

    measure = StructuralSimilarityIndexMeasure(gaussian_kernel=False, kernel_size=SSIM_WINDOW, data_range=1.0)
    return float(measure(y, x))


def codes(case: Case) -> Iterator[Metric]:
    """Agreement of distances, and with labels a linear probe and k-means. Empty if the model has no encoder."""
    if not case.space.can_encode:
        return
    some = np.random.default_rng([case.seed, 24]).permutation(len(case.real))[:MOST_DISTANCES]
    agreement = distance_agreement(case.space.kind.to_tensor(case.real[some]).flatten(1).numpy(), case.z[some])
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
    return float(np.asarray(spearmanr(pdist(x), pdist(z))[0]))


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


def cost(case: Case) -> Iterator[Metric]:
    """From the training record and the number of weights."""
    training = case.space.info.training
    parameters = sum(p.numel() for p in case.space.generator.parameters())
    speed = training.examples / max(training.seconds, 1e-9)
    yield Metric("parameters", parameters, "", "neither", "weights of the encoder and decoder")
    yield Metric("training time", training.seconds, "s", "lower", "duration of the training steps")
    yield Metric("examples", training.examples, "", "neither", "real items seen in training, repetitions included")
    yield Metric("speed", speed, "items/s", "higher", "real items a second in training")
