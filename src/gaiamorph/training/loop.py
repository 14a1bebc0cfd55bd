"""The training loop: the only one."""

from __future__ import annotations

import copy
import math
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from gaiamorph.data import Dataset
from gaiamorph.errors import TrainingError, UserError
from gaiamorph.models import MODELS, Batch, Model, Step
from gaiamorph.networks import Autoencoder
from gaiamorph.space import FILE as SPACE_FILE
from gaiamorph.space import LatentSpace, load
from gaiamorph.training import checkpoint, log
from gaiamorph.training.batches import Batches, Share
from gaiamorph.training.captured import CapturedStep
from gaiamorph.training.clipping import Clipping
from gaiamorph.training.compiling import Compiling
from gaiamorph.training.figure import fixed_figure
from gaiamorph.training.finish import held_out, make_space, reconstruction_errors
from gaiamorph.training.precision import lowered, memory_kept, wait_for
from gaiamorph.training.processes import Processes, launch
from gaiamorph.training.profile import Profile, count_flops
from gaiamorph.training.progress import Display
from gaiamorph.training.settings import TrainSettings, recorded, to_dict
from gaiamorph.training.watch import LOOKED_AT, Watch, mean_item_error

LOG_EVERY = 10
"""Steps between rows of metrics.csv; each holds means over them."""
VALIDATIONS, FIGURES = 20, 10
"""How often a run of known length is validated and drawn."""
STEPS_BETWEEN_VALIDATIONS, STEPS_BETWEEN_FIGURES = 500, 1000
"""The same where a run goes by minutes."""
SECONDS_BETWEEN_CHECKPOINTS = 15


