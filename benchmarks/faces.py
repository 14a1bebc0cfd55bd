"""ORL photographs at 32 x 32: does the adversary do something?  python benchmarks/faces.py [--steps 3000] [--seeds 0 1 2]

GAIA, the same run with the discriminator's fake terms switched off, and with U switched off as well (models/gaia.py), and AE.
Midpoints between random held-out photographs of training people are compared with the held-out photographs themselves.
Results: results/faces.json.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import gaiamorph as gm
from gaiamorph.evaluation.kernel import kernel_distance
from gaiamorph.evaluation.sharpness import high_frequency_energy
from gaiamorph.features import open_features
from gaiamorph.training.log import read_metrics
from results import Results

VARIANTS = {
    "gaia": {"model": "gaia"},
    "gaia without fake terms": {"model": "gaia", "gaia": {"adversarial": 0.0}},
    "gaia without fake terms and U": {"model": "gaia", "gaia": {"adversarial": 0.0, "set_distance": 0.0}},
    "ae": {"model": "ae"},
}
PAIRS = 400


def pairs(data, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random pairs of held-out photographs of different training people."""
    rng = np.random.default_rng([seed, 9])
    seen, people = data.splits["test_seen"], data.attributes["person"].to_numpy()
    a, b = rng.choice(seen, 4 * PAIRS), rng.choice(seen, 4 * PAIRS)
    different = people[a] != people[b]
    return a[different][:PAIRS], b[different][:PAIRS]


def measure(space, data, features, a, b) -> dict[str, float]:
    z = {i: space.encode(data.items[i : i + 1])[0] for i in data.splits["test_seen"]}
    middle = space.decode(np.stack([(z[i] + z[j]) / 2 for i, j in zip(a, b, strict=True)]))
    real = data.items[data.splits["test_seen"]]
    figures = {"validation": space.info["validation"]["l1"]}
    for name, items in {"midpoints": middle, "reconstructions": space.reconstruct(real)}.items():
        figures[f"{name}_fine_detail"] = high_frequency_energy(items) / high_frequency_energy(real)
        for space_name, feature in features.items():
            d = kernel_distance(feature(data.kind.to_tensor(items)).numpy(), feature(data.kind.to_tensor(real)).numpy())
            figures[f"{name}_{space_name}"] = d
    return figures


def quarters(rows: list[dict[str, float]], steps: int) -> dict[str, float]:
    """Means over the last half of R, F, I, and validation error over the last two quarters."""
    found = {}
    for name in ("R", "F", "I"):
        late = [r[name] for r in rows if r["step"] > steps / 2 and np.isfinite(r.get(name, np.nan))]
        if late:
            found[name] = float(np.mean(late))
    together = [r for r in rows if r["step"] > steps / 2 and np.isfinite(r.get("R", np.nan))]
    if together:
        found["largest_ratio"] = max(max(r[n] for n in "RFI") / min(r[n] for n in "RFI") for r in together)
    for name, low in (("third", 0.5), ("last", 0.75)):
        v = [min(r["validation"], r["validation_average"]) for r in rows
             if low * steps < r["step"] <= (low + 0.25) * steps and np.isfinite(r.get("validation", np.nan))]  # fmt: skip
        found[f"validation_{name}_quarter"] = float(np.mean(v))
    return found


def curve(rows: list[dict[str, float]], steps: int) -> list[dict[str, float]]:
    """Rows at every twentieth of the run (those are validated), for drawing."""
    shown = ("step", "R", "F", "I", "reconstruction", "validation")
    late = [r for r in rows if r["step"] % (steps // 20) == 0]
    return [{k: round(r[k], 5) for k in shown if np.isfinite(r.get(k, np.nan))} for r in late]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS))
    parser.add_argument("--runs", type=Path, default=None, help="keep the run folders here")
    parser.add_argument("--name", default="faces")
    options = parser.parse_args()
    results = Results(options.name, "python benchmarks/faces.py")
    for seed in options.seeds:
        data = gm.open_data("sample:faces", size=32, seed=seed)
        real = data.items[data.splits["test_seen"]]
        training = data.kind.to_tensor(data.items[data.splits["train"]])
        features = {name: open_features(name, training) for name in ("pca", "hed")}
        a, b = pairs(data, seed)
        if not results.has(variant="pixel blend", seed=seed):
            blend = np.round((data.items[a].astype(float) + data.items[b]) / 2).astype(np.uint8)
            floor, figures = {}, {"midpoints_fine_detail": high_frequency_energy(blend) / high_frequency_energy(real)}
            for name, feature in features.items():
                real_features = feature(data.kind.to_tensor(real)).numpy()
                figures[f"midpoints_{name}"] = kernel_distance(
                    feature(data.kind.to_tensor(blend)).numpy(), real_features
                )
                floor[f"midpoints_{name}"] = kernel_distance(feature(training).numpy(), real_features)
            results.add(variant="pixel blend", seed=seed, **figures)
            results.add(variant="real training items", seed=seed, **floor)
        for variant in options.variants:
            if results.has(variant=variant, seed=seed, steps=options.steps):
                continue
            with tempfile.TemporaryDirectory() as scratch:
                folder = (options.runs or Path(scratch)) / f"{variant.replace(' ', '-')}-{seed}"
                space = gm.train(
                    "sample:faces", out=folder, size=32, steps=options.steps, seed=seed, batch_size=64,
                    threads=options.threads, overwrite=True, show=False, **VARIANTS[variant],
                )  # fmt: skip
                rows = read_metrics(folder)
            results.add(
                variant=variant, seed=seed, steps=options.steps, seconds=space.info["training"]["seconds"],
                warnings=space.info["training"]["warnings"], **quarters(rows, options.steps),
                **measure(space, data, features, a, b), curve=curve(rows, options.steps),
            )  # fmt: skip
            print(results.runs[-1], flush=True)


if __name__ == "__main__":
    main()
