"""docs/results.md and its figures from results/*.json.  python benchmarks/report.py"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gaiamorph.output import figures
from results import FOLDER

DOCS = Path(__file__).parent.parent / "docs"


def load(name: str) -> dict[str, Any] | None:
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(r) + " |" for r in rows), ""]


def spread(values: list[float], form: str = ".3f") -> str:
    """mean ± standard deviation over seeds."""
    if not values:
        return ""
    return f"{np.mean(values):{form}}" + (f" ± {np.std(values, ddof=1):{form}}" if len(values) > 1 else "")


def made_by(result: dict[str, Any]) -> str:
    return f"`{result['command']}` ({result['machine']}, torch {result['torch']}, gaiamorph {result['gaiamorph']})"


def section(title: str, result: dict[str, Any], body: list[str]) -> list[str]:
    """A heading, what stands under it, and how the numbers were made."""
    return [f"## {title}", "", *body, f"Made by {made_by(result)}.", ""]


def toy2d(result: dict[str, Any]) -> list[str]:
    runs = result["runs"]
    models = list(dict.fromkeys(r["model"] for r in runs))
    rows = []
    for name in dict.fromkeys(r["set"] for r in runs):
        for model in models:
            own = [r for r in runs if r["set"] == name and r["model"] == model]
            if own:
                shares = [r["inside"] for r in own]
                rows.append([
                    name, model, spread(shares), f"{min(shares):.3f}", spread([r["coverage"] for r in own]),
                    f"{min(r['coverage'] for r in own):.3f}", spread([r["reconstruction"] for r in own]),
                    f"{max(r['seconds'] for r in own):.0f}",
                ])  # fmt: skip
    body = [
        "Share inside the data: of 1,000 points decoded at uniform weights between random pairs, those that lie inside a kernel "
        "density of 5,000 fresh real points (bandwidth 0.08 in standardised units, threshold at the 1st percentile of other "
        "fresh points; real points score 0.99). Coverage: of 1,000 real points, those with such a point within 0.1 standard "
        "deviations. Reconstruction: mean absolute error in standard deviations. One recipe for all, `recipes/toy2d.yaml`.",
        "",
        *table(
            ["set", "model", "inside ↑", "lowest", "coverage ↑", "lowest", "reconstruction ↓", "longest, s"],
            rows,
        ),
    ]
    return section("Five sets in the plane", result, body)


FACES: list[tuple[str, str, Callable[[float], str]]] = [
    ("midpoints_hed", "midpoints, HED ↓ (×10⁴)", lambda v: f"{v * 1e4:.2f}"),
    ("reconstructions_hed", "reconstructions, HED ↓ (×10⁴)", lambda v: f"{v * 1e4:.2f}"),
    ("midpoints_pca", "midpoints, PCA ↓", lambda v: f"{v:.3f}"),
    ("midpoints_fine_detail", "midpoints, fine detail (real 1)", lambda v: f"{v:.2f}"),
    ("reconstructions_fine_detail", "reconstructions, fine detail (real 1)", lambda v: f"{v:.2f}"),
    ("validation", "reconstruction error ↓", lambda v: f"{v:.4f}"),
]


def playing(run: dict[str, Any]) -> bool:
    """Whether a run has adversaries that pull against each other."""
    return "largest_ratio" in run and "without" not in run["variant"]


def faces(result: dict[str, Any]) -> list[str]:
    runs = result["runs"]
    rows = []
    for variant in dict.fromkeys(r["variant"] for r in runs):
        own = sorted((r for r in runs if r["variant"] == variant), key=lambda r: r["seed"])
        cells = []
        for key, _, form in FACES:
            values = [r[key] for r in own if key in r]
            cells.append(f"{form(float(np.mean(values)))} ({', '.join(map(form, values))})" if values else "")
        rows.append([variant, *cells])
    health = [
        [str(r["seed"]), *(f"{r[n]:.4f}" for n in "RFI"), f"{r['largest_ratio']:.2f}",
         f"{r['validation_third_quarter']:.4f}", f"{r['validation_last_quarter']:.4f}", str(len(r["warnings"])),
         f"{r['seconds']:.0f}"]
        for r in runs
        if playing(r)
    ]  # fmt: skip
    drawn = {f"GAIA, seed {r['seed']}": r["curve"] for r in runs if playing(r) and "curve" in r}
    if drawn:
        (DOCS / "images").mkdir(exist_ok=True)
        figures.curves(drawn, ("R", "F", "I", "reconstruction", "validation"), DOCS / "images" / "faces_curves.png")
    body = [
        "ORL, 3,000 steps of 64. Midpoints are decoded halfway between random held-out photographs of different training people "
        "and compared with all held-out photographs of training people. HED and PCA: kernel distance in VGG (HED) features and "
        "in 64 principal components of the training photographs. Fine detail: spectral energy above a quarter cycle a pixel, "
        "as a share of real photographs'. Means, and in brackets each seed.",
        "",
        *table(["", *(title for _, title, _ in FACES)], rows),
        "How the adversaries fared, over the last half of the training (largest ratio: of R, F and I in any row of `metrics.csv`; "
        "validation: mean error over the third and the last quarter):",
        "",
        *table(
            ["seed", "R", "F", "I", "largest ratio", "third quarter", "last quarter", "warnings", "seconds"], health
        ),
        *(["![Training curves](images/faces_curves.png)", ""] if drawn else []),
    ]
    return section("Photographs of faces, 32 x 32", result, body)


def resume(result: dict[str, Any]) -> list[str]:
    runs = [r for r in result["runs"] if r["killed"]]
    same = sum(r["same_weights"] and r["same_samples"] for r in runs)
    early = sum(not r["had_checkpoint"] for r in runs)
    body = [
        f"Of {len(runs)} runs killed with `kill -9` at random moments ({early} of them before the first checkpoint), {same} "
        "resumed to the same bits: weights, optimiser states, averages and samples.",
        "",
    ]
    return section("Killed and resumed", result, body)


def memory(result: dict[str, Any]) -> list[str]:
    rows = [
        [f"{r['pictures']:,}", f"{r['private_megabytes']:.0f}", f"{r['batch_share_of_step']:.1%}"]
        for r in result["runs"]
    ]
    body = [
        "Pictures of 32 x 32 x 3 in an `.npy` file; private memory at the end of a training (file-backed pages not counted), "
        "and the share of a step that making the batch takes.",
        "",
        *table(["pictures", "private memory, MB", "batch, share of a step"], rows),
    ]
    return section("Large data sets", result, body)


DEAD = "has died"
"""In a warning: the generator draws one thing, whatever it is given (`training.watch`)."""
SEARCH_SEED = 10
"""Seeds from here on were used to choose, and are not reported as results."""
GRID: list[tuple[str, str, Callable[[float], str]]] = [
    ("reconstruction/ssim", "SSIM ↑", lambda v: f"{v:.3f}"),
    ("reconstruction/l1", "L1 ↓", lambda v: f"{v:.4f}"),
    ("sharpness/midpoints", "sharpness of midpoints ↓", lambda v: f"{v:.2f}"),
    ("sharpness/reconstructions", "of reconstructions ↓", lambda v: f"{v:.2f}"),
    ("kernel distance/hed/interpolants", "interpolants, HED ↓ (×10⁴)", lambda v: f"{v * 1e4:.2f}"),
    ("kernel distance/hed/midpoints", "midpoints, HED ↓ (×10⁴)", lambda v: f"{v * 1e4:.2f}"),
    ("convexity gap/hed", "gap, HED ↓ (×10⁴)", lambda v: f"{v * 1e4:.2f}"),
    ("frechet distance/pca/interpolants", "interpolants, Fréchet, PCA ↓", lambda v: f"{v:.2f}"),
    ("kernel distance/pca/interpolants", "interpolants, PCA ↓", lambda v: f"{v:.3f}"),
    ("kernel distance/pca/midpoints", "midpoints, PCA ↓", lambda v: f"{v:.3f}"),
    ("convexity gap/pca", "gap, PCA ↓", lambda v: f"{v:.3f}"),
    ("lines/mean distance", "mean distance ↓ (×10³)", lambda v: f"{v * 1e3:.2f}"),
    ("lines/smoothness", "smoothness ↓", lambda v: f"{v:.3f}"),
    ("lines/flat paths", "flat paths", lambda v: f"{v:.1%}"),
    ("linear probe", "linear probe ↑", lambda v: f"{v:.3f}"),
]


EARLIER = "network.coarsest=4"
"""In a variant: made when the conv network's pyramid ended there, or is made to again."""


