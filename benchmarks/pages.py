"""Fill in the tables of the pages in docs/ from results/*.json:  python benchmarks/pages.py

The text of a page is written by hand. A comment says what is filled in below it, up to `<!-- / -->`:

    <!-- table NAME by KEY, KEY=HEADING           a row for each way that these keys of the runs differ
    KEY; HEADING; FORMAT; FACTOR; HOW             a column; HOW: what becomes of several runs (see HOW), by default mean ± sd
    as NAME                                       or the columns of a table above; a column that no run has is left out
    -->
    <!-- made NAME, NAME -->                      with which command, and on which machine
    <!-- targets -->
"""

import itertools
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

HERE = Path(__file__).parent
RESULTS, DOCS = HERE / "results", HERE.parent / "docs"
Run = dict[str, Any]
Values = dict[str, list[float]]
"""Of one metric: a value for each seed, by model."""
MODELS = ("gaia", "ae", "vae", "gan", "vae_gan", "aae", "acai", "began", "gaia (paper)")
SETS = ("faces", "faces_long", "faces64", "fashion", "lines")
YES = {True: "yes", False: "no"}
MADE = ("machine", "torch", "gaiamorph")
NOT_COMPARED = ("gan", "began", "gaia (paper)", "pixel blend")
DEAD = "generator has died"
"""In a warning. Such a run is left out of means."""


# Tables ---------------------------------------------------------------------------------------------


class Column(NamedTuple):
    """how: what the values of several runs become, a mean ± standard deviation or one of HOW."""

    key: str
    head: str
    form: str = ".3f"
    factor: float = 1
    how: str = "spread"

    def cell(self, runs: list[Run]) -> str:
        values = [run[self.key] for run in runs if self.key in run]
        if values and isinstance(values[0], dict):
            return times(values[0])
        if not values or isinstance(values[0], str):
            return values[0] if values else ""
        scaled = [self.factor * value for value in values]
        return spread(scaled, self.form) if self.how == "spread" else format(HOW[self.how](scaled), self.form)


HOW: dict[str, Callable[[list[float]], float]] = {"mean": np.mean, "least": min, "most": max, "sum": sum, "count": len}


def columns(text: str) -> list[Column]:
    rows = [line.split("; ") for line in text.strip().splitlines()]
    return [Column(*row[:3], *(float(f) for f in row[3:4]), *row[4:]) for row in rows]


def load(name: str) -> dict[str, Any]:
    return json.loads((RESULTS / f"{name}.json").read_text())


def runs_of(name: str, **key: Any) -> list[Run]:
    return [run for run in load(name)["runs"] if all(run.get(k) == v for k, v in key.items())]


