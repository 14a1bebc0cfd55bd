"""From a trained generator to a `LatentSpace`."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np
import torch

from gaiamorph.data import Dataset
from gaiamorph.latent.samplers import Prior, fit_mixture
from gaiamorph.models import MODELS
from gaiamorph.models.prior import PriorModel
from gaiamorph.networks import Autoencoder
from gaiamorph.space import Codec, CodesInfo, LatentSpace, SpaceInfo, TrainingInfo, ValidationInfo
from gaiamorph.training.settings import TrainSettings, to_dict
from gaiamorph.version import __version__

MOST_CODES = 10_000
"""Training items whose codes describe the latent distribution: a random choice of at most this many."""
MOST_HELD_OUT = 2_000
"""Validation items that are measured, at most."""


def held_out(data: Dataset) -> np.ndarray:
    """Indices of the validation items that are measured: all, or an evenly spread choice of many."""
    indices = data.splits["validation"]
    return indices[np.linspace(0, len(indices) - 1, min(len(indices), MOST_HELD_OUT)).astype(int)]


@torch.inference_mode()
def reconstruction_errors(generator: Autoencoder, data: Dataset, indices: np.ndarray) -> np.ndarray:
    """Mean absolute difference (N,) of items and their reconstructions, in [0, 1] units."""
    device = next(generator.parameters()).device
    errors = []
    for start in range(0, len(indices), 256):
        x = data.kind.to_tensor(data.items[indices[start : start + 256]], device)
        errors.append((generator(x) - x).abs().flatten(1).mean(1).cpu().numpy())
    return np.concatenate(errors)


def make_space(
    generator: Autoencoder,
    data: Dataset,
    settings: TrainSettings,
    training: dict[str, Any],
) -> LatentSpace:
    """The space: weights, the distribution of training codes, and the errors of held-out reconstructions.

    training: the fields of `TrainingInfo` that only the run knows (steps, seconds, ...).
    """
    model = MODELS[settings.model]
    recorded = TrainingInfo(
        source=data.source,
        fingerprint=data.fingerprint,
        items=len(data.splits["train"]),
        seed=settings.seed,
        **training,
    )
    info = SpaceInfo(
        gaiamorph_version=__version__,
        model=settings.model,
        can_encode=model.can_encode,
        latent_dim=settings.latent_dim,
        gaussian=generator.gaussian,
        network=copy.copy(settings.network),
        settings=to_dict(settings),
        training=recorded,
        prior=model.prior if issubclass(model, PriorModel) else None,
    )
    if info.prior is not None:
        return LatentSpace(generator, data.kind, info, Prior(info.prior, settings.latent_dim))
    errors = reconstruction_errors(generator, data, held_out(data))
    validation = ValidationInfo(len(errors), float(errors.mean()), float(np.percentile(errors, 99)))
    train = data.splits["train"]
    if len(train) > MOST_CODES:
        train = np.sort(np.random.default_rng([settings.seed, 5]).choice(train, MOST_CODES, replace=False))
    codec = Codec(generator, data.kind, info)
    z = np.concatenate([codec.encode(data.items[train[i : i + 1024]]) for i in range(0, len(train), 1024)])
    codes = CodesInfo(z.mean(0).tolist(), z.std(0).tolist())
    info = dataclasses.replace(info, validation=validation, codes=codes)
    return LatentSpace(generator, data.kind, info, fit_mixture(z, settings.seed))