def grid_rows(runs: list[dict[str, Any]], shown: list[tuple[str, str, Callable[[float], str]]]) -> list[list[str]]:
    """A row for each model and variant, defaults first: means over the seeds whose generator lived."""
    rows = []
    ways = dict.fromkeys((r["model"], r["variant"]) for r in runs)
    for model, variant in sorted(ways, key=lambda way: way[1] != ""):
        own = [r for r in runs if (r["model"], r["variant"]) == (model, variant)]
        alive = [r for r in own if not any(DEAD in warning for warning in r["warnings"])]
        cells = []
        for key, _, form in shown:
            values = [r["figures"][key] for r in alive if np.isfinite(r["figures"].get(key, np.nan))]
            sd = f" ± {form(float(np.std(values, ddof=1)))}" if len(values) > 1 else ""
            cells.append(form(float(np.mean(values))) + sd if values else "")
        name = f"{model}, {variant.replace(',', ', ')}" if variant else model
        seeds = str(len(own)) if len(alive) == len(own) else f"{len(alive)} of {len(own)}"
        rows.append([name, seeds, *cells, f"{np.mean([r['seconds'] for r in own]):.0f}"])
    return rows


def grid(title: str, result: dict[str, Any]) -> list[str]:
    """All models on one set of pictures."""
    reported = [r for r in result["runs"] if r["seed"] < SEARCH_SEED]
    runs = [r for r in reported if EARLIER not in r["variant"]]
    before = [r for r in reported if EARLIER in r["variant"]]
    if not runs:
        return []
    shown = [(key, head, form) for key, head, form in GRID if any(key in r["figures"] for r in runs)]
    rows = grid_rows(runs, shown)
    first = runs[0]
    blends = {
        key: key.replace("/interpolants", "/blends of values") for key, *_ in shown if key.endswith("/interpolants")
    }
    blend = [form(first["figures"][blends[key]]) if key in blends else "" for key, _, form in shown]
    rows.append(["*pixel blend*", "", *blend, ""])
    tried = [r for r in result["runs"] if r["seed"] >= SEARCH_SEED]
    heads = [head for _, head, _ in shown]
    body = [
        f"{first['steps']:,} steps of {first['batch_size']}; {first['items']} held-out items (`{first['split']}`); the same "
        "networks, examples and pairs for all. Sharpness: mean distance of octave energies from real items', in log2 (0: as real). "
        "Distances are kernel distances from held-out real items unless they say Fréchet; HED: VGG (HED) features. Gap: the middle "
        "of a path less its ends. GAN and BEGAN have no encoder and are measured between drawn codes. Runs whose generator died, "
        "as the training said, are left out and counted.",
        "",
        *table(["model", "seeds", *heads, "seconds"], rows),
    ]  # fmt: skip
    if tried:
        body += [
            "Tried on seeds that the table does not use (GAIA, unless another model is named):",
            "",
            *table(
                ["variant", "seed", *heads],
                [
                    [", ".join(filter(None, [r["model"] if r["model"] != "gaia" else "", r["variant"].replace("gaia.", "")]))
                     or "(default)", str(r["seed"]),
                     *(form(r["figures"][key]) if key in r["figures"] else "" for key, _, form in shown)]
                    for r in tried
                ],
            ),
        ]  # fmt: skip
    if before:
        steps = " or ".join(f"{n:,}" for n in sorted({r["steps"] for r in before}))
        body += [
            f"Before the network and these recipes were settled ({steps} steps):",
            "",
            *table(["model", "seeds", *heads, "seconds"], grid_rows(before, shown)),
        ]  # fmt: skip
    return section(title, result, body)