class Run:
    """One training: the state that a step changes, and the step. `train` drives it."""

    def __init__(
        self, data: Dataset, settings: TrainSettings, folder: Path, fabric: Fabric | None = None, profile: bool = False
    ) -> None:
        self.data, self.settings, self.folder = data, settings, folder
        s = settings
        torch.set_num_threads(s.threads)
        self.fabric = fabric or launch(Processes(), s.device)
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
        self.clipping = Clipping(s.clip)
        self.average = AveragedModel(self.model.generator)
        # Fabric wraps the root alone: calls into a separately wrapped network would bypass it.
        self.wrapped, *_ = self.fabric.setup(self.model, *self.optimizers.values())
        self.average.to(self.fabric.device)
        self.compiling = Compiling(self.model, s.compile)
        share = Share(self.fabric.global_rank, self.fabric.world_size, s.accumulate)
        self.batches = Batches(data, s, self.model.draw, self.fabric.device, share)
        train = data.splits["train"]
        some = data.kind.to_tensor(data.items[train[:: math.ceil(len(train) / LOOKED_AT)]])
        self.watch = Watch(self.model.diagnose, None if s.minutes else s.steps, mean_item_error(some))
        self.means = log.Means()
        self.profile = Profile(self.model, self.fabric.device, profile)
        # Not where gradients travel or are added up, nor where the parts of a step are timed.
        capture = self.fabric.device.type == "cuda" and s.compile != "off" and not profile
        alone = self.fabric.world_size == s.accumulate == 1
        parameters = [p for player in self.players.values() for p in player]
        self.captured = CapturedStep(self._passes, parameters, capture and alone)
        self._compiled = self.compiling.networks_compiled
        self.step = 0
        self.seconds = 0.0
        self._broken: dict[str, Tensor] = {}

    def _follow(self) -> None:
        """Move the averages a step towards the weights; early, when weights change fast, a longer one."""
        keep = min(self.settings.average, (1 + self.step) / (10 + self.step))
        averages: list[Tensor] = list(self.averaged.parameters())
        weights: list[Tensor] = list(self.model.generator.parameters())
        torch._foreach_lerp_(averages, weights, 1 - keep)  # pyright: ignore[reportPrivateImportUsage]

    @property
    def averaged(self) -> Autoencoder:
        return cast(Autoencoder, self.average.module)

    @property
    def share(self) -> float:
        """How much of the run is done, 0 to 1."""
        s = self.settings
        return min(1.0, self.seconds / (60 * s.minutes) if s.minutes else self.step / s.steps)

    def remaining(self, of_a_step: float) -> float:
        """Seconds of training that lie ahead, if a step takes so many."""
        s = self.settings
        return 60 * s.minutes - self.seconds if s.minutes else (s.steps - self.step) * of_a_step

    def rate(self) -> float:
        """The learning rate now: a rise over the warm-up, then as it is while it is held, then half a cosine down to zero."""
        s = self.settings
        rising = min(1.0, (self.step + 1) / s.warmup) if s.warmup else 1.0
        falling = max(0.0, self.share - s.hold) / (1 - s.hold)
        return s.learning_rate * rising * 0.5 * (1 + math.cos(math.pi * falling))

    def advance(self) -> None:
        """One step of all players."""
        began = self._now()
        pieces = self.settings.accumulate
        rates: Mapping[str, Tensor | float] = {}
        for piece in range(pieces):
            with self.profile.part("data"):
                batch = self.batches.at(self.step, piece)
            # Gradients travel between processes once a step.
            with self.fabric.no_backward_sync(self.wrapped, enabled=piece + 1 < pieces):
                result = self._gradients(batch)
            with self.profile.part("logging"):
                self._take_in(result)
            rates = result.rates
        with self.profile.part("optimiser"):
            self._update(rates)
        self.step += 1
        self.seconds += self._now() - began

    def _now(self) -> float:
        """Seconds; of what has been computed, not only launched, where a row is due, which waits for it anyway, and while it is
        to be chosen whether networks are compiled."""
        if self.compiling.on is None or self.step % LOG_EVERY == 0 or self.share >= 1:
            wait_for(self.fabric.device)
        return time.monotonic()

    def _gradients(self, batch: Batch) -> Step:
        """Forward and backward; gradients are left in the parameters."""
        if self._compiled != self.compiling.networks_compiled:
            self._compiled = self.compiling.networks_compiled
            self.captured.forget()
        return self.captured(batch)

    def _passes(self, batch: Batch) -> Step:
        pieces = self.settings.accumulate
        with self.profile.part("losses"), lowered(self.settings.precision, self.fabric.device):
            result = self.wrapped(batch)
        with self.profile.part("backward"):
            result.backward(self.players, lambda loss, **how: self.fabric.backward(loss / pieces, **how))
        return result

    def _take_in(self, result: Step) -> None:
        self.means.add(result.metrics)
        for player, loss in result.losses.items():
            bad = ~torch.isfinite(loss.detach())
            self._broken[player] = self._broken[player] | bad if player in self._broken else bad

    @torch.no_grad()
    def _update(self, rates: Mapping[str, Tensor | float]) -> None:
        rate = self.rate()
        for player, optimizer in self.optimizers.items():
            for group in optimizer.param_groups:
                group["lr"] = rate * float(rates.get(player, 1.0))
            self.clipping(player, self.players[player])
            optimizer.step()
            optimizer.zero_grad()
        self._follow()

    def check(self) -> None:
        """Raises TrainingError if a loss has not been finite. Asked when a row is written and before a checkpoint is,
        not in every step, for it waits for the device."""
        for player, bad in self._broken.items():
            if bool(bad):
                raise TrainingError(
                    f"the loss of the {player} is not a finite number at step {self.step}: "
                    f"lower --learning-rate (now {self.settings.learning_rate:g}), or use another objective"
                )

    def dry_step(self) -> float:
        """Forward and backward passes that change nothing; how many seconds they took."""
        began = self._now()
        buffers = [b.clone() for b in self.model.buffers()]  # a controller may live there
        self._gradients(self.batches.at(self.step))
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        for buffer, before in zip(self.model.buffers(), buffers, strict=True):
            buffer.copy_(before)
        return self._now() - began

    def agree(self, stop: bool) -> bool:
        """Whether to stop, and how many seconds have gone by: the same in every process."""
        if self.fabric.world_size == 1:
            return stop
        told = torch.tensor([float(stop), self.seconds], dtype=torch.float64, device=self.fabric.device)
        torch.distributed.all_reduce(told, torch.distributed.ReduceOp.MAX)
        self.seconds = float(told[1])
        return bool(told[0])

    @contextmanager
    def eager(self) -> Iterator[None]:
        """Batches of other sizes than a step's must not make the networks compile anew."""
        if not self.compiling.networks_compiled:
            yield
            return
        with torch.compiler.set_stance("force_eager"):
            yield

    def arithmetic(self) -> dict[str, Any]:
        """What the steps run on and in: for the record."""
        device = self.fabric.device
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
        return {
            "device": name,
            "processes": self.fabric.world_size,
            "threads": self.settings.threads,
            "precision": self.settings.precision,
            "compiled": bool(self.compiling.on),
            "captured": self.captured.on,
        }

    def validate(self) -> dict[str, float]:
        """Mean reconstruction error of held-out items, by the trained and by the averaged generator; nothing where
        the model has no encoder."""
        if not self.model.can_encode:
            return {}
        indices = held_out(self.data)
        return {
            "validation": float(reconstruction_errors(self.model.generator, self.data, indices).mean()),
            "validation_average": float(reconstruction_errors(self.averaged, self.data, indices).mean()),
        }

    def space(self) -> LatentSpace:
        """What has been learnt so far: the averaged generator, unless it reconstructs held-out items worse."""
        scores = self.validate()
        averaged = scores.get("validation_average", 0.0) <= scores.get("validation", 0.0)
        generator = self.averaged if averaged else self.model.generator
        report = {
            "steps": self.step,
            "examples": self.step * self.settings.batch_size,
            "seconds": round(self.seconds, 1),
            "averaged": averaged,
            **self.arithmetic(),
            "warnings": self.watch.warnings,
        }
        # A copy, since a space freezes its networks: training, or a profile of it, may go on.
        return make_space(copy.deepcopy(generator), self.data, self.settings, report)

    def save(self) -> None:
        self.check()
        progress = {
            "step": self.step,
            "seconds": self.seconds,
            "watch": self.watch.state(),
            "means": self.means.state(),
            "clipping": self.clipping.state(),
            "compiled": self.compiling.on,
            "settings": to_dict(self.settings),
        }
        checkpoint.save_checkpoint(self.folder, self.model, self.average, self.optimizers, progress)

    def restore(self) -> None:
        """Go back to the checkpoint, if there is one yet. Raises UserError if it belongs to other settings."""
        if not (self.folder / checkpoint.FILE).exists():
            return
        progress = checkpoint.load_checkpoint(self.folder, self.model, self.average, self.optimizers)
        # Through the settings of today: it may have been written before some of the options existed.
        if to_dict(recorded(progress["settings"])) != to_dict(self.settings):
            raise UserError(f"the checkpoint in {self.folder} was made with other settings than its config.yaml")
        self.step, self.seconds = progress["step"], progress["seconds"]
        self.watch.restore(progress["watch"])
        self.means.restore(progress["means"])
        self.clipping.restore(progress.get("clipping", {}), self.fabric.device)
        if self.compiling.on is None:
            self.compiling = Compiling(self.model, self.settings.compile, progress.get("compiled"))


