"""docs/performance.md from results/*.json.  python benchmarks/performance.py"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from pages import DOCS, load, made_by, section, table
from results import FOLDER


def times(faster: dict[str, float]) -> str:
    return f"**{faster['median']:.2f}** ({faster['least']:.2f} – {faster['most']:.2f})"


def step_table(result: dict[str, Any]) -> list[str]:
    columns = ["case", "batch", "plain, ms", "half plain, ms", "here, ms", "times as fast as plain", "as half plain"]
    columns += ["GFLOP/s", "of the product rate"]
    rows = [
        [r["case"], str(r["batch"]), f"{r['own_layers_ms']:.0f}", f"{r['plain_ms']:.0f}", f"{r['ours_ms']:.0f}",
         times(r["faster_than_own_layers"]), times(r["faster"]), f"{r['gflops']:.0f}", f"{r['of_product_rate']:.0%}"]
        for r in result["runs"]
    ]  # fmt: skip
    return table(columns, rows)


def step(result: dict[str, Any]) -> list[str]:
    in_fp32 = [
        [case, times(r["faster_than_own_layers"]), times(r["faster"]), f"{r['of_product_rate']:.0%}"]
        for case, r in ((r["case"], r["fp32"]) for r in result["runs"])
    ]
    body = [
        "A GAIA step as `gaiamorph train` makes it (reading the batch and averaging the weights included) against a plain eager "
        "two-phase step in fp32, with the same networks, batch, data and threads. Plain: of torch's own layers. Half plain: of the "
        "library's layers, which read and draw pictures faster than torch's, with less arithmetic, and so speed up what they are "
        "compared with. Of the "
        "product rate: arithmetic of the step's convolutions and matrix products a second, as a share of the rate at which the "
        "same machine multiplies matrices of 2048 x 2048 in the step's own precision at the same moment.",
        "",
        *step_table(result),
        f"Here the step ran in {result['runs'][0]['precision']}, which `--precision auto` chose, and the plain one in fp32. The "
        "same step in fp32 (`--precision fp32`), against products in fp32:",
        "",
        *table(["case", "times as fast as plain", "as half plain", "of the product rate"], in_fp32),
        "By count, the plain step's arithmetic is some 1.5 to 1.7 times as much; the rest of the gain is bf16 where it is native, "
        "memory layout, fewer passes over whole pictures, and memory that is kept between steps. What keeps it from the product "
        "rate is told in the next section.",
        "",
    ]
    return section("The step", result, body)


def elsewhere(machine: str, result: dict[str, Any]) -> list[str]:
    """The step and its peers on another machine than the first (``--machine``)."""
    body = [
        f"The same as in the first section on another machine ({result['machine']}), where `--precision auto` chose "
        f"{result['runs'][0]['precision']}.",
        "",
        *step_table(result),
    ]
    if (others := load(f"peers_{machine}")) is not None:
        told = " and ".join(f"{times(r['faster'])} times as fast on {r['model'].upper()}" for r in others["runs"])
        body += [f"Against pythae 0.1.2 (see below): {told.replace('_', '-')}; made by {made_by(others)}.", ""]
    return section(f"The step elsewhere: {machine}", result, body)


def parts(result: dict[str, Any]) -> list[str]:
    rows = [
        [r["case"], r["precision"], f"{r['ms']:.0f}", f"{r['products_ms']:.0f}", f"{r['others_ms']:.0f}",
         f"{r['products_of_product_rate']:.0%}", f"{r['products_of_product_rate'] * r['products_ms'] / r['ms']:.0%}"]
        for r in result["runs"]
    ]  # fmt: skip
    largest = max(result["runs"], key=lambda r: (r["precision"] == "bf16", r["ms"]))
    listed = [
        [p["operation"].replace("_", " "), p["shapes"], f"{p['ms']:.1f}", f"{p['of_product_rate']:.0%}"]
        for p in largest["largest"]
    ]
    around = ", ".join(f"{name} {ms:.1f}" for name, ms in largest["others"].items())
    columns = [
        "case",
        "precision",
        "step, ms",
        "products, ms",
        "all else, ms",
        "products alone, of the product rate",
        "step",
    ]
    body = [
        "Every operation of a step timed where it runs: convolutions and matrix products, and all else (activations, errors, "
        "doubling and moving pictures, Adam); what remains of a step is Python's. The rate of the products alone is what the step "
        "would reach if all else took no time.",
        "",
        *table(columns, rows),
        "In bf16 half of the product rate is out of reach: convolutions of 4 to 128 channels do not reach it themselves, those "
        "least that read or draw a picture's few channels, and bf16 units multiply several times as fast as fp32 ones, while "
        "what is around them is bound by memory or by rounding, and takes nearly as long as the products. In fp32 the products "
        f"do reach it. The products of {largest['case']} in {largest['precision']} that take longest:",
        "",
        *table(["product", "of what", "ms a step", "of the product rate"], listed),
        f"All else, ms a step, in torch's names: {around}.",
        "",
    ]
    return section("What a step is made of", result, body)


def choices(result: dict[str, Any]) -> list[str]:
    rows = [[r["case"], r["change"], times(r["slower"])] for r in result["runs"]]
    body = [
        "How many times as long it takes. Memory returned: what a step frees goes back to the system, as by default. Finest level "
        "at full size: decoders double their pictures for the last time and then go over them, instead of both at once "
        "(`networks/doubling.py`). The others are options: `--compile on`, `--precision bf16`, `--precision fp32`.",
        "",
        *table(["case", "change", "times as long"], rows),
    ]
    return section("The step with one thing changed", result, body)


def captured(result: dict[str, Any]) -> list[str]:
    rows = [
        [r["case"], str(r["batch"]), f"{r['launched_ms']:.1f}", f"{r['captured_ms']:.1f}", times(r["faster"])]
        for r in result["runs"]
    ]
    first = result["runs"][0]
    body = [
        f"A GAIA step on a graphics card ({first['card']}, {first['precision']}), reading the batch included: launched one "
        "operation after another, and its passes captured as one CUDA graph, as by default; the latter with a wait for the card "
        "after each step, as in the first steps of a run.",
        "",
        *table(["case", "batch", "launched, ms", "captured, ms", "times as fast"], rows),
    ]
    return section("The step on a graphics card", result, body)


def peers(result: dict[str, Any]) -> list[str]:
    rows = [[r["model"], f"{r['pythae_ms']:.1f}", f"{r['ours_ms']:.1f}", times(r["faster"])] for r in result["runs"]]
    body = [
        "The same networks (conv, 32 x 32 x 3), batch of 64, data, Adam and threads; of pythae its trainer's own `train_step`. Its "
        "VAE-GAN goes through the discriminator four times a step, ours once with three batches.",
        "",
        *table(["model", "pythae, ms a step", "here, ms a step", "times as fast"], rows),
    ]
    return section("Against pythae 0.1.2", result, body)


def scaling(result: dict[str, Any]) -> list[str]:
    speed = [r for r in result["runs"] if "faster" in r]
    rows = [[r["case"], str(r["batch"]), f"{r['one']:.0f}", f"{r['two']:.0f}", times(r["faster"])] for r in speed]
    largest = next(r["largest"] for r in result["runs"] if "largest" in r)
    body = [
        "Items a second of GAIA (conv, 32 x 32 x 1), one thread a process, in fp32. Batch: of the one process, and weak, "
        "of each of two; strong, of both together. Apart: two trainings at once that exchange nothing, which is what the machine "
        "allows. What two exchange in a step does not depend on the batch.",
        "",
        *table(["case", "batch", "one process", "two", "times as fast"], rows),
        "Two processes against one that pairs within the same two halves (`--parts 2`), faces, default settings in fp32: held-out "
        f"errors differ by {largest:.1e} at most over 50 steps.",
        "",
    ]
    return section("Two processes", result, body)


def frames(result: dict[str, Any]) -> list[str]:
    *_, bare, with_sheets = result["runs"]
    body = [
        f"{bare['frames']:,} frames of 64 x 64 x 3, ten to a pair, with codes and manifest (`gaiamorph morph --no-sheets`): "
        f"{bare['gaiamorph_ms']:.2f} ms a frame, against {bare['one_at_a_time_ms']:.2f} ms for decoding and saving one at a time: "
        f"{times(bare['faster'])} times as fast; with a contact sheet of each pair {times(with_sheets['faster'])} times.",
        "",
    ]
    return section("Writing frames", result, body)


def data(result: dict[str, Any]) -> list[str]:
    rows = [
        [r["way"], r["state"], f"{r['batches_per_second']:.0f}", f"{r['store_is_faster']:.1f}"] for r in result["runs"]
    ]
    body = [
        f"Batches of 64 from 5,000 PNG files of 64 x 64 x 3. Building the cache, once: "
        f"{result['runs'][0]['cache_built_in_seconds']:.1f} s. "
        "Cold: what the system holds of the files in memory is dropped first.",
        "",
        *table(["way", "files", "batches a second", "times slower than the store"], rows),
    ]
    return section("Data", result, body)


def startup(result: dict[str, Any]) -> list[str]:
    rows = [[f"`{r['command']}`", f"{r['seconds']:.2f}", f"{r['of_import_torch']:.2f}"] for r in result["runs"]]
    body = [
        *table(["command", "seconds", "of `import torch`"], rows),
    ]
    return section("Starting", result, body)


def growth(result: dict[str, Any]) -> list[str]:
    rows = [
        [
            " x ".join(map(str, r["shape"])),
            str(r["batch"]),
            f"{r['ms']:.0f}",
            f"{r['memory']:.0f}",
            f"{r['of_product_rate']:.0%}",
        ]
        for r in result["runs"]
    ]
    by_batch = [(r["batch"], r["memory"]) for r in result["runs"] if r["shape"] == [32, 32, 1]]
    batches, megabytes = np.array(sorted(set(by_batch))).T
    correlation = np.corrcoef(batches, megabytes)[0, 1]
    body = [
        *table(["picture", "batch", "ms a step", "memory, MB", "of the product rate"], rows),
        "Memory: the most that a step needs beyond what is there before it. "
        f"Its correlation with the batch is {correlation:.4f}.",
        "",
    ]
    return section("How it grows", result, body)


def steady(result: dict[str, Any]) -> list[str]:
    r = result["runs"][-1]
    body = [
        f"Private memory over {r['steps']:,} steps: {r['megabytes'][0]:.1f} MB after the first twentieth, "
        f"{r['megabytes'][-1]:.1f} MB at the end; slope after the first fifth "
        f"{r['megabytes_per_1000_steps']:+.3f} MB per 1,000 steps.",
        "",
    ]
    return section("Long runs", result, body)


def main() -> None:
    lines = [
        "# Performance",
        "",
        "Generated by `python benchmarks/performance.py` from `benchmarks/results/*.json`; do not edit. "
        "Variants are measured in turn, in processes of their own, and compared within each round: medians, and in brackets the "
        "least and most of all rounds. How it is done is in [training.md](training.md).",
        "",
    ]
    machines = [path.stem.removeprefix("step_") for path in sorted(FOLDER.glob("step_*.json"))]
    told = {
        "step": step,
        "parts": parts,
        **{f"step_{machine}": partial(elsewhere, machine) for machine in machines},
        **{f.__name__: f for f in (choices, captured, peers, scaling, frames, data, startup, growth, steady)},
    }
    for name, part in told.items():
        if (result := load(name)) is not None:
            lines += part(result)
    (DOCS / "performance.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
