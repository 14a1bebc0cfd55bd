"""Devices, and the number format of the arithmetic."""

from __future__ import annotations

import torch


def device_type(device: str) -> str:
    """The type of device that ``auto`` means on this machine."""
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def synchronise(device: torch.device) -> None:
    """Wait until the device has computed all that was launched on it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def has_bf16(device: str) -> bool:
    """Whether the device multiplies bfloat16 natively. Emulated bfloat16 is slower than float32."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return False


def chosen_precision(asked: str, device: str, network: str) -> str:
    """``auto`` -> bf16 if the device has it, otherwise fp32. The network mlp always gets fp32.

    The layers of mlp are too small for bf16: a step takes 1.2 times as long. Vectors often need more than eight bits, too.
    """
    if asked == "auto":
        return "bf16" if network != "mlp" and has_bf16(device_type(device)) else "fp32"
    return asked


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """The context in which networks compute in ``precision``. Weights and losses stay in float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
