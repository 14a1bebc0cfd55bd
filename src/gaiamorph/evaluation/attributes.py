"""How far an edit along one attribute vector moves every attribute."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaiamorph.data import Dataset
from gaiamorph.data.attributes import Design, attributes_of, overview, refuse_copies
from gaiamorph.errors import UserError
from gaiamorph.evaluation.case import Case
from gaiamorph.evaluation.identity import SAME_PERSON, face_descriptors, identity_distances
from gaiamorph.evaluation.judge import Judge, train_judge
from gaiamorph.evaluation.kernel import kernel_distance
from gaiamorph.latent.attributes import cosines, fit
from gaiamorph.output import figures
from gaiamorph.output import report as pages
from gaiamorph.output.folders import new_folder
from gaiamorph.space import LatentSpace
from gaiamorph.version import __version__

RESULTS, PAGE = "results.json", "index.html"
METHODS = ("mean_difference", "least_squares")
MOST_EDITED = 500
"""Held-out items that are edited along each vector, at most."""
SHOWN = 6


@dataclass(frozen=True)
class Movement:
    """What edits did, as the judge sees it.

    matrix: (K, K): how far attribute j (column) moved when k (row) was asked to move by 1, in units of the judge's gap
        between real items with and without j. 1 on the diagonal is an edit that did what it was asked.
    """

    names: list[str]
    matrix: np.ndarray

    @property
    def relative(self) -> np.ndarray:
        """(K, K): the same in units of the target's own movement."""
        own = np.diag(self.matrix)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(np.abs(own) > 1e-6, self.matrix / own, np.nan)

    @property
    def on_target(self) -> float:
        """Mean movement of the attribute that was asked to move by 1."""
        return float(np.diag(self.matrix).mean())

    @property
    def off_target(self) -> float:
        """Mean absolute movement of the others, in units of the target's own; 0 is an edit that changes one thing."""
        others = ~np.eye(len(self.matrix), dtype=bool)
        return float(np.abs(self.relative[others]).mean()) if others.any() else 0.0


def directions(design: Design, k: int) -> np.ndarray:
    """Which way (N,) attribute k of each item can be moved: +1 to add, -1 to remove, 0 where it is not known.

    A numeric one moves towards the other side of its mean; a level is added to items of the reference level.
    """
    attribute, column = design.attributes[k], design.values[:, k]
    known = ~np.isnan(column)
    there = column > (np.nanmean(column) if attribute.kind == "numeric" else 0.5)
    signs = np.where(there, -1.0, 1.0)
    if attribute.kind == "level":
        siblings = [i for i, a in enumerate(design.attributes) if a.column == attribute.column]
        reference = ~(design.values[:, siblings] > 0.5).any(1)
        known &= reference | (column > 0.5)
    return np.where(known, signs, 0.0)


def steps(design: Design, vectors: np.ndarray, k: int, amount: float = 1.0) -> np.ndarray:
    """The change of each item's code (N, d) for an edit of attribute k away from what the item is: by ``amount`` units,
    or standard deviations of a numeric attribute. 0 where there is no direction."""
    unit = np.nanstd(design.values[:, k]) if design.attributes[k].kind == "numeric" else 1.0
    return (amount * unit * directions(design, k))[:, None] * vectors[k]


def movement(
    space: LatentSpace, judge: Judge, z: np.ndarray, design: Design, vectors: np.ndarray, amount: float = 1.0
) -> Movement:
    """Edit each item along each vector, away from what it is, and let the judge say what moved.

    z: (N, d) codes of held-out items, whose attributes are ``design``; vectors: (K, d).
    """
    before = judge.scores(space.kind.to_tensor(space.decode(z)))
    trusted = judge.trusted
    matrix = np.full((len(vectors), len(vectors)), np.nan)
    for k in range(len(vectors)):
        signs = directions(design, k)
        some = signs != 0
        after = judge.scores(space.kind.to_tensor(edited(space, z, design, vectors, k, amount)))
        with np.errstate(divide="ignore", invalid="ignore"):
            matrix[k] = (signs[some, None] * (after - before[some])).mean(0) / judge.gaps
    names = [name for name, good in zip(design.names, trusted, strict=True) if good]
    return Movement(names, matrix[np.ix_(trusted, trusted)])


