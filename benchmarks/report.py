"""docs/results.md and its figures from results/*.json.  python benchmarks/report.py"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gaiamorph.evaluation.jackknife import standard_error
from gaiamorph.output import figures
from pages import DOCS, Column, load, section, spread, table
from report_attributes import attributes, clothes, orl
from report_grid import LEGEND, columns_of, grid, grid_rows
from report_plane import toy2d
from report_targets import targets

FACES: list[Column] = [
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
    runs = sorted(result["runs"], key=lambda r: r["seed"])
    rows = []
    for variant in dict.fromkeys(r["variant"] for r in runs):
        own = [r for r in runs if r["variant"] == variant]
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
        "ORL at 32 x 32, 3,000 steps of 64; GAIA, the same with a discriminator that is a plain autoencoder of real items "
        "(without fake terms: `gaia.adversarial` 0), that without U as well (`gaia.set_distance` 0), and an autoencoder. Midpoints "
        "are decoded halfway between random held-out photographs of different training people and compared with all held-out "
        "photographs of training people. HED and PCA: kernel distance in VGG (HED) features and in 64 principal components of the "
        "training photographs. Fine detail: spectral energy above a quarter cycle a pixel, as a share of real photographs'. Means, "
        "and in brackets each seed.",
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
    return section("What the adversary does, on photographs of faces", result, body)


PLANE: list[Column] = [
    ("inside", "inside ↑", lambda v: f"{v:.3f}"),
    ("coverage", "coverage ↑", lambda v: f"{v:.3f}"),
    ("reconstruction", "reconstruction ↓", lambda v: f"{v:.4f}"),
]


def over_sets(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """One run in their place: means of their figures, so that deviations are those over seeds."""
    means = {key: float(np.mean([r["figures"][key] for r in runs])) for key, *_ in PLANE}
    warnings = [warning for r in runs for warning in r["warnings"]]
    return {
        **runs[0],
        "figures": means,
        "warnings": warnings,
        "seconds": float(np.mean([r["seconds"] for r in runs])),
    }


def precision(result: dict[str, Any]) -> list[str]:
    runs = [{**r, "model": "gaia", "variant": r["precision"]} for r in result["runs"]]
    photographs = [r for r in runs if r["set"] == "faces"]
    ways = dict.fromkeys((r["variant"], r["seed"]) for r in runs)
    plane = [over_sets([r for r in runs if r not in photographs and (r["variant"], r["seed"]) == way]) for way in ways]
    body = [
        "GAIA with `--precision bf16` and with `--precision fp32`, all else alike: photographs of faces (as in their table), and "
        "the five sets in the plane (`recipes/toy2d.yaml`; bf16 only because it is asked for, since the network mlp takes fp32 by "
        "itself), means over the sets. Means ± standard deviations over seeds.",
        "",
    ]
    for what, own, shown in (("faces", photographs, columns_of(photographs)), ("plane", plane, PLANE)):
        body += table([what, "seeds", *(head for _, head, _ in shown), "seconds"], grid_rows(own, shown))
    return section("What bf16 costs in quality", result, body)


def gap(result: dict[str, Any]) -> list[str]:
    people = sorted({person for r in result["runs"] for person in r["without"]})

    def without_each(runs: list[dict[str, Any]]) -> np.ndarray:
        """The mean gap of the runs without one person after another; a run that does not hold a person out is as it is."""
        return np.array([np.mean([r["without"].get(person, r["gap"]) for r in runs]) for person in people])

    rows = []
    for name in dict.fromkeys(r["set"] for r in result["runs"]):
        gaia, acai = ([r for r in result["runs"] if (r["set"], r["model"]) == (name, m)] for m in ("gaia", "acai"))
        what = GRIDS[f"grid_{name}"]
        for runs in (gaia, acai):
            gaps, trained = ([r[key] for r in runs] for key in ("gap", "gap_in_training"))
            error = standard_error(without_each(runs))
            rows.append([what, runs[0]["model"], str(len(runs)), spread(gaps), f"{error:.3f}", spread(trained)])
        less = [
            float(np.mean([r[key] for r in gaia]) - np.mean([r[key] for r in acai]))
            for key in ("gap", "gap_in_training")
        ]
        error = standard_error(without_each(gaia) - without_each(acai))
        rows.append([what, "the one less the other", "", f"{less[0]:.3f}", f"{error:.3f}", f"{less[1]:.3f}"])
    body = [
        "The convexity gap in principal components is the one figure of photographs in the table of targets by which another model "
        "comes out ahead. Here it is once more, on 72 photographs of 36 people, with a standard error over the people (jackknife "
        "over all who are held out in any of the seeds), and on the photographs of training. A gap is a difference, and "
        "ACAI's ends, its reconstructions, lie farther from real photographs than GAIA's do.",
        "",
        *table(["", "model", "seeds", "gap, PCA ↓", "± over people", "in training ↓"], rows),
    ]
    return section("How sure the convexity gap of faces is", result, body)


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


def collapse(result: dict[str, Any]) -> list[str]:
    rows = []
    for name in dict.fromkeys(r["set"] for r in result["runs"] if "," not in r["set"]):
        own = [r for r in result["runs"] if r["set"] == name]
        ended = [r for r in own if not r["diverged"]]
        told = sorted({w for r in ended for w in r["warnings"]} | {r["diverged"] for r in own if r["diverged"]})
        rows.append([
            name, f"{own[0]['steps']:,}", str(len(own)), str(len(own) - len(ended)), str(sum(bool(r["warnings"]) for r in ended)),
            f"{max(r['largest_ratio'] for r in ended):.2f}" if ended else "",
            f"{max(r['error_share'] for r in ended):.2f}" if ended else "", "; ".join(told),
        ])  # fmt: skip
    body = [
        "GAIA as it comes (plane sets: `recipes/toy2d.yaml`; lines: `recipes/lines.yaml`), briefly. "
        "Largest ratio: of R, F and I in any row of the second half, over "
        "all seeds. Error: of held-out items, as a share of what answering with the mean item would give, of the worst seed.",
        "",
        *table(["set", "steps", "seeds", "diverged", "with warnings", "largest ratio", "error ↓", "told"], rows),
    ]
    return section("Does the default collapse?", result, body)


GRIDS = {
    "grid_faces": "photographs of faces, 32 x 32",
    "grid_faces_long": "photographs of faces, four times as long",
    "grid_faces64": "photographs of faces, 64 x 64",
    "grid_fashion": "Fashion-MNIST, 32 x 32",
    "grid_lines": "lines",
}
Part = Callable[[dict[str, Any]], list[str]]
RESULTS: dict[str, Part] = {
    "toy2d": toy2d,
    **{name: partial(grid, f"All models on {what}", f"{name}.png") for name, what in GRIDS.items()},
    "faces": faces,
    "gap": gap,
    "precision": precision,
    "collapse": collapse,
    "attributes": attributes,
    "orl": orl,
    "clothes": clothes,
    "resume": resume,
    "memory": memory,
}
"""What docs/results.md tells, in this order, by the result file that it is told from."""


def page(name: str, head: list[str], parts: dict[str, Part]) -> None:
    made = "Generated by `python benchmarks/report.py` from `benchmarks/results/*.json`; do not edit."
    lines = [head[0], "", made, "", *head[1:]]
    for file, part in parts.items():
        if (result := load(file)) is not None:
            lines += part(result)
    (DOCS / name).write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def main() -> None:
    about = "`make bench` makes the files. What was tried on the way stands in [findings](findings.md)."
    page("results.md", ["# Results", about, "", *targets(), *LEGEND], RESULTS)


if __name__ == "__main__":
    main()
