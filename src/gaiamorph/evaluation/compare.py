"""Models under one budget: the same data, networks and number of real examples (or minutes), several seeds, one yardstick."""

from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gaiamorph.errors import UserError
from gaiamorph.evaluation import METRICS
from gaiamorph.evaluation.case import Case, Figure, straight_paths
from gaiamorph.evaluation.convexity import WEIGHTS, curves
from gaiamorph.evaluation.evaluate import MEASURE, describe, measure
from gaiamorph.evaluation.jackknife import standard_error
from gaiamorph.models import MODELS
from gaiamorph.output import figures, report
from gaiamorph.space import LatentSpace
from gaiamorph.training import train
from gaiamorph.training.checkpoint import write_atomically
from gaiamorph.training.runs import DataOptions
from gaiamorph.training.settings import FILE as CONFIG
from gaiamorph.training.settings import TrainSettings

EVALUATION = "evaluation.json"
PAIRS_SHOWN, STEPS_SHOWN = 3, 7
Say = Callable[[str], None]


@dataclasses.dataclass
class Measured:
    """One model and seed: its space, its figures by name, realism along the way by feature space, and the held-out pairs
    (PAIRS_SHOWN, 2, ...) that are drawn."""

    model: str
    seed: int
    space: LatentSpace
    figures: dict[str, Figure]
    curves: dict[str, list[float]]
    ends: np.ndarray | None = None


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
    say: Say = lambda _: None,
    show: bool = False,
) -> Path:
    """Train each model with each seed, measure all on the same held-out items, and write tables and figures to ``out``.

    A run that is finished is used again, one that was cut off goes on; what is measured already is not measured again.
    Writes ``results.csv`` (every figure of every run), ``table.csv`` and ``table.md`` (mean ± sd over seeds, and the winner
    of each row), ``comparison.png``, ``convexity.png`` and ``index.html``. Returns ``out``.
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
        own = dataclasses.replace(settings, model=model, seed=seed)
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
    """From the record of an earlier measurement of the same space, or anew."""
    case = Case(space, space.open_data(space.info.training.source), split=split, seed=seed, features=features)
    path = folder / EVALUATION
    wanted = {
        "space_sha256": space.sha256, "split": case.split, "feature_spaces": case.feature_names, "measure": MEASURE,
        "metrics": list(METRICS),
    }  # fmt: skip
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if any(kept.get(key) != value for key, value in wanted.items()):
        found = measure(case)
        kept = describe(case, found)
        kept["curves"] = {name: distances.tolist() for name, distances in curves(case).items()}
        kept["without"] = {f.name: f.without for f in found if f.error is not None}
        write_atomically(path, json.dumps(kept, indent=1).encode())
    without = kept.get("without", {})  # not there in records of earlier versions
    figures = [
        Figure(
            f["name"], float("nan") if f["value"] is None else f["value"], f["unit"], f["better"], f["meaning"],
            tuple(without.get(f["name"], ())),
        )
        for f in kept["figures"]
    ]  # fmt: skip
    return Measured(
        model,
        seed,
        space,
        {f.name: f for f in figures},
        kept["curves"],
        case.real[case.pairs[:PAIRS_SHOWN]],
    )


def _write(found: list[Measured], out: Path) -> None:
    with open(out / "results.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["model", "seed", "figure", "value", "unit", "better", "error"])
        for m in found:
            writer.writerows(
                [m.model, m.seed, f.name, repr(f.value), f.unit, f.better, "" if f.error is None else repr(f.error)]
                for f in m.figures.values()
            )
    models = list(dict.fromkeys(m.model for m in found))
    head, rows = ["figure", "better", *models, "winner", "lead"], list(table(found, models))
    with open(out / "table.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])
    (out / "table.md").write_text(report.markdown(head, rows), encoding="utf-8")
    pictures = []
    first = [m for m in found if m.seed == found[0].seed]
    if comparison(first, out / "comparison.png"):
        pictures.append(
            (out / "comparison.png", "The same held-out pairs by each model: straight paths between their codes.")
        )
    drawn = _convexity(found, models, out)
    pictures += [(path, f"Realism along the way, in {name} features: level is best.") for name, path in drawn.items()]
    text = [
        f"{len({m.seed for m in found})} seeds. Each cell is the mean over seeds ± their standard deviation. "
        "Models without an encoder (gan, began) are measured between drawn codes.",
        "Lead: of the winner over the next, with a standard error over who happens to be among the held-out items, which are the "
        "same for both: worked out by leaving out one group of them (one person) after another, mean over seeds.",
    ]
    (out / "index.html").write_text(report.page("Comparison", text, pictures, [head, *rows]), encoding="utf-8")


def table(found: list[Measured], models: list[str]) -> list[list[str]]:
    """Rows of text: figure, direction, mean ± sd of each model, winner among the models that real items can be encoded by, and its
    lead over the next, where it is known how sure that is."""
    names = list(dict.fromkeys(name for m in found for name in m.figures))
    rows = []
    for name in names:
        own = {model: [m.figures[name] for m in found if m.model == model and name in m.figures] for model in models}
        values = {model: [f.value for f in of] for model, of in own.items()}
        better = next(m.figures[name].better for m in found if name in m.figures)
        means = {
            model: float(np.mean(v))
            for model, v in values.items()
            if v and np.isfinite(v).all() and MODELS[model].can_encode
        }
        winner, lead = "", ""
        if means and better != "neither" and "floor" not in name and "blends" not in name:
            winner, *others = sorted(means, key=means.__getitem__, reverse=better == "higher")
            lead = _lead(own[winner], own[others[0]]) if others else ""
        cells = (_spread(values[model]) for model in models)
        rows.append([name, better if better != "neither" else "", *cells, winner, lead])
    return rows


def _lead(winner: list[Figure], other: list[Figure]) -> str:
    """How far apart two models are, of the same seeds, with a standard error over the items they are both measured on."""
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


def comparison(measured: list[Measured], path: Path) -> bool:
    """Paths between the same held-out pairs by each model that encodes. False where items are no pictures."""
    encoding = [m for m in measured if m.space.can_encode and len(m.space.kind.shape) == 3]
    if not encoding:
        return False
    ends = encoding[0].ends
    assert ends is not None
    paths = {
        m.model: straight_paths(
            m.space, m.space.encode(ends.reshape(-1, *ends.shape[2:])).reshape(len(ends), 2, -1), STEPS_SHOWN
        )
        for m in encoding
    }
    rows = [[a, *paths[model][i], b] for i, (a, b) in enumerate(ends) for model in paths]
    weights = np.linspace(0, 1, STEPS_SHOWN)
    figures.sheet(rows, [*paths] * len(ends), ["A", *(f"{w:.2f}" for w in weights), "B"], cell=64).save(path)
    return True


def _convexity(found: list[Measured], models: list[str], out: Path) -> dict[str, Path]:
    drawn = {}
    for name in found[0].curves:
        means = {model: np.mean([m.curves[name] for m in found if m.model == model], axis=0) for model in models}
        drawn[name] = out / f"convexity_{name}.png"
        figures.lines(WEIGHTS, means, "weight", f"kernel distance from real items ({name})", drawn[name])
    return drawn
