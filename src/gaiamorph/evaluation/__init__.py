"""The evaluation. A new metric is one file and one line in `METRICS`: a function from a `Case` that yields `Metric`s."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gaiamorph.evaluation.case import Case, Metric
from gaiamorph.evaluation.codes import codes
from gaiamorph.evaluation.cost import cost
from gaiamorph.evaluation.inside import inside
from gaiamorph.evaluation.lines import lines
from gaiamorph.evaluation.path import convexity, path
from gaiamorph.evaluation.realism import realism
from gaiamorph.evaluation.reconstruction import reconstruction
from gaiamorph.evaluation.sharpness import sharpness, texture

METRICS: dict[str, Callable[[Case], Iterable[Metric]]] = {
    "reconstruction": reconstruction,
    "sharpness": sharpness,
    "texture": texture,
    "realism": realism,
    "inside": inside,
    "convexity": convexity,
    "path": path,
    "lines": lines,
    "codes": codes,
    "cost": cost,
}

__all__ = ["METRICS", "Case", "Metric"]
