"""All models on one set of pictures: the same networks, examples and steps, measured as `gaiamorph evaluate` measures."""

import re
from typing import Any

import numpy as np

import gaiamorph as gm
from common import Question, cost, save_sheet, sharp
from gaiamorph.evaluation import METRICS, Case

SETS: dict[str, dict[str, Any]] = {
    "faces": {"source": "sample:faces", "align": False, "size": 32, "steps": 1500, "batch_size": 32},
    "faces_long": {"source": "sample:faces", "align": False, "size": 32, "steps": 6000, "batch_size": 32},
    "faces64": {"source": "sample:faces", "align": False, "size": 64, "steps": 1500, "batch_size": 32},
    "fashion": {"source": "sample:fashion", "size": 32, "steps": 1500, "batch_size": 64, "recipe": "fashion"},
    "lines": {"source": "sample:lines", "size": None, "steps": 4000, "batch_size": 64, "recipe": "lines"},
}
MODELS = ("gaia", "ae", "vae", "gan", "vae_gan", "aae", "acai", "began", "gaia (paper)")
RECIPES = {"gaia (paper)": "paper"}
"""Rows of one model with a recipe of their own, batch size included. Only the faces have them."""
MEASURED = ("reconstruction", "sharpness", "texture", "realism", "convexity", "lines")
KEPT = re.compile(
    r"reconstruction/(ssim|l1)|(sharpness|texture)/midpoints|(kernel|frechet) distance/(hed|pca)/(interpolants|blends of values)|"
    r"convexity gap/(hed|pca)|lines/(mean distance|smoothness|flat paths)"
)
"""The metrics that docs/results.md shows."""
DRAWN, PAIRS, WEIGHTS = ("gaia", "ae", "vae", "acai"), 3, np.linspace(0, 1, 11)


def settings_of(name: str, steps: int | None = None, model: str = "gaia") -> dict[str, Any]:
    chosen = dict(SETS[name])
    own, usual = chosen.pop("recipe", None), chosen.pop("steps")
    if recipe := RECIPES.get(model):
        own, model = recipe, model.split()[0]
        del chosen["batch_size"]
    usual_ones = sharp(model) if name.startswith("faces") else {}
    return {"model": model, **usual_ones, **(gm.recipe(own, model) if own else {}), **chosen, "steps": steps or usual}


def measured(case: Case, names: tuple[str, ...] = MEASURED) -> dict[str, float]:
    return {f.name: f.value for name in names for f in METRICS[name](case) if KEPT.fullmatch(f.name)}


def answer(question: Question) -> None:
    settings = settings_of(question.name, question.steps)
    steps, known = settings["steps"], [m for m in MODELS if m not in RECIPES or question.name.startswith("faces")]
    # Of lines, VGG features say nothing that the metric of lines does not.
    features = ["pca"] if question.name == "lines" else ["pca", "hed"]
    for key in question.missing(seed=question.seeds or (0, 1, 2), model=question.models or known, steps=(steps,)):
        own = settings_of(question.name, question.steps, key["model"]) | {"seed": key["seed"]}
        source = own.pop("source")
        space = question.train(source, question.folder(*key.values()), **own)
        case = Case(space, space.open_data(source), seed=key["seed"], features=features)
        question.results.head |= {"items": len(case.real), "split": case.split}
        question.results.add(**key, batch_size=own["batch_size"], **cost(space), **measured(case))


def picture(question: Question) -> None:
    """The same pairs of held-out items by each model, seed 0. Where items have groups, the last pair is of unseen ones."""
    settings = settings_of(question.name, question.steps)
    spaces = {model: gm.load(question.folder(0, model, settings["steps"])) for model in DRAWN}
    data = spaces["gaia"].open_data(settings["source"])
    grouped = len(data.splits.get("test_seen", ())) > 0
    shown = [("test_seen", PAIRS - 1, ""), ("test", 1, " (unseen)")] if grouped else [("test", PAIRS, "")]
    rows, labels = [], []
    for split, count, note in shown:
        held_out = data.items[data.splits[split]]
        ends = held_out[np.random.default_rng(0).permutation(len(held_out))[: 2 * count]]
        for a, b in zip(ends[:count], ends[count:], strict=True):
            for model, space in spaces.items():
                z_a, z_b = space.encode(np.stack([a, b]))
                path = space.decode(np.stack([(1 - w) * z_a + w * z_b for w in WEIGHTS]).astype(np.float32))
                rows.append([a, *path, b])
                labels.append(model + note)
    save_sheet(rows, labels, ["item", *(f"{w:.1f}" for w in WEIGHTS), "item"], 48, f"paths_{question.name}")
