"""Attribute vectors on cartoon faces: do edits change one thing?  python benchmarks/attributes.py [--seeds 0 1 2]

For each correlation of the attributes a set of faces is drawn (benchmarks/cartoons, needs Node.js), a model trained, and its
vectors fitted by mean difference and by least squares. Held-out faces are edited by one unit of each attribute, and judged by a
network that was trained on the set with correlation 0. Then edits by each model are compared at the amounts where the judge says
that the target moved by SAME of what lies between real faces with and without it: how far are they from real held-out faces,
and how far from real faces that have the attributes the edits should have? (Perfect edits of correlated attributes are rare
faces, far from held-out ones: also measured, for scale.) Results: results/attributes.json.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import gaiamorph as gm
from gaiamorph.data import Dataset
from gaiamorph.data.attributes import attributes_of
from gaiamorph.evaluation.attributes import METHODS, Movement, edited, movement
from gaiamorph.evaluation.judge import train_judge
from gaiamorph.evaluation.kernel import kernel_distance
from gaiamorph.evaluation.realism import ITEMS_PER_FEATURE, frechet_distance
from gaiamorph.features import open_features
from gaiamorph.latent.attributes import cosines, fit
from results import Results
from variants import changed

DRAWING = Path(__file__).parent / "cartoons"
FACES = 4000
AMOUNTS = (0.5, 1.0, 1.5, 2.0, 3.0)
SAME = 0.8


def draw(folder: Path, correlation: float) -> Path:
    """The set of faces with this correlation, drawn if it is not there."""
    target = folder / f"{correlation:g}"
    if not (target / "metadata.csv").exists():
        if not (DRAWING / "node_modules").exists():
            subprocess.run(["npm", "install", "--silent"], cwd=DRAWING, check=True)
        subprocess.run(["node", "make.mjs", str(target), str(correlation), str(FACES), "0"], cwd=DRAWING, check=True)
    return target


def amounts_for(curve: list[Movement], names: list[str], wanted: float) -> dict[str, float]:
    """By attribute, the amount at which the target has moved as far as wanted; the largest tried if it never does."""
    found = {}
    for k, name in enumerate(names):
        moved = [0.0, *(m.matrix[k, k] for m in curve)]
        rising = np.maximum.accumulate(moved)
        found[name] = float(np.interp(wanted, rising, [0.0, *AMOUNTS]))
    return found


def alike(faces: Dataset, among: np.ndarray, wanted: np.ndarray, seed: int) -> np.ndarray:
    """For each row of attributes wanted (N, K), one of the faces ``among`` (indices) that has them: indices (N,)."""
    rng, values = np.random.default_rng(seed), attributes_of(faces).values[among]
    return np.array([among[rng.choice(np.flatnonzero((values == row).all(1)))] for row in wanted])


def measure(space, data, fair, judge, features: list[str], seed: int) -> dict[str, Any]:
    """``fair``: the set with correlation 0, which has faces of every kind."""
    whole = attributes_of(data)
    train, test = data.splits["train"], data.splits["test"]
    z_train, z, design = space.encode(data.items[train]), space.encode(data.items[test]), whole.rows(test)
    fits = {method: fit(z_train, whole.values[train], method) for method in METHODS}
    found: dict[str, Any] = {"validation": space.info["validation"]["l1"]}
    found["cosine"] = dict(
        zip(whole.names, np.diag(cosines(*(f.vectors for f in fits.values()))).tolist(), strict=True)
    )
    for method, f in fits.items():
        moved = movement(space, judge, z, design, f.vectors)
        found[method] = {"names": moved.names, "movement": moved.matrix.round(4).tolist(), "on_target": moved.on_target,
                         "off_target": moved.off_target, "error": f.error.tolist()}  # fmt: skip
    vectors = fits["least_squares"].vectors
    curve = [movement(space, judge, z, design, vectors, amount) for amount in AMOUNTS]
    amounts = amounts_for(curve, curve[0].names, SAME)
    real = data.kind.to_tensor(data.items[np.concatenate([test, data.splits["validation"]])])
    training = data.kind.to_tensor(data.items[train])
    places = [whole.names.index(name) for name in amounts]
    made = [edited(space, z, design, vectors, k, amount) for k, amount in zip(places, amounts.values(), strict=True)]
    pictures = data.kind.to_tensor(np.concatenate(made))
    wanted = np.repeat(design.values[None], len(places), 0)
    for values, k in zip(wanted, places, strict=True):
        values[:, k] = 1 - values[:, k]
    trained_on_fair = fair.fingerprint == data.fingerprint
    among = np.setdiff1d(np.arange(len(fair)), fair.splits["train"] if trained_on_fair else [])
    same = data.kind.to_tensor(fair.items[alike(fair, among, wanted.reshape(-1, wanted.shape[-1]), seed)])
    found["same_movement"] = {"wanted": SAME, "amounts": amounts}
    for name in features:
        feature = open_features(name, training)
        a, b, c = (np.concatenate([feature(part).numpy() for part in x.split(256)]) for x in (pictures, real, same))
        for left, right, how in ((a, b, ""), (a, c, "_from_alike"), (c, b, "_of_alike")):
            found["same_movement"][f"kernel_distance_{name}{how}"] = kernel_distance(left, right)
            if len(right) >= ITEMS_PER_FEATURE * right.shape[1]:
                found["same_movement"][f"frechet_distance_{name}{how}"] = frechet_distance(left, right)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--correlations", type=float, nargs="+", default=[0.7, 0.0, 0.3, 0.5, 0.9])
    parser.add_argument("--models", nargs="+", default=["gaia", "ae", "vae"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--features", nargs="+", default=["pca", "hed"])
    parser.add_argument("--faces", type=Path, default=Path(tempfile.gettempdir()) / "gaiamorph-cartoons")
    parser.add_argument("--variant", default="", help="option=value joined by commas, as in search.py")
    parser.add_argument("--name", default="attributes")
    options = parser.parse_args()
    results = Results(options.name, "python benchmarks/attributes.py")
    judges: dict[int, Any] = {}
    budget = {"steps": options.steps, "batch_size": options.batch_size}
    for correlation in options.correlations:
        faces, uncorrelated = draw(options.faces, correlation), draw(options.faces, 0.0)
        for seed in options.seeds:
            for model in options.models:
                key = {
                    "correlation": correlation,
                    "model": model,
                    "seed": seed,
                    "size": options.size,
                    "variant": options.variant,
                }
                if results.has(**key, steps=options.steps):
                    continue
                fair = gm.open_data(uncorrelated, size=options.size, seed=seed)
                if seed not in judges:
                    judges[seed] = train_judge(fair, attributes_of(fair), fair.splits["test"], seed)
                judge = judges[seed]
                with tempfile.TemporaryDirectory() as scratch:
                    space = gm.train(
                        faces, out=Path(scratch) / "run", size=options.size, seed=seed, threads=options.threads, show=False,
                        **changed({**gm.recipe("cartoons"), **budget}, options.variant, model),
                    )  # fmt: skip
                data = gm.open_data(faces, size=options.size, seed=seed)
                skill = dict(zip([a.name for a in judge.attributes], judge.skill.tolist(), strict=True))
                training = space.info["training"]
                results.add(
                    **key, steps=options.steps, batch_size=options.batch_size, seconds=training["seconds"],
                    warnings=training["warnings"], judge=skill, **measure(space, data, fair, judge, options.features, seed),
                )  # fmt: skip
                run = results.runs[-1]
                told = {m: (round(run[m]["on_target"], 3), round(run[m]["off_target"], 3)) for m in METHODS}
                print(key, training["seconds"], told, run["same_movement"], flush=True)


if __name__ == "__main__":
    main()
