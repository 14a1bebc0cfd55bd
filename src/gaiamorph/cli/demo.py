"""gaiamorph demo"""

import math
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from gaiamorph import drawing, training
from gaiamorph.cli.options import Flag, Overwrite
from gaiamorph.data import open_data
from gaiamorph.errors import UserError
from gaiamorph.output.folders import new_folder
from gaiamorph.output.report import write_page
from gaiamorph.space import LatentSpace
from gaiamorph.training.log import read_metrics

SOURCE = "sample:faces"
STEPS = 9
BATCH = 16
"""In a few minutes, many small steps learn more than few large ones."""
ENOUGH = 3000
"""Steps of GAIA until its morphs look as in the README. In the default time two idle cores make some 4,000 steps with bf16
arithmetic, and 2,000 to 2,500 without."""
CURVES = ("R", "F", "I", "reconstruction", "validation")


def demo(
    *,
    out: Path = Path("demo"),
    minutes: float = 2.2,
    threads: int = 0,
    size: int = 32,
    overwrite: Overwrite = False,
    quiet: Flag = False,
) -> None:
    """Train GAIA and a plain autoencoder on 400 photographs of faces, and compare their morphs between two people.

    Args:
        out: Folder for the two runs, the continuum, the figures and index.html.
        minutes: Training time of each model.
        threads: CPU threads; by default all cores. On cores that are busy with something else, 1 is much faster.
        size: Side of the pictures in pixels.
        quiet: Print nothing but the names of the files.
    """
    if minutes <= 0:
        raise UserError(f"minutes must be above 0, not {minutes}")
    data = open_data(SOURCE, size=size)
    with new_folder(out, overwrite, training=True):
        pass  # an empty one, in place of what is there
    settings = {"size": size, "minutes": minutes, "batch_size": BATCH, "threads": threads}
    spaces = {
        name: training.train(SOURCE, out=out / name, model=name, show=not quiet, **settings) for name in ("gaia", "ae")
    }
    # Held-out photographs of two people seen in training.
    seen = data.splits["test_seen"]
    a, b = (data.names[seen[quarter * len(seen) // 4]] for quarter in (1, 3))
    ends = f"{SOURCE}::{a}", f"{SOURCE}::{b}"
    spaces["gaia"].morph(*ends).save(out / "continuum", scale=2)
    _compare(spaces, *ends).save(out / "comparison.png")
    runs = {}
    for name in spaces:
        rows = read_metrics(out / name)
        runs[name.upper()] = [row["step"] for row in rows], {c: [row.get(c, math.nan) for row in rows] for c in CURVES}
    drawing.curves(runs, "step", "mean absolute difference", from_zero=True).save(out / "curves.png")
    captions = {
        "continuum/sheet.png": f"From {a} to {b}. Both ends are the photographs.",
        "comparison.png": "The same pair: by GAIA with the detail of the photographs; by GAIA and by an autoencoder alone, trained "
        "for the same time; and by blending pixels.",
        "curves.png": "Training curves. In a healthy GAIA, R, F and I stay together.",
    }
    steps = {name: space.info.training.steps for name, space in spaces.items()}
    errors = {name: space.info.validation.l1 for name, space in spaces.items() if space.info.validation}
    text = [
        "Between two photographs there is no photograph, so a morph has to invent one. Four ways are shown below.",
        "Blending pixels lays one face over the other: the middle has two outlines and two pairs of eyes.",
        "An autoencoder decodes the codes between two photographs. Nothing tells it how such faces look: it draws them blurred.",
        "GAIA trains on these codes. Its discriminator, a second autoencoder, learns to redraw real photographs well and "
        "invented ones badly. The first learns to draw faces that the discriminator takes for real.",
        f"GAIA draws {size} x {size} pixels, and what it draws is soft. So the detail of both photographs is carried along its "
        "path, to where their features lie in each frame. That is the first row, and what `gaiamorph morph` gives.",
        f"Each model was trained for {minutes:g} minutes on 252 photographs of 36 people (GAIA {steps['gaia']} steps, autoencoder "
        f"{steps['ae']}). Training saw the people at the ends, but not these photographs of them.",
        f"Held-out reconstruction error, as a share of the grey range: GAIA {errors['gaia']:.3f}, autoencoder {errors['ae']:.3f}. "
        "GAIA gives up some accuracy for sharpness.",
        "The photographs were aligned first: turned and scaled so that all eyes lie at the same places.",
        "For photographs of your own: gaiamorph align photos/ --out aligned, then gaiamorph train aligned/ --out run. "
        "An hour of training, or a graphics card, makes better stimuli.",
        "manifest.csv has what is needed to make the frames again: sources and model with their SHA-256, and weights.",
        "The photographs are the ORL database of faces (AT&T Laboratories Cambridge).",
    ]
    if steps["gaia"] < ENOUGH:
        wanted = math.ceil(minutes * ENOUGH / max(steps["gaia"], 1))
        note = (
            f"GAIA made only {steps['gaia']} steps in {minutes:g} minutes here, where {ENOUGH} make a fair picture, so its morphs "
            f"are rough: give it --minutes {wanted}, or a machine that is idle, or --threads 1 beside other programs"
        )
        text.insert(0, f"{note}.")
        if not quiet:
            print(f"gaiamorph: note: {note}", file=sys.stderr)
    write_page(out, "From one face to another", text, captions)
    for name in (*captions, "continuum/manifest.csv", "index.html"):
        print(out / name)


def _compare(spaces: dict[str, LatentSpace], a: str, b: str) -> Image.Image:
    weights = np.linspace(0, 1, STEPS)
    full = spaces["gaia"].morph(a, b, weights=weights)
    alone = [space.morph(a, b, weights=weights, detail="none", full_size=full.full_size) for space in spaces.values()]
    blend = full.kind.blend(full.a.item[None], full.b.item[None], weights)
    rows = [list(frames) for frames in (full.frames, *(c.frames for c in alone), blend)]
    labels = ["GAIA,\nwith detail", "GAIA alone", "autoencoder\nalone", "pixel blend"]
    return drawing.sheet(rows, labels, [f"{w:.2f}" for w in weights])
