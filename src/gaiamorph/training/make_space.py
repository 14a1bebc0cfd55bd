"""From a trained generator to held-out errors, drawings and a `LatentSpace`."""

import copy
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gaiamorph.data import Dataset
from gaiamorph.latent.facts import fit_facts
from gaiamorph.latent.samplers import Prior, fit_mixture
from gaiamorph.models import Model
from gaiamorph.models.base import PriorModel
from gaiamorph.networks import Autoencoder
from gaiamorph.space import Codec, CodesInfo, LatentSpace, SpaceInfo, StartInfo, TrainingInfo, ValidationInfo
from gaiamorph.training.settings import TrainSettings, to_dict
from gaiamorph.version import __version__

MOST_CODES = 10_000
"""At most this many training items, chosen at random, describe the distribution of codes."""
MOST_HELD_OUT = 2_000
"""At most this many validation items are measured."""


@torch.inference_mode()
def held_out_errors(model: Model, averaged: Autoencoder, data: Dataset) -> dict[str, np.ndarray]:
    """Errors of the trained and of the averaged generator, as metrics.csv names them. Empty if the model has no encoder.

    Each (N,): mean absolute difference of an item and its reconstruction, in units of [0, 1] values. The held-out set is the
    validation split, or an evenly spread choice of it if it is large.
    """
    if not model.can_encode:
        return {}
    device = next(averaged.parameters()).device
    indices = data.splits["validation"]
    indices = indices[np.linspace(0, len(indices) - 1, min(len(indices), MOST_HELD_OUT)).astype(int)]
    generators = {"validation": model.generator, "validation_average": averaged}
    errors: dict[str, list[np.ndarray]] = {name: [] for name in generators}
    for start in range(0, len(indices), 256):
        x = data.kind.to_tensor(data.items[indices[start : start + 256]], device)
        for name, generator in generators.items():
            errors[name].append((generator(x) - x).abs().flatten(1).mean(1).cpu().numpy())
    return {name: np.concatenate(parts) for name, parts in errors.items()}


@torch.inference_mode()
def draw_held_out(model: Model, data: Dataset, path: Path) -> None:
    """Draw x, G(x), G(z_interp), and the model's own views (D of each), of the first validation items.

    Column i of G(z_interp) lies halfway between items i and i + 1.
    """
    path.parent.mkdir(exist_ok=True)
    items = data.items[data.splits["validation"][: data.kind.shown]]
    views = model.views(data.kind.to_tensor(items, next(model.parameters()).device))
    data.kind.draw_sets({name: data.kind.to_items(x) for name, x in views.items()}).save(path)


def make_space(
    model: Model,
    averaged: Autoencoder,
    data: Dataset,
    settings: TrainSettings,
    training: dict[str, Any],
    started_from: StartInfo | None = None,
) -> LatentSpace:
    """The space of the averaged generator, or of the trained one if that has the smaller held-out error.

    training: the fields of `TrainingInfo` that only the run knows (steps, seconds, ...).
    """
    errors = held_out_errors(model, averaged, data)
    use_averaged = not errors or bool(errors["validation_average"].mean() <= errors["validation"].mean())
    # A copy, because a space freezes its networks, and training may go on.
    generator = copy.deepcopy(averaged if use_averaged else model.generator)
    train = data.splits["train"]
    info = SpaceInfo(
        gaiamorph_version=__version__,
        model=settings.model,
        can_encode=model.can_encode,
        latent_dim=settings.latent_dim,
        gaussian=generator.gaussian,
        network=copy.copy(settings.network),
        settings=to_dict(settings),
        training=TrainingInfo(
            source=data.source,
            fingerprint=data.fingerprint,
            items=len(train),
            seed=settings.seed,
            averaged=use_averaged,
            **training,
        ),
        started_from=started_from,
        prior=model.prior if isinstance(model, PriorModel) else None,
    )
    if info.prior is not None:
        return LatentSpace(generator, data.kind, info, Prior(info.prior, settings.latent_dim))
    held_out = errors["validation_average" if use_averaged else "validation"]
    validation = ValidationInfo(len(held_out), float(held_out.mean()), float(np.percentile(held_out, 99)))
    if len(train) > MOST_CODES:
        train = np.sort(np.random.default_rng([settings.seed, 5]).choice(train, MOST_CODES, replace=False))
    codec = Codec(generator, data.kind, info)
    z = np.concatenate([codec.encode(data.items[train[i : i + 1024]]) for i in range(0, len(train), 1024)])
    codes = CodesInfo(z.mean(0).tolist(), z.std(0).tolist())
    info = dataclasses.replace(info, validation=validation, codes=codes)
    facts = fit_facts(z, data.kind.facts(data.items[train]))
    return LatentSpace(generator, data.kind, info, fit_mixture(z, settings.seed), facts=facts)