def orl(result: dict[str, Any]) -> list[str]:
    chosen = result["runs"][-1]  # the recipe that was settled on last
    runs = [r for r in result["runs"] if (r["steps"], r["variant"]) == (chosen["steps"], chosen["variant"])]
    rows = []
    for r in sorted(runs, key=lambda r: (r["seed"], r["keep_detail"], r["refine"], r["amount"])):
        codes = "refined" if r["refine"] else "as encoded"
        for name, parts in r["least_squares"]["edits"].items():
            for part in ("added", "removed", "all"):
                e = parts[part]
                head = [codes, "kept" if r["keep_detail"] else "lost", f"{r['amount']:g}"]
                rows.append([
                    *head, name if part == "all" else f"{name} {part}", str(e["photographs"]),
                    f"{e['right_way']:.0%}", f"{e['moved']:.2f}", f"{e['same_person']:.0%}", f"{e['distance']:.2f}",
                ])  # fmt: skip
    labels = "; ".join(
        f"{name}: {x['present']} photographs, passes agree on {x['agreement']:.1%} (kappa {x['kappa']:.2f})"
        for name, x in runs[0]["labels"].items()
    )
    skill = ", ".join(f"{name} {value:.2f}" for name, value in runs[0]["judge"].items())
    kept = {"refined" if r["refine"] else "as encoded": r["reconstructions_same_person"] for r in runs}
    told = ", ".join(f"{share:.0%} ({codes})" for codes, share in kept.items())
    refine = max(r["refine"] for r in runs)
    first = runs[0]
    body = [
        f"Held-out ORL photographs ({first['size']} x {first['size']}) of people seen in training, edited along least-squares "
        f"vectors; GAIA, {first['steps']:,} steps of {first['batch_size']}, {first['variant'].replace(',', ', ')}, "
        f"seed {first['seed']}. Codes as the encoder gives them, or refined by {refine} steps; detail that the reconstruction "
        "loses added back (`--keep-detail`) or not. Labels made by eye in two passes (`benchmarks/orl/`; empty where they "
        f"disagree). {labels}. Skill of the judge on held-out photographs: {skill}. Right way: the judge's score moved towards "
        "what was asked. Moved: how far, on average, in units of its gap between photographs with and without. Same person: dlib's "
        "face recogniser puts the edit within 0.6 of the original photograph; of reconstructions without any edit it says so for "
        f"{told}.",
        "",
        *table(
            ["codes", "detail", "units", "edit", "photographs", "right way ↑", "moved", "same person ↑", "distance ↓"],
            rows,
        ),
    ]
    return section("Glasses, smiles and beards on photographs", result, body)


