"""All metrics of one space, and of several models under one budget: the same data, networks and real examples (or minutes)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gaiamorph import drawing
from gaiamorph.data import Kind
from gaiamorph.data.kinds import Strip
from gaiamorph.errors import UserError
from gaiamorph.evaluation import METRICS
from gaiamorph.evaluation.case import Case, Metric, standard_error
from gaiamorph.evaluation.judge import LabelFeatures
from gaiamorph.evaluation.realism import WEIGHTS, along
from gaiamorph.models import MODELS
from gaiamorph.output.folders import new_folder
from gaiamorph.output.report import RESULTS, write_page
from gaiamorph.training import train
from gaiamorph.training.checkpoint import write_atomically
from gaiamorph.training.runs import DataOptions
from gaiamorph.training.settings import FILE as CONFIG
from gaiamorph.training.settings import TrainSettings
from gaiamorph.training.speed.memory import memory_kept

PAIRS_SHOWN, PAIRS_COMPARED, PAIRS_HEARD, FRAMES = 6, 3, 4, 9
"""Paths on the page of one space and of a comparison, of sounds on the first, and frames of each."""
HEADS = ("A", *(f"{w:.2f}" for w in np.linspace(0, 1, FRAMES)), "B")
MEASURE = 5
"""Version of the metrics. Values of different versions are not comparable. Since 2, kernel distances leave out related items.
Since 3, items are ends of pairs equally often. Since 4, the classifier of ``labels`` starts from other weights.
Since 5, sharpness and texture are not those of spectrograms."""


def measure(case: Case, say: Callable[[str], None] = lambda _: None) -> list[Metric]:
    """All metrics, in the order of `METRICS`. ``say`` is called with each name."""
    found: list[Metric] = []
    with memory_kept():
        for name, metric in METRICS.items():
            say(name)
            found += metric(case)
    return found


def describe(case: Case, found: list[Metric]) -> dict[str, Any]:
    """The record of an evaluation as plain JSON: the data, the space, and every metric with its unit and meaning."""
    classifier = case.feature_spaces.get("labels")
    record = case.record() | {"measure": MEASURE, "metrics": list(METRICS), "items": len(case.real)}
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
        write_page(scratch, f"Evaluation of {case.space.model}", text, _draw(case, scratch), [*map(_row, found)])
    return out


def _row(metric: Metric) -> list[str]:
    error = "" if metric.error is None else f"± {metric.error:.2g} "
    direction = "" if metric.better == "neither" else f"{metric.better} is better"
    return [metric.name, f"{metric.value:.4g} {error}{metric.unit}".strip(), direction, metric.meaning]


def _strips(case: Case, count: int) -> list[list[np.ndarray | None]]:
    """Straight paths between the first pairs, as rows of a sheet. The items at the ends are None without an encoder."""
    pairs = case.pairs[:count]
    ends = case.real[pairs] if case.space.can_encode else [(None, None)] * count
    return [[a, *frames, b] for (a, b), frames in zip(ends, case.paths(case.z[pairs], FRAMES), strict=True)]


def _draw(case: Case, folder: Path) -> dict[str, str]:
    """Write the pictures of the page. Returns their captions by file name."""
    if case.space.kind.is_heard:
        captions = _heard(case, folder)
    elif case.space.kind.is_image:
        case.space.kind.sheet(_strips(case, PAIRS_SHOWN), (), HEADS).save(folder / "paths.png")
        captions = {"paths.png": "Straight paths between held-out items: originals at the ends."}
    else:
        sets = {"real": case.real, "reconstructions": case.reconstructions, "interpolants": case.interpolants}
        case.space.kind.draw_sets(sets).save(folder / "points.png")
        captions = {"points.png": "Held-out items, their reconstructions, and points between random pairs of them."}
    measured = along(case)
    curves = {space: (WEIGHTS, {space: distances}) for space, (distances, _) in measured.items()}
    errors = {space: np.array([*map(standard_error, without)], float) for space, (_, without) in measured.items()}
    label = "kernel distance from real items"
    drawing.curves(curves, "weight", label, errors, from_zero=True).save(folder / "convexity.png")
    caption = "Realism along the path, by feature space: level is best. Band: one standard error on each side."
    return captions | {"convexity.png": caption}


def _heard(case: Case, folder: Path) -> dict[str, str]:
    """Write straight paths as spectrograms and as sounds. Returns their captions by file name."""
    kind, weights, captions = case.space.kind, np.linspace(0, 1, FRAMES), {}
    for i, (a, *items, b) in enumerate(_strips(case, PAIRS_HEARD)):
        frames = np.stack([item for item in items if item is not None])
        if a is None or b is None:
            a, b, waves = items[0], items[-1], kind.delivered(frames)
        else:
            waves = kind.completed(frames, [(a, None), (b, None)], weights, "none")
        assert a is not None
        sheet = kind.draw_continuum(Strip(waves, HEADS[1:-1], a, b, weights, ""))
        sheet.save(folder / f"path_{i}.png")
        kind.write(np.concatenate(waves), folder / f"path_{i}.wav")
        captions |= {f"path_{i}.png": "A straight path between held-out items, without detail: originals at the ends."}
        captions |= {f"path_{i}.wav": "Its frames, one after another."}
    return captions


@dataclass
class Measured:
    """One model and seed: its metrics by name, and kernel distances along the path by feature space.

    paths: PAIRS_COMPARED rows of a sheet. Empty if the model has no encoder, or if items are not images.
    """

    model: str
    seed: int
    kind: Kind
    metrics: dict[str, Metric]
    curves: dict[str, list[float]]
    paths: Sequence[list[np.ndarray | None]] = ()


def compare(
    source: str,
    models: Sequence[str],
    seeds: int,
    out: Path,
    *,
    how: DataOptions,
    settings: TrainSettings,
    features: list[str] | None = None,
    split: str | None = None,
    say: Callable[[str], None] = lambda _: None,
    show: bool = False,
) -> Path:
    """Train each model with each seed, measure all on the same held-out items, and write tables and drawings to ``out``.

    Finished runs and their measurements are used again. Interrupted runs are resumed.
    Writes ``results.csv`` (every metric of every run), ``table.csv`` and ``table.md`` (mean ± sd over seeds, and the winner
    of each row), ``comparison.png``, ``convexity_*.png`` and ``index.html``. Returns ``out``.
    Raises UserError for models or options that cannot be used.
    """
    unknown = [name for name in models if name not in MODELS]
    if unknown or not models:
        raise UserError(f"there is no model {unknown[0] if unknown else ''!r}: choose among {', '.join(MODELS)}")
    if seeds < 1:
        raise UserError(f"at least one seed is needed, not {seeds}")
    found: list[Measured] = []
    for number, (seed, model) in enumerate((seed, model) for seed in range(seeds) for model in models):
        where = f"[{number + 1}/{seeds * len(models)}] {model}, seed {seed}"
        folder = out / "runs" / f"{model}-{seed}"
        others = {name: other.Settings() for name, other in MODELS.items() if name != model}
        own = replace(settings, model=model, seed=seed, **others)
        say(f"{where}: training")
        space = train(
            source, out=folder, **vars(how), resume=(folder / CONFIG).exists(), overwrite=True, settings=own, show=show
        )
        say(f"{where}: measuring")
        case = Case(space, space.open_data(source), split=split, seed=seed, features=features)
        found.append(_measured(model, case, folder / "evaluation.json"))
        _write(found, out)
    return out


def _measured(model: str, case: Case, path: Path) -> Measured:
    """The metrics of a space, from its record at ``path`` if nothing has changed."""
    wanted = case.record() | {"measure": MEASURE, "metrics": list(METRICS)}
    del wanted["gaiamorph_version"]  # MEASURE is what decides.
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if "measured" not in kept or any(kept.get(key) != value for key, value in wanted.items()):
        found = measure(case)
        curves = {name: distances.tolist() for name, (distances, _) in along(case).items()}
        kept = describe(case, found) | {"measured": [asdict(f) for f in found], "curves": curves}
        write_atomically(path, json.dumps(kept, indent=1).encode())
    metrics = {f["name"]: Metric(**f) for f in kept["measured"]}
    paths = _strips(case, PAIRS_COMPARED) if case.space.can_encode and case.space.kind.is_image else ()
    return Measured(model, case.seed, case.space.kind, metrics, kept["curves"], paths)


def _write(found: list[Measured], out: Path) -> None:
    results = [
        [m.model, m.seed, f.name, f.value, f.unit, f.better, "" if f.error is None else f.error]
        for m in found
        for f in m.metrics.values()
    ]
    columns = ["model", "seed", "figure", "value", "unit", "better", "error"]
    pd.DataFrame(results, columns=columns).to_csv(out / "results.csv", index=False, na_rep="nan")
    models = list(dict.fromkeys(m.model for m in found))
    rows = [["figure", "better", *models, "winner", "lead"], *table(found, models)]
    pd.DataFrame(rows).to_csv(out / "table.csv", index=False, header=False)
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    (out / "table.md").write_text("".join(f"| {' | '.join(cells)} |\n" for cells in lines), encoding="utf-8")
    captions = {}
    if paths := {m.model: m.paths for m in found if m.seed == found[0].seed and m.paths}:
        rows_shown = [row for pair in zip(*paths.values(), strict=True) for row in pair]
        found[0].kind.sheet(rows_shown, [*paths] * PAIRS_COMPARED, HEADS, cell=64).save(out / "comparison.png")
        captions["comparison.png"] = "Straight paths between the same held-out pairs, by each model."
    for name in found[0].curves:
        means = {model: np.mean([m.curves[name] for m in found if m.model == model], axis=0) for model in models}
        label = f"kernel distance from real items ({name})"
        drawing.curves({"": (WEIGHTS, means)}, "weight", label).save(out / f"convexity_{name}.png")
        captions[f"convexity_{name}.png"] = f"Realism along the path, in {name} features: level is best."
    text = [
        f"{len({m.seed for m in found})} seeds. Each cell is the mean over seeds ± their standard deviation. "
        "Models without an encoder (gan, began) are measured between codes from their prior.",
        "Lead: the difference of the winner to the next model, ± its standard error over the choice of held-out items. The "
        "error comes from leaving out one group (one person) after another, and is a mean over seeds.",
    ]
    write_page(out, "Comparison", text, captions, rows)


def table(found: list[Measured], models: list[str]) -> list[list[str]]:
    """Rows of text: metric, direction, mean ± sd of each model, the winner among models with an encoder, and its lead.

    The lead is empty if its standard error is unknown.
    """
    rows = []
    for name in dict.fromkeys(name for m in found for name in m.metrics):
        own = {model: [m.metrics[name] for m in found if m.model == model and name in m.metrics] for model in models}
        better = next(of[0].better for of in own.values() if of)
        ranked, means = [], {}
        if better != "neither" and "floor" not in name and "blends" not in name:
            means = {
                model: np.mean([f.value for f in of]) for model, of in own.items() if of and MODELS[model].can_encode
            }
            finite = [model for model in means if np.isfinite(means[model])]
            ranked = sorted(finite, key=means.__getitem__, reverse=better == "higher")
        if len(ranked) > 1 and means[ranked[0]] == means[ranked[1]]:
            ranked = []  # a tie has no winner
        lead = _lead(own[ranked[0]], own[ranked[1]]) if len(ranked) > 1 else ""
        cells = [_spread([f.value for f in of]) for of in own.values()]
        rows.append([name, better.replace("neither", ""), *cells, ranked[0] if ranked else "", lead])
    return rows


def _lead(winner: list[Metric], other: list[Metric]) -> str:
    """The difference of two models over the same seeds, ± its standard error over the held-out items."""
    if [len(f.without) for f in winner] != [len(f.without) for f in other]:
        return ""
    errors = [standard_error(np.subtract(a.without, b.without)) for a, b in zip(winner, other, strict=True)]
    if None in errors:
        return ""
    lead = abs(np.mean([f.value for f in winner]) - np.mean([f.value for f in other]))
    return f"{lead:.2g} ± {np.mean(errors):.2g}"  # type: ignore[arg-type]


def _spread(values: list[float]) -> str:
    if not values:
        return ""
    sd = f" ± {np.std(values, ddof=1):.2g}" if len(values) > 1 else ""
    return f"{np.mean(values):.4g}{sd}"
