"""Cost: the training time of a space, and its size."""

from __future__ import annotations

from gaiamorph.evaluation.case import Case, Metric


def cost(case: Case) -> list[Metric]:
    """From the training record and the number of weights."""
    training = case.space.info.training
    parameters = sum(p.numel() for p in case.space.generator.parameters())
    seconds = max(training.seconds, 1e-9)
    return [
        Metric("parameters", parameters, "", "neither", "weights of the encoder and decoder"),
        Metric("training time", training.seconds, "s", "lower", "duration of the training steps"),
        Metric("examples", training.examples, "", "neither", "real items seen in training, repetitions included"),
        Metric("speed", training.examples / seconds, "items/s", "higher", "real items a second in training"),
    ]
