"""One process or several: how they are started, and what they agree on."""

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
"""The name of one option of DDP. The older name is deprecated from torch 2.13 on."""


@dataclass
class Processes:
    """How many processes train together. Not a setting of a run, which may go on with another number of processes."""

    devices: int = 0
    """Processes on this machine, one for each device. 0: as many as torchrun or fabric run started, otherwise 1."""
    nodes: int = 0
    """Machines. 0: as many as torchrun or fabric run started, otherwise 1."""


def launch(processes: Processes, device: str) -> Fabric:
    """The Fabric, with all its processes started. Each other process runs the same command from its beginning.

    Raises UserError if the machine has fewer devices.
    """
    if processes.devices < 0 or processes.nodes < 0:
        raise UserError("devices and nodes must not be negative")
    usable = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not usable.get(device, True):
        raise UserError(f"this machine (or this build of torch) has no {device}: use --device cpu or auto")
    local = world = 1
    if "TORCHELASTIC_RUN_ID" in os.environ:  # torchrun has started this process (`fabric run` uses it)
        local, world = int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ["WORLD_SIZE"])
    devices, nodes = processes.devices or local, processes.nodes or world // local
    many = devices * nodes > 1
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # the run prints its own choices
    # A bucket view saves one copy of the gradients. Never static_graph: with torch 2.13 it silently stops the exchange.
    # Buffers are not broadcast, because models keep them equal in all processes (`across_ranks`, `of_first_rank`).
    # On a CPU one message after the backward pass: an earlier one would take CPU time from that pass.
    bucket = {"bucket_cap_mb": 25} if device_type(device) == "cpu" else {}
    how: dict[str, Any] = {"gradient_as_bucket_view": True, SENDING_BUFFERS: False, **bucket}
    try:
        strategy = DDPStrategy(**how) if many else "auto"
        fabric = Fabric(accelerator=device, devices=devices, num_nodes=nodes, strategy=strategy)
    except (RuntimeError, ValueError) as error:
        # The message of Fabric names the available devices.
        raise UserError(f"{devices} devices cannot be used here: {str(error).splitlines()[0].strip()}") from error
    if many and "LT_CLI_USED" not in os.environ:
        fabric.launch()
    return fabric


def local_processes(fabric: Fabric) -> int:
    """Number of processes that share the cores of this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE") or fabric.world_size)


def agree(fabric: Fabric, stop: bool, seconds: float) -> tuple[bool, float]:
    """Whether any process wants to stop, and the longest time of all processes. Each takes the same decisions by them."""
    if fabric.world_size == 1:
        return stop, seconds
    largest = torch.tensor([float(stop), seconds], dtype=torch.float64, device=fabric.device)
    torch.distributed.all_reduce(largest, torch.distributed.ReduceOp.MAX)
    return bool(largest[0]), float(largest[1])
