"""What docs/results.md tells of attribute vectors: cartoon faces, photographs, kinds of clothes."""

from __future__ import annotations

from typing import Any

import numpy as np

from gaiamorph import drawing
from pages import DOCS, section, spread, table
from report_grid import earlier


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


MOVED = (
    "correlation", "model", "steps", "seeds", "target, mean difference", "target, least squares", "others, mean difference ↓",
    "others, least squares ↓", "lowest cosine of the two",
)  # fmt: skip
"""Columns of how edits move attributes, and below of how real they look."""
KEPT = (
    "correlation", "model", "steps", "Fréchet, PCA ↓", "from alike ↓", "(of alike)", "kernel, HED ↓", "from alike ↓",
    "(of alike)", "amount",
)  # fmt: skip


def cartoon_rows(runs: list[dict[str, Any]]) -> tuple[list[list[str]], list[list[str]]]:
    """Rows of MOVED and of KEPT: one for each correlation, budget, model and variant."""
    moved, kept = [], []
    for way in sorted({cartoon_way(r) for r in runs}):
        correlation, fewer, model, variant = way
        own = [r for r in runs if cartoon_way(r) == way]
        name = f"{model}, {variant.replace('gaia.', '').replace(',', ', ')}" if variant else model
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
    return moved, kept


def cartoon_way(run: dict[str, Any]) -> tuple[float, int, str, str]:
    """What a row is of; long trainings come first."""
    return run["correlation"], -run["steps"], run["model"], run["variant"]


def attributes_tried(result: dict[str, Any]) -> list[str]:
    moved, kept = cartoon_rows([r for r in result["runs"] if earlier(r["variant"])])
    body = [
        "Columns and judge as in the table of attribute vectors in results.",
        "",
        *table(MOVED, moved),
        *table(KEPT, kept),
    ]
    return section("On cartoon faces, with earlier networks", result, body)


def attributes(result: dict[str, Any]) -> list[str]:
    runs = [r for r in result["runs"] if not earlier(r["variant"])]
    moved, kept = cartoon_rows(runs)
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
    drawing.lines(np.array(correlations), means, "correlation of the attributes", "movement of the others").save(drawn)
    skill = ", ".join(f"{name} {value:.2f}" for name, value in runs[0]["judge"].items())
    batch, size = runs[0]["batch_size"], runs[0]["size"]
    body = [
        f"Cartoon faces of {size} x {size} pixels (`benchmarks/cartoons`), whose attributes male, beard, glasses and (the "
        f"other way round) long hair correlate as the first column says; `recipes/cartoons.yaml`, steps of {batch}. Held-out "
        "faces are edited by one unit of each attribute, away from what they are. A network trained on real pictures of the "
        "uncorrelated set judges: target is how far the edited attribute moved, of 1 asked; others is the mean absolute movement "
        "of the rest, in units of the target's own. "
        f"Skill of the judge on held-out faces (2 x balanced accuracy - 1; below 0.5 an attribute is left out): {skill}.",
        "",
        *table(MOVED, moved),
        f"![GAIA: movement of the others by correlation](images/{drawn.name})",
        "",
        "How real edited faces look where the judge says that the target moved by 0.8: Fréchet distance in PCA-64 and kernel "
        "distance in VGG (HED) features (×10⁴) from real held-out faces, from real faces that have the attributes the edits should "
        "have (alike), and of those from held-out ones: where attributes go together, a perfect edit is a rare face, and lies far "
        "from held-out ones. Last, the mean amount that it took.",
        "",
        *table(KEPT, kept),
    ]
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
