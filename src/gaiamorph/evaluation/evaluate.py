"""Every metric on one space, as JSON and as a page to read."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gaiamorph.evaluation import METRICS
from gaiamorph.evaluation.case import PRECISION, Case, Figure
from gaiamorph.evaluation.convexity import WEIGHTS, along, curves
from gaiamorph.evaluation.jackknife import standard_error
from gaiamorph.evaluation.labels import LabelFeatures
from gaiamorph.output import figures, report
from gaiamorph.output.folders import new_folder
from gaiamorph.training.speed.memory import memory_kept
from gaiamorph.version import __version__

RESULTS, PAGE = "results.json", "index.html"
ITEMS, STEPS = 6, 9
MEASURE = 3
"""Version of the yardstick: figures of another do not stand beside these. Since 2, kernel distances leave out related items; since
3, items are ends of pairs equally often."""


def measure(case: Case, metrics: list[str] | None = None, say: Callable[[str], None] = lambda _: None) -> list[Figure]:
    """All figures of the named metrics (all of them by default), in the order of `METRICS`."""
    found: list[Figure] = []
    with memory_kept():
        for name in metrics or METRICS:
            say(name)
            found += METRICS[name](case)
    return found


def describe(case: Case, found: list[Figure]) -> dict[str, Any]:
    """Plain JSON: what was measured, on what, and every figure with its unit, direction and meaning."""
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
        "figures": [
            {
                "name": f.name,
                "value": f.value if math.isfinite(f.value) else None,
                "error": f.error,
                "unit": f.unit,
                "better": f.better,
                "meaning": f.meaning,
            }
            for f in found
        ],
    }


def evaluate(case: Case, out: Path, *, overwrite: bool = False, say: Callable[[str], None] = lambda _: None) -> Path:
    """Write ``results.json`` and ``index.html`` into a new folder, and return it."""
    with new_folder(out, overwrite) as scratch:
        found = measure(case, say=say)
        (scratch / RESULTS).write_text(json.dumps(describe(case, found), indent=1), encoding="utf-8")
        pictures = list(_pictures(case, scratch))
        arrows = {"lower": "lower is better", "higher": "higher is better", "neither": ""}
        rows = [[f.name, _told(f), arrows[f.better], f.meaning] for f in found]
        text = [
            f"{case.space.model}, trained on {case.space.info['training']['source']}; measured on {len(case.real)} items "
            f"of the split {case.split!r} of {case.data.source}.",
            "A distance between sets depends on the feature space that it is measured in, which stands in its name. "
            "The floor says what real items score against other real items: nothing can be expected to be lower.",
            "±: standard error over who happens to be among the held-out items, worked out by leaving out one group of them (one "
            "person) after another. Spaces measured on the same items share some of it: their difference is surer than either.",
        ]
        page = report.page(f"Evaluation of {case.space.model}", text, pictures, rows)
        (scratch / PAGE).write_text(page, encoding="utf-8")
    return out


def _told(figure: Figure) -> str:
    error = "" if figure.error is None else f"± {figure.error:.2g} "
    return f"{figure.value:.4g} {error}{figure.unit}".strip()


def _pictures(case: Case, folder: Path):
    if case.pictures:
        rows = []
        for (a, b), frames in zip(case.pairs, case.paths(ITEMS, STEPS), strict=False):
            real = (case.real[a], case.real[b]) if case.space.can_encode else (None, None)
            rows.append([real[0], *frames, real[1]])
        figures.sheet(rows, None, ["A", *(f"{w:.2f}" for w in np.linspace(0, 1, STEPS)), "B"]).save(
            folder / "paths.png"
        )
        yield folder / "paths.png", "Straight paths between held-out items: originals at the ends."
    else:
        clouds = {"real": case.real, "reconstructions": case.reconstructions, "interpolants": case.interpolants}
        figures.points(clouds, folder / "points.png", case.space.kind.columns)  # type: ignore[attr-defined]
        yield folder / "points.png", "Held-out items, their reconstructions, and points between random pairs of them."
    errors = {
        name: np.array([standard_error(of_weight) for of_weight in without], float)
        for name, (_, without) in along(case).items()
    }
    figures.panels(WEIGHTS, curves(case), errors, "weight", "kernel distance from real items", folder / "convexity.png")
    yield (
        folder / "convexity.png",
        "Realism along the way, by feature space, each on a scale of its own: level where all between two items is as real "
        "as they are. Shaded: a standard error to either side.",
    )
