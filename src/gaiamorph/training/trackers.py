"""Metrics to Weights & Biases or MLflow, by their own clients, whose environment variables say where to (WANDB_PROJECT, ...)."""

import importlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from gaiamorph.errors import UserError, telling
from gaiamorph.training.checkpoint import write_atomically

Name = Literal["wandb", "mlflow"]
FILE = "tracked.txt"
"""The tracker and its number of a run, in its folder. A run that goes on is one run there, too."""


class Track(Protocol):
    """Called with a step and its metrics."""

    def __call__(self, step: int, metrics: Mapping[str, float]) -> object: ...


def client_of(name: Name | None) -> Any:
    """The package of a tracker, or None for none. Raises UserError if there is no such tracker, or its package is missing."""
    if name is None:
        return None
    if name not in get_args(Name):
        raise UserError(f"tracker must be {' or '.join(get_args(Name))}, not {name!r}")
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UserError(f"the tracker {name} needs its package: pip install {name}") from error


@contextmanager
def tracking(name: Name | None, folder: Path, config: dict[str, Any]) -> Iterator[Track]:
    """The tracker ``name`` of the run in ``folder``, or one that does nothing.

    config: what the run was asked for. A tracker that fails later is left behind with a warning: the run goes on.
    Raises UserError if it does not start.
    """
    client = client_of(name)
    if name is None:
        yield lambda step, metrics: None
        return
    tracker, _, known = (
        (folder / FILE).read_text().strip().partition(" ") if (folder / FILE).exists() else (name, "", "")
    )
    if tracker != name:
        raise UserError(f"{folder} is tracked by {tracker}: go on with --tracker {tracker}")
    with telling(f"the tracker {name} does not start"):
        if name == "wandb":
            run = client.init(id=known or None, resume="allow", name=folder.name, dir=str(folder), config=config)
        else:
            run = client.start_run(run_id=known or None, run_name=None if known else folder.name)
            if not known:
                client.log_params({key: str(value) for key, value in config.items()})
    with run as begun:
        write_atomically(folder / FILE, f"{name} {begun.id if name == 'wandb' else begun.info.run_id}".encode())
        yield _lasting(name, begun.log if name == "wandb" else client.log_metrics)


def _lasting(name: str, log: Callable[..., object]) -> Track:
    """A tracker that is left behind when it fails: the metrics are in the run's folder all the same."""
    failed = False

    def track(step: int, metrics: Mapping[str, float]) -> None:
        nonlocal failed
        if failed:
            return
        try:
            log(dict(metrics), step=step)
        except Exception as error:  # of a server or a network, in the terms of each client
            failed = True
            reason = (str(error) or type(error).__name__).splitlines()[0]
            warnings.warn(
                f"the tracker {name} fails, and the run goes on without it (metrics.csv has all): {reason}",
                stacklevel=2,
            )

    return track
