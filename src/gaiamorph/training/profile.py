"""Where the time of a step goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from gaiamorph.training.compiling import networks
from gaiamorph.training.precision import wait_for

PARTS: tuple[str, ...] = ("data", "generator", "discriminator", "losses", "backward", "optimiser", "logging")
PRODUCT = 2048
"""Side of the square matrices whose product gives the machine's rate."""


class Profile:
    """Seconds spent in each part of the steps since it was made. Where ``on`` is False it costs nothing.

    The time of the networks is taken by hooks on them; what remains of a forward pass are the losses.
    """

    def __init__(self, model: nn.Module, device: torch.device, on: bool) -> None:
        self.device, self.on = device, on
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self._network_seconds = 0.0
        if on:
            for name, modules in networks(model).items():
                for module in modules:
                    self._watch(module, "generator" if name == "generator" else "discriminator")

    def _now(self) -> float:
        wait_for(self.device)
        return time.perf_counter()

    def _watch(self, network: nn.Module, part: str) -> None:
        began: list[float] = []

        def after(*_: Any) -> None:
            spent = self._now() - began.pop()
            self.seconds[part] += spent
            self._network_seconds += spent

        network.register_forward_pre_hook(lambda *_: began.append(self._now()))
        network.register_forward_hook(after)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        if not self.on:
            yield
            return
        began, before = self._now(), self._network_seconds
        yield
        self.seconds[name] += self._now() - began - (self._network_seconds - before)

    def report(self, steps: int, flops: int, dtype: torch.dtype) -> list[str]:
        """Lines to print. flops: of one step, as `count_flops` counts them."""
        total = sum(self.seconds.values())
        lines = [f"{'part of a step':<16}{'ms':>10}{'share':>8}"]
        lines += [f"{n:<16}{1000 * s / steps:>10.2f}{s / total:>8.1%}" for n, s in self.seconds.items()]
        lines.append(f"{'in all':<16}{1000 * total / steps:>10.2f}")
        peak, rate = product_rate(self.device, dtype), flops * steps / total
        kind = str(dtype).removeprefix("torch.")
        lines.append(
            f"{flops / 1e9:.2f} GFLOP a step, {rate / 1e9:.0f} GFLOP/s: {rate / peak:.0%} of the {peak / 1e9:.0f} "
            f"that a product of {PRODUCT} x {PRODUCT} matrices reaches here in {kind}"
        )
        return lines


def product_rate(device: torch.device, dtype: torch.dtype, repeats: int = 7) -> float:
    """Floating-point operations a second in a large matrix product, the median of a few."""
    a, b = (torch.rand(PRODUCT, PRODUCT, device=device).to(dtype) for _ in range(2))
    times = []
    for _ in range(repeats + 1):
        wait_for(device)
        began = time.perf_counter()
        product = a @ b
        wait_for(device)
        del product
        times.append(time.perf_counter() - began)
    return 2 * PRODUCT**3 / median(times[1:])


def count_flops(step: Any) -> int:
    """Operations in the convolutions and matrix products of ``step()``, forward and backward."""
    counter = FlopCounterMode(display=False)
    with counter:
        step()
    return counter.get_total_flops()