def edited(
    space: LatentSpace, z: np.ndarray, design: Design, vectors: np.ndarray, k: int, amount: float = 1.0
) -> np.ndarray:
    """The items that have a direction for attribute k, moved along its vector; in natural form."""
    return space.decode((z + steps(design, vectors, k, amount))[directions(design, k) != 0])


def report(
    space: LatentSpace,
    data: Dataset,
    out: Path,
    *,
    columns: list[str] | None = None,
    labels: Path | None = None,
    split: str | None = None,
    features: list[str] | None = None,
    seed: int = 0,
    identity: bool = False,
    overwrite: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Path:
    """Fit vectors by mean difference and by least squares on the training split, and measure both on held-out items.

    identity: items are faces, and a face recogniser says whether edited ones are still the same people.
    Writes ``results.json``, ``index.html`` and pictures into a new folder. Raises UserError for attributes that cannot
    be fitted, if the judge can tell none of them, or if the recogniser is not installed.
    """
    case = Case(space, data, split=split, seed=seed, features=features)
    whole = attributes_of(data, labels, columns)
    training = whole.rows(data.splits["train"])
    refuse_copies(training)
    held_out = case.indices[:MOST_EDITED]
    descriptors = face_descriptors(data.items[held_out]) if identity else np.empty((0, 0))
    say("training the judge on real items")
    judge = train_judge(data, whole, case.indices, seed)
    left_out = [name for name, good in zip(whole.names, judge.trusted, strict=True) if not good]
    if not judge.trusted.any():
        raise UserError("the judge can tell none of the attributes on held-out items, so nothing can be measured")
    say("fitting vectors")
    z_train = space.encode(data.items[data.splits["train"]])
    fits = {method: fit(z_train, training.values, method, seed) for method in METHODS}
    say("editing held-out items")
    z, design = space.encode(data.items[held_out]), whole.rows(held_out)
    moves = {method: movement(space, judge, z, design, f.vectors) for method, f in fits.items()}
    agreement = [float(c) for c in np.diag(cosines(*(f.vectors for f in fits.values())))]
    realism, kept = {}, {}
    for method, f in fits.items():
        made = _made(space, z, design, f.vectors, judge.trusted)
        realism[method] = _realism(case, made)
        if identity:
            kept[method] = {name: _same_person(items, descriptors[rows]) for name, (items, rows) in made.items()}
    about = overview(training)
    results: dict[str, Any] = {
        "gaiamorph_version": __version__, "space_sha256": space.sha256, "model": space.model, "data": data.source,
        "fingerprint": data.fingerprint, "split": case.split, "items": len(held_out), "seed": seed,
        "attributes": whole.names, "left_out": left_out, "warnings": about.warnings,
        "judge": {n: {"skill": float(s), "gap": float(g)} for n, s, g in zip(whole.names, judge.skill, judge.gaps, strict=True)},
        "correlations": about.correlations.tolist(),
        "cosine_between_methods": dict(zip(whole.names, agreement, strict=True)),
        "methods": {
            method: {
                "names": m.names, "movement": m.matrix.tolist(), "on_target": m.on_target, "off_target": m.off_target,
                "r2": fits[method].r2, "error": fits[method].error.tolist(), "cosines": cosines(fits[method].vectors).tolist(),
                "kernel_distance": realism[method],
                **({"identity": kept[method]} if identity else {}),
            }
            for method, m in moves.items()
        },
    }  # fmt: skip
    with new_folder(out, overwrite) as scratch:
        (scratch / RESULTS).write_text(json.dumps(results, indent=1), encoding="utf-8")
        vectors = {method: f.vectors for method, f in fits.items()}
        shown = list(_pictures(case, z, design, vectors, moves, judge, scratch))
        text = _words(results)
        columns_shown = (judge.skill, judge.gaps, agreement)
        rows = [
            [name, *(f"{value:.2f}" for value in values)]
            for name, *values in zip(whole.names, *columns_shown, strict=True)
        ]
        head = ["attribute", "judge's skill", "judge's gap", "cosine of the two methods"]
        (scratch / PAGE).write_text(pages.page("Attribute vectors", text, shown, [head, *rows]), encoding="utf-8")
    return out


Made = dict[str, tuple[np.ndarray, np.ndarray]]
"""By attribute: the edited items, and which of the held-out ones (their places) they were."""
UNEDITED = "(reconstructions)"


def _made(space: LatentSpace, z: np.ndarray, design: Design, vectors: np.ndarray, chosen: np.ndarray) -> Made:
    """Edits by one unit of each chosen attribute; beside them the reconstructions, which are edits by nothing."""
    made: Made = {UNEDITED: (space.decode(z), np.arange(len(z)))}
    for k in map(int, np.flatnonzero(chosen)):
        rows = np.flatnonzero(directions(design, k))
        made[design.names[k]] = (edited(space, z, design, vectors, k), rows)
    return made


def _realism(case: Case, made: Made) -> dict[str, dict[str, float]]:
    """Kernel distance from real held-out items, by feature space and attribute."""
    return {
        space: {
            name: kernel_distance(case.features(space, items), real)
            for name, (items, _) in made.items()
            if len(items) > 1
        }
        for space, real in case.real_features.items()
    }


def _same_person(items: np.ndarray, originals: np.ndarray) -> dict[str, float]:
    """Faces against the descriptors (N, 128) of their originals."""
    distances = identity_distances(items, originals)
    return {"distance": float(distances.mean()), "same_person": float((distances < SAME_PERSON).mean())}


def _words(results: dict[str, Any]) -> list[str]:
    text = [
        f"{results['model']}; {results['items']} held-out items of {results['data']} were edited by one unit of each "
        "attribute, away from what they are, and a network trained on real items alone judged what moved."
    ]
    for method, m in results["methods"].items():
        text.append(
            f"{method.replace('_', ' ')}: the target moved {m['on_target']:.2f} of what was asked; the other attributes "
            f"moved {m['off_target']:.2f} as far as the target, on average."
        )
        if kept := m.get("identity"):
            shares = ", ".join(f"{name} {figures['same_person']:.0%}" for name, figures in kept.items())
            text.append(f"Still the same person, says the face recogniser ({method.replace('_', ' ')}): {shares}.")
    if results["left_out"]:
        text.append(f"Left out, since the judge cannot tell them on held-out items: {', '.join(results['left_out'])}.")
    return text + results["warnings"]


def _pictures(
    case: Case,
    z: np.ndarray,
    design: Design,
    vectors: dict[str, np.ndarray],
    moves: dict[str, Movement],
    judge: Judge,
    folder: Path,
) -> Iterator[tuple[Path, str]]:
    maps = {method.replace("_", " "): m.relative for method, m in moves.items()}
    path = folder / "entanglement.png"
    names = next(iter(moves.values())).names
    figures.heat_maps(maps, names, names, "edited along", "moved", path)
    yield (
        path,
        "How far each attribute (column) moved when one (row) was edited, in units of the edited one's own movement.",
    )
    if not case.pictures:
        return
    real = case.data.items[case.indices[: len(z)]]
    for k in map(int, np.flatnonzero(judge.trusted)):
        signs = directions(design, k)
        some = np.concatenate([np.flatnonzero(signs == sign)[: SHOWN // 2] for sign in (1, -1)])
        if not len(some):
            continue
        rows = [list(real[some]), list(case.space.decode(z[some]))]
        rows += [list(case.space.decode((z + steps(design, v, k))[some])) for v in vectors.values()]
        labels = ["originals", "reconstructed", *(m.replace("_", "\n") for m in vectors)]
        heads = ["add" if s > 0 else "remove" for s in signs[some]]
        path = folder / f"edits_{k:02d}.png"
        figures.sheet(rows, labels, heads).save(path)
        yield path, f"{design.names[k]}: added to items without it, removed from items with it."
