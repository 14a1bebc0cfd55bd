"""The training loop: the only one."""

from __future__ import annotations

import json
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from gaiamorph.data import Dataset
from gaiamorph.errors import TrainingError, UserError
from gaiamorph.models import MODELS, Batch, Model
from gaiamorph.networks import Autoencoder
from gaiamorph.space import FILE as SPACE_FILE
from gaiamorph.space import LatentSpace
from gaiamorph.training import augment, checkpoint, log
from gaiamorph.training.figure import fixed_figure
from gaiamorph.training.finish import held_out, make_space, reconstruction_errors
from gaiamorph.training.progress import Display
from gaiamorph.training.sampler import Sampler, generator_of
from gaiamorph.training.settings import TrainSettings, to_dict
from gaiamorph.training.watch import Watch

LOG_EVERY = 10
"""Steps between rows of metrics.csv; each holds means over them."""
VALIDATIONS, FIGURES = 20, 10
"""How often a run of known length is validated and drawn."""
STEPS_BETWEEN_VALIDATIONS, STEPS_BETWEEN_FIGURES = 500, 1000
"""The same where a run goes by minutes."""
SECONDS_BETWEEN_CHECKPOINTS = 15


class Run:
    """One training: the state that a step changes, and the step. `train` drives it."""

    def __init__(self, data: Dataset, settings: TrainSettings, folder: Path) -> None:
        self.data, self.settings, self.folder = data, settings, folder
        s = settings
        torch.set_num_threads(s.threads)
        self.fabric = Fabric(accelerator=s.device, devices=1, precision="32-true")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(s.seed)
            options = getattr(s, s.model)
            self.model: Model = MODELS[s.model](data.kind.shape, s.latent_dim, s.network, options)  # type: ignore[call-arg]
        if len(data.kind.shape) == 3:
            self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.players = self.model.players()
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            player: torch.optim.Adam(parameters, s.learning_rate, (s.beta1, s.beta2), fused=True)
            for player, parameters in self.players.items()
        }
        # Fabric wraps the root alone: calls into a separately wrapped network would bypass it.
        self.wrapped, *_ = self.fabric.setup(self.model, *self.optimizers.values())
        self.average = AveragedModel(self.model.generator, multi_avg_fn=self._lerp_average)
        self.sampler = Sampler(data.splits["train"], s.batch_size, s.seed)
        self.watch = Watch(self.model.diagnose, None if s.minutes else s.steps)
        self.means = log.Means()
        self.step = 0
        self.seconds = 0.0

    def _lerp_average(self, average: Any, current: Any, count: Any) -> None:
        """The moving average, with a shorter memory at the start, when weights change fast."""
        keep = min(self.settings.average, (1 + int(count)) / (10 + int(count)))
        for a, c in zip(average, current, strict=True):
            a.lerp_(c, 1 - keep)

    @property
    def averaged(self) -> Autoencoder:
        return cast(Autoencoder, self.average.module)

    @property
    def share(self) -> float:
        """How much of the run is done, 0 to 1."""
        s = self.settings
        return min(1.0, self.seconds / (60 * s.minutes) if s.minutes else self.step / s.steps)

    def rate(self) -> float:
        """The learning rate now: a rise over the warm-up, then half a cosine down to zero."""
        rising = min(1.0, (self.step + 1) / self.settings.warmup) if self.settings.warmup else 1.0
        return self.settings.learning_rate * rising * 0.5 * (1 + math.cos(math.pi * self.share))

    def batch(self) -> Batch:
        """Items and random numbers of the current step."""
        s, kind = self.settings, self.data.kind
        x = kind.to_tensor(self.data.items[self.sampler.batch(self.step)]).to(self.fabric.device)
        generator = generator_of(s.seed, self.step)
        noise = self.model.draw(len(x), generator)
        if s.flip == "on" or s.shift:
            changes = {k: v.to(x.device) for k, v in augment.draw(len(x), s.shift, generator).items()}
            if s.flip == "on":
                x = augment.flip(x, changes["flip"])
            x = augment.shift(x, changes["shift"])
        if x.ndim == 4:
            x = x.contiguous(memory_format=torch.channels_last)
        return Batch(x, {name: value.to(x.device) for name, value in noise.items()})

    def advance(self) -> dict[str, Tensor]:
        """One step of all players, and its figures. Raises TrainingError for a loss that is not finite."""
        began = time.monotonic()
        result = self.wrapped(self.batch())
        bad = [player for player, loss in result.losses.items() if not math.isfinite(float(loss.detach()))]
        if bad:
            raise TrainingError(
                f"the loss of the {bad[0]} is not a finite number at step {self.step + 1}: "
                f"lower --learning-rate (now {self.settings.learning_rate:g}), or use another objective"
            )
        last = list(result.losses)[-1]
        for player, loss in result.losses.items():
            self.fabric.backward(loss, inputs=self.players[player], retain_graph=player != last)
        rate = self.rate()
        for player, optimizer in self.optimizers.items():
            for group in optimizer.param_groups:
                group["lr"] = rate * float(result.rates.get(player, 1.0))
            optimizer.step()
            optimizer.zero_grad()
        self.average.update_parameters(self.model.generator)
        self.means.add(result.figures)
        self.step += 1
        self.seconds += time.monotonic() - began
        return result.figures

    def validate(self) -> dict[str, float]:
        """Mean reconstruction error of held-out items, by the trained and by the averaged generator."""
        indices = held_out(self.data)
        return {
            "validation": float(reconstruction_errors(self.model.generator, self.data, indices).mean()),
            "validation_average": float(reconstruction_errors(self.averaged, self.data, indices).mean()),
        }

    def space(self) -> LatentSpace:
        """What has been learnt so far: the averaged generator if it reconstructs held-out items better."""
        scores = self.validate()
        averaged = scores["validation_average"] <= scores["validation"]
        generator = self.averaged if averaged else self.model.generator
        report = {
            "steps": self.step,
            "examples": self.step * self.settings.batch_size,
            "seconds": round(self.seconds, 1),
            "averaged": averaged,
            "warnings": self.watch.warnings,
        }
        return make_space(generator, self.data, self.settings, report)

    def save(self) -> None:
        progress = {
            "step": self.step,
            "seconds": self.seconds,
            "watch": self.watch.state(),
            "means": self.means.state(),
            "settings": to_dict(self.settings),
        }
        checkpoint.save_checkpoint(self.folder, self.model, self.average, self.optimizers, progress)

    def restore(self) -> None:
        """Go back to the checkpoint, if there is one yet. Raises UserError if it belongs to other settings."""
        if not (self.folder / checkpoint.FILE).exists():
            return
        progress = checkpoint.load_checkpoint(self.folder, self.model, self.average, self.optimizers)
        if progress["settings"] != json.loads(json.dumps(to_dict(self.settings))):
            raise UserError(f"the checkpoint in {self.folder} was made with other settings than its config.yaml")
        self.step, self.seconds = progress["step"], progress["seconds"]
        self.watch.restore(progress["watch"])
        self.means.restore(progress["means"])


