"""Result files: JSON that says how and where it was made, written after every finished run."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

import torch

import gaiamorph

FOLDER = Path(__file__).parent / "results"
MACHINE = "a word for a second machine: its figures stand beside the first one's, in results/NAME_WORD.json"
"""What ``--machine`` is, where a script has it."""


def capability() -> str:
    """What of the processor decides how fast networks are: vector instructions, and products of bfloat16."""
    found = torch.cpu.get_capabilities()
    bf16 = next((name for name in ("amx_bf16", "avx512_bf16", "bf16") if found.get(name, False)), "no bf16")
    return f"{torch.backends.cpu.get_cpu_capability()}, {bf16.replace('_', ' ')}"


class Results:
    """A list of runs in ``results/NAME.json``. A run that is there already is not made again."""

    def __init__(self, name: str, command: str, machine: str = "") -> None:
        if machine:
            name, command = f"{name}_{machine}", f"{command} --machine {machine}"
        self.path = FOLDER / f"{name}.json"
        self.runs = self._read()
        self.head = {
            "command": command,
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, {capability()}",
            "python": platform.python_version(),
            "torch": torch.__version__,
            "gaiamorph": gaiamorph.__version__,
        }

    def _read(self) -> list[dict[str, Any]]:
        return json.loads(self.path.read_text())["runs"] if self.path.exists() else []

    def has(self, **key: Any) -> bool:
        """Whether there is such a run. One that was made before an option existed has it as ""."""
        return any(all(run.get(k, "") == v for k, v in key.items()) for run in self.runs)

    def add(self, **run: Any) -> None:
        self.runs = [*self._read(), run]  # read again: another process may have written meanwhile
        self.path.write_text(json.dumps({**self.head, "runs": self.runs}, indent=1) + "\n")
