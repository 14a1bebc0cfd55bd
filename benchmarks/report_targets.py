"""What GAIA was to show, and what came of it: the table at the head of docs/results.md, computed from the result files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pages import load, spread, table
from report_grid import SEARCH_SEED, died, measured_alike

Row = list[str]
WITHOUT_ENCODER = ("gan", "began")
CHECKED = 0.8
"""Share of edits of photographs that has to go the right way, and to remain the same person."""

LACKING, ENLARGED = 0.02, 1.5
"""In the plane: how much less than AE's coverage, and what multiple of its error, a model may have."""
FLAT, BLURRED = 0.01, 2
"""On lines: the largest share of flat paths, and the largest error as a multiple of AE's, of a result that counts."""


def verdict(holds: bool, near: bool = False) -> str:
    return ("holds" if holds else "**missed**") + (", within the spread" if near else "")


def by_model(runs: list[dict[str, Any]], figure: Callable[[dict[str, Any]], float | None]) -> dict[str, list[float]]:
    """The figure of every living run with the default recipe, by model."""
    found: dict[str, list[float]] = {}
    for r in runs:
        if r["seed"] < SEARCH_SEED and not r.get("variant") and not died(r) and (value := figure(r)) is not None:
            found.setdefault(r["model"], []).append(value)
    return found


def means(values: dict[str, list[float]]) -> dict[str, float]:
    return {model: float(np.mean(of)) for model, of in values.items()}


def told(values: dict[str, list[float]], form: str, factor: float = 1) -> list[str]:
    """GAIA's cell and that of the best other (both lower is better), with how many seeds."""

    def cell(model: str) -> str:
        return f"{spread([factor * v for v in values[model]], form)} ({len(values[model])})"

    others = {model: mean for model, mean in means(values).items() if model != "gaia"}
    best = min(others, key=lambda model: others[model])
    return [cell("gaia"), f"{best} {cell(best)}"]


def first(what: str, values: dict[str, list[float]], form: str, factor: float = 1) -> list[Row]:
    """GAIA has the lowest mean of these models; nothing where there is none to compare."""
    if "gaia" not in values or len(values) < 2:
        return []
    mean = means(values)
    rival = min((model for model in mean if model != "gaia"), key=lambda model: mean[model])
    spreads = [float(np.std(values[model], ddof=1)) for model in ("gaia", rival) if len(values[model]) > 1]
    near = abs(mean["gaia"] - mean[rival]) < max(spreads, default=0)
    return [[what, *told(values, form, factor), verdict(mean["gaia"] <= mean[rival], near)]]


def lowest(what: str, runs: list[dict[str, Any]], key: str, form: str, factor: float = 1) -> list[Row]:
    """GAIA has the lowest mean of all models with an encoder."""
    encoding = [r for r in runs if r["model"] not in WITHOUT_ENCODER]
    return first(what, by_model(encoding, lambda run: run["figures"].get(key)), form, factor)


def shares(what: str, runs: list[dict[str, Any]], key: str, of: str, most: float, form: str) -> list[Row]:
    """GAIA's mean is at most this share of another model's."""
    values = by_model(runs, lambda run: run["figures"].get(key))
    if not {"gaia", of} <= values.keys():
        return []
    mean = means(values)
    cells = told({model: values[model] for model in ("gaia", of)}, form)
    return [[what, *cells, verdict(mean["gaia"] <= most * mean[of])]]


def pictures(name: str, title: str) -> list[Row]:
    """Photographs and clothes, asked the same; Fréchet distances where there are items enough to have one."""
    if (result := load(name)) is None:
        return []
    runs, rows = measured_alike(result["runs"]), []
    for features, form, factor in (("hed", ".2f", 1e4), ("pca", ".3f", 1)):
        unit = f"{features.upper()}{', ×10⁴' if factor != 1 else ''}"
        gap = f"convexity gap/{features}"
        kernel, frechet = (f"{kind} distance/{features}/interpolants" for kind in ("kernel", "frechet"))
        if all(frechet in r["figures"] for r in runs):
            rows += lowest(
                f"{title}: interpolants nearest to real items (Fréchet, {features.upper()})", runs, frechet, ".2f"
            )
        else:
            rows += lowest(f"{title}: interpolants nearest to real items ({unit})", runs, kernel, form, factor)
        rows += lowest(f"{title}: smallest convexity gap ({unit})", runs, gap, form, factor)
    for other in ("ae", "vae"):
        what = f"{title}: sharpness distance of midpoints under half of {other.upper()}'s"
        rows += shares(what, runs, "sharpness/midpoints", other, 0.5, ".2f")
    ssim = by_model(runs, lambda run: run["figures"].get("reconstruction/ssim"))
    if {"gaia", "vae_gan"} <= ssim.keys():
        cells = told({model: ssim[model] for model in ("gaia", "vae_gan")}, ".3f")
        rows.append(
            [f"{title}: SSIM no lower than VAE-GAN's", *cells, verdict(means(ssim)["gaia"] >= means(ssim)["vae_gan"])]
        )
    return rows


