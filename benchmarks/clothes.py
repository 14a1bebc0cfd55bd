"""Kinds of clothes as one attribute with ten levels.  python benchmarks/clothes.py [--seeds 0]

Fashion-MNIST at 32 x 32: GAIA is trained as in grid.py, and a vector fitted for each kind against the commonest. Held-out items
of the commonest kind are turned into each of the others, and those back; a network that learnt the kinds from real pictures
says what they have become. Results: results/clothes.json, and a picture in docs/images.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import gaiamorph as gm
from gaiamorph import drawing
from gaiamorph.data.attributes import attributes_of
from gaiamorph.evaluation.attributes import METHODS, directions, edited, movement
from gaiamorph.evaluation.judge import train_judge
from gaiamorph.latent.attributes import fit
from grid import SETS
from pages import DOCS
from results import Results

FITTED, EDITED, SHOWN = 10_000, 1000, 6
PICTURE = DOCS / "images" / "clothes.png"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument(
        "--runs", type=Path, default=Path(tempfile.gettempdir()) / "gaiamorph-clothes", help="run folders"
    )
    options = parser.parse_args()
    results = Results("clothes", "python benchmarks/clothes.py")
    budget = dict(SETS["fashion"])
    given = gm.recipe(budget.pop("recipe"))
    for seed in options.seeds:
        if results.has(seed=seed, steps=budget["steps"]):
            continue
        folder = options.runs / f"gaia-{seed}"
        space = gm.train(
            out=folder,
            seed=seed,
            threads=options.threads,
            show=False,
            resume=(folder / "config.yaml").exists(),
            **{**given, **budget},
        )
        data = gm.open_data(budget["source"], size=budget["size"], seed=seed)
        whole = attributes_of(data, columns=["label"])
        train, test = data.splits["train"][:FITTED], data.splits["test"][:EDITED]
        judge = train_judge(data, whole, test, seed)
        z_train, z, design = space.encode(data.items[train]), space.encode(data.items[test]), whole.rows(test)
        names = [name.partition("=")[2] or name for name in whole.names]
        reference = next(kind for kind in data.attributes["label"].unique() if kind not in names)
        found = {}
        for method in METHODS:
            f = fit(z_train, whole.values[train], method, seed)
            moved = movement(space, judge, z, design, f.vectors)
            found[method] = {"names": moved.names, "movement": moved.matrix.round(4).tolist(),
                             "on_target": moved.on_target, "off_target": moved.off_target}  # fmt: skip
            if method == "least_squares" and seed == options.seeds[0]:
                plain = np.flatnonzero(~(design.values > 0.5).any(1))[:SHOWN]
                rows = [[data.items[test][i] for i in plain]]
                for k in range(len(names)):
                    at = {int(i): n for n, i in enumerate(np.flatnonzero(directions(design, k)))}
                    made = edited(space, z, design, f.vectors, k)
                    rows.append([made[at[int(i)]] for i in plain])
                drawing.sheet(rows, [reference, *names], None, 64).save(PICTURE)
        skill = dict(zip(names, judge.skill.tolist(), strict=True))
        training = space.info["training"]
        results.add(
            seed=seed, steps=budget["steps"], batch_size=budget["batch_size"], seconds=training["seconds"], items=len(test),
            reference=reference, judge=skill, **found,
        )  # fmt: skip
        told = {m: (round(found[m]["on_target"], 3), round(found[m]["off_target"], 3)) for m in METHODS}
        print(seed, reference, skill, told, flush=True)


if __name__ == "__main__":
    main()
