"""Entanglement: how far an edit along one attribute vector moves every attribute."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaiamorph import drawing
from gaiamorph.data.attributes import Design, attributes_of, overview, refuse_copies
from gaiamorph.errors import UserError
from gaiamorph.evaluation.case import Case
from gaiamorph.evaluation.judge import SAME_PERSON, Judge, face_descriptors, identity_distances, train_judge
from gaiamorph.evaluation.realism import kernel_distance
from gaiamorph.latent.attributes import Fit, cosines, fit
from gaiamorph.output.folders import new_folder
from gaiamorph.output.report import RESULTS, write_page
from gaiamorph.space import LatentSpace

METHODS = ("mean_difference", "least_squares")
MOST_EDITED = 500
"""At most this many held-out items are edited along each vector."""


@dataclass(frozen=True)
class Movement:
    """The effect of edits, by the judge's scores.

    matrix: (K, K): the movement of attribute j (column) in an edit of attribute k (row) by 1. The unit is the judge's gap
        between real items with and without j. 1 on the diagonal is a perfect edit.
    """

    names: list[str]
    matrix: np.ndarray

    @property
    def relative(self) -> np.ndarray:
        """(K, K): the same, divided by the movement of the edited attribute."""
        own = np.diag(self.matrix)[:, None]
        return self.matrix / np.where(np.abs(own) > 1e-6, own, np.nan)

    @property
    def on_target(self) -> float:
        """Mean movement of the edited attribute. 1 is best."""
        return float(np.diag(self.matrix).mean())

    @property
    def off_target(self) -> float | None:
        """Mean absolute movement of the other attributes, relative to the edited one. 0 is best, None if there are no others."""
        others = ~np.eye(len(self.matrix), dtype=bool)
        return float(np.abs(self.relative[others]).mean()) if others.any() else None


def directions(design: Design, k: int) -> np.ndarray:
    """The direction (N,) in which attribute k of each item can move: +1 adds it, -1 removes it, 0 if it is unknown.

    A numeric attribute moves towards the other side of its mean. A level is added to items of the reference level only.
    """
    attribute, column = design.attributes[k], design.values[:, k]
    there = column > (np.nanmean(column) if attribute.kind == "numeric" else 0.5)
    siblings = [i for i, a in enumerate(design.attributes) if a.column == attribute.column and i != k]
    blocked = np.isnan(column) | (design.values[:, siblings] > 0.5).any(1)
    return np.where(blocked, 0.0, np.where(there, -1.0, 1.0))


def movement(
    space: LatentSpace, judge: Judge, z: np.ndarray, design: Design, vectors: np.ndarray, amount: float = 1.0
) -> Movement:
    """Edit each item along each vector, and measure the movement of all attributes with the judge.

    z: codes (N, d) of held-out items with the attributes ``design``. vectors: (K, d).
    """
    before = judge.scores(space.kind.to_tensor(space.decode_items(z)))
    trusted, rows = np.flatnonzero(judge.trusted).tolist(), []
    for k in trusted:
        signs = directions(design, k)
        some = signs != 0
        after = judge.scores(space.kind.to_tensor(edited(space, z, design, vectors, k, amount)))
        rows.append((signs[some, None] * (after - before[some])).mean(0)[trusted] / judge.gaps[trusted])
    return Movement([design.names[k] for k in trusted], np.array(rows))


def edited(
    space: LatentSpace, z: np.ndarray, design: Design, vectors: np.ndarray, k: int, amount: float = 1.0
) -> np.ndarray:
    """Items that have a direction for attribute k, moved along it. A numeric attribute's unit is its standard deviation."""
    signs = directions(design, k)
    unit = np.nanstd(design.values[:, k]) if design.attributes[k].kind == "numeric" else 1.0
    return space.decode_items((z + (amount * unit * signs)[:, None] * vectors[k])[signs != 0])


