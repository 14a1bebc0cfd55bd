"""Run folders: made, recorded and resumed."""

import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from gaiamorph.data import Alignment, Dataset, open_data
from gaiamorph.data.summary import SUMMARY, summary
from gaiamorph.errors import UserError
from gaiamorph.models import MODELS
from gaiamorph.output.folders import new_folder, refuse_existing
from gaiamorph.space import FILE as SPACE_FILE
from gaiamorph.space import LatentSpace, load
from gaiamorph.training import start as starts
from gaiamorph.training.checkpoint import write_atomically
from gaiamorph.training.log import Display
from gaiamorph.training.loop import train as run_loop
from gaiamorph.training.machine import Processes, launch
from gaiamorph.training.settings import FILE, RECORDS, TrainSettings, from_dict, read_config, settled, to_dict, to_yaml
from gaiamorph.training.trackers import Name, client_of


@dataclasses.dataclass
class DataOptions:
    """How pictures and recordings are read into items."""

    size: int | None = None
    """Pictures become size x size pixels (default 32; an array of pictures keeps its own size)."""
    crop: Literal["centre", "none"] = "centre"
    """centre: cut the largest centred square; none: letterbox the whole picture."""
    channels: int | None = None
    """1 (grey) or 3 (colour). By default 3 if any picture has colour."""
    align: bool | None = None
    """Bring the faces of photographs to one place first. By default as the data comes (see `gaiamorph align`)."""
    rate: int | None = None
    """Samples a second of recordings. By default the commonest of the folder, 48000 at most."""
    fmin: float | None = None
    """Lowest frequency of a recording's picture in Hz. By default 100."""
    fmax: float | None = None
    """Highest frequency in Hz. By default .45 of the rate."""
    codec: Literal["mel", "world"] | None = None
    """mel (default): recordings become log-mel spectrograms, for animal sound. world: spectral envelopes by the vocoder WORLD,
    with the pitch beside them, for speech."""
    trim: float | None = None
    """Cut off what is quieter at both ends of a recording than its loudest part, by so many dB. By default nothing."""
    seconds_max: float | None = None
    """Longer recordings are left out. By default 5 seconds."""


def train(
    source: str | Path,
    *,
    out: str | Path | None = None,
    size: int | None = None,
    crop: Literal["centre", "none"] = "centre",
    channels: int | None = None,
    align: Alignment | bool | None = None,
    rate: int | None = None,
    fmin: float | None = None,
    fmax: float | None = None,
    codec: Literal["mel", "world"] | None = None,
    trim: float | None = None,
    seconds_max: float | None = None,
    from_: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    show: bool = True,
    profile: bool = False,
    tracker: Name | None = None,
    devices: int = 0,
    nodes: int = 0,
    settings: TrainSettings | None = None,
    **options: Any,
) -> LatentSpace:
    """Train a model on a data set and return its latent space.

    source, size, crop, channels, align, rate, fmin, fmax, codec, trim, seconds_max: as in `open_data`.
    out: the run folder. By default it is the first free ``runs/MODEL-N``.
    from_: a space file or run folder, whose weights the generator starts from. The data is read as that space's was.
    resume: continue the run in ``out``, with the settings that it recorded.
    overwrite: replace what is in ``out``.
    profile: print at the end where the time of a step went.
    tracker: also write the metrics to ``wandb`` or ``mlflow``, by their own packages.
    devices, nodes: number of processes on this machine, and of machines (see `Processes`).
    settings: all settings at once. It excludes ``options``.
    options: fields of `TrainSettings` (``model="gaia"``, ``steps=3000``, ...). Groups are dictionaries
        (``gaia={"objective": "reference"}``).
    Raises UserError for unusable input, and writes nothing then. Raises TrainingError if a loss is not finite.
    """
    client_of(tracker)  # before the data is read
    wanted = _asked(settings, options)
    numbered = (Path("runs", f"{wanted.model}-{number}") for number in itertools.count(1))
    folder = Path(out) if out is not None else next(path for path in numbered if not path.exists())
    how = DataOptions(size, crop, channels, align, rate, fmin, fmax, codec, trim, seconds_max)  # type: ignore[arg-type]
    start: LatentSpace | None = None
    record = read_config(folder / FILE) if resume and (folder / FILE).exists() else None
    if record is not None:
        how, wanted = _recorded(folder, record, how, wanted)
        if from_ is not None and str(from_) != record.get("from"):
            raise UserError(
                f"{folder} was started from {record.get('from') or 'random weights'}, and {from_} was asked for: leave it out"
            )
        if record.get("from"):
            start = load(folder / starts.FILE)
    elif not resume:
        refuse_existing(folder, overwrite, training=True, folder=True)
    if record is None and from_ is not None:
        start = load(from_)
        reading, wanted = starts.adopted(start, vars(how), wanted)
        how = DataOptions(**reading)
    fabric = launch(Processes(devices, nodes), wanted.device)
    first = fabric.is_global_zero
    display = Display(show and first)
    with fabric.rank_zero_first(local=True):  # one process builds the cache, and the others read it
        data = open_data(source, **dataclasses.asdict(how), seed=wanted.seed, report=display.reading)
    if start:
        data = starts.fitted(data, start)
    if record is not None:
        if data.fingerprint != record.get("fingerprint"):
            raise UserError(
                f"the data in {source} is not what {folder} was started with: its files or their contents differ"
            )
        if (folder / SPACE_FILE).exists() and not wanted.minutes:
            space = load(folder)
            if space.info.training.steps >= wanted.steps:
                return space
    else:
        wanted = settled(wanted, data, fabric.world_size)
        if first:
            if not resume:
                with new_folder(folder, overwrite, training=True):
                    pass  # an empty one, in place of what is there
            _record(folder, str(source), how, data, wanted, start, str(from_))
        fabric.barrier()
    return run_loop(data, wanted, folder, fabric, display, profile=profile, tracker=tracker, start=start)