def train(
    data: Dataset, settings: TrainSettings, folder: Path, fabric: Fabric, *, show: bool = True, profile: bool = False
) -> LatentSpace:
    """Train in ``folder`` (made and recorded by `runs.train`), going on from its checkpoint if it has one.

    settings: settled ones (`settings.settled`). Writes metrics.csv, figures, checkpoints and, at the end,
    the space; of several processes the first does. Ctrl-C saves and raises KeyboardInterrupt; a loss that is not
    finite raises TrainingError, and the last checkpoint is kept. profile: print where the time went, at the end.
    """
    with memory_kept():
        run = Run(data, settings, folder, fabric, profile)
        run.restore()
        first = fabric.is_global_zero
        try:
            with Display(show and first, run.share) as display, _interrupts() as interrupted:
                display.say(", ".join(f"{name} {value}" for name, value in run.arithmetic().items()))
                with log.Log(folder, run.step) if first else nullcontext() as rows:
                    stopped = _steps(run, display, rows, interrupted)
                run.check()
                if first:
                    run.save()
                    run.space().save(folder / SPACE_FILE)
                if profile:
                    _say_profile(run, display)
        finally:
            run.batches.close()
        fabric.barrier()
        if stopped:
            raise KeyboardInterrupt
        return load(folder)


def _steps(run: Run, display: Display, rows: log.Log | None, interrupted: threading.Event) -> bool:
    """Steps until the run is done or interrupted (True), with what has to be written meanwhile.

    rows: None in a process that only computes.
    """
    s, folder = run.settings, run.folder
    every_validation = STEPS_BETWEEN_VALIDATIONS if s.minutes else max(1, s.steps // VALIDATIONS)
    every_figure = STEPS_BETWEEN_FIGURES if s.minutes else max(1, s.steps // FIGURES)
    if rows is not None:
        for part in folder.glob(".*.part"):  # what a kill left of a file that was being written
            part.unlink()
    saved_at = time.monotonic()
    stop = False
    while run.share < 1 and not stop:
        before, captured = run.seconds, run.captured.on
        run.advance()
        if captured and not run.captured.on:
            display.say(f"steps cannot be captured as a graph, and go on without ({run.captured.trouble})")
        stop = run.agree(interrupted.is_set())
        if run.compiling.after_step(run.seconds - before, run.remaining, run.dry_step):
            display.say(f"{'compiled' if run.compiling.on else 'not compiled'}: {run.compiling.reason}")
        done = run.share >= 1
        row: dict[str, float] = {}
        if run.step % LOG_EVERY == 0 or done:
            run.check()
            row = run.means.take()
            row["examples_per_second"] = run.step * s.batch_size / max(run.seconds, 1e-9)
            if warning := run.watch.look(run.step, row):
                display.say(f"warning at step {run.step}: {warning}", style="yellow")
        if rows is None:
            continue
        with run.eager():
            if run.step % every_validation == 0 or done:
                row |= run.validate()
            if run.step % every_figure == 0 or done:
                fixed_figure(run.model, run.data, folder / "figures" / f"step_{run.step:07d}.png")
        if row:
            rows.write(run.step, {"seconds": run.seconds, **row})
        display.update(run.step, run.share, row)
        if time.monotonic() - saved_at > SECONDS_BETWEEN_CHECKPOINTS:
            run.save()
            saved_at = time.monotonic()
    return stop


def _say_profile(run: Run, display: Display) -> None:
    dtype = torch.bfloat16 if run.settings.precision == "bf16" else torch.float32
    flops = count_flops(run.dry_step) * run.settings.accumulate
    for line in run.profile.report(run.step, flops, dtype):
        display.say(line)


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
