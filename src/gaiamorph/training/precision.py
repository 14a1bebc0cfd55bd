"""What the arithmetic runs in: number format, and how memory is kept."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def device_type(device: str) -> str:
    """The kind of device that ``auto`` stands for here."""
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def wait_for(device: torch.device) -> None:
    """Until all that was launched on it has been computed."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def has_bf16(device: str) -> bool:
    """Whether the device multiplies bfloat16 natively. Emulated, it is slower than fp32."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return False


def chosen_precision(asked: str, device: str, network: str) -> str:
    """``auto`` -> bf16 where it is native, else fp32.

    Always fp32 for the network mlp: its layers are too small to gain from bf16 (a step took 1.2 times as long), and vectors are
    often redrawn more finely than in eight bits.
    """
    if asked == "auto":
        return "bf16" if network != "mlp" and has_bf16(device_type(device)) else "fp32"
    return asked


def lowered(precision: str, device: torch.device) -> torch.autocast:
    """The block in which networks compute in ``precision``. Weights, errors and their balance stay in fp32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
LARGE, DEFAULT = 2**25, 2**17
"""The largest threshold that glibc takes, and learns by itself where large blocks are freed; and what it keeps on top at first."""


@contextmanager
def memory_kept() -> Iterator[None]:
    """Keep freed memory for the next step, where the C library is glibc; elsewhere nothing happens.

    glibc gives large blocks back to the system when they are freed. A training step frees and asks for the same ones
    again, and the system clears and maps every page of them anew: up to a tenth of a step. At the end all is given back.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not (hasattr(library, "mallopt") and hasattr(library, "malloc_trim")):
        yield
        return
    assert library is not None
    library.mallopt(M_MMAP_THRESHOLD, LARGE)
    library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
    library.mallopt(M_TOP_PAD, LARGE)
    try:
        yield
    finally:
        # Once it has been told, glibc no longer learns how large blocks are: from here on it has what it would have learnt.
        library.mallopt(M_TRIM_THRESHOLD, 2 * LARGE)
        library.mallopt(M_TOP_PAD, DEFAULT)
        library.malloc_trim(0)