def attributes(result: dict[str, Any]) -> list[str]:
    runs = result["runs"]
    moved, kept = [], []
    ways = sorted({(r["correlation"], -r["steps"], r["model"], r.get("variant", "")) for r in runs})
    for correlation, fewer, model, variant in ways:
        own = [
            r for r in runs
            if (r["correlation"], -r["steps"], r["model"], r.get("variant", "")) == (correlation, fewer, model, variant)
        ]  # fmt: skip
        name = f"{model}, {variant.replace('gaia.', '')}" if variant else model
        about = [f"{correlation:g}", name, f"{-fewer:,}"]
        cells = [
            spread([r[method][figure] for r in own], ".2f")
            for figure in ("on_target", "off_target")
            for method in ("mean_difference", "least_squares")
        ]
        lowest = min(cosine for r in own for n, cosine in r["cosine"].items() if n in r["least_squares"]["names"])
        moved.append([*about, str(len(own)), *cells, f"{lowest:.2f}"])
        same = [r["same_movement"] for r in own]
        figures_kept = [
            spread([factor * x[f"{key}{how}"] for x in same], ".2f") if all(f"{key}{how}" in x for x in same) else ""
            for key, factor in (("frechet_distance_pca", 1), ("kernel_distance_hed", 1e4))
            for how in ("", "_from_alike", "_of_alike")
        ]
        kept.append([
            *about, *figures_kept,
            spread([float(np.mean(list(x["amounts"].values()))) for x in same], ".2f"),
        ])  # fmt: skip
    gaia = [r for r in runs if r["model"] == "gaia"]
    correlations = sorted({r["correlation"] for r in gaia})
    # At each correlation the default where it has been run, the longest runs otherwise: never two recipes in one mean.
    ranks = {id(r): (not r["variant"], r["steps"], r["variant"]) for r in gaia}
    best = {c: max(ranks[id(r)] for r in gaia if r["correlation"] == c) for c in correlations}
    means = {
        method.replace("_", " "): [
            float(np.mean([r[method]["off_target"] for r in gaia if r["correlation"] == c and ranks[id(r)] == best[c]]))
            for c in correlations
        ]
        for method in ("mean_difference", "least_squares")
    }
    drawn = DOCS / "images" / "attributes_correlation.png"
    figures.lines(np.array(correlations), means, "correlation of the attributes", "movement of the others", drawn)
    skill = ", ".join(f"{name} {value:.2f}" for name, value in runs[0]["judge"].items())
    batch, size = runs[0]["batch_size"], runs[0]["size"]
    body = [
        f"Cartoon faces of {size} x {size} pixels (`benchmarks/cartoons`), whose attributes male, beard, glasses and (the "
        f"other way round) long hair correlate as the first column says; steps of {batch}. Held-out faces are edited "
        "by one unit of each attribute, away from what they are. A network trained on real pictures of the uncorrelated set "
        "judges: target is how far the edited attribute moved, of 1 asked; others is the mean absolute movement of the rest, "
        "in units of the target's own. "
        f"Skill of the judge on held-out faces (2 x balanced accuracy - 1; below 0.5 an attribute is left out): {skill}.",
        "",
        *table(
            ["correlation", "model", "steps", "seeds", "target, mean difference", "target, least squares",
             "others, mean difference ↓", "others, least squares ↓", "lowest cosine of the two"],
            moved,
        ),
        f"![GAIA: movement of the others by correlation](images/{drawn.name})",
        "",
        "How real edited faces look where the judge says that the target moved by 0.8: Fréchet distance in PCA-64 and kernel "
        "distance in VGG (HED) features (×10⁴) from real held-out faces, from real faces that have the attributes the edits should "
        "have (alike), and of those from held-out ones: where attributes go together, a perfect edit is a rare face, and lies far "
        "from held-out ones. Last, the mean amount that it took.",
        "",
        *table(
            ["correlation", "model", "steps", "Fréchet, PCA ↓", "from alike ↓", "(of alike)", "kernel, HED ↓", "from alike ↓",
             "(of alike)", "amount"],
            kept,
        ),
    ]  # fmt: skip
    return section("Attribute vectors on cartoon faces", result, body)


