"""Checkpoints: one safetensors file with JSON in its metadata, replaced atomically.

A run killed at any moment has either the old checkpoint or the new one. Nothing is pickled, so opening a checkpoint from an
unknown source runs no code.
"""

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from gaiamorph.errors import UserError

FILE = "checkpoint.safetensors"


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside ``path``, then rename: readers see the old content or the new, never a part."""
    scratch = path.with_name(f".{path.name}.part")
    with open(scratch, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


def save_checkpoint(
    folder: Path, modules: dict[str, nn.Module], optimizers: dict[str, Optimizer], progress: dict[str, Any]
) -> None:
    """Write all that the next step depends on. progress: plain JSON and scalar tensors, which become numbers."""
    tensors = {f"{prefix}/{name}": value for prefix, m in modules.items() for name, value in m.state_dict().items()}
    for player, optimizer in optimizers.items():
        for number, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{player}/{number}/{key}": value for key, value in state.items()}
    contiguous = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    write_atomically(folder / FILE, save(contiguous, {"progress": json.dumps(progress, default=float)}))


def load_checkpoint(folder: Path, modules: dict[str, nn.Module], optimizers: dict[str, Optimizer]) -> dict[str, Any]:
    """Load all state in place, and return ``progress``. Raises UserError if the file does not fit."""
    path = folder / FILE
    try:
        with safe_open(path, framework="pt") as file:
            progress = json.loads((file.metadata() or {})["progress"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        for prefix, module in modules.items():
            module.load_state_dict(_below(tensors, prefix))
        for player, optimizer in optimizers.items():
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            state: dict[int, dict[str, Tensor]] = {}
            for name, value in _below(tensors, f"optimizer/{player}").items():
                number, key = name.split("/")
                parameter = parameters[int(number)]
                if value.shape == parameter.shape:
                    # In the memory order of the parameter, because fused Adam ignores strides.
                    value = torch.empty_like(parameter.detach(), dtype=value.dtype).copy_(value)
                state.setdefault(int(number), {})[key] = value
            optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    except (SafetensorError, KeyError, ValueError, RuntimeError, IndexError) as error:
        raise UserError(
            f"{path} does not belong to this run or is damaged ({str(error).splitlines()[0][:120]}): "
            "start again with --overwrite"
        ) from error
    return progress


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name[len(prefix) + 1 :]: value for name, value in tensors.items() if name.startswith(prefix + "/")}
