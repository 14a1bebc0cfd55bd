"""Glasses and smiles added to and removed from photographs.  python benchmarks/orl.py [--seeds 0]

The ORL photographs at 64 x 64, labelled by eye (benchmarks/orl/). Held-out photographs of people seen in training are
edited by one unit along least-squares vectors. A judge trained on the labelled training photographs says whether the
attribute moved the right way, and a face recogniser whether the person is still the same; both with codes as the encoder
gives them and with refined ones (`encode(..., refine=400)`). Results: results/orl.json.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import gaiamorph as gm
from gaiamorph.data.attributes import attributes_of
from gaiamorph.evaluation.attributes import METHODS, directions, edited, movement
from gaiamorph.evaluation.identity import SAME_PERSON, face_descriptors, identity_distances
from gaiamorph.evaluation.judge import train_judge
from gaiamorph.latent.attributes import fit
from gaiamorph.output import figures
from recipes import changed
from results import Results

FOLDER = Path(__file__).parent / "orl"
LABELS = FOLDER / "labels.csv"
RECIPE = "latent_dim=256,shift=4"
"""Eight photographs a person are few: moving them about more and a longer code keep more of what makes a held-out one."""
SHOWN = 5


def agreement() -> dict[str, Any]:
    """How far the two passes of labelling agree: share of photographs, and Cohen's kappa."""
    first, second = (pd.read_csv(FOLDER / f"{name}.csv", index_col="file_name") for name in ("first", "second"))
    found = {}
    for name in first.columns:
        a, b = first[name].to_numpy(), second[name].to_numpy()
        same, chance = (a == b).mean(), a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean())
        found[name] = {
            "present": int((a & b).sum()),
            "agreement": float(same),
            "kappa": float((same - chance) / (1 - chance)),
        }
    return found


def measure(space, data, judge, whole, seed: int, refine: int, amount: float, picture: Path) -> dict[str, Any]:
    train, test = data.splits["train"], data.splits["test_seen"]
    z_train, z, design = (
        space.encode(data.items[train]),
        space.encode(data.items[test], refine=refine),
        whole.rows(test),
    )
    originals = data.items[test]
    reconstructions = space.decode(z)
    before = judge.scores(data.kind.to_tensor(reconstructions))
    descriptors = face_descriptors(originals)
    kept = identity_distances(reconstructions, descriptors)
    found: dict[str, Any] = {
        "judge": dict(zip(whole.names, judge.skill.tolist(), strict=True)),
        "photographs": len(test),
        "reconstructions_same_person": float((kept < SAME_PERSON).mean()),
    }
    fits = {method: fit(z_train, whole.values[train], method, seed) for method in METHODS}
    for method, f in fits.items():
        moved = movement(space, judge, z, design, f.vectors, amount)
        found[method] = {"names": moved.names, "movement": moved.matrix.round(4).tolist(), "edits": {}}
        for k, name in enumerate(whole.names):
            signs = directions(design, k)
            some = signs != 0
            items = edited(space, z, design, f.vectors, k, amount)
            change = signs[some] * (judge.scores(data.kind.to_tensor(items))[:, k] - before[some, k])
            distance = identity_distances(items, descriptors[some])
            parts = {"added": signs[some] > 0, "removed": signs[some] < 0, "all": np.ones(int(some.sum()), bool)}
            found[method]["edits"][name] = {
                part: {
                    "photographs": int(rows.sum()),
                    "right_way": float((change[rows] > 0).mean()),
                    "same_person": float((distance[rows] < SAME_PERSON).mean()),
                    "distance": float(distance[rows].mean()),
                }
                for part, rows in parts.items()
                if rows.any()
            }
    draw(space, z, design, fits["least_squares"].vectors, amount, originals, reconstructions, picture)
    return found


def draw(space, z, design, vectors, amount: float, originals, reconstructions, path: Path) -> None:
    """Originals, reconstructions, and each attribute added to those without it and removed from those with it."""
    columns, heads = [], []
    for k, name in enumerate(design.names):
        signs = directions(design, k)
        items = np.zeros_like(originals)
        items[signs != 0] = edited(space, z, design, vectors, k, amount)
        for sign, word in ((1, "add"), (-1, "remove")):
            for i in np.flatnonzero(signs == sign)[:: max(1, int((signs == sign).sum()) // SHOWN)][:SHOWN]:
                columns.append((originals[i], reconstructions[i], items[i]))
                heads.append(f"{word} {name}")
    figures.sheet(
        [list(row) for row in zip(*columns, strict=True)], ["original", "reconstructed", "edited"], heads
    ).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["gaia"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--runs", type=Path, default=Path(tempfile.gettempdir()) / "gaiamorph-orl", help="run folders")
    parser.add_argument("--refine", type=int, nargs="+", default=[0, 400], help="steps by which codes are refined")
    parser.add_argument(
        "--amounts", type=float, nargs="+", default=[1.0, 0.5], help="units by which photographs are edited"
    )
    parser.add_argument("--variant", default=RECIPE, help="option=value joined by commas, as in search.py")
    parser.add_argument("--name", default="orl")
    options = parser.parse_args()
    results = Results(options.name, "python benchmarks/orl.py")
    for seed in options.seeds:
        for model in options.models:
            key = {"model": model, "seed": seed, "size": options.size, "steps": options.steps}
            key["variant"] = options.variant
            ways = list(itertools.product(options.refine, options.amounts))
            if all(results.has(**key, refine=refine, amount=amount) for refine, amount in ways):
                continue
            folder = options.runs / f"{model}{options.variant}-{options.size}-{options.steps}-{seed}"
            space = gm.train(
                "sample:faces", out=folder, size=options.size, seed=seed, threads=options.threads, show=False,
                resume=(folder / "config.yaml").exists(),
                **changed({"steps": options.steps, "batch_size": options.batch_size}, options.variant, model),
            )  # fmt: skip
            data = gm.open_data("sample:faces", size=options.size, seed=seed)
            whole = attributes_of(data, LABELS)
            judge = train_judge(data, whole, data.splits["test_seen"], seed)
            training = space.info["training"]
            for refine, amount in ways:
                picture = folder / f"edits_{refine}_{amount:g}.png"
                found = measure(space, data, judge, whole, seed, refine, amount, picture)
                results.add(
                    **key, refine=refine, amount=amount, batch_size=options.batch_size, seconds=training["seconds"],
                    warnings=training["warnings"], validation=space.info["validation"]["l1"], labels=agreement(), **found,
                )  # fmt: skip
                kept = {name: e["all"] for name, e in found["least_squares"]["edits"].items()}
                print(key, refine, amount, found["reconstructions_same_person"], kept, flush=True)


if __name__ == "__main__":
    main()