def clothes(result: dict[str, Any]) -> list[str]:
    rows, first = [], result["runs"][0]
    for r in result["runs"]:
        for method in ("mean_difference", "least_squares"):
            rows.append([
                str(r["seed"]), method.replace("_", " "), f"{r[method]['on_target']:.2f}", f"{r[method]['off_target']:.2f}",
            ])  # fmt: skip
    skill = ", ".join(f"{name} {value:.2f}" for name, value in first["judge"].items())
    body = [
        f"Fashion-MNIST, {first['steps']:,} steps of {first['batch_size']}; a vector for each kind against the commonest, "
        f"{first['reference']}. Of {first['items']:,} held-out items, those of that kind are turned into each other one, and those "
        "back. Target: how far the judge says that it moved, of 1 asked; others: mean absolute movement of the other kinds, in "
        f"units of the target's own. Skill of the judge: {skill}.",
        "",
        *table(["seed", "vectors", "target ↑", "others ↓"], rows),
        f"Least squares; first row: held-out items of the kind {first['reference']}.",
        "",
        "![A kind of clothes turned into the others](images/clothes.png)",
        "",
    ]
    return section("Kinds of clothes", result, body)


def search_attributes(result: dict[str, Any]) -> list[str]:
    rows = [
        [r["variant"].replace("gaia.", ""), f"{r['steps']:,}", f"{r['validation']:.4f}",
         f"{r['least_squares']['on_target']:.3f}", f"{r['least_squares']['off_target']:.3f}",
         f"{r['same_movement']['frechet_distance_pca']:.2f}", f"{1e4 * r['same_movement']['kernel_distance_hed']:.2f}"]
        for r in result["runs"]
    ]  # fmt: skip
    body = [
        "GAIA at correlation 0.7, on a seed that the table of attribute vectors does not use; least squares, columns as there.",
        "",
        *table(["variant", "steps", "error ↓", "target ↑", "others ↓", "Fréchet, PCA ↓", "kernel, HED ↓"], rows),
    ]
    return section("The search for a recipe, cartoon faces", result, body)


