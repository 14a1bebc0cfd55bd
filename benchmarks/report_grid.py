"""The tables of grid.py: all models on one set of pictures, in docs/results.md, and what else was tried, in docs/tried.md."""

from __future__ import annotations

from typing import Any

import numpy as np

from gaiamorph.models import MODELS
from pages import DOCS, Column, section, spread, table

DEAD = "generator has died"
"""In a warning: the generator draws one thing, whatever it is given (`training.watch`)."""
SEARCH_SEED = 10
"""Seeds from here on were used to choose, and are not reported as results."""
GRID: list[Column] = [
    ("reconstruction/ssim", "SSIM ↑", lambda v: f"{v:.3f}"),
    ("reconstruction/l1", "L1 ↓", lambda v: f"{v:.4f}"),
    ("sharpness/midpoints", "sharpness of midpoints ↓", lambda v: f"{v:.2f}"),
    ("sharpness/reconstructions", "of reconstructions ↓", lambda v: f"{v:.2f}"),
    ("texture/midpoints", "texture of midpoints ↓", lambda v: f"{v:.2f}"),
    ("kernel distance/hed/interpolants", "interpolants, HED ↓ (×10⁴)", lambda v: f"{v * 1e4:.2f}"),
    ("kernel distance/hed/midpoints", "midpoints, HED ↓ (×10⁴)", lambda v: f"{v * 1e4:.2f}"),
    ("kernel distance/hed/mixtures of five", "mixtures, HED ↓ (×10⁴)", lambda v: f"{v * 1e4:.2f}"),
    ("convexity gap/hed", "gap, HED ↓ (×10⁴)", lambda v: f"{v * 1e4:.2f}"),
    ("frechet distance/pca/interpolants", "interpolants, Fréchet, PCA ↓", lambda v: f"{v:.2f}"),
    ("kernel distance/pca/interpolants", "interpolants, PCA ↓", lambda v: f"{v:.3f}"),
    ("kernel distance/pca/midpoints", "midpoints, PCA ↓", lambda v: f"{v:.3f}"),
    ("kernel distance/pca/mixtures of five", "mixtures, PCA ↓", lambda v: f"{v:.3f}"),
    ("convexity gap/pca", "gap, PCA ↓", lambda v: f"{v:.3f}"),
    ("kernel distance/labels/interpolants", "interpolants, labels ↓", lambda v: f"{v:.3f}"),
    ("convexity gap/labels", "gap, labels ↓", lambda v: f"{v:.3f}"),
    ("lines/mean distance", "mean distance ↓ (×10³)", lambda v: f"{v * 1e3:.2f}"),
    ("lines/smoothness", "smoothness ↓", lambda v: f"{v:.3f}"),
    ("lines/flat paths", "flat paths", lambda v: f"{v:.1%}"),
    ("linear probe", "linear probe ↑", lambda v: f"{v:.3f}"),
]


LEGEND = [
    "## How to read the tables of all models",
    "",
    "Networks, examples and pairs of items are the same for all models of a table; GAN and BEGAN have no encoder and are measured "
    "between drawn codes. Runs whose generator died, as the training said, are left out and counted. Means ± standard deviations "
    "over seeds; bold: the best of a column, of models with an encoder.",
    "",
    "- SSIM, L1: of reconstructions of held-out items. Linear probe: share of labels that a linear layer reads from codes.",
    "- Sharpness: mean distance of octave energies from real items', log2 (0: as real).",
    "- Texture: contrast, in grey levels of 255, at fine frequencies with over twice the energy of real items' (0: none).",
    "- HED, PCA: kernel distance from held-out real items, in VGG (HED) features and in principal components, unless it says "
    "Fréchet; over pairs of items that show different people and are not made of one another. Interpolants lie anywhere between "
    "two codes, midpoints halfway; mixtures are of five.",
    "- Labels: beside them, kernel distance in what a small classifier of the data's labels (people, kinds of clothes) looks at, "
    "which learns them from real items alone (`evaluation/labels.py`).",
    "- Gap: distance of the middle of a path less that of its ends (convexity).",
    "- Pictures: *unseen* are people of whom training saw no photograph.",
    "",
]
OLDER = {
    1: "by the first version of the yardstick (pairs of related items counted) or with earlier networks",
    2: "by the second version of the yardstick (pairs drawn at random, some items an end more often than others)",
}
"""Of rows that stand in tables of their own."""
EARLIER = (
    "network.coarsest=4",
    "network.blocks=0",
    "network.read=2",
    "network.output=linear",
    "gaia.noise_octaves=0",
    "clip=0",
    "hold=0",
    "finest level at full size",
)
"""In a variant: made when that was the default, or is made so again."""


