"""The evaluation. A new metric is a function from a `Case` that yields `Metric`s, and its name in `METRICS`."""

from collections.abc import Callable, Iterable

from gaiamorph.evaluation.case import Case, Metric
from gaiamorph.evaluation.codes import codes, cost, reconstruction
from gaiamorph.evaluation.identity import identity
from gaiamorph.evaluation.inside import inside
from gaiamorph.evaluation.labels import labels
from gaiamorph.evaluation.realism import convexity, lines, path, realism
from gaiamorph.evaluation.sharpness import sharpness, texture
from gaiamorph.evaluation.sounds import sounds

_ALL = (
    reconstruction, sharpness, texture, sounds, labels, realism, inside, convexity, path, identity, lines, codes, cost,
)  # fmt: skip
METRICS: dict[str, Callable[[Case], Iterable[Metric]]] = {metric.__name__: metric for metric in _ALL}

__all__ = ["METRICS", "Case", "Metric"]
