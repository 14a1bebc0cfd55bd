"""All metrics of one space, as JSON and as a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gaiamorph import drawing
from gaiamorph.evaluation import METRICS
from gaiamorph.evaluation.case import PRECISION, Case, Metric
from gaiamorph.evaluation.judge import LabelFeatures
from gaiamorph.evaluation.kernel import standard_error
from gaiamorph.evaluation.path import WEIGHTS, along
from gaiamorph.output import report
from gaiamorph.output.folders import new_folder
from gaiamorph.training.speed.memory import memory_kept
from gaiamorph.version import __version__

RESULTS, PAGE = "results.json", "index.html"
ITEMS, STEPS = 6, 9
"""Paths on the page, and frames of each."""
MEASURE = 3
"""Version of the metrics. Values of different versions are not comparable. Since 2, kernel distances leave out related items.
Since 3, items are ends of pairs equally often."""


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
    of_labels = case.feature_spaces.get("labels")
    return {
        "gaiamorph_version": __version__,
        "measure": MEASURE,
        "metrics": list(METRICS),
        "space_sha256": case.space.sha256,
        "model": case.space.model,
        "data": case.data.source,
        "fingerprint": case.data.fingerprint,
        "split": case.split,
        "items": len(case.real),
        "seed": case.seed,
        "feature_spaces": case.feature_names,
        **({"classifier": of_labels.record(case.data, case.indices)} if isinstance(of_labels, LabelFeatures) else {}),
        "precision": PRECISION,
        "figures": [m.record() for m in found],
    }


def evaluate(case: Case, out: Path, *, overwrite: bool = False, say: Callable[[str], None] = lambda _: None) -> Path:
    """Write ``results.json`` and ``index.html`` into a new folder, and return it."""
    with new_folder(out, overwrite) as scratch:
        found = measure(case, say=say)
        (scratch / RESULTS).write_text(json.dumps(describe(case, found), indent=1), encoding="utf-8")
        pictures = list(_drawings(case, scratch))
        rows = [[m.name, *_told(m), m.meaning] for m in found]
        text = [
            f"{case.space.model}, trained on {case.space.info.training.source}; measured on {len(case.real)} items "
            f"of the split {case.split!r} of {case.data.source}.",
            "A distance between sets depends on the feature space in its name. The floor is the distance of real items from "
            "other real items. Nothing can be expected to be lower.",
            "±: standard error over the choice of held-out items, by leaving out one group (one person) after another. "
            "Spaces measured on the same items share a part of it, so their difference is more certain than either value.",
        ]
        page = report.page(f"Evaluation of {case.space.model}", text, pictures, rows)
        (scratch / PAGE).write_text(page, encoding="utf-8")
    return out


def _told(metric: Metric) -> tuple[str, str]:
    error = "" if metric.error is None else f"± {metric.error:.2g} "
    direction = "" if metric.better == "neither" else f"{metric.better} is better"
    return f"{metric.value:.4g} {error}{metric.unit}".strip(), direction


def _drawings(case: Case, folder: Path) -> Iterator[tuple[Path, str]]:
    kind = case.space.kind
    if kind.is_image:
        ends = case.real[case.pairs[:ITEMS]] if case.space.can_encode else [(None, None)] * ITEMS
        rows = [[a, *frames, b] for (a, b), frames in zip(ends, case.paths(ITEMS, STEPS), strict=True)]
        heads = ["A", *(f"{w:.2f}" for w in np.linspace(0, 1, STEPS)), "B"]
        picture, name = kind.sheet(rows, (), heads), "paths.png"
        caption = "Straight paths between held-out items: originals at the ends."
    else:
        sets = {"real": case.real, "reconstructions": case.reconstructions, "interpolants": case.interpolants}
        picture, name = kind.draw_sets(sets), "points.png"
        caption = "Held-out items, their reconstructions, and points between random pairs of them."
    picture.save(folder / name)
    yield folder / name, caption
    curves, errors = {}, {}
    for space, (distances, without) in along(case).items():
        curves[space], errors[space] = distances, np.array([standard_error(of) for of in without], float)
    path = folder / "convexity.png"
    drawing.panels(WEIGHTS, curves, errors, "weight", "kernel distance from real items").save(path)
    yield path, "Realism along the path, by feature space: level is best. Band: one standard error on each side."
