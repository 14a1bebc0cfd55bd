"""What docs/results.md tells of the five sets in the plane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gaiamorph.data import synthetic
from pages import DOCS, section, spread, table
from results import FOLDER
from toy2d import DRAWN

FIGURES = ("inside", "coverage", "reconstruction")
POINTS = FOLDER / "toy2d_points.npz"


def toy2d(result: dict[str, Any]) -> list[str]:
    runs = result["runs"]
    models, sets = (list(dict.fromkeys(r[key] for r in runs)) for key in ("model", "set"))
    rows = []
    for names in [sets, *([name] for name in sets)]:
        for model in models:
            own = [r for r in runs if r["model"] == model and r["set"] in names]
            if {r["set"] for r in own} != set(names):
                continue
            seeds = dict.fromkeys(r["seed"] for r in own)
            # A seed's mean over the sets, so that deviations are those over seeds in either case.
            inside, coverage, error = (
                [float(np.mean([r[f] for r in own if r["seed"] == seed])) for seed in seeds] for f in FIGURES
            )
            rows.append([
                names[0] if len(names) == 1 else "all", model, spread(inside), f"{min(r['inside'] for r in own):.3f}",
                spread(coverage), f"{min(r['coverage'] for r in own):.3f}", spread(error, ".4f"),
                f"{max(r['seconds'] for r in own):.0f}",
            ])  # fmt: skip
    if POINTS.exists():
        draw(dict(np.load(POINTS)), sets, models, DOCS / "images" / "toy2d.png")
    body = [
        "Share inside the data: of 1,000 points decoded at uniform weights between random pairs, those that lie inside a kernel "
        "density of 5,000 fresh real points (bandwidth 0.08 in standardised units, threshold at the 1st percentile of other "
        "fresh points; real points score 0.99). Coverage: of 1,000 real points, those with such a point within 0.1 standard "
        "deviations. Reconstruction: mean absolute error in standard deviations. One recipe for all, `recipes/toy2d.yaml`; two "
        "runs at a time, each with one thread. *all*: means over the five sets.",
        "",
        *(["![Interpolants of all models](images/toy2d.png)", ""] if POINTS.exists() else []),
        *table(
            ["set", "model", "inside ↑", "lowest", "coverage ↑", "lowest", "reconstruction ↓", "longest, s"],
            rows,
        ),
    ]
    return section("Five sets in the plane", result, body)


def draw(clouds: dict[str, np.ndarray], sets: list[str], models: list[str], path: Path) -> None:
    """Interpolants by set and model ("SET MODEL" in clouds), over real points; those alone come first."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.1 * (len(models) + 1), 2.1 * len(sets)), layout="constrained")
    axes = figure.subplots(len(sets), len(models) + 1, squeeze=False)
    for row, name in zip(axes, sets, strict=True):
        real = synthetic.draw(name, 1000, DRAWN, "test")
        low, high = real.min(0), real.max(0)
        (left, bottom), (right, top) = low - 0.1 * (high - low), high + 0.1 * (high - low)
        for ax, model in zip(row, ["real", *models], strict=True):
            ax.scatter(*real.T, s=2, color="#bbbbbb", linewidths=0)
            if (cloud := clouds.get(f"{name} {model}")) is not None:
                ax.scatter(*cloud.T.astype(np.float32), s=2, color="#1f5fa8", linewidths=0)
            ax.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
        row[0].set_ylabel(name, fontsize=10)
    for ax, model in zip(axes[0], ["real", *models], strict=True):
        ax.set_title(model, fontsize=10)
    figure.savefig(path, dpi=90)