def plane() -> list[Row]:
    if (result := load("toy2d")) is None:
        return []
    runs = [r for r in result["runs"] if not r.get("variant")]
    names = list(dict.fromkeys(r["set"] for r in runs))

    def mean(model: str, figure: str, name: str) -> float:
        return float(np.mean([r[figure] for r in runs if (r["model"], r["set"]) == (model, name)]))

    complete = [
        m for m in dict.fromkeys(r["model"] for r in runs) if {r["set"] for r in runs if r["model"] == m} == set(names)
    ]
    inside = {m: {n: mean(m, "inside", n) for n in names} for m in complete}
    average = {m: float(np.mean(list(of.values()))) for m, of in inside.items()}
    covered, errors = (
        {m: {n: mean(m, figure, n) for n in names} for m in complete} for figure in ("coverage", "reconstruction")
    )
    lacking = {m: {n: of[n] - covered["ae"][n] for n in names} for m, of in covered.items()}
    times = {n: errors["gaia"][n] / errors["ae"][n] for n in names}
    error = {
        m: float(np.mean(list(of.values()))) / float(np.mean(list(errors["ae"].values()))) for m, of in errors.items()
    }
    keeping = [m for m in complete if min(lacking[m].values()) >= -LACKING and error[m] <= ENLARGED]
    least, poor = (min(names, key=lambda n: of["gaia"][n]) for of in (inside, lacking))
    worst = max(names, key=lambda n: times[n])
    lack = lacking["gaia"][poor]

    def highest(models: list[str]) -> list[str]:
        other = max((m for m in models if m != "gaia"), key=lambda m: average[m])
        return [f"{average['gaia']:.3f}", f"{other} {average[other]:.3f}", verdict(average["gaia"] >= average[other])]

    return [
        ["Plane: mean share inside the data at least .95", f"{average['gaia']:.3f}", "", verdict(average["gaia"] >= 0.95)],
        ["Plane: no set under .90", f"{inside['gaia'][least]:.3f} ({least})", "", verdict(inside["gaia"][least] >= 0.9)],
        ["Plane: coverage at least AE's less .02", f"{lack:+.3f} ({poor})", "", verdict(lack >= -LACKING)],
        ["Plane: error at most 1.5 times AE's, of all sets", f"{error['gaia']:.2f} times", "", verdict(error["gaia"] <= ENLARGED)],
        ["Plane: the same in each set", f"{times[worst]:.2f} times ({worst})", "", verdict(times[worst] <= ENLARGED)],
        ["Plane: highest share of the models with such coverage and error", *highest(keeping)],
        ["Plane: highest share of all", *highest(complete)],
    ]  # fmt: skip


def lines() -> list[Row]:
    """A model counts only where fewer than 1 % of its paths are flat and its error is at most twice AE's: one true line,
    whatever the codes, would have no distance at all."""
    if (result := load("grid_lines")) is None:
        return []
    runs = result["runs"]
    flat = by_model(runs, lambda run: run["figures"].get("lines/flat paths"))
    error = means(by_model(runs, lambda run: run["figures"].get("reconstruction/l1")))
    count = {m for m in flat if max(flat[m]) < FLAT and error[m] <= BLURRED * error.get("ae", np.inf)}
    counting = [r for r in runs if r["model"] in count]
    distance = "lines/mean distance"
    rows = lowest("Lines: lowest mean distance (×10³)", counting, distance, ".2f", 1e3)
    rows += lowest("Lines: smoothest", counting, "lines/smoothness", ".3f")
    if "gaia" in flat:
        most = max(flat["gaia"])
        rows.append(["Lines: fewer than 1 % of paths flat", f"{most:.1%} at most", "", verdict(most < FLAT)])
    rows += shares("Lines: error (L1) at most twice AE's", runs, "reconstruction/l1", "ae", BLURRED, ".4f")
    out = means({m: of for m, of in by_model(runs, lambda run: run["figures"].get(distance)).items() if m not in count})
    told_out = ", ".join(
        f"{m} (mean distance {1e3 * d:.2f}, error {error[m] / error['ae']:.1f} times AE's)" for m, d in out.items()
    )
    return rows + (
        [["Lines: left out, for their paths are flat or their error is too large", "", told_out, ""]] if out else []
    )


