"""The evaluation. A new metric is one file and one line in `METRICS`: a function from a `Case` to a list of `Metric`."""

from __future__ import annotations

from collections.abc import Callable

from gaiamorph.evaluation.case import Case, Metric
from gaiamorph.evaluation.codes import codes
from gaiamorph.evaluation.convexity import convexity
from gaiamorph.evaluation.cost import cost
from gaiamorph.evaluation.inside import inside
from gaiamorph.evaluation.lines import lines
from gaiamorph.evaluation.path import path
from gaiamorph.evaluation.realism import realism
from gaiamorph.evaluation.reconstruction import reconstruction
from gaiamorph.evaluation.sharpness import sharpness
from gaiamorph.evaluation.texture import texture

METRICS: dict[str, Callable[[Case], list[Metric]]] = {
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
