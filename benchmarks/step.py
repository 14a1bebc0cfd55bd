"""A training step against a plain two-phase GAIA step.  python benchmarks/step.py [--repeats 7] [--only step choices growth steady]

The plain step is written here as it usually is, and fairly: eager, fp32, the framework's own memory layout and Adam, the
generator under no_grad in the discriminator's phase, and a frozen discriminator in the generator's. All take the same
networks, batch, data and threads: "plain" the library's, whose layers are themselves made fast, "torch's layers" the same
networks of the same weights out of what torch has. ``choices`` takes the step with one thing changed. Results: results/step.json,
choices.json, growth.json, steady.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import nn

from gaiamorph.data import open_data
from gaiamorph.models import MODELS
from gaiamorph.models.gaia import OBJECTIVES
from gaiamorph.models.interpolation import SAMPLERS, interpolate_pairs
from gaiamorph.networks import Autoencoder, NetworkSettings, conv, doubling
from gaiamorph.networks.base import activation
from gaiamorph.training.loop import Run
from gaiamorph.training.precision import chosen_precision, memory_kept
from gaiamorph.training.profile import count_flops, product_rate
from gaiamorph.training.settings import TrainSettings, settled
from interleaved import Worker, ratio, rounds, serve
from resident import megabytes, peak_of
from results import MACHINE, Results

CASES = {
    "conv 32x32x1": ("conv", (32, 32, 1), 64),
    "conv 32x32x3": ("conv", (32, 32, 3), 64),
    "conv 64x64x3": ("conv", (64, 64, 3), 64),
    "adain 64x64x3": ("adain", (64, 64, 3), 8),
}
"""Network, shape, batch (the paper's own for its network)."""
PLAIN, OWN, FP32 = "plain", "torch's layers", "fp32"
RETURNED, FULL_SIZE = "memory returned", "finest level at full size"
CHANGES: dict[str, dict[str, Any]] = {
    RETURNED: {},
    FULL_SIZE: {},
    "compiled": {"compile": "on"},
    "bf16": {"precision": "bf16"},
    FP32: {"precision": "fp32"},
}
"""What ``choices`` changes, and the settings that do it; the first two are done by hand."""
STEPS = 4
"""Steps in one measurement."""


def pictures(shape: tuple[int, ...], count: int = 512) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), np.uint8)


class OwnLayers(nn.Module):
    """An autoencoder of the library out of torch's own layers."""

    def __init__(self, pair: Autoencoder) -> None:
        super().__init__()
        self.encoder, self.decoder = own_layers(pair.encoder), own_layers(pair.decoder)

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        return self.encoder(2 * x - 1)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.decoder(z))


def finest_at_full_size(decoder: nn.Sequential) -> list[nn.Module]:
    """Its layers, with the same parameters, but for those that work at half of a picture's size: torch's, which do not."""
    layers: list[nn.Module] = []
    for layer in decoder:
        if isinstance(layer, doubling.DoubledConv | doubling.BlocksConv):
            plain = nn.Conv2d(layer.in_channels, layer.out_channels, 3, padding=1)
            plain.weight, plain.bias = layer.weight, layer.bias
            layers.append(plain)
        elif isinstance(layer, doubling.BlocksActivation):
            layers.append(activation())
        elif isinstance(layer, nn.Identity):
            layers.append(nn.UpsamplingNearest2d(scale_factor=2))
        else:
            layers.append(layer)
    return layers


def own_layers(network: nn.Module) -> nn.Module:
    """The same, where the library has written a layer of its own."""
    if not isinstance(network, nn.Sequential):
        return network
    layers: list[nn.Module] = []
    for layer in finest_at_full_size(network):
        if isinstance(layer, nn.Linear):
            linear = nn.Linear(layer.in_features, layer.out_features)
            linear.load_state_dict(layer.state_dict())
            layers.append(linear)
        elif isinstance(layer, conv.Unfold) and layer.patch == 1:
            pass  # nothing moves, and torch's layers would copy
        elif isinstance(layer, conv.Fold):
            layers.append(nn.PixelUnshuffle(layer.patch))
        elif isinstance(layer, conv.Unfold):
            layers.append(nn.PixelShuffle(layer.patch))
        elif isinstance(layer, conv.Flatten):
            layers.append(nn.Flatten())
        elif isinstance(layer, conv.Unflatten):
            layers.append(nn.Unflatten(1, layer.shape))
        elif isinstance(layer, conv.Double):
            layers.append(nn.UpsamplingNearest2d(scale_factor=2))
        else:
            layers.append(layer)
    return nn.Sequential(*layers)


