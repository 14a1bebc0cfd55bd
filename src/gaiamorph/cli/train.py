"""gaiamorph train"""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gaiamorph import training
from gaiamorph.cli.options import Config, Flag, Overwrite
from gaiamorph.errors import UserError
from gaiamorph.training import TrainSettings, runs
from gaiamorph.training.machine import Processes
from gaiamorph.training.settings import FILE, read_config, to_dict, to_yaml
from gaiamorph.training.trackers import Name


def train(
    data: str | None = None,
    *,
    out: Path | None = None,
    how: Annotated[runs.DataOptions, Parameter(name="*")] = runs.DataOptions(),
    settings: Annotated[TrainSettings, Parameter(name="*")] = TrainSettings(),
    processes: Annotated[Processes, Parameter(name="*")] = Processes(),
    from_: Annotated[Path | None, Parameter(name="--from")] = None,
    resume: Flag = False,
    overwrite: Overwrite = False,
    quiet: Flag = False,
    profile: Flag = False,
    tracker: Name | None = None,
    config: Config = None,
    print_config: Flag = False,
) -> None:
    """Train a model on pictures, sounds or vectors, and save its latent space.

    Args:
        data: A folder of pictures or recordings, a .npy, .npz, .csv or .parquet file, hub:owner/name, or sample:NAME.
        out: Run folder: config.yaml, metrics.csv, figures, checkpoint and, at the end, space.safetensors.
        from_: Fine-tune: start from the weights of this space file or run folder.
        resume: Go on with the run in OUT. The result is that of a run that never stopped.
        quiet: Print nothing but errors.
        profile: At the end, print the parts of a step's time, and its speed as a share of the machine's matrix
            products.
        tracker: Also write the metrics to Weights & Biases or MLflow. Their own environment variables say where to.
        print_config: Print the options as YAML, and do nothing else.
    """
    if print_config:
        print(to_yaml({"data": data, **vars(how), **to_dict(settings)}), end="")
        return
    if data is None and resume and out is not None and (out / FILE).exists():
        data = read_config(out / FILE).get("data")
    if data is None:
        raise UserError("say what to train on: gaiamorph train DATA --out RUN (DATA may be sample:faces)")
    if out is None:
        raise UserError("say where to put the run: --out RUN")
    try:
        space = training.train(
            data,
            out=out,
            **vars(how),
            **vars(processes),
            from_=from_,
            resume=resume,
            overwrite=overwrite,
            show=not quiet,
            profile=profile,
            tracker=tracker,
            settings=settings,
        )
    except KeyboardInterrupt:
        tracked = f" --tracker {tracker}" if tracker else ""
        print(f"stopped and saved; to go on: gaiamorph train {data} --out {out} --resume{tracked}")
        raise
    if not quiet:
        held = space.info.validation
        error = f", held-out reconstruction error {held.l1:.4f} (mean absolute, of 1)" if held else ""
        print(f"{out}: {space.model}, {space.info.training.steps} steps{error}")
