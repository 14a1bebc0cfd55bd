"""Small networks that learn from real items alone what is known of them, to judge made ones by."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from gaiamorph.data import Dataset
from gaiamorph.errors import UserError
from gaiamorph.networks import NETWORKS, Autoencoder, NetworkSettings
from gaiamorph.training import augment

STEPS, BATCH, RATE, DECAY = 600, 64, 2e-3, 1e-2
LOOKS = 20
"""How often such a network is validated; the best state is kept."""
WIDTH, UNITS = 16, 64
"""Channels of its widest-resolution layer (pictures), and units of its layers (vectors)."""


def small_pair(shape: tuple[int, ...], outputs: int) -> Autoencoder:
    """What such a network is made of: a pair whose encoder gives that many numbers. A yardstick: not a model's defaults."""
    if len(shape) == 3:
        return NETWORKS["conv"](shape, outputs, NetworkSettings(width=WIDTH, blocks=0))
    return NETWORKS["mlp"](shape, outputs, NetworkSettings(width=UNITS))


def learnt_from(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Places of training and of validation items in the data. Raises UserError if there are none of either."""
    train, validation = data.splits["train"], data.splits["validation"]
    if not len(train) or not len(validation):
        raise UserError("a network that judges needs training and validation items")
    return train, validation


def taught(
    network: nn.Module, data: Dataset, loss: Callable[[Tensor, np.ndarray], Tensor], steps: int = STEPS
) -> nn.Module:
    """Trained on the training split of ``data``, with the state that has the lowest loss on the validation split.

    loss: of what the network makes of items x (N, *shape) in [0, 1], and their places (N,) in the data. Pictures are mirrored,
    where the data may be, and shifted by a pixel at most. Random numbers are those of torch's seed. Raises UserError if a split is
    empty.
    """
    train, validation = learnt_from(data)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    generator = torch.Generator().manual_seed(int(torch.initial_seed()) % 2**31)
    x_validation = data.kind.to_tensor(data.items[validation])
    best, lowest = copy.deepcopy(network.state_dict()), float("inf")
    pictures = len(data.kind.shape) == 3
    for step in range(steps):
        rows = train[torch.randint(len(train), (min(BATCH, len(train)),), generator=generator).numpy()]
        x = data.kind.to_tensor(data.items[rows])
        if pictures:
            changes = augment.draw(len(x), 1, generator)
            x = augment.shift(augment.flip(x, changes["flip"]) if data.mirror else x, changes["shift"], 1)
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
            # Of validation items that nothing is known of it is nan, and the last state is taken.
            if not missed >= lowest:
                best, lowest = copy.deepcopy(network.state_dict()), missed
    network.load_state_dict(best)
    return network.eval()
