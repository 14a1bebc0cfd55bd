"""A step's forward and backward pass as one CUDA graph.

The networks are small: a step launches more than a thousand operations, and a graphics card waits for most of them to be launched.
Captured once and replayed, they follow one another by themselves: the same operations on the same memory, so the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gaiamorph.models import Batch, Step

WARM_UP = 3
"""Steps that are launched one by one before one is captured: libraries choose and set up what they run in the first ones."""


class CapturedStep:
    """Does ``passes(batch)``, which leaves gradients in the parameters: on a graphics card by a graph, as soon as there is one.

    What goes in is copied to where the graph reads, and what comes out is copied from where it writes. Gradients are left where it
    writes them, in place of those that were there: it suits steps that take one batch each.
    """

    def __init__(self, passes: Callable[[Batch], Step], parameters: list[nn.Parameter], on: bool) -> None:
        """on: whether to capture at all."""
        self.on = on
        self.trouble = ""
        """Why it could not be captured, where that is so."""
        self._passes, self._parameters = passes, parameters
        self.forget()

    def forget(self) -> None:
        """Whatever the passes do has changed: capture anew."""
        self._graph: torch.cuda.CUDAGraph | None = None
        self._launched = 0

    def __call__(self, batch: Batch) -> Step:
        if not self.on:
            return self._passes(batch)
        if self._graph is None:
            if self._launched < WARM_UP:
                return self._warm_up(batch)
            try:
                self._capture(batch)
            except RuntimeError as error:  # an operation that cannot be captured: launched one by one it works
                self.on, self.trouble = False, str(error).splitlines()[0]
                self._clear()
                return self._passes(batch)
        return self._replay(batch)

    def _warm_up(self, batch: Batch) -> Step:
        # On another stream, as a capture is: gradients are added up on the stream where that was first done.
        if not self._launched:
            self._stream = torch.cuda.Stream()
        self._launched += 1
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            step = self._passes(batch)
        torch.cuda.current_stream().wait_stream(self._stream)
        return step

    def _clear(self) -> None:
        for parameter in self._parameters:
            parameter.grad = None

    def _capture(self, batch: Batch) -> None:
        self._clear()  # so that gradients are put, not added, into memory of the graph
        self._x = batch.x.clone()
        self._noise = {name: numbers.clone() for name, numbers in batch.noise.items()}
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
            step = self._passes(Batch(self._x, self._noise, batch.parts))
            rates = {player: rate for player, rate in step.rates.items() if isinstance(rate, Tensor)}
            self._scalars = torch.stack(
                [t.detach().float() for t in (*step.losses.values(), *rates.values(), *step.metrics.values())]
            )
        self._names = list(step.losses), list(rates), list(step.metrics)
        self._fixed: dict[str, Tensor | float] = {
            player: rate for player, rate in step.rates.items() if not isinstance(rate, Tensor)
        }
        self._gradients = [parameter.grad for parameter in self._parameters]
        self._graph = graph

    def _replay(self, batch: Batch) -> Step:
        assert self._graph is not None
        self._x.copy_(batch.x)
        for name, numbers in batch.noise.items():
            self._noise[name].copy_(numbers)
        self._graph.replay()
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            parameter.grad = gradient
        scalars = iter(self._scalars.clone().unbind())
        losses, rates, metrics = ({name: next(scalars) for name in names} for names in self._names)
        return Step(losses, self._fixed | rates, metrics)