class Plain:
    """The two-phase step."""

    def __init__(self, network: str, items: np.ndarray, batch: int, own: bool) -> None:
        torch.manual_seed(0)
        height, width, channels = items.shape[1:]
        self.model = MODELS["gaia"]((channels, height, width), 64, NetworkSettings(network))  # type: ignore[arg-type]
        if own:
            self.model.generator, self.model.discriminator = map(
                OwnLayers, (self.model.generator, self.model.discriminator)
            )
        self.error = torch.nn.functional.l1_loss if own else self.model.error
        assert self.model.settings.error == "l1"
        self.optimizers = {n: torch.optim.Adam(p, 2e-3, (0.5, 0.99)) for n, p in self.model.players().items()}
        self.items = torch.from_numpy(items).permute(0, 3, 1, 2).contiguous()
        self.batch = batch

    def __call__(self) -> None:
        G, D, s, e = self.model.generator, self.model.discriminator, self.model.settings, self.error
        x = self.items[torch.randint(len(self.items), (self.batch,))].float() / 255
        weight = SAMPLERS[s.sampler](self.batch, torch.default_generator)
        made_of = interpolate_pairs(torch.eye(self.batch), weight)
        noise = self.model.strengths[0] * torch.randn_like(x)

        with torch.no_grad():
            z = G.encode(x)
            Gx, Gz = G.decode(torch.cat([z, interpolate_pairs(z, weight)])).chunk(2)
        Dx, DGx, DGz = D.decode(D.encode(torch.cat([x + noise, Gx + noise, Gz + noise]))).chunk(3)
        R, F, I = e(x, Dx), e(x, DGx), e(Gz, DGz)
        share = e(x, Gx) / e(x, x.mean(0).expand_as(x))
        factor = s.set_distance * R.detach() * (1 - share).clamp_min(0)
        balance = OBJECTIVES[s.objective](R.detach(), F.detach(), I.detach(), s)
        self.optimizers["discriminator"].zero_grad()
        (R - balance.F_in_D * F - balance.I_in_D * I).backward()
        self.optimizers["discriminator"].step()

        D.requires_grad_(False)
        z = G.encode(x)
        Gx, Gz = G.decode(torch.cat([z, interpolate_pairs(z, weight)])).chunk(2)
        DGx, DGz = D.decode(D.encode(torch.cat([Gx + noise, Gz + noise]))).chunk(2)
        E, remembered = self.model.unlikeness(x, Gz, made_of)
        self.model.unlikeness.remember(remembered)
        loss = balance.F_in_G * e(x, DGx) + balance.I_in_G * e(Gz, DGz) + factor * E + s.direct * e(x, Gx)
        self.optimizers["generator"].zero_grad()
        loss.backward()
        self.optimizers["generator"].step()
        D.requires_grad_(True)


def our_run(network: str, items: np.ndarray, batch: int, folder: Path, model: str = "gaia", **changes: Any) -> Run:
    np.save(folder / "items.npy", items)
    data = open_data(folder / "items.npy")
    settings = TrainSettings(model=model, batch_size=batch, latent_dim=64, flip="off", shift=0, **changes)
    settings.network.name = network  # type: ignore[assignment]
    return Run(data, settled(settings, data), folder)


def work(task: dict) -> None:
    network, shape, batch, kind = task["network"], tuple(task["shape"]), task["batch"], task["kind"]
    items = pictures(shape)
    with tempfile.TemporaryDirectory() as folder:
        run = our_run(network, items, batch, Path(folder), **CHANGES.get(kind, {}))
        if kind == FULL_SIZE:
            for pair in (run.model.generator, run.model.discriminator):
                pair.decoder = nn.Sequential(*finest_at_full_size(pair.decoder))
        step = Plain(network, items, batch, kind == OWN) if kind in (PLAIN, OWN) else run.advance
        # Of all: what is counted first takes a little longer later.
        flops = 0 if kind == "compiled" else count_flops(run.dry_step)
        dtype = torch.bfloat16 if kind not in (PLAIN, OWN) and run.settings.precision == "bf16" else torch.float32

        def measure() -> dict[str, float]:
            began = time.perf_counter()
            for _ in range(STEPS):
                step()
            ms = 1000 * (time.perf_counter() - began) / STEPS
            peak = product_rate(torch.device("cpu"), dtype)
            return {
                "ms": ms,
                "gflops": flops / ms / 1e6,
                "product_gflops": peak / 1e9,
                "memory": memory,
            }

        with nullcontext() if kind in (PLAIN, OWN, RETURNED) else memory_kept():
            step(), step()
            memory = peak_of(step)
            serve(measure)
        run.batches.close()


