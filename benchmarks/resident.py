"""Memory of this process, as Linux counts it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path


def megabytes(field: str) -> float:
    """RssAnon: resident private memory now, file-backed pages not counted; VmHWM: the most that was resident."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this needs Linux")


def peak_of(step: Callable[[], None]) -> float:
    """MB that a step needs at most, beyond what is there before it."""
    step()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak
    before = megabytes("VmHWM")
    step()
    return megabytes("VmHWM") - before
