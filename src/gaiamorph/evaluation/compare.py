"""Models under one budget: the same data, networks and number of real examples (or minutes), several seeds, the same metrics."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gaiamorph import drawing
from gaiamorph.errors import UserError
from gaiamorph.evaluation import METRICS
from gaiamorph.evaluation.case import Case, Metric, standard_error
from gaiamorph.evaluation.evaluate import MEASURE, describe, measure
from gaiamorph.evaluation.realism import WEIGHTS, along
from gaiamorph.models import MODELS
from gaiamorph.output.report import write_page
from gaiamorph.space import LatentSpace
from gaiamorph.training import train
from gaiamorph.training.checkpoint import write_atomically
from gaiamorph.training.runs import DataOptions
from gaiamorph.training.settings import FILE as CONFIG
from gaiamorph.training.settings import TrainSettings, of_model

EVALUATION = "evaluation.json"
PAIRS_SHOWN, STEPS_SHOWN = 3, 7


@dataclasses.dataclass
class Measured:
    """One model and seed: its space, its metrics by name, and kernel distances along the path by feature space.

    paths: (PAIRS_SHOWN, STEPS_SHOWN + 2, ...), pictures of straight paths with the real ends outside. None if the model has
        no encoder, or if items are not images.
    """

    model: str
    seed: int
    space: LatentSpace
    metrics: dict[str, Metric]
    curves: dict[str, list[float]]
    paths: np.ndarray | None = None


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
        own = of_model(dataclasses.replace(settings, seed=seed), model)
        say(f"{where}: training")
        space = train(
            source, out=folder, **vars(how), resume=(folder / CONFIG).exists(), overwrite=True, settings=own, show=show
        )
        say(f"{where}: measuring")
        found.append(_measured(model, seed, space, folder, features, split))
        _write(found, out)
    return out


def _measured(
    model: str, seed: int, space: LatentSpace, folder: Path, features: list[str] | None, split: str | None
) -> Measured:
    """The metrics of a space, from its record if nothing has changed."""
    case = Case(space, space.open_data(space.info.training.source), split=split, seed=seed, features=features)
    path = folder / EVALUATION
    wanted = {
        "space_sha256": space.sha256, "split": case.split, "feature_spaces": case.feature_names, "measure": MEASURE,
        "metrics": list(METRICS),
    }  # fmt: skip
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if "measured" not in kept or any(kept.get(key) != value for key, value in wanted.items()):
        found = measure(case)
        kept = describe(case, found) | {
            "measured": [dataclasses.asdict(f) for f in found],
            "curves": {name: distances.tolist() for name, (distances, _) in along(case).items()},
        }
        write_atomically(path, json.dumps(kept, indent=1).encode())
    metrics = {f["name"]: Metric(**f) for f in kept["measured"]}
    paths = None
    if space.can_encode and space.kind.is_image:
        pairs = case.pairs[:PAIRS_SHOWN]
        ends = case.real[pairs]
        paths = np.concatenate([ends[:, :1], case.paths(case.z[pairs], STEPS_SHOWN), ends[:, 1:]], 1)
    return Measured(model, seed, space, metrics, kept["curves"], paths)


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
    if paths := {m.model: m.paths for m in found if m.seed == found[0].seed and m.paths is not None}:
        shown = [list(drawn[i]) for i in range(PAIRS_SHOWN) for drawn in paths.values()]
        heads = ["A", *(f"{w:.2f}" for w in np.linspace(0, 1, STEPS_SHOWN)), "B"]
        found[0].space.kind.sheet(shown, [*paths] * PAIRS_SHOWN, heads, cell=64).save(out / "comparison.png")
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
        ranked = []
        if better != "neither" and "floor" not in name and "blends" not in name:
            means = {
                model: np.mean([f.value for f in of]) for model, of in own.items() if of and MODELS[model].can_encode
            }
            finite = [model for model in means if np.isfinite(means[model])]
            ranked = sorted(finite, key=means.__getitem__, reverse=better == "higher")
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