def search_orl(result: dict[str, Any]) -> list[str]:
    rows = []
    for r in result["runs"]:
        edits = [e["all"] for name, e in r["least_squares"]["edits"].items() if name != "beard"]
        rows.append([
            r["model"], r["variant"].replace("gaia.", ""), f"{r['steps']:,}", str(r.get("refine") or ""),
            f"{r['validation']:.4f}", f"{r['reconstructions_same_person']:.0%}",
            f"{np.mean([e['same_person'] for e in edits]):.0%}", f"{np.mean([e['right_way'] for e in edits]):.0%}",
        ])  # fmt: skip
    body = [
        "Photographs at 64 x 64, on a seed that the table of edits does not use. Of pairs of real photographs of one person, "
        "99.6 % are within 0.6 of each other. Edits by one unit of glasses and smile.",
        "",
        *table(
            [
                "model",
                "variant",
                "steps",
                "refined by",
                "error ↓",
                "reconstructions, same person ↑",
                "edits, same person ↑",
                "right way ↑",
            ],
            rows,
        ),
    ]
    return section("The search for a recipe, identity", result, body)


def search_toy2d(result: dict[str, Any]) -> list[str]:
    runs = result["runs"]
    sets = list(dict.fromkeys(r["set"] for r in runs))
    rows = []
    for variant in dict.fromkeys(r["variant"] for r in runs):
        cells = []
        for name in sets:
            own = [r for r in runs if (r["variant"], r["set"]) == (variant, name)]
            cells += [spread([r[f] for r in own], ".3f") for f in ("inside", "coverage", "reconstruction")]
        rows.append([variant.replace("gaia.", "").replace("network.", ""), *cells])
    head = [f"{name}, {figure}" for name in sets for figure in ("inside", "coverage", "error")]
    body = [
        "What was tried on sets in the plane, one seed each, on seeds and points that the tables above never use. base is "
        "`recipes/toy2d.yaml` as it stood before the objective `interpolations`; each row says what differs. The row *balanced "
        "(all sets, seeds 0-2)* is what the first table held before: mean and standard deviation over its three seeds.",
        "",
        *table(["variant", *head], rows),
    ]
    return section("The search for a recipe, sets in the plane", result, body)


def collapse(result: dict[str, Any]) -> list[str]:
    rows = []
    for name in dict.fromkeys(r["set"] for r in result["runs"]):
        own = [r for r in result["runs"] if r["set"] == name]
        ended = [r for r in own if not r["diverged"]]
        told = sorted({w for r in ended for w in r["warnings"]} | {r["diverged"] for r in own if r["diverged"]})
        rows.append([
            name, f"{own[0]['steps']:,}", str(len(own)), str(len(own) - len(ended)), str(sum(bool(r["warnings"]) for r in ended)),
            f"{max(r['largest_ratio'] for r in ended):.2f}" if ended else "",
            f"{max(r['error_share'] for r in ended):.2f}" if ended else "", "; ".join(told),
        ])  # fmt: skip
    body = [
        "GAIA as it comes (plane sets: `recipes/toy2d.yaml`; lines: `recipes/lines.yaml`), briefly. Largest ratio: of R, F and I "
        "in any row of the second half, over all seeds. Error: of held-out items, as a share of what answering with the mean item "
        "would give, of the worst seed.",
        "",
        *table(["set", "steps", "seeds", "diverged", "with warnings", "largest ratio", "error ↓", "told"], rows),
    ]
    return section("Does the default collapse?", result, body)


PARTS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "toy2d": toy2d,
    "faces": faces,
    "grid_faces": partial(grid, "All models on photographs of faces, 32 x 32"),
    "grid_faces64": partial(grid, "All models on photographs of faces, 64 x 64"),
    "grid_fashion": partial(grid, "All models on Fashion-MNIST, 32 x 32"),
    "grid_lines": partial(grid, "All models on lines"),
    "collapse": collapse,
    "attributes": attributes,
    "orl": orl,
    "clothes": clothes,
    "search_toy2d": search_toy2d,
    "search_attributes": search_attributes,
    "search_orl": search_orl,
    "resume": resume,
    "memory": memory,
}
"""What is told, in this order, by the result file that it is told from."""


def main() -> None:
    lines = [
        "# Results",
        "",
        "Generated by `python benchmarks/report.py` from `benchmarks/results/*.json`; do not edit. `make bench` makes the files.",
        "",
        "Networks of pictures once ended their pyramid at 4 x 4 places instead of 8 x 8. Rows from then are marked "
        "`network.coarsest=4`; photographs of faces (the table and curves of `faces.py`), kinds of clothes, resuming and memory "
        "are from then too.",
        "",
    ]
    for name, part in PARTS.items():
        if (result := load(name)) is not None:
            lines += part(result)
    (DOCS / "results.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
