"""Cost: what a space took to make, and how large it is."""

from __future__ import annotations

from gaiamorph.evaluation.case import Case, Figure


def cost(case: Case) -> list[Figure]:
    """From the record of its training, and its weights."""
    training = case.space.info.training
    parameters = sum(p.numel() for p in case.space.generator.parameters())
    seconds = max(training.seconds, 1e-9)
    return [
        Figure("parameters", parameters, "", "neither", "weights of the encoder and decoder that are kept"),
        Figure("training time", training.seconds, "s", "lower", "time that its training steps took"),
        Figure("examples", training.examples, "", "neither", "real items seen in training, with repetition"),
        Figure("speed", training.examples / seconds, "items/s", "higher", "real items a second in training"),
    ]