def task(name: str, kind: str) -> dict:
    network, shape, batch = CASES[name]
    return {"network": network, "shape": shape, "batch": batch, "kind": kind}


def share_of_products(found: list[dict[str, Any]]) -> float:
    """Of the rate of matrix products in the same precision, measured in the same round."""
    return median(f["gflops"] / f["product_gflops"] for f in found)


def steps(repeats: int, machine: str) -> None:
    results = Results("step", "python benchmarks/step.py --only step", machine)
    for name in CASES:
        if results.has(case=name):
            continue
        found = rounds(__file__, {kind: task(name, kind) for kind in (PLAIN, OWN, "ours", FP32)}, repeats)
        ours = found["ours"]
        results.add(
            case=name,
            batch=CASES[name][2],
            repeats=repeats,
            plain_ms=median(f["ms"] for f in found[PLAIN]),
            ours_ms=median(f["ms"] for f in ours),
            faster=ratio(found[PLAIN], ours),
            own_layers_ms=median(f["ms"] for f in found[OWN]),
            faster_than_own_layers=ratio(found[OWN], ours),
            gflops=median(f["gflops"] for f in ours),
            precision=chosen_precision("auto", "cpu", "conv"),
            of_product_rate=share_of_products(ours),
            fp32={"faster": ratio(found[PLAIN], found[FP32]), "faster_than_own_layers": ratio(found[OWN], found[FP32]),
                  "of_product_rate": share_of_products(found[FP32])},
        )  # fmt: skip
        print(results.runs[-1], flush=True)


def choices(repeats: int) -> None:
    """The step as it is against the step with one thing changed."""
    results = Results("choices", "python benchmarks/step.py --only choices")
    for name in ("conv 32x32x1", "conv 64x64x3"):
        if results.has(case=name):
            continue
        kinds = ("ours", *CHANGES)
        found = rounds(__file__, {kind: task(name, kind) for kind in kinds}, repeats)
        for kind in kinds[1:]:
            results.add(case=name, change=kind, repeats=repeats, slower=ratio(found[kind], found["ours"]))
            print(results.runs[-1], flush=True)


def growth(repeats: int) -> None:
    """Time and memory of a step, by batch and by size of picture."""
    results = Results("growth", "python benchmarks/step.py --only growth")
    cases = [("conv", (32, 32, 1), batch) for batch in (16, 32, 64, 128, 256)]
    cases += [("conv", (size, size, 1), 32) for size in (32, 48, 64, 96, 128)]
    for network, shape, batch in cases:
        if results.has(shape=list(shape), batch=batch):
            continue
        worker = Worker(__file__, {"network": network, "shape": shape, "batch": batch, "kind": "ours"})
        found = [worker.measure() for _ in range(repeats)]
        worker.close()
        results.add(
            shape=list(shape),
            batch=batch,
            ms=median(f["ms"] for f in found),
            precision=chosen_precision("auto", "cpu", "conv"),
            of_product_rate=share_of_products(found),
            memory=found[-1]["memory"],
        )
        print(results.runs[-1], flush=True)


def steady(count: int = 10_000, every: int = 500) -> None:
    """Private memory over 10,000 steps."""
    results = Results("steady", "python benchmarks/step.py --only steady")
    if results.runs:
        return
    with tempfile.TemporaryDirectory() as folder, memory_kept():
        run = our_run("conv", pictures((8, 8, 1)), 8, Path(folder))
        rows = []
        for step in range(1, count + 1):
            run.advance()
            if step % 10 == 0:
                run.means.take()
            if step % every == 0:
                rows.append((step, megabytes("RssAnon")))
        run.batches.close()
    late = np.array(rows[len(rows) // 5 :])
    slope = float(np.polyfit(late[:, 0], late[:, 1], 1)[0])
    results.add(steps=count, megabytes=[round(m, 2) for _, m in rows], megabytes_per_1000_steps=1000 * slope)
    print(results.runs[-1], flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--only", nargs="+", default=["step", "choices", "growth", "steady"])
    parser.add_argument("--machine", default="", help=MACHINE)
    parser.add_argument("--worker", default=None)
    options = parser.parse_args()
    if options.worker:
        work(json.loads(options.worker))
        return
    here = partial(steps, machine=options.machine)
    for name, function in {"step": here, "choices": choices, "growth": growth}.items():
        if name in options.only:
            function(options.repeats)
    if "steady" in options.only:
        steady()


if __name__ == "__main__":
    main()
