"""The training loop: the only one."""

import copy
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from gaiamorph.data import Dataset
from gaiamorph.data.summary import SUMMARY, in_short
from gaiamorph.errors import TrainingError, UserError
from gaiamorph.models import MODELS, Batch, Model, Step
from gaiamorph.space import FILE as SPACE_FILE
from gaiamorph.space import LatentSpace, StartInfo, load
from gaiamorph.training import checkpoint, log
from gaiamorph.training.batches import Batches
from gaiamorph.training.machine import agree, autocast, synchronise
from gaiamorph.training.make_space import draw_held_out, held_out_errors, make_space
from gaiamorph.training.profile import Profile, network_modules
from gaiamorph.training.settings import TrainSettings, depending_on_data, to_dict
from gaiamorph.training.speed.cuda_graph import GraphedStep
from gaiamorph.training.speed.memory import memory_kept
from gaiamorph.training.stability import Clipping, Watch
from gaiamorph.training.trackers import Name, tracking

BETAS = (0.5, 0.99)
"""Adam's decay rates. With 0.9 the mean gradient is too slow for two players that follow each other (compare Radford et al. 2016,
arXiv 1511.06434). With 0.99 the mean squared gradient follows changes of the balance."""
LOG_EVERY = 10
"""Steps between rows of metrics.csv. A row holds means over them."""
VALIDATIONS, FIGURES = 20, 10
"""Number of validations and of figures in a run. With minutes, one every 500 steps and one every 1000 steps."""
SECONDS_BETWEEN_CHECKPOINTS = 15


def learning_rate(settings: TrainSettings, step: int, share: float) -> float:
    """The rate of ``step``: a linear warm-up, a constant rate, then half a cosine down to zero. share: as `Run.share`."""
    rising = min(1.0, (step + 1) / settings.warmup) if settings.warmup else 1.0
    falling = max(0.0, share - settings.hold) / (1 - settings.hold)
    return settings.learning_rate * rising * 0.5 * (1 + math.cos(math.pi * falling))