def table(head: Sequence[str], rows: list[list[str]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    return [lines[0], "|" + "---|" * len(head), *lines[1:]]


def spread(values: Sequence[float], form: str) -> str:
    deviation = f" ± {np.std(values, ddof=1):{form}}" if len(values) > 1 else ""
    return f"{np.mean(values):{form}}{deviation}"


def times(faster: dict[str, float]) -> str:
    return "**{median:.2f}** ({least:.2f} – {most:.2f})".format(**faster)


def summary(runs: list[Run], by: dict[str, str], shown: Sequence[Column], best: bool) -> list[str]:
    """best: mark the best mean of each column, of the models with an encoder."""
    runs = [run for run in runs if all(key in run for key in by)]
    shown = [column for column in shown if any(column.key in run for run in runs)]
    told = [run for run in runs if any(column.key in run for column in shown if column.key != "seconds")]
    ways = list(dict.fromkeys(tuple(run[key] for key in by) for run in told))
    rows = [[c.cell([r for r in runs if tuple(r[key] for key in by) == way]) for c in shown] for way in ways]
    for j, column in enumerate(shown if best else ()):
        if arrow := re.search("[↑↓]", column.head):
            able = [i for i, way in enumerate(ways) if rows[i][j] and way[0] not in NOT_COMPARED]
            means = {i: float(rows[i][j].split(" ±")[0]) for i in able}
            winner = (max if arrow[0] == "↑" else min)(means.values())
            for i in (i for i in able if means[i] == winner):
                rows[i][j] = f"**{rows[i][j]}**"
    names = [
        [YES.get(v, "") if isinstance(v, bool) else v if isinstance(v, str) else f"{v:,g}" for v in way] for way in ways
    ]
    return table([*by.values(), *(c.head for c in shown)], [n + row for n, row in zip(names, rows, strict=True)])


def reported(name: str) -> list[Run]:
    """The runs of the usual length whose generator lived, by model."""
    runs = load(name)["runs"]
    steps = min(run["steps"] for run in runs)
    living = [run for run in runs if run["steps"] == steps and not any(DEAD in warning for warning in run["warnings"])]
    return sorted(living, key=lambda run: MODELS.index(run["model"]))


def with_blends(name: str) -> list[Run]:
    """And what a blend of pixels has."""
    runs, known = reported(name), "blends of values"
    blend = {key.replace(known, "interpolants"): value for key, value in runs[0].items() if known in key}
    return [*runs, {"model": "pixel blend", **blend}]


def over_sets(name: str, *by: str) -> list[Run]:
    """Runs on the sets in the plane as one, with means, the lowest of them, and the share inside each set."""
    runs, found = [run for run in load(name)["runs"] if "inside" in run], []
    for way in dict.fromkeys(tuple(run[key] for key in by) for run in runs):
        own = [run for run in runs if tuple(run[key] for key in by) == way]
        keys = ("inside", "coverage", "reconstruction", "seconds")
        row = dict(zip(by, way, strict=True)) | {run["set"]: run["inside"] for run in own}
        row |= {key: float(np.mean([run[key] for run in own])) for key in keys}
        found.append(row | {f"lowest {key}": min(run[key] for run in own) for key in keys})
    return found


RUNS: dict[str, Callable[[], list[Run]]] = {
    **{name: (lambda name=name: with_blends(name)) for name in SETS},
    "lines_longer": lambda: [{"note": "", **run} for run in load("lines")["runs"] if run not in reported("lines")],
    "plane": lambda: over_sets("plane", "model", "seed"),
    "bf16_faces": lambda: runs_of("bf16", set="faces"),
    "bf16_plane": lambda: over_sets("bf16", "precision", "seed"),
    "collapse": lambda: [{**r, "warned": bool(r["diverged"] or r["warnings"])} for r in load("collapse")["runs"]],
    "resume": lambda: runs_of("resume", killed=True),
    "step_fp32": lambda: [{"case": run["case"], **run["fp32"]} for run in load("step")["runs"]],
}
"""Of tables that are not of a whole result file."""
COLUMNS: dict[str, list[Column]] = {}
"""Of the tables so far."""


# Targets --------------------------------------------------------------------------------------------


def verdict(holds: bool, near: bool = False) -> str:
    return ("holds" if holds else "**missed**") + (", within the spread" if near else "")


def by_model(runs: list[Run], key: str) -> Values:
    return {model: own for model in MODELS if (own := [r[key] for r in runs if r["model"] == model and key in r])}


def told(values: Sequence[float], form: str, factor: float = 1) -> str:
    return f"{spread([factor * v for v in values], form)} ({len(values)})"


def lowest(what: str, values: Values, form: str, factor: float = 1) -> list[str]:
    """GAIA has the lowest mean of these models."""
    mean = {model: float(np.mean(own)) for model, own in values.items()}
    rival = min((model for model in mean if model != "gaia"), key=lambda model: mean[model])
    near = abs(mean["gaia"] - mean[rival]) < max(np.std(values[model], ddof=1) for model in ("gaia", rival))
    cells = [told(values["gaia"], form, factor), f"{rival} {told(values[rival], form, factor)}"]
    return [what, *cells, verdict(mean["gaia"] <= mean[rival], bool(near))]


def against(what: str, values: Values, other: str, form: str, holds: Callable[[float, float], bool]) -> list[str]:
    cells = [told(values["gaia"], form), f"{other} {told(values[other], form)}"]
    return [what, *cells, verdict(holds(float(np.mean(values["gaia"])), float(np.mean(values[other]))))]


def on_pictures(name: str, title: str) -> list[list[str]]:
    runs, rows = [run for run in reported(name) if run["model"] not in NOT_COMPARED], []
    for features, unit, form, factor in (("hed", "HED, 10⁻⁴", ".2f", 1e4), ("pca", "PCA", ".3f", 1)):
        near, gap = (
            by_model(runs, f"kernel distance/{features}/interpolants"),
            by_model(runs, f"convexity gap/{features}"),
        )
        if frechet := by_model(runs, f"frechet distance/{features}/interpolants"):
            rows.append(lowest(f"{title}: interpolations nearest to real items (Fréchet, PCA)", frechet, ".2f"))
        else:
            rows.append(lowest(f"{title}: interpolations nearest to real items ({unit})", near, form, factor))
        rows.append(lowest(f"{title}: smallest convexity gap ({unit})", gap, form, factor))
    sharpness, ssim = by_model(runs, "sharpness/midpoints"), by_model(runs, "reconstruction/ssim")
    for other in ("ae", "vae"):
        what = f"{title}: sharpness at most half of {other.upper()}'s (log2)"
        rows.append(against(what, sharpness, other, ".2f", lambda own, theirs: own <= theirs / 2))
    rows.append(against(f"{title}: SSIM at least VAE-GAN's", ssim, "vae_gan", ".3f", lambda own, theirs: own >= theirs))
    return rows


def in_the_plane() -> list[list[str]]:
    runs = load("plane")["runs"]
    sets, models = (list(dict.fromkeys(run[key] for run in runs)) for key in ("set", "model"))

    def means(key: str) -> dict[str, np.ndarray]:
        return {
            m: np.array([np.mean([r[key] for r in runs if (r["model"], r["set"]) == (m, s)]) for s in sets])
            for m in models
        }

    inside, coverage, error = means("inside"), means("coverage"), means("reconstruction")
    lacking = {m: (coverage[m] - coverage["ae"]).min() for m in models}
    multiple, each = {m: error[m].mean() / error["ae"].mean() for m in models}, error["gaia"] / error["ae"]
    share, keeping = inside["gaia"].mean(), [m for m in models if lacking[m] >= -0.02 and multiple[m] <= 1.5]
    least, poorest = sets[inside["gaia"].argmin()], sets[(coverage["gaia"] - coverage["ae"]).argmin()]

    def highest(what: str, among: list[str]) -> list[str]:
        rival = max((m for m in among if m != "gaia"), key=lambda m: inside[m].mean())
        return [what, f"{share:.3f}", f"{rival} {inside[rival].mean():.3f}", verdict(share >= inside[rival].mean())]

    return [
        ["Plane: mean share inside the data at least 0.95", f"{share:.3f}", "", verdict(share >= 0.95)],
        ["Plane: no set under 0.90", f"{inside['gaia'].min():.3f} ({least})", "", verdict(inside["gaia"].min() >= 0.9)],
        ["Plane: coverage at least AE's − 0.02", f"{lacking['gaia']:+.3f} ({poorest})", "", verdict(lacking["gaia"] >= -0.02)],
        ["Plane: mean error at most 1.5 times AE's", f"{multiple['gaia']:.2f} times", "", verdict(multiple["gaia"] <= 1.5)],
        ["Plane: the same in each set", f"{each.max():.2f} times ({sets[each.argmax()]})", "", verdict(each.max() <= 1.5)],
        highest("Plane: highest share of the models with such coverage and error", keeping),
        highest("Plane: highest share of all models", models),
    ]  # fmt: skip


def on_lines() -> list[list[str]]:
    """A model counts if fewer than 1 % of its paths are flat and its error is at most twice AE's: one true line, drawn for every
    code, would have no distance at all."""
    runs = reported("lines")
    flat, errors = by_model(runs, "lines/flat paths"), by_model(runs, "reconstruction/l1")
    distances = by_model(runs, "lines/mean distance")
    error = {m: np.mean(own) / np.mean(errors["ae"]) for m, own in errors.items()}
    counting = [run for run in runs if max(flat.get(run["model"], [1])) < 0.01 and error[run["model"]] <= 2]
    out = [m for m in flat if m not in {run["model"] for run in counting}]
    why = ", ".join(f"{m} (distance {1e3 * np.mean(distances[m]):.2f}, error {error[m]:.1f} times AE's)" for m in out)
    most = max(flat["gaia"])
    return [
        lowest("Lines: lowest mean distance (10⁻³)", by_model(counting, "lines/mean distance"), ".2f", 1e3),
        lowest("Lines: smoothest", by_model(counting, "lines/smoothness"), ".3f"),
        ["Lines: fewer than 1 % of paths flat", f"{most:.1%} at most", "", verdict(most < 0.01)],
        against("Lines: error (L1) at most twice AE's", errors, "ae", ".4f", lambda own, theirs: own <= 2 * theirs),
        ["Lines: left out, for flat paths or a large error", "", why, ""],
    ]


def of_edits() -> list[list[str]]:
    strong, none = runs_of("cartoons", correlation=0.7), runs_of("cartoons", correlation=0.0, model="gaia")
    own = [run for run in strong if run["model"] == "gaia"]
    target, others = [run["target/least_squares"] for run in own], [run["others/least_squares"] for run in own]
    plain = [run["others/mean_difference"] for run in own]
    cosine = min(run["lowest cosine"] for run in none)
    rows = [
        ["Cartoons, correlation 0.7: the target moves at least 0.8", told(target, ".3f"), "", verdict(np.mean(target) >= 0.8)],
        ["Cartoons: the others move at most half as much as by mean differences", told(others, ".3f"),
         f"mean differences {spread(plain, '.3f')}", verdict(np.mean(others) <= np.mean(plain) / 2)],
        ["Cartoons, uncorrelated: both methods agree (cosine at least 0.95)", f"{cosine:.3f}, the lowest ({len(none)})", "",
         verdict(cosine >= 0.95)],
        lowest("Cartoons: most realistic edits (Fréchet, PCA)", by_model(strong, "frechet distance/pca"), ".2f"),
        lowest("Cartoons: most realistic edits (HED, 10⁻⁴)", by_model(strong, "kernel distance/hed"), ".2f", 1e4),
    ]  # fmt: skip
    (run,) = runs_of("photographs", refine=400, amount=1.0, keep_detail=False)
    for name, what in itertools.product(("glasses", "smile"), ("right way", "same person")):
        share, cell = run[f"{name}/{what}"], f"{run[f'{name}/{what}']:.0%} of {run[f'{name}/photographs']}"
        rows.append([f"Photographs, {name}: the {what} in at least 80 %", cell, "", verdict(share >= 0.8)])
    return rows


def targets() -> list[str]:
    default = [run for run in load("collapse")["runs"] if "without" not in run["set"]]
    bad = sum(bool(run["diverged"] or run["warnings"]) for run in default)
    titles = ("Faces", "Faces, four times as long", "Faces at 64 x 64", "Fashion-MNIST")
    rows = [
        *in_the_plane(),
        *on_lines(),
        *(row for pair in zip(SETS[:4], titles, strict=True) for row in on_pictures(*pair)),
    ]
    rows.append(
        [
            "No run of the default collapses or diverges, on eight sets",
            f"{bad} of {len(default)} runs",
            "",
            verdict(not bad),
        ]
    )
    return table(["target", "GAIA", "best other", ""], [*rows, *of_edits()])


# Pages ----------------------------------------------------------------------------------------------


def block(kind: str, name: str, text: str) -> list[str]:
    if kind == "targets":
        return targets()
    if kind == "made":
        made = [load(file) for file in name.split(", ")]
        return table(["command", *MADE], [[f"`{head['command']}`", *(head[key] for key in MADE)] for head in made])
    name, _, keys = name.partition(" by ")
    by = {key: head or key for key, _, head in (part.partition("=") for part in keys.split(", "))}
    COLUMNS[name] = COLUMNS[text.strip().removeprefix("as ")] if text.startswith("as ") else columns(text)
    runs = RUNS[name]() if name in RUNS else load(name)["runs"]
    return summary(runs, by, COLUMNS[name], best=name in SETS)


def filled(found: re.Match[str]) -> str:
    lines = block(found["kind"], found["name"] or "", found["text"] or "")
    return "\n".join([found["comment"], *lines, "", "<!-- / -->"])


def main() -> None:
    comment = r"(?P<comment><!-- (?P<kind>table|made|targets)(?: (?P<name>[^\n]*?))?(?: -->\n|\n(?P<text>.*?)-->\n))"
    for path in (
        DOCS / "results.md",
        DOCS / "performance.md",
        DOCS / "photographs.md",
        DOCS / "training.md",
        DOCS / "sound.md",
    ):
        text = re.sub(comment + ".*?<!-- / -->", filled, path.read_text(encoding="utf-8"), flags=re.DOTALL)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