def report(
    case: Case,
    out: Path,
    *,
    columns: list[str] | None = None,
    labels: Path | None = None,
    identity: bool = False,
    overwrite: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Path:
    """Fit vectors by mean difference and by least squares on the training split, and measure both on held-out items.

    columns, labels: see `attributes_of`. identity: items are faces, and a face recogniser checks whether edited ones are
    still the same people. Writes ``results.json``, ``index.html`` and pictures into a new folder. Raises UserError if
    attributes cannot be fitted, if the judge can tell none of them, or if the recogniser is not installed.
    """
    # Evenly chosen: a collection may be sorted by an attribute.
    space, data, held_out = case.space, case.data, case.indices[:: -(-len(case.indices) // MOST_EDITED)]
    whole = attributes_of(data, labels, columns)
    training = whole.rows(data.splits["train"])
    refuse_copies(training)
    descriptors = face_descriptors(data.items[held_out]) if identity else None
    say("training the judge on real items")
    judge = train_judge(data, whole, case.indices, case.seed)
    if not judge.trusted.any():
        raise UserError("the judge can tell none of the attributes on held-out items, so nothing can be measured")
    say("fitting vectors")
    z_train = space.encode(data.items[data.splits["train"]])
    fits = {method: fit(z_train, training.values, method, case.seed) for method in METHODS}
    say("editing held-out items")
    z, design = space.encode(data.items[held_out]), whole.rows(held_out)
    moves = {method: movement(space, judge, z, design, f.vectors) for method, f in fits.items()}
    methods = {
        method: {
            "names": m.names, "movement": m.matrix.tolist(), "on_target": m.on_target, "off_target": m.off_target,
            "r2": fits[method].r2, "error": fits[method].error.tolist(), "cosines": cosines(fits[method].vectors).tolist(),
            **_quality(case, z, design, fits[method].vectors, judge, descriptors),
        }
        for method, m in moves.items()
    }  # fmt: skip
    agreement = np.diag(cosines(*(f.vectors for f in fits.values()))).tolist()
    about = overview(training)
    skills = list(zip(whole.names, judge.skill.tolist(), judge.gaps.tolist(), agreement, strict=True))
    results = case.record() | {
        "items": len(held_out), "attributes": whole.names,
        "left_out": [name for name, trusted in zip(whole.names, judge.trusted, strict=True) if not trusted],
        "warnings": about.warnings, "judge": {name: {"skill": skill, "gap": gap} for name, skill, gap, _ in skills},
        "correlations": about.correlations.tolist(), "cosine_between_methods": dict(zip(whole.names, agreement, strict=True)),
        "methods": methods,
    }  # fmt: skip
    rows = [["attribute", "judge's skill", "judge's gap", "cosine of the two methods"]]
    rows += [[name, *(f"{value:.2f}" for value in values)] for name, *values in skills]
    with new_folder(out, overwrite) as scratch:
        (scratch / RESULTS).write_text(json.dumps(results, indent=1), encoding="utf-8")
        captions = _draw(case, z, design, fits, moves, scratch)
        write_page(scratch, "Attribute vectors", _words(results), captions, rows)
    return out


def _quality(
    case: Case, z: np.ndarray, design: Design, vectors: np.ndarray, judge: Judge, descriptors: np.ndarray | None
) -> dict[str, Any]:
    """The kernel distance from real held-out items, by feature space and attribute, of edits by one unit.

    With descriptors (N, 128) of the original faces also their mean distance, and the share below `SAME_PERSON`, by attribute.
    The reconstructions are edits by 0.
    """
    made = {"(reconstructions)": (case.space.decode_items(z), np.arange(len(z)))}
    for k in np.flatnonzero(judge.trusted).tolist():
        made[design.names[k]] = edited(case.space, z, design, vectors, k), np.flatnonzero(directions(design, k))
    distances, people = {space: {} for space in case.real_features}, {}
    for name, (items, rows) in made.items():
        for space, real in case.real_features.items() if len(items) > 1 else ():
            distances[space][name] = kernel_distance(case.features(space, items), real)
        if descriptors is not None:
            apart = identity_distances(items, descriptors[rows])
            people[name] = {"distance": float(apart.mean()), "same_person": float((apart < SAME_PERSON).mean())}
    return {"kernel_distance": distances} | ({"identity": people} if people else {})


def _words(results: dict[str, Any]) -> list[str]:
    text = [
        f"{results['model']}; {results['items']} held-out items of {results['data']} were edited by one unit of each "
        "attribute: added if absent, removed if present. A network trained on real items only judged the movement."
    ]
    for method, m in results["methods"].items():
        name = method.replace("_", " ")
        others = (
            f"The other attributes moved {m['off_target']:.2f} as far as the target, on average."
            if len(m["names"]) > 1
            else "The judge can tell no other attribute, so it is not known what else moved."
        )
        text.append(f"{name}: the target moved {m['on_target']:.2f} of the requested amount. {others}")
        if kept := m.get("identity"):
            people = ", ".join(f"{edit} {shares['same_person']:.0%}" for edit, shares in kept.items())
            text.append(f"Same person, by the face recogniser ({name}): {people}.")
    if names := ", ".join(results["left_out"]):
        text.append(f"Left out, because the judge cannot tell them on held-out items: {names}.")
    return text + results["warnings"]


def _draw(
    case: Case, z: np.ndarray, design: Design, fits: dict[str, Fit], moves: dict[str, Movement], folder: Path
) -> dict[str, str]:
    """Write the pictures of the page. Returns their captions by file name."""
    names = moves[METHODS[0]].names
    maps = {method.replace("_", " "): m.relative for method, m in moves.items()}
    drawing.heat_maps(maps, names, "edited along", "moved").save(folder / "entanglement.png")
    captions = {"entanglement.png": "Movement of each attribute (column) in edits of one (row), in units of its own."}
    for k in map(design.names.index, names if case.space.kind.is_image else ()):
        signs = directions(design, k)
        some = np.concatenate([np.flatnonzero(signs == sign)[:3] for sign in (1, -1)])
        if not len(some):
            continue
        places = np.searchsorted(np.flatnonzero(signs), some)
        rows = [case.data.items[case.indices[some]], case.space.decode_items(z[some])]
        rows += [edited(case.space, z, design, f.vectors, k)[places] for f in fits.values()]
        labels = ["originals", "reconstructed", *(m.replace("_", "\n") for m in fits)]
        heads = ["add" if s > 0 else "remove" for s in signs[some]]
        case.space.kind.sheet([list(row) for row in rows], labels, heads).save(folder / f"edits_{k:02d}.png")
        captions[f"edits_{k:02d}.png"] = f"{design.names[k]}: added to items without it, removed from items with it."
    return captions
