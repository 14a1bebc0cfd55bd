"""Cost: the training time of a space, and its size."""

from __future__ import annotations

from collections.abc import Iterator

from gaiamorph.evaluation.case import Case, Metric


def cost(case: Case) -> Iterator[Metric]:
    """From the training record and the number of weights."""
    training = case.space.info.training
    parameters = sum(p.numel() for p in case.space.generator.parameters())
    speed = training.examples / max(training.seconds, 1e-9)
    yield Metric("parameters", parameters, "", "neither", "weights of the encoder and decoder")
    yield Metric("training time", training.seconds, "s", "lower", "duration of the training steps")
    yield Metric("examples", training.examples, "", "neither", "real items seen in training, repetitions included")
    yield Metric("speed", speed, "items/s", "higher", "real items a second in training")