def measured_alike(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that were measured by the newest yardstick that any of them was: see `evaluate.MEASURE`."""
    newest = max((yardstick(r) for r in runs), default=1)
    return [r for r in runs if yardstick(r) == newest]


def earlier(variant: str) -> bool:
    """Whether it has what is the default no more."""
    return any(change in EARLIER for change in variant.split(","))


def yardstick(run: dict[str, Any]) -> int:
    return run.get("measure", 1)


def by_yardstick(runs: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """How earlier runs were measured, and those that were: newest first."""
    versions = sorted({yardstick(r) for r in runs}, reverse=True)
    return [
        (OLDER.get(v, "with earlier networks or defaults"), [r for r in runs if yardstick(r) == v]) for v in versions
    ]


def by_use(runs: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Those that are reported, and those that were used to choose."""
    return [r for r in runs if r["seed"] < SEARCH_SEED], [r for r in runs if r["seed"] >= SEARCH_SEED]


def reported(run: dict[str, Any]) -> bool:
    """Whether it is a result, of the default or of what was trained for longer (and is named), and not one of a search."""
    changes = [change for change in run["variant"].split(",") if change and change not in EARLIER]
    longer = any(change.startswith("steps=") for change in changes)
    return run["seed"] < SEARCH_SEED and (longer or not changes)


def died(run: dict[str, Any]) -> bool:
    return any(DEAD in warning for warning in run["warnings"])


def named(run: dict[str, Any]) -> str:
    """A tried run by what is not the default of GAIA, and by the machine where that is not the one that the file names."""
    model = run["model"] if run["model"] != "gaia" else ""
    what = ", ".join(filter(None, [model, run["variant"].replace("gaia.", "")])) or "(default)"
    return f"{what} (on an {run['machine'].split(',')[0]})" if "machine" in run else what


def grid_rows(runs: list[dict[str, Any]], shown: list[Column]) -> list[list[str]]:
    """A row for each model and variant, defaults first: means over the seeds whose generator lived."""
    rows = []
    ways = dict.fromkeys((r["model"], r["variant"]) for r in runs)
    for model, variant in sorted(ways, key=lambda way: (way[1] != "", list(MODELS).index(way[0]))):
        own = [r for r in runs if (r["model"], r["variant"]) == (model, variant)]
        alive = [r for r in own if not died(r)]
        cells = [
            spread([r["figures"][key] for r in alive if np.isfinite(r["figures"].get(key, np.nan))], form)
            for key, _, form in shown
        ]
        name = f"{model}, {variant.replace(',', ', ')}" if variant else model
        seeds = str(len(own)) if len(alive) == len(own) else f"{len(alive)} of {len(own)}"
        rows.append([name, seeds, *cells, f"{np.mean([r['seconds'] for r in own]):.0f}"])
    return rows


def with_best_marked(rows: list[list[str]], heads: list[str]) -> list[list[str]]:
    """The best mean of each column in bold, by the arrow in its heading, of models that can encode."""
    rows = [list(row) for row in rows]
    encoding = [(i, row) for i, row in enumerate(rows) if MODELS[row[0]].can_encode]
    for j, head in enumerate(heads):
        if "↑" in head or "↓" in head:
            means = {i: float(row[j].split(" ±")[0]) for i, row in encoding if row[j]}
            best = (max if "↑" in head else min)(means.values(), default=None)
            for i, mean in means.items():
                if mean == best:
                    rows[i][j] = f"**{rows[i][j]}**"
    return rows


def divided(runs: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Runs by today's yardstick and networks, and the others."""
    current = measured_alike([r for r in runs if not earlier(r["variant"])] or runs)
    return current, [r for r in runs if r not in current]


def columns_of(runs: list[dict[str, Any]]) -> list[Column]:
    return [column for column in GRID if any(column[0] in r["figures"] for r in runs)]


def grid(title: str, picture: str, result: dict[str, Any]) -> list[str]:
    """All models on one set of pictures; picture: the name of the file in docs/images."""
    runs = [r for r in divided(result["runs"])[0] if reported(r)]
    if not runs:
        return []
    shown = columns_of(runs)
    heads = ["model", "seeds", *(head for _, head, _ in shown), "seconds"]
    as_long = [r for r in runs if "steps=" not in r["variant"]]
    rows = with_best_marked(grid_rows(as_long, shown), heads)
    rows += grid_rows([r for r in runs if r not in as_long], shown)
    first = runs[0]
    blends = {
        key: key.replace("/interpolants", "/blends of values") for key, *_ in shown if key.endswith("/interpolants")
    }
    blend = [form(first["figures"][blends[key]]) if key in blends else "" for key, _, form in shown]
    rows.append(["*pixel blend*", "", *blend, ""])
    elsewhere = {r["machine"]: r["variant"] for r in runs if "machine" in r}
    trained = "".join(
        f" Those marked {variant} were trained on another machine ({name})." for name, variant in elsewhere.items()
    )
    any_pairs = "; distances over all pairs of items" if yardstick(first) < 2 else ""
    body = [
        f"{first['steps']:,} steps of {first['batch_size']}; {first['items']} held-out items (`{first['split']}`){any_pairs}."
        + trained,
        "",
        *table(heads, rows),
    ]
    if (DOCS / "images" / picture).exists():
        body += [
            f"Held-out items, and paths between their codes (`{result['command']} --picture`):",
            "",
            f"![The same paths by each model](images/{picture})",
            "",
        ]
    return section(title, result, body)


def grid_tried(title: str, result: dict[str, Any]) -> list[str]:
    """What was tried on one set of pictures, and what all models gave by earlier networks and yardsticks."""
    current, older = divided(result["runs"])
    tried, (before, tried_before) = [r for r in current if not reported(r)], by_use(older)
    shown = columns_of([*tried, *older])
    heads = [head for _, head, _ in shown]
    body = []
    tables = [("", tried), *((f", {how}", variants) for how, variants in by_yardstick(tried_before))]
    for when, variants in tables:
        if variants:
            body += [
                f"Tried{when} (GAIA, unless another model is named):",
                "",
                *table(
                    ["variant", "seed", *heads],
                    [
                        [named(r), str(r["seed"]),
                         *(form(r["figures"][key]) if key in r["figures"] else "" for key, _, form in shown)]
                        for r in variants
                    ],
                ),
            ]  # fmt: skip
    for how, measured_so in by_yardstick(before):
        steps = " or ".join(f"{n:,}" for n in sorted({r["steps"] for r in measured_so}))
        body += [
            f"All models, {how} ({steps} steps):",
            "",
            *table(["model", "seeds", *heads, "seconds"], grid_rows(measured_so, shown)),
        ]
    return section(title, result, body) if body else []