def _asked(settings: TrainSettings | None, options: dict[str, Any]) -> TrainSettings:
    """The settings asked for. Raises UserError for an option that is unknown or would be ignored."""
    if settings is not None and options:
        raise UserError(f"settings and {', '.join(options)} were both given: give settings or options, not both")
    wanted = from_dict(dataclasses.asdict(settings) if settings else options)
    for name, model in MODELS.items():
        if name != wanted.model and (name in options or getattr(wanted, name) != model.Settings()):
            raise UserError(
                f"options of {name} have no effect on the model {wanted.model}: leave {name} out, or give model={name!r}"
            )
    return wanted


def _record(
    folder: Path,
    source: str,
    how: DataOptions,
    data: Dataset,
    settings: TrainSettings,
    start: LatentSpace | None,
    from_: str,
) -> None:
    """Write ``splits.json``, ``data.txt``, ``skipped.csv``, the space to start from and, last, ``config.yaml``.

    The last one makes a folder a run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    splits = {name: [data.names[i] for i in indices] for name, indices in data.splits.items()}
    write_atomically(folder / "splits.json", json.dumps(splits, ensure_ascii=True).encode())
    write_atomically(folder / SUMMARY, summary(data).encode())
    if data.skipped:
        table = pd.DataFrame(data.skipped, columns=["file_name", "reason"])
        table.to_csv(folder / "skipped.csv", index=False)
    config = {"data": source, **dataclasses.asdict(how), "fingerprint": data.fingerprint}
    if start:
        start.save(folder / starts.FILE)
        config |= {"from": from_, "from_sha256": start.sha256}
    config |= to_dict(settings)
    write_atomically(folder / FILE, to_yaml(config).encode())


def _recorded(
    folder: Path, record: dict[str, Any], how: DataOptions, wanted: TrainSettings
) -> tuple[DataOptions, TrainSettings]:
    """What a run was started with. Raises UserError if something else was asked for, other than a default."""
    values = {name: value for name, value in record.items() if name not in ("data", "from", *RECORDS)}
    recorded_how = DataOptions(**{name: values.pop(name) for name in vars(how) if name in values})
    try:
        settings = from_dict(values)
    except UserError as error:
        raise UserError(f"{folder} cannot go on, though its space, if it has one, still opens: {error}") from error
    before, default = _flat(recorded_how, settings), _flat(DataOptions(), TrainSettings(model=wanted.model))
    default["model"] = TrainSettings.model
    for name, asked in _flat(how, wanted).items():
        if asked not in (default.get(name), before.get(name)):
            raise UserError(
                f"{folder} was started with {name} = {before.get(name)}, and {asked} was asked for: "
                "leave it out to go on as before, or say --overwrite to start anew"
            )
    return recorded_how, settings


def _flat(how: DataOptions, settings: TrainSettings) -> dict[str, Any]:
    """All options by name. A name in a group has the group before it (``gaia.slope``)."""
    flat: dict[str, Any] = {}
    for name, value in {**vars(how), **to_dict(settings)}.items():
        flat |= {f"{name}.{key}": inner for key, inner in value.items()} if isinstance(value, dict) else {name: value}
    return flat
