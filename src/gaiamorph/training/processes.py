"""One process or many: how they are started, and who they are."""

from __future__ import annotations

import inspect
import logging
import os
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch.nn.parallel import DistributedDataParallel

from gaiamorph.errors import UserError
from gaiamorph.training.precision import device_type

_NOW, _ONCE = "forward_sync_buffers", "broadcast_buffers"
SENDING_BUFFERS = _NOW if _NOW in inspect.signature(DistributedDataParallel).parameters else _ONCE
"""What torch calls it: the older name is deprecated from torch 2.13 on."""


@dataclass
class Processes:
    """How many processes train together. Not a part of a run's settings: a run may go on with another number."""

    devices: int = 0
    """Processes on this machine, one a device. 0: as many as torchrun or fabric run started, otherwise 1."""
    nodes: int = 0
    """Machines. 0: as torchrun or fabric run says, otherwise 1."""


def started_outside() -> bool:
    """Whether torchrun (or fabric run, which uses it) has started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def launch(processes: Processes, device: str) -> Fabric:
    """The engine, with all its processes running. The others run the same command from its start.

    Raises UserError if there are fewer devices.
    """
    if processes.devices < 0 or processes.nodes < 0:
        raise UserError("devices and nodes must not be negative")
    devices, nodes = processes.devices, processes.nodes
    usable = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not usable.get(device, True):
        raise UserError(f"this machine (or this build of torch) has no {device}: use --device cpu or auto")
    if started_outside():
        local = int(os.environ["LOCAL_WORLD_SIZE"])
        devices, nodes = devices or local, nodes or int(os.environ["WORLD_SIZE"]) // local
    devices, nodes = devices or 1, nodes or 1
    many = devices * nodes > 1
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # what was chosen is said by the run itself
    # A copy of all gradients less. Not static_graph: with it (torch 2.13) gradients are no longer exchanged, and nothing says so.
    # Nor are buffers sent around: what models keep in them is the same in all processes (`across_ranks`, `of_first_rank`).
    how: dict[str, Any] = {"gradient_as_bucket_view": True, SENDING_BUFFERS: False}
    if device_type(device) == "cpu":
        # One message, once backward passes are over (the default sends a first one sooner): on a CPU it takes their core meanwhile.
        how["bucket_cap_mb"] = 25
    strategy = DDPStrategy(**how) if many else "auto"
    try:
        fabric = Fabric(
            accelerator=device,
            devices=devices,
            num_nodes=nodes,
            strategy=strategy,
        )
    except (RuntimeError, ValueError) as error:
        # Fabric's own words name the devices that there are.
        raise UserError(f"{devices} devices cannot be used here: {str(error).splitlines()[0].strip()}") from error
    if many and "LT_CLI_USED" not in os.environ:
        fabric.launch()
    return fabric


def local_processes(fabric: Fabric) -> int:
    """Processes on this machine: they share its cores."""
    return int(os.environ.get("LOCAL_WORLD_SIZE") or fabric.world_size)
