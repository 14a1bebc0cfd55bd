"""A step of `gm.train` against a plain two-phase step of the same model.

The plain step is written as one usually is, and fairly: eager, fp32, torch's memory layout and Adam, no gradients for the generator
in the discriminator's phase, and a frozen discriminator in the generator's. "plain" takes networks of torch's own layers,
"half plain" the library's networks, whose layers are faster. All take the same sizes, batches and threads.
"""

import itertools
import tempfile
import time
from collections.abc import Callable
from math import log2
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

import gaiamorph as gm
from common import Question, pictures, ratio, rounds, train_ms

CASES = {"conv 32x32x1": ((32, 32, 1), 64), "conv 32x32x3": ((32, 32, 3), 64), "conv 64x64x3": ((64, 64, 3), 64)}
ON_CARD = {**CASES, "conv 64x64x3, large batch": ((64, 64, 3), 256), "conv 128x128x3": ((128, 128, 3), 64)}
"""Shape and batch."""
CODE, STEPS = 64, 4


def convolution(channels_in: int, channels_out: int, stride: int = 1) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(channels_in, channels_out, 3, stride, 1), nn.LeakyReLU(0.2, inplace=True)


class PlainPair(nn.Module):
    """The conv network of torch's own layers."""

    def __init__(self, shape: tuple[int, int, int], code: int) -> None:
        super().__init__()
        side, _, channels = shape
        read = 4 if side >= 48 else 2
        widths = [16 * 2**i for i in range(int(log2(side // 8)) + 1)]
        used, most = widths[int(log2(read)) :], widths[-1]
        down = [layer for a, b in itertools.pairwise(used) for layer in convolution(a, b, 2)]
        double = nn.UpsamplingNearest2d(scale_factor=2)
        up = [layer for a, b in itertools.pairwise(widths[::-1]) for layer in (*convolution(a, b), double)]
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(read), *convolution(channels * read**2, used[0]), *down, nn.Flatten(), nn.Linear(64 * most, code)
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(code, 64 * most), nn.LeakyReLU(0.2), nn.Unflatten(1, (most, 8, 8)), *up, *convolution(16, 16),
            nn.Conv2d(16, channels, 3, padding=1), nn.Sigmoid(),
        )  # fmt: skip

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(2 * x - 1)

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)


def pair(shape: tuple[int, int, int], code: int, plain: bool) -> Any:
    """An autoencoder. The library's comes out of a training of one step."""
    with tempfile.TemporaryDirectory() as scratch:
        np.save(Path(scratch, "items.npy"), pictures(shape, 32))
        space = gm.train(
            Path(scratch, "items.npy"), out=Path(scratch, "run"), model="ae", latent_dim=code, steps=1, show=False
        )
    library, own = space.generator.requires_grad_(True).train(), PlainPair(shape, code)
    sizes = {sum(p.numel() for p in module.parameters()) for module in (library, own)}
    assert len(sizes) == 1, f"the networks differ in size: {sizes}"
    return own if plain else library


class PlainStep:
    """GAIA's objective `balanced`, with the set distance."""

    def __init__(self, shape: tuple[int, int, int], batch: int, plain: bool) -> None:
        torch.manual_seed(0)
        self.G, self.D = pair(shape, CODE, plain), pair(shape, CODE // 2, plain)
        self.to_G, self.to_D = (torch.optim.Adam(m.parameters(), 2e-3, (0.5, 0.99)) for m in (self.G, self.D))
        self.items, self.batch = torch.from_numpy(pictures(shape)).permute(0, 3, 1, 2).contiguous(), batch
        self.earlier: list[list[Tensor]] = [[], []]

    def redraw(self, *parts: Tensor) -> tuple[Tensor, ...]:
        return self.D.decode(self.D.encode(torch.cat(parts))).chunk(len(parts))

    def made(self, x: Tensor, weight: Tensor) -> tuple[Tensor, ...]:
        z = self.G.encode(x)
        return self.G.decode(torch.cat([z, weight * z + (1 - weight) * z.roll(1, 0)])).chunk(2)

    def unlike(self, *sets: Tensor) -> Tensor:
        """Energy distance of 16 x 16 means, of this batch from it and from 16 items each of eight earlier ones."""
        x, y = small = [avg_pool2d(s, s.shape[-1] // 16).flatten(1) for s in sets]
        all_x, all_y = (torch.cat([s, *earlier]) for s, earlier in zip(small, self.earlier, strict=True))
        self.earlier = [[s[:16].detach(), *old][:8] for s, old in zip(small, self.earlier, strict=True)]
        within = torch.cdist(x, all_x).mean()
        return (2 * torch.cdist(y, all_x).mean() - within - torch.cdist(y, all_y).mean()) / within

    def __call__(self) -> None:
        x = self.items[torch.randint(len(self.items), (self.batch,))].float() / 255
        weight, noise = 0.5 + 0.1 * torch.randn(len(x), 1), 0.07 * torch.randn_like(x)
        with torch.no_grad():
            Gx, Gz = self.made(x, weight)
        Dx, DGx, DGz = self.redraw(x + noise, Gx + noise, Gz + noise)
        R, F, I = ((a - b).abs().mean() for a, b in ((x, Dx), (x, DGx), (Gz, DGz)))
        r, f, i = R.detach(), F.detach(), I.detach()
        w, v = 0.25 * torch.sigmoid(5 * (r - (f + i) / 2) / r), torch.sigmoid(5 * (i - f) / r)
        self.to_D.zero_grad()
        (R - w * (F + I)).backward()
        self.to_D.step()

        self.D.requires_grad_(False)
        Gx, Gz = self.made(x, weight)
        DGx, DGz = self.redraw(Gx + noise, Gz + noise)
        direct = (x - Gx).abs().mean()
        q = (1 - direct.detach() / (x - x.mean(0)).abs().mean()).clamp_min(0)
        loss = (1 - v) * (x - DGx).abs().mean() + v * (Gz - DGz).abs().mean() + 8 * direct
        self.to_G.zero_grad()
        (loss + 60 * q * r * self.unlike(x, Gz)).backward()
        self.to_G.step()
        self.D.requires_grad_(True)


def prepared(task: dict[str, Any]) -> Callable[[], float]:
    shape, batch = CASES[task["case"]]
    if task["kind"] in ("auto", "fp32"):
        return lambda: train_ms(pictures(shape), batch_size=batch, precision=task["kind"], threads=task["threads"])
    step = PlainStep(shape, batch, task["kind"] == "plain")
    torch.set_num_threads(task["threads"] or torch.get_num_threads())

    def measure() -> float:
        began = time.perf_counter()
        for _ in range(STEPS):
            step()
        return 1000 * (time.perf_counter() - began) / STEPS

    measure()
    return measure


def answer(question: Question) -> None:
    if question.name == "graphics_card":
        on_card(question)
        return
    for key in question.missing(case=CASES):
        kinds = ("plain", "half plain", "auto", "fp32")
        tasks = {kind: {**key, "kind": kind, "threads": question.threads} for kind in kinds}
        plain, half, here, fp32 = rounds(prepared, tasks, question.repeats).values()
        question.results.add(
            **key, batch=CASES[key["case"]][1], repeats=question.repeats, plain_ms=median(plain), half_plain_ms=median(half),
            ms=median(here), faster=ratio(plain, here), faster_than_half_plain=ratio(half, here),
            fp32={"faster": ratio(plain, fp32), "faster_than_half_plain": ratio(half, fp32)},
        )  # fmt: skip


def on_card(question: Question) -> None:
    """Captured as one CUDA graph, and launched operation by operation: a training whose step cannot be captured goes on without."""
    if not torch.cuda.is_available():
        print("there is no graphics card here: nothing is measured")
        return
    not_captured = mock.patch("torch.cuda.graph", side_effect=RuntimeError("not here"))
    for key in question.missing(case=ON_CARD, card=(torch.cuda.get_device_name(),)):
        shape, batch = ON_CARD[key["case"]]
        captured, launched = [], []
        for _ in range(question.repeats):
            captured.append(train_ms(pictures(shape), 120, batch_size=batch, device="cuda"))
            with not_captured:
                launched.append(train_ms(pictures(shape), 120, batch_size=batch, device="cuda"))
        question.results.add(
            **key, batch=batch, repeats=question.repeats, launched_ms=median(launched), captured_ms=median(captured),
            faster=ratio(launched, captured),
        )  # fmt: skip
