"""Small networks, trained on real items only, that judge generated items."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from gaiamorph.data import Dataset, Kind
from gaiamorph.errors import UserError
from gaiamorph.networks import NETWORKS, Autoencoder, NetworkSettings
from gaiamorph.training import augment

STEPS, BATCH, RATE, DECAY = 600, 64, 2e-3, 1e-2
LOOKS = 20
"""Validations of a training. The best state is kept."""
WIDTH, UNITS = 16, 64
"""Channels of the layer with the highest resolution (conv), and units of a layer (mlp)."""


def small_pair(kind: Kind, outputs: int) -> Autoencoder:
    """An autoencoder whose encoder gives ``outputs`` numbers. Its settings are fixed, so that metrics are comparable."""
    if kind.is_image:
        return NETWORKS["conv"](kind.shape, outputs, NetworkSettings(width=WIDTH, blocks=0))
    return NETWORKS["mlp"](kind.shape, outputs, NetworkSettings(width=UNITS, depth=3))


def learnt_from(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Indices of training and of validation items. Raises UserError if a split is empty."""
    train, validation = data.splits["train"], data.splits["validation"]
    if not len(train) or not len(validation):
        raise UserError("a network that judges needs training and validation items")
    return train, validation


def taught(
    network: nn.Module, data: Dataset, loss: Callable[[Tensor, np.ndarray], Tensor], steps: int = STEPS
) -> nn.Module:
    """Train ``network`` on the training split, and return it with the state of the lowest validation loss.

    loss: called with the network's output for items x (N, *shape) in [0, 1], and their indices (N,) in the data.
    Pictures are mirrored, if the data allows it, and shifted by at most a pixel. Random numbers come from torch's seed.
    Raises UserError if a split is empty.
    """
    train, validation = learnt_from(data)
    kind = data.kind
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
            with torch.inference_mode():
                network.eval()
                out = torch.cat([network(part) for part in x_validation.split(256)])
                network.train()
            missed = float(loss(out, validation))
            # The loss is NaN if validation items have no known value. Then the last state is kept.
            if not missed >= lowest:
                best, lowest = copy.deepcopy(network.state_dict()), missed
    network.load_state_dict(best)
    return network.eval()
