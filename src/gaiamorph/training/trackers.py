"""Metrics to Weights & Biases or MLflow, by their own clients, whose environment variables say where to (WANDB_PROJECT, ...)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from gaiamorph.errors import UserError
from gaiamorph.training.checkpoint import write_atomically

Name = Literal["wandb", "mlflow"]
FILE = "tracked.txt"
"""The tracker's number of a run, in its folder. A run that goes on is one run there, too."""


class Track(Protocol):
    """Called with a step and its metrics."""

    def __call__(self, step: int, metrics: Mapping[str, float]) -> object: ...


@contextmanager
def tracking(name: Name | None, folder: Path, config: dict[str, Any]) -> Iterator[Track]:
    """The tracker ``name`` of the run in ``folder``, or one that does nothing.

    config: what the run was asked for. Raises UserError if the package is missing.
    """
    if name is None:
        yield lambda step, metrics: None
        return
    if name not in get_args(Name):
        raise UserError(f"tracker must be {' or '.join(get_args(Name))}, not {name!r}")
    known = (folder / FILE).read_text().strip() if (folder / FILE).exists() else None
    try:
        if name == "wandb":
            import wandb as client  # pyright: ignore[reportMissingImports]
        else:
            import mlflow as client  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise UserError(f"the tracker {name} needs its package: pip install {name}") from error
    if name == "wandb":
        with client.init(id=known, resume="allow", name=folder.name, dir=str(folder), config=config) as run:
            write_atomically(folder / FILE, run.id.encode())
            yield lambda step, metrics: run.log(dict(metrics), step=step)
    else:
        with client.start_run(run_id=known, run_name=None if known else folder.name) as run:
            write_atomically(folder / FILE, run.info.run_id.encode())
            if not known:
                client.log_params({key: str(value) for key, value in config.items()})
            yield lambda step, metrics: client.log_metrics(dict(metrics), step=step)