class Run:
    """The state of a training, and its step. `train` drives it."""

    def __init__(
        self,
        data: Dataset,
        settings: TrainSettings,
        folder: Path,
        fabric: Fabric,
        profile: bool,
        start: LatentSpace | None = None,
    ) -> None:
        self.data, self.settings, self.folder, self.fabric = data, settings, folder, fabric
        s, device = settings, fabric.device
        torch.set_num_threads(s.threads)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(s.seed)
            options = getattr(s, s.model)
            self.model: Model = MODELS[s.model](data.kind.shape, s.latent_dim, s.network, options)  # type: ignore[call-arg]
        if start:  # the other player starts afresh: a space holds the generator alone
            self.model.generator.load_state_dict(start.generator.state_dict())
        if data.kind.is_image:
            self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged = copy.deepcopy(self.model.generator).requires_grad_(False).to(device)
        self.modules: dict[str, nn.Module] = {"model": self.model, "average": self.averaged}
        self.players = self.model.players()
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            player: torch.optim.Adam(group, s.learning_rate, BETAS, fused=True)
            for player, group in self.players.items()
        }
        # Fabric wraps the model as a whole: calls of a network wrapped by itself would bypass the wrapper.
        self.wrapped, *_ = fabric.setup(self.model, *self.optimizers.values())
        if s.compile == "on":
            for network in network_modules(self.model):
                network.compile(dynamic=False)
        self.clipping = Clipping()
        self.batches = Batches(data, s, self.model, device, fabric.global_rank, fabric.world_size)
        self.watch = Watch(s.expected_steps, data.traits.spread)
        self.profile = Profile(self.model, device, profile)
        self.graph: GraphedStep | None = None
        # A graph can neither exchange gradients, nor add them up, nor be timed in parts.
        if device.type == "cuda" and fabric.world_size == s.accumulate == 1 and not profile:
            self.graph = GraphedStep(self.forward_backward, [p for player in self.players.values() for p in player])
        self.step = 0
        self.seconds = 0.0
        self.sums: dict[str, Tensor | float] = {}
        """Of the metrics in ``count`` passes since the last row. They stay on the device, so that a step does not wait for it."""
        self.count = 0
        self.not_finite: dict[str, Tensor] = {}

    @property
    def share(self) -> float:
        """How much of the run is done, 0 to 1."""
        s = self.settings
        return min(1.0, self.seconds / (60 * s.minutes) if s.minutes else self.step / s.steps)

    def advance(self) -> None:
        """One step: batch, forward and backward pass, clipping, optimisers, average."""
        began, pieces = self._now(), self.settings.accumulate
        rates: dict[str, Tensor | float] = {}
        for piece in range(pieces):
            with self.profile.part("data"):
                batch = self.batches.at(self.step, piece)
            # Processes exchange gradients once a step, in the last backward pass.
            with self.fabric.no_backward_sync(self.wrapped, enabled=piece + 1 < pieces):
                result = self.graph(batch) if self.graph else self.forward_backward(batch)
            with self.profile.part("logging"):
                self.count += 1
                for name, value in result.metrics.items():
                    self.sums[name] = self.sums.get(name, 0.0) + value.detach().float()
                for player, loss in result.losses.items():
                    self.not_finite[player] = ~torch.isfinite(loss.detach()) | self.not_finite.get(player, False)
            rates = result.rates
        with self.profile.part("optimiser"):
            rate = learning_rate(self.settings, self.step, self.share)
            for player, optimizer in self.optimizers.items():
                optimizer.param_groups[0]["lr"] = rate * float(rates.get(player, 1.0))
                self.clipping(player, self.players[player])
                optimizer.step()
                optimizer.zero_grad()
            # An exponential moving average. Its decay is lower at first, when weights change fast.
            decay = min(self.settings.average, (1 + self.step) / (10 + self.step))
            averages, weights = ([p.detach() for p in n.parameters()] for n in (self.averaged, self.model.generator))
            torch._foreach_lerp_(averages, weights, 1 - decay)  # pyright: ignore[reportPrivateImportUsage]
        self.step += 1
        self.seconds += self._now() - began

    def forward_backward(self, batch: Batch) -> Step:
        """Adds the gradients of a batch to the parameters."""
        pieces = self.settings.accumulate
        with self.profile.part("losses"), autocast(self.settings.precision, self.fabric.device):
            result: Step = self.wrapped(batch)
        with self.profile.part("backward"):
            result.backward(self.players, lambda loss, **how: self.fabric.backward(loss / pieces, **how))
        return result

    def _now(self) -> float:
        """Wall-clock seconds. Synchronises the device first when a log row is due."""
        if self.step % LOG_EVERY == 0 or self.share >= 1:
            synchronise(self.fabric.device)
        return time.monotonic()

    def check(self) -> None:
        """Raises TrainingError if a loss has not been finite. Not for every step, because it waits for the device."""
        for player, found in self.not_finite.items():
            if bool(found):
                raise TrainingError(
                    f"the loss of the {player} is not a finite number at step {self.step}: "
                    f"lower --learning-rate (now {self.settings.learning_rate:g}), or use another objective"
                )

    def environment(self) -> dict[str, Any]:
        """What the run computes on and in: fields of `TrainingInfo`."""
        device = self.fabric.device
        return {
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
            "processes": self.fabric.world_size,
            "threads": self.settings.threads,
            "precision": self.settings.precision,
            "compiled": self.settings.compile == "on",
            "captured": self.graph is not None and self.graph.on,
        }

    def save(self) -> None:
        """Write the checkpoint. Raises TrainingError if a loss has not been finite, and keeps the last one."""
        self.check()
        progress = {"step": self.step, "seconds": self.seconds, "settings": to_dict(self.settings)}
        progress |= {"means": {"sums": self.sums, "count": self.count}}
        progress |= {"watch": vars(self.watch), "clipping": self.clipping.state}
        checkpoint.save_checkpoint(self.folder, self.modules, self.optimizers, progress)

    def restore(self) -> None:
        """Go back to the checkpoint, if there is one. Raises UserError if it belongs to other settings."""
        if not (self.folder / checkpoint.FILE).exists():
            return
        progress = checkpoint.load_checkpoint(self.folder, self.modules, self.optimizers)
        if progress["settings"] != to_dict(self.settings):
            raise UserError(f"the checkpoint in {self.folder} was made with other settings than its config.yaml")
        self.step, self.seconds = progress["step"], progress["seconds"]
        self.sums, self.count = progress["means"]["sums"], progress["means"]["count"]
        vars(self.watch).update(progress["watch"])
        self.clipping.state = progress["clipping"]


