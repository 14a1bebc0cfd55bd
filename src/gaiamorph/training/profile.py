"""Where the time of a step goes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.utils.benchmark import Timer
from torch.utils.flop_counter import FlopCounterMode

from gaiamorph.models import Model
from gaiamorph.networks import Autoencoder
from gaiamorph.training.machine import synchronise

PARTS: tuple[str, ...] = ("data", "generator", "discriminator", "losses", "backward", "optimiser", "logging")
PRODUCT = 2048
"""Side of the square matrices whose product measures the rate of the machine."""


def network_modules(model: Model) -> dict[nn.Module, str]:
    """Modules that compute the networks of a model, and the name of the network: both halves of an autoencoder, or a critic."""
    found: dict[nn.Module, str] = {}
    for name, network in model.named_children():
        modules = [network.encoder, network.decoder] if isinstance(network, Autoencoder) else [network]
        found |= {module: name for module in modules if next(module.parameters(), None) is not None}
    return found


class Profile:
    """Seconds spent in each part of the steps. If ``on`` is False it costs nothing.

    Hooks on the networks take their time. The rest of a forward pass counts as losses.
    """

    def __init__(self, model: Model, device: torch.device, on: bool) -> None:
        self.device, self.on = device, on
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self._current, self._since = "", 0.0
        for module, name in network_modules(model).items() if on else ():
            part = "generator" if name == "generator" else "discriminator"
            module.register_forward_pre_hook(lambda *_, part=part: self._enter(part, within=True))
            module.register_forward_hook(lambda *_: self._enter("losses", within=True))

    def _enter(self, part: str, *, within: bool = False) -> None:
        """From now on time counts as ``part``, or is not counted if that is "". within: only if it was counted before."""
        if not self.on or (within and not self._current):
            return
        synchronise(self.device)
        now = time.perf_counter()
        if self._current:
            self.seconds[self._current] += now - self._since
        self._current, self._since = part, now

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """The block counts as part ``name`` of a step, without what the networks take."""
        self._enter(name)
        yield
        self._enter("")

    def report(self, steps: int, step: Callable[[], object], pieces: int, dtype: torch.dtype) -> list[str]:
        """Lines to print. step: does one of the ``pieces`` of a step. Its convolutions and matrix products are counted."""
        total = sum(self.seconds.values())
        lines = [f"{'part of a step':<16}{'ms':>10}{'share':>8}"]
        lines += [f"{n:<16}{1000 * s / steps:>10.2f}{s / total:>8.1%}" for n, s in self.seconds.items()]
        lines.append(f"{'in all':<16}{1000 * total / steps:>10.2f}")
        with FlopCounterMode(display=False) as counter:
            step()
        flops = counter.get_total_flops() * pieces
        matrices = {name: torch.rand(PRODUCT, PRODUCT, device=self.device).to(dtype) for name in "ab"}
        timer = Timer("a @ b", globals=matrices, num_threads=torch.get_num_threads())
        peak, rate = 2 * PRODUCT**3 / timer.blocked_autorange().median, flops * steps / total
        kind = str(dtype).removeprefix("torch.")
        lines.append(
            f"{flops / 1e9:.2f} GFLOP a step, {rate / 1e9:.0f} GFLOP/s: {rate / peak:.0%} of the {peak / 1e9:.0f} "
            f"that a product of {PRODUCT} x {PRODUCT} matrices reaches here in {kind}"
        )
        return lines