def stable() -> list[Row]:
    if (result := load("collapse")) is None:
        return []
    runs = [r for r in result["runs"] if "without" not in r["set"] and "," not in r["set"]]  # as it comes
    bad = sum(bool(r["diverged"] or r["warnings"]) for r in runs)
    return [
        [
            "No run of the default collapses or diverges, on eight sets",
            f"{bad} of {len(runs)} runs",
            "",
            verdict(not bad),
        ]
    ]


def cartoons() -> list[Row]:
    if (result := load("attributes")) is None:
        return []
    kept = [r for r in result["runs"] if not r.get("variant")]
    strong = [r for r in kept if r["correlation"] == 0.7]
    own = [r for r in strong if r["model"] == "gaia"]
    rows = []
    if own:
        moved = [r["least_squares"]["on_target"] for r in own]
        rows.append(
            [
                "Cartoons, correlation .7: the target moves at least .8",
                f"{spread(moved)} ({len(own)})",
                "",
                verdict(np.mean(moved) >= 0.8),
            ]
        )
        others = {m: [r[m]["off_target"] for r in own] for m in ("least_squares", "mean_difference")}
        half = np.mean(others["least_squares"]) <= 0.5 * np.mean(others["mean_difference"])
        rows.append([
            "Cartoons: the rest moves at most half as much as by mean differences",
            f"{spread(others['least_squares'])} ({len(own)})",
            f"mean differences {spread(others['mean_difference'])}", verdict(bool(half)),
        ])  # fmt: skip
    if none := [r for r in kept if r["correlation"] == 0 and r["model"] == "gaia"]:
        cosine = min(c for r in none for c in r["cosine"].values())
        rows.append(
            [
                "Cartoons, uncorrelated: both methods agree (cosine at least .95)",
                f"{cosine:.3f}, the lowest ({len(none)})",
                "",
                verdict(cosine >= 0.95),
            ]
        )
    for what, key, form, factor in (
        ("Fréchet, PCA", "frechet_distance_pca", ".2f", 1), ("kernel, HED, ×10⁴", "kernel_distance_hed", ".2f", 1e4),
    ):  # fmt: skip
        values: dict[str, list[float]] = {}
        for r in strong:
            if key in r["same_movement"]:
                values.setdefault(r["model"], []).append(r["same_movement"][key])
        rows += first(f"Cartoons: edits the most realistic at the same movement ({what})", values, form, factor)
    return rows


def photographs() -> list[Row]:
    if (result := load("orl")) is None:
        return []
    last = [
        r
        for r in result["runs"]
        if r["variant"] == result["runs"][-1]["variant"] and not r["keep_detail"] and r["amount"] == 1
    ]
    rows = []
    for name in ("glasses", "smile"):
        e = last[-1]["least_squares"]["edits"][name]["all"]
        for what, key in (("the right way", "right_way"), ("the same person", "same_person")):
            rows.append(
                [
                    f"Photographs, {name}: {what} in at least 80 %",
                    f"{e[key]:.0%} of {e['photographs']}",
                    "",
                    verdict(e[key] >= CHECKED),
                ]
            )
    return rows


def targets() -> list[str]:
    rows = [
        *plane(),
        *lines(),
        *pictures("grid_faces", "Faces"),
        *pictures("grid_faces_long", "Faces, four times as long"),
        *pictures("grid_faces64", "Faces at 64 x 64"),
        *pictures("grid_fashion", "Fashion-MNIST"),
        *stable(),
        *cartoons(),
        *photographs(),
    ]
    return [
        "## What was to be shown",
        "",
        "Targets set before the search, and the means of the default recipes' runs (in brackets, how many seeds; runs whose "
        "generator died are left out) beside the best of the other models. How each figure is made stands in the sections below. "
        "*Within the spread*: the two means lie nearer than one standard deviation over seeds.",
        "",
        *table(["target", "GAIA", "best other", ""], rows),
    ]
