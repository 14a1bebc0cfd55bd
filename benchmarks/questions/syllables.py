"""Continua between the syllables of birds that sing: all models, a cross-fade and a blend of spectrograms.

Needs the Bengalese finch syllables (GAIAMORPH_FINCH). Songs are held out. Every frame is judged as it is heard: made into a
waveform, and analysed again.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

import gaiamorph as gm
from common import IMAGES, Question, cost
from gaiamorph.data.kinds import Strip
from gaiamorph.evaluation.judge import LabelFeatures, open_labels
from gaiamorph.evaluation.labels import monotone, shares_of, third
from gaiamorph.evaluation.sounds import contrast, cross_fade, harmonicity, log_spectral_distance

STEPS, PAIRS, FRAMES, MODELS = 2000, 200, 9, ("gaia", "ae", "vae")
READING = {"fmin": 500.0, "fmax": 12_000.0, "rate": 32_000}
RIVALS = ("cross-fade", "blend")
SHOWN = np.linspace(0, 1, 7)[1:-1]


def grouped(source: Path, target: Path) -> Path:
    """A folder of links, whose groups are songs."""
    if not (target / "metadata.csv").exists():
        target.mkdir(parents=True, exist_ok=True)
        table = pd.read_csv(source / "metadata.csv").rename(columns={"song": "group"})
        table["label"] = table["bird"] + " " + table["label"].astype(str)  # birds have letters of their own
        for name in table["file_name"]:
            (target / name).symlink_to((source / name).resolve())
        table[["file_name", "label", "group", "bird"]].to_csv(target / "metadata.csv", index=False)
    return target


def pairs_of(data: gm.Dataset) -> np.ndarray:
    """(PAIRS, 2): indices of held-out items of one bird with different labels."""
    table, held = data.attributes, data.splits["test"]
    rng, found = np.random.default_rng(0), []
    while len(found) < PAIRS:
        a, b = rng.choice(held, 2, replace=False)
        if table["bird"][a] == table["bird"][b] and table["label"][a] != table["label"][b]:
            found.append((a, b))
    return np.array(found)


def frames_of(
    way: str, space: gm.LatentSpace | None, data: gm.Dataset, pair: np.ndarray, detail: str
) -> list[np.ndarray]:
    kind: Any = data.kind
    weights = np.linspace(0, 1, FRAMES)
    things = [data.original(data.names[i]) for i in pair] if data.original else []
    if way == "cross-fade":
        a, b = (kind.recording(thing) for thing in things)
        return cross_fade(a, b, weights)
    if way == "blend":
        a, b = (np.repeat(data.items[i][None], FRAMES, 0) for i in pair)
        return list(kind.delivered(kind.blend(a, b, weights)))
    assert space is not None
    return list(space.morph(*things, weights=weights, detail=detail).frames)


def measured(
    way: str, space: gm.LatentSpace | None, data: gm.Dataset, judge: LabelFeatures, detail: str, pairs: np.ndarray
) -> dict[str, float]:
    kind: Any = data.kind
    known = judge.indices(data.attributes["label"])
    a, b = known[pairs.T]
    items, ends, noise = [], [], []
    for pair in pairs:
        frames = frames_of(way, space, data, pair, detail)
        items.append(np.stack([kind.item(frame) for frame in frames]))
        own = [kind.recording(data.original(data.names[i])) for i in pair]  # type: ignore[misc]
        ends.append([log_spectral_distance(frames[i], wave, kind) for i, wave in zip((0, -1), own, strict=True)])
        noise.append(harmonicity(frames[FRAMES // 2], kind.rate) - np.mean([harmonicity(x, kind.rate) for x in own]))
    made = np.stack(items)
    flat = judge.probabilities(kind.to_tensor(made.reshape(-1, *kind.item_shape)))
    walked, middles = flat.reshape(len(pairs), FRAMES, -1), made[:, FRAMES // 2]
    real = contrast(kind, data.items[np.sort(pairs.ravel())])
    return {
        "third": float(third(walked[:, FRAMES // 2], a, b).mean()),
        "monotone": float(monotone(shares_of(walked, a, b)).mean()),
        "ends right": float(np.mean([walked[:, 0].argmax(1) == a, walked[:, -1].argmax(1) == b])),
        "contrast": contrast(kind, middles) - real,
        "harmonicity": float(np.mean(noise)),
        "ends dB": float(np.mean(ends)),
    }  # fmt: skip


def answer(question: Question) -> None:
    if (source := os.environ.get("GAIAMORPH_FINCH")) is None:
        print("set GAIAMORPH_FINCH to the folder with the finch syllables")
        return
    folder = grouped(Path(source), question.runs / question.name / "syllables")
    for seed in question.seeds or (0, 1, 2):
        data, judge = gm.open_data(folder, seed=seed, **READING), None
        for model in question.models or (*RIVALS, *MODELS):
            ways = [model] if model in RIVALS else [model, f"{model}, detail"]
            if not [*question.missing(seed=[seed], way=ways)]:
                continue
            space = None
            if model not in RIVALS:
                steps = question.steps or STEPS
                out = question.folder(seed, model)
                space = question.train(folder, out, model=model, seed=seed, steps=steps, **READING)
            judge = judge or open_labels(data)
            held = data.splits["test"]
            skill = judge.accuracy(
                data.kind.to_tensor(data.items[held]), data.attributes["label"].astype(str).to_numpy()[held]
            )
            for key in question.missing(seed=[seed], way=ways):
                detail = "carried" if "detail" in key["way"] else "none"
                found = measured(model, space, data, judge, detail, pairs_of(data))
                question.results.add(**key, **(cost(space) if space else {}), skill=skill, **found)


def picture(question: Question) -> None:
    """Twelve pairs by GAIA, and the middles of six of them by every way."""
    seed, source = 0, os.environ["GAIAMORPH_FINCH"]
    data = gm.open_data(grouped(Path(source), question.runs / question.name / "syllables"), seed=seed, **READING)
    kind: Any = data.kind
    spaces = {model: gm.load(question.folder(seed, model)) for model in MODELS}
    chosen, rows = pairs_of(data)[:12], []
    for pair in chosen:
        full = spaces["gaia"].morph(*(data.original(data.names[i]) for i in pair), weights=SHOWN)  # type: ignore[misc]
        rows.append(
            kind.draw_continuum(Strip(full.frames, [f"{w:.2f}" for w in SHOWN], full.a.item, full.b.item, SHOWN, ""))
        )
    _save(rows, "syllables")
    rows[1].convert("L").quantize(16).save(IMAGES / "syllable.png", optimize=True)
    rows = []
    for pair in chosen[:6]:
        a, b = (kind.recording(data.original(data.names[i])) for i in pair)  # type: ignore[misc]
        ways = (*RIVALS, *MODELS)
        middles = np.empty(len(ways), object)
        for k, way in enumerate(ways):
            middles[k] = frames_of(way, spaces.get(way), data, pair, "none")[FRAMES // 2]
        rows.append(kind.draw_continuum(Strip(middles, ways, a, b, np.arange(len(ways)), "")))
    _save(rows, "syllables_middles")


def _save(rows: list[Image.Image], name: str) -> None:
    """Pictures below each other, at two thirds of their size, in 16 greys."""
    whole = Image.new("L", (rows[0].width, sum(row.height for row in rows)), 255)
    for k, row in enumerate(rows):
        whole.paste(row.convert("L"), (0, k * rows[0].height))
    small = whole.resize((whole.width * 2 // 3, whole.height * 2 // 3), Image.Resampling.LANCZOS)
    small.quantize(16).save(IMAGES / f"{name}.png", optimize=True)
