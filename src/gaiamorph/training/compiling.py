"""Whether the networks are compiled: asked for, or found by trying to be worth it."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Literal

from torch import nn

from gaiamorph.networks import Autoencoder

TRIED = 20
"""Steps that are timed, eager and compiled, before the choice."""
LONG_ENOUGH = 600.0
"""Seconds of training that must lie ahead for a trial: compiling takes a minute or so."""
GAIN = 1.05
"""How much faster a compiled step has to be: it must also win back the time that compiling took."""


def networks(model: nn.Module) -> dict[str, list[nn.Module]]:
    """The modules that do a model's arithmetic, by the name of the network that they belong to."""
    found = {
        name: [module.encoder, module.decoder] if isinstance(module, Autoencoder) else [module]
        for name, module in model.named_children()
    }
    return {name: [m for m in modules if next(m.parameters(), None) is not None] for name, modules in found.items()}


def parts(model: nn.Module) -> list[nn.Module]:
    """The modules that are compiled, each by itself: networks, not losses or what lies between them."""
    return [module for modules in networks(model).values() for module in modules]


def compile_networks(model: nn.Module) -> None:
    for module in parts(model):
        module.compile(dynamic=False)


def undo(model: nn.Module) -> None:
    for module in parts(model):
        module._compiled_call_impl = None  # what Module.compile sets; there is no public way back


class Compiling:
    """Follows the steps of a run, and compiles, or tries to, when it is time.

    on: None until the choice is made; it belongs into the checkpoint, for compiled and eager sums differ in their
    last bits. ``reason`` says why it was made.
    """

    def __init__(self, model: nn.Module, asked: Literal["auto", "on", "off"], on: bool | None = None) -> None:
        self.model, self.on, self.reason = model, on, "as asked"
        if asked != "auto":
            self.on = asked == "on"
        if self.on:
            compile_networks(model)
        self._eager: list[float] = []
        self._compiled: list[float] = []
        self._cost = 0.0

    @property
    def networks_compiled(self) -> bool:
        """Also while it is only being tried."""
        return bool(self.on) or (self.on is None and len(self._eager) >= TRIED)

    def after_step(self, seconds: float, remaining: Callable[[float], float], dry_step: Callable[[], float]) -> bool:
        """Take in how long the last step took; True when a choice has just been made.

        remaining: seconds of training ahead, where a step takes so many.
        dry_step: does a step that changes nothing and returns its seconds.
        """
        if self.on is not None:
            return False
        if len(self._eager) < TRIED:
            self._eager.append(seconds)
            if len(self._eager) < TRIED:
                return False
            if remaining(median(self._eager)) < LONG_ENOUGH:  # not by the mean: the first step takes many times as long
                return self._choose(False, "the run is too short for it to pay")
            try:
                compile_networks(self.model)
                self._cost = dry_step()
            except Exception as error:  # no compiler, or one that fails: eager works everywhere
                undo(self.model)
                return self._choose(False, f"compiling failed ({type(error).__name__})")
            return False
        self._compiled.append(seconds)
        if len(self._compiled) < TRIED:
            return False
        gain = median(self._eager) / median(self._compiled)
        if gain >= GAIN and remaining(median(self._compiled)) * (gain - 1) > self._cost:
            return self._choose(True, f"a step is {gain:.2f} times as fast")
        undo(self.model)
        return self._choose(False, f"a compiled step is {gain:.2f} times as fast")

    def _choose(self, on: bool, reason: str) -> bool:
        self.on, self.reason = on, reason
        return True
