"""All metrics of one space, as JSON and as a page."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gaiamorph import drawing
from gaiamorph.evaluation import METRICS
from gaiamorph.evaluation.case import PRECISION, Case, Metric, standard_error
from gaiamorph.evaluation.judge import LabelFeatures
from gaiamorph.evaluation.realism import WEIGHTS, along
from gaiamorph.output.folders import new_folder
from gaiamorph.output.report import RESULTS, write_page
from gaiamorph.training.speed.memory import memory_kept

ITEMS, STEPS = 6, 9
"""Paths on the page, and frames of each."""
MEASURE = 4
"""Version of the metrics. Values of different versions are not comparable. Since 2, kernel distances leave out related items.
Since 3, items are ends of pairs equally often. Since 4, the classifier of ``labels`` starts from other weights."""


def measure(case: Case, metrics: list[str] | None = None, say: Callable[[str], None] = lambda _: None) -> list[Metric]:
    """The named metrics (all by default), in the order of `METRICS`. ``say`` is called with each name."""
    found: list[Metric] = []
    with memory_kept():
        for name in metrics or METRICS:
            say(name)
            found += METRICS[name](case)
    return found


def describe(case: Case, found: list[Metric]) -> dict[str, Any]:
    """The record of an evaluation as plain JSON: the data, the space, and every metric with its unit and meaning."""
    classifier = case.feature_spaces.get("labels")
    record = case.record() | {
        "measure": MEASURE,
        "metrics": list(METRICS),
        "items": len(case.real),
        "precision": PRECISION,
    }
    if isinstance(classifier, LabelFeatures):
        record["classifier"] = classifier.record(case.data, case.indices)
    return record | {"figures": [m.record() for m in found]}


def evaluate(case: Case, out: Path, *, overwrite: bool = False, say: Callable[[str], None] = lambda _: None) -> Path:
    """Write ``results.json`` and ``index.html`` into a new folder, and return it."""
    with new_folder(out, overwrite) as scratch:
        found = measure(case, say=say)
        (scratch / RESULTS).write_text(json.dumps(describe(case, found), indent=1), encoding="utf-8")
        text = [
            f"{case.space.model}, trained on {case.space.info.training.source}; measured on {len(case.real)} items "
            f"of the split {case.split!r} of {case.data.source}.",
            "A distance between sets depends on the feature space in its name. The floor is the distance of real items from "
            "other real items. Nothing can be expected to be lower.",
            "±: standard error over the choice of held-out items, by leaving out one group (one person) after another. "
            "Spaces measured on the same items share a part of it, so their difference is more certain than either value.",
        ]
        rows = [_row(metric) for metric in found]
        write_page(scratch, f"Evaluation of {case.space.model}", text, _draw(case, scratch), rows)
    return out


def _row(metric: Metric) -> list[str]:
    error = "" if metric.error is None else f"± {metric.error:.2g} "
    direction = "" if metric.better == "neither" else f"{metric.better} is better"
    return [metric.name, f"{metric.value:.4g} {error}{metric.unit}".strip(), direction, metric.meaning]


def _draw(case: Case, folder: Path) -> dict[str, str]:
    """Write the pictures of the page. Returns their captions by file name."""
    kind = case.space.kind
    if kind.is_image:
        pairs = case.pairs[:ITEMS]
        ends = case.real[pairs] if case.space.can_encode else [(None, None)] * ITEMS
        rows = [[a, *frames, b] for (a, b), frames in zip(ends, case.paths(case.z[pairs], STEPS), strict=True)]
        heads = ["A", *(f"{w:.2f}" for w in np.linspace(0, 1, STEPS)), "B"]
        kind.sheet(rows, (), heads).save(folder / "paths.png")
        captions = {"paths.png": "Straight paths between held-out items: originals at the ends."}
    else:
        sets = {"real": case.real, "reconstructions": case.reconstructions, "interpolants": case.interpolants}
        kind.draw_sets(sets).save(folder / "points.png")
        captions = {"points.png": "Held-out items, their reconstructions, and points between random pairs of them."}
    curves = {space: (WEIGHTS, {space: distances}) for space, (distances, _) in along(case).items()}
    errors = {
        space: np.array([standard_error(each) for each in without], float)
        for space, (_, without) in along(case).items()
    }
    label = "kernel distance from real items"
    drawing.curves(curves, "weight", label, errors, from_zero=True).save(folder / "convexity.png")
    band = "Band: one standard error on each side."
    return captions | {"convexity.png": f"Realism along the path, by feature space: level is best. {band}"}