def train(data: Dataset, settings: TrainSettings, folder: Path, *, show: bool = True) -> LatentSpace:
    """Train in ``folder`` (made and recorded by `runs.prepare`), going on from its checkpoint if it has one.

    settings: settled ones (`settings.settled`). Writes metrics.csv, figures, checkpoints and, at the end,
    the space. Ctrl-C saves and raises KeyboardInterrupt; a loss that is not finite raises TrainingError, and the
    last checkpoint is kept.
    """
    run = Run(data, settings, folder)
    run.restore()
    for part in folder.glob(".*.part"):  # what a kill left of a file that was being written
        part.unlink()
    s = settings
    every_validation = STEPS_BETWEEN_VALIDATIONS if s.minutes else max(1, s.steps // VALIDATIONS)
    every_figure = STEPS_BETWEEN_FIGURES if s.minutes else max(1, s.steps // FIGURES)
    rows = log.Log(folder, run.step)
    saved_at = time.monotonic()
    with Display(show, run.share) as display, rows, _interrupts() as interrupted:
        while run.share < 1 and not interrupted.is_set():
            run.advance()
            row: dict[str, float] = {}
            if run.step % LOG_EVERY == 0 or run.share >= 1:
                row = run.means.take()
                row["examples_per_second"] = run.step * s.batch_size / max(run.seconds, 1e-9)
                if warning := run.watch.look(run.step, row):
                    display.say(f"warning at step {run.step}: {warning}", style="yellow")
            if run.step % every_validation == 0 or run.share >= 1:
                row |= run.validate()
            if run.step % every_figure == 0 or run.share >= 1:
                fixed_figure(run.model, data, folder / "figures" / f"step_{run.step:07d}.png")
            if row:
                rows.write(run.step, {"seconds": run.seconds, **row})
            display.update(run.step, run.share, row)
            if time.monotonic() - saved_at > SECONDS_BETWEEN_CHECKPOINTS:
                run.save()
                saved_at = time.monotonic()
        run.save()
        space = run.space()
        space.save(folder / SPACE_FILE)
    if interrupted.is_set():
        raise KeyboardInterrupt
    return space


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C (or SIGTERM) sets, so that a step is never cut in two; a second one stops at once."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def handler(number: int, frame: Any) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()

    old = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, previous in old.items():
            signal.signal(number, previous)