def train(
    data: Dataset,
    settings: TrainSettings,
    folder: Path,
    fabric: Fabric,
    display: log.Display,
    *,
    profile: bool = False,
    figures: bool = True,
    tracker: Name | None = None,
    start: LatentSpace | None = None,
) -> LatentSpace:
    """Train in ``folder``, from its checkpoint on if it has one. `runs.train` makes and records the folder.

    settings: complete ones (`settings.settled`). profile: print at the end where the time of a step went.
    figures: whether held-out items are drawn. tracker: see `training.trackers`.
    start: the space whose weights the generator begins with.
    The first process writes metrics.csv, figures, checkpoints and, at the end, the space.
    Ctrl-C saves and raises KeyboardInterrupt. A loss that is not finite raises TrainingError, and the last checkpoint is kept.
    """
    with memory_kept():
        run = Run(data, settings, folder, fabric, profile, start)
        began = start and StartInfo(start.sha256, start.info.training.source, start.info.training.steps)
        run.restore()
        first = fabric.is_global_zero
        try:
            with display, _interrupts() as interrupted:
                display.say(in_short(data, str(folder / SUMMARY)))
                display.say(depending_on_data(settings, data))
                display.say(", ".join(f"{name} {value}" for name, value in run.environment().items()))
                with (
                    tracking(tracker if first else None, folder, to_dict(settings)) as track,
                    log.Log(folder, run.step, track) if first else nullcontext() as rows,
                ):
                    stopped = _steps(run, display, rows, interrupted, figures)
                run.check()
                if first:
                    run.save()
                    seen, seconds = run.step * settings.batch_size, round(run.seconds, 1)
                    how = {"steps": run.step, "examples": seen, "seconds": seconds, "warnings": run.watch.warnings}
                    with _eager(settings):
                        space = make_space(run.model, run.averaged, data, settings, how | run.environment(), began)
                        space.save(folder / SPACE_FILE)
                if profile:
                    dtype = torch.bfloat16 if settings.precision == "bf16" else torch.float32
                    lines = run.profile.report(
                        run.step, lambda: run.forward_backward(run.batches.at(run.step)), settings.accumulate, dtype
                    )
                    display.say("\n".join(lines))
        finally:
            run.batches.close()
        fabric.barrier()
        if stopped:
            raise KeyboardInterrupt
        return load(folder)


def _steps(run: Run, display: log.Display, rows: log.Log | None, interrupted: threading.Event, figures: bool) -> bool:
    """Steps until the run is done, or interrupted (True). rows: the log, or None in a process that does not write."""
    s, folder = run.settings, run.folder
    every_validation, every_figure = (max(1, s.expected_steps // count) for count in (VALIDATIONS, FIGURES))
    saved_at = time.monotonic()
    stop = False
    while run.share < 1 and not stop:
        run.advance()
        stop, run.seconds = agree(run.fabric, interrupted.is_set(), run.seconds)
        done = run.share >= 1
        row: dict[str, float] = {}
        if run.step % LOG_EVERY == 0 or done:
            run.check()
            row = {name: float(total) / run.count for name, total in run.sums.items()}
            run.sums, run.count = {}, 0
            row["examples_per_second"] = run.step * s.batch_size / max(run.seconds, 1e-9)
            if warning := run.watch.look(run.step, row, run.model.diagnose):
                display.say(f"warning at step {run.step}: {warning}", style="yellow")
        if rows is None:
            continue
        with _eager(s):
            if run.step % every_validation == 0 or done:
                held_out = held_out_errors(run.model, run.averaged, run.data)
                row |= {name: float(errors.mean()) for name, errors in held_out.items()}
            if figures and (run.step % every_figure == 0 or done):
                draw_held_out(run.model, run.data, folder / "figures" / f"step_{run.step:07d}.png")
        if row:
            rows.write(run.step, {"seconds": run.seconds, **row})
        display.show(run.step, run.share, row)
        if time.monotonic() - saved_at > SECONDS_BETWEEN_CHECKPOINTS:
            run.save()
            saved_at = time.monotonic()
    return stop


def _eager(settings: TrainSettings) -> AbstractContextManager[object]:
    """For validation and figures: their batch sizes must not make the networks compile anew."""
    return torch.compiler.set_stance("force_eager") if settings.compile == "on" else nullcontext()


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C or SIGTERM sets, so that no step is cut in two. The second one stops at once."""
    event = threading.Event()

    def handler(number: int, frame: Any) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()

    # Only the main thread may set handlers.
    signals = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    old = {number: signal.signal(number, handler) for number in signals}
    try:
        yield event
    finally:
        for number, previous in old.items():
            signal.signal(number, previous)
