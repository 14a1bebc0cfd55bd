"""Everything that decides what a run computes: settings, their defaults, their limits, and the files that hold them."""

import contextlib
import dataclasses
import os
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from gaiamorph.data import Dataset, Kind
from gaiamorph.defaults import BY_DATA, filled
from gaiamorph.errors import UserError, telling
from gaiamorph.models import AAE, ACAI, AE, BEGAN, GAIA, GAN, MODELS, VAE, VAEGAN
from gaiamorph.networks import NetworkSettings
from gaiamorph.training.machine import chosen_precision

FILE = "config.yaml"
"""The settings of a run, in its folder."""
RECORDS = ("fingerprint", "from_sha256")
"""Entries of that file that are no options."""
RECIPES = {path.stem: path for path in sorted((Path(__file__).parents[1] / "recipes").glob("*.yaml"))}
"""Files with options that suited one kind of data, by name."""
LEAST = {"steps": 1, "batch_size": 2, "accumulate": 1, "latent_dim": 1}
"""Least values. No number may be negative."""
T = TypeVar("T")


@dataclass
class TrainSettings:
    """Options of a training run. Some defaults depend on the data (`gaiamorph.defaults`); the run prints and records them."""

    model: Literal[tuple(MODELS)] = "gaia"  # type: ignore[valid-type]
    """Method."""
    steps: int = 3000
    """Steps to train for."""
    minutes: float = 0.0
    """Train for this many minutes instead of a number of steps. Such a run resumes, but not bit for bit."""
    batch_size: int = BY_DATA
    """Items in a step, over all processes. By default 64, or 128 for vectors; at most the training set."""
    accumulate: int = 1
    """Take the batch in this many pieces and add up their gradients: less memory for the same step."""
    latent_dim: int = BY_DATA
    """Length of a code. By default 64 for 32 x 32 grey pixels, 256 for 64 x 64 coloured ones, and so on up to 512; 64 for sparse
    pictures; one more than vectors have columns, at most 16."""
    seed: int = 0
    """Seed of splits, initial weights, order of items and noise."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute."""
    threads: int = 0
    """CPU threads of one process. 0: as OMP_NUM_THREADS says, or else all cores, divided among the processes of a machine. On cores
    that are busy with something else, one thread is many times as fast as two."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Number format of the networks. auto: bf16 if the device multiplies it natively, but fp32 for the network mlp."""
    compile: Literal["on", "off"] = "off"
    """Compile the networks with torch.compile. It takes a minute or so at the start, and pays in long runs."""
    learning_rate: float = BY_DATA
    """Adam's learning rate, until it falls to zero along half a cosine. By default 0.002, sparse pictures 0.001, vectors 0.005."""
    hold: float = 0.5
    """Share of the training before the learning rate falls. 0: it falls from the start."""
    warmup: int = BY_DATA
    """Steps over which the learning rate rises from zero. By default 0; for vectors 300, at most a twentieth of the steps."""
    average: float = 0.999
    """Decay of the exponential moving average of the generator's weights, per step."""
    flip: Literal["auto", "on", "off"] = "auto"
    """Mirror half of the pictures. auto: yes, unless the mirror image of an item is no item (digits)."""
    shift: int = BY_DATA
    """Move pictures by up to this many pixels each way. By default one for every 32 of the side, or 0 for sparse pictures."""
    affine: float = BY_DATA
    """Rotate, scale and stretch pictures: standard deviation of the rotation (radians) and of the log scale; half of it for the log
    aspect ratio. By default 0.05, or 0 for sparse pictures."""
    network: NetworkSettings = field(default_factory=NetworkSettings)
    """Architecture and size."""
    gaia: GAIA.Settings = field(default_factory=GAIA.Settings)
    ae: AE.Settings = field(default_factory=AE.Settings)
    vae: VAE.Settings = field(default_factory=VAE.Settings)
    gan: GAN.Settings = field(default_factory=GAN.Settings)
    vae_gan: VAEGAN.Settings = field(default_factory=VAEGAN.Settings)
    aae: AAE.Settings = field(default_factory=AAE.Settings)
    acai: ACAI.Settings = field(default_factory=ACAI.Settings)
    began: BEGAN.Settings = field(default_factory=BEGAN.Settings)

    @property
    def expected_steps(self) -> int:
        """Steps of the run, for all that depends on its length. With minutes they are not known: 10,000."""
        return 10_000 if self.minutes else self.steps


def settled(settings: TrainSettings, data: Dataset, processes: int = 1) -> TrainSettings:
    """The settings with every open value decided for this data, and for so many processes that train together.

    Raises UserError for a value that cannot be used, naming it and its limits.
    """
    traits, kind = data.traits, data.kind
    s = filled(settings, "train", traits)
    if settings.warmup is BY_DATA:
        s.warmup = min(s.warmup, s.expected_steps // 20)
    own = {s.model: filled(getattr(s, s.model), s.model, traits, s.latent_dim)}
    name = kind.network if s.network.name == "auto" else s.network.name
    network = dataclasses.replace(s.network, name=name)
    # The codes of other models have a prior that places them, or were measured free only.
    if s.model != "gaia" or own["gaia"].objective == "paper" or s.latent_dim < 2:
        network.codes = network.codes or "free"
    s = dataclasses.replace(s, network=filled(network, "network", traits), **own)
    _check(s, kind)
    # The batch is divided evenly among processes and pieces. Each of them pairs its items, so its share is even.
    most, shares = min(s.batch_size, len(data.splits["train"])), processes * s.accumulate
    if 2 * shares > most:
        raise UserError(
            f"a batch of {most} items cannot be divided into {shares} even parts "
            f"({processes} processes, accumulate {s.accumulate}): use a larger batch or fewer of them"
        )
    s.batch_size = most // (2 * shares) * 2 * shares
    if not s.threads:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        asked = os.environ.get("OMP_NUM_THREADS", "")
        s.threads = int(asked) if asked.isdigit() and int(asked) else 0
        s.threads = s.threads or max(1, cores // int(os.environ.get("LOCAL_WORLD_SIZE") or processes))
    if s.flip == "auto":
        s.flip = "on" if data.mirror else "off"
    s.flip = s.flip if "flip" in kind.augmentations else "off"
    s.shift = min(s.shift, min(kind.shape[-2:]) // 4) if "shift" in kind.augmentations else 0
    s.affine = s.affine if "affine" in kind.augmentations else 0.0
    s.precision = chosen_precision(s.precision, s.device, s.network.name)  # type: ignore[assignment]
    return s


def _check(s: TrainSettings, kind: Kind) -> None:
    """Raise UserError for a value outside of its limits."""
    for prefix, group in {"": s, "network.": s.network, f"{s.model}.": getattr(s, s.model)}.items():
        for name, value in vars(group).items():
            least = LEAST.get(name, 0)
            if isinstance(value, int | float) and value < least:
                limit = f"be at least {least}" if least else "not be negative"
                raise UserError(f"{prefix}{name} must {limit}: {value} was given")
    refused = {
        f"learning_rate must lie between 0 and 1, not {s.learning_rate}": not 0 < s.learning_rate < 1,
        "average and hold must lie in [0, 1)": max(s.average, s.hold) >= 1,
        f"network.blocks must be 1, 2 or 4, or 0 (4 in large pictures, 2 in small ones), not {s.network.blocks}": (
            s.network.blocks not in (0, 1, 2, 4)
        ),
        f"the {s.network.name} network is for pictures: use mlp for vectors": (
            s.network.name != "mlp" and not kind.is_image
        ),
        "codes of one number have no direction: use network.codes free, or a larger latent_dim": (
            s.network.codes == "sphere" and s.latent_dim < 2
        ),
    }
    for message, wrong in refused.items():
        if wrong:
            raise UserError(message)


def depending_on_data(settings: TrainSettings, data: Dataset) -> str:
    """One line for the user: the traits of the data, and the values of all settings whose defaults depend on them."""
    values = [f"network {settings.network.name}"]
    groups = {"": settings, "network.": settings.network, f"{settings.model}.": getattr(settings, settings.model)}
    for prefix, group in groups.items():
        names = [f.name for f in dataclasses.fields(group) if f.default is BY_DATA]
        values += [f"{prefix}{name} {getattr(group, name)}" for name in names]
    return f"{data.traits}: {', '.join(values)}"


def to_dict(settings: TrainSettings) -> dict[str, Any]:
    """Plain JSON, without the options of other models."""
    values = dataclasses.asdict(settings)
    return {k: v for k, v in values.items() if k not in MODELS or k == settings.model}


def from_dict(values: dict[str, Any], group: type[T] = TrainSettings, prefix: str = "") -> T:
    """Settings from plain values, groups of them as dictionaries. Raises UserError for an unknown name or a wrong type."""
    hints = typing.get_type_hints(group)
    if unknown := [name for name in values if name not in hints]:
        raise UserError(f"there is no option {prefix}{unknown[0]}: choose among {', '.join(sorted(hints))}")
    return group(**{name: _value(hints[name], value, prefix + name) for name, value in values.items()})


def _value(hint: Any, value: Any, name: str) -> Any:
    """``value`` of an option as its type ``hint`` says."""
    if bool(dataclasses.is_dataclass(hint)):
        if isinstance(value, dict):
            return from_dict(value, hint, f"{name}.")
        if not isinstance(value, hint):
            raise UserError(f"{name} must be a group of options, not {value!r}")
        return value
    choices = typing.get_args(hint)
    if choices and isinstance(value, bool):
        value = "on" if value else "off"  # YAML reads a bare on or off as a truth value
    if hint is float and not isinstance(value, bool):
        with contextlib.suppress(TypeError, ValueError):  # YAML reads 1e-3 as text
            value = float(value)
    fits = value in choices if choices else type(value) is hint
    if not fits and value is not BY_DATA:
        wanted = f"one of {', '.join(map(str, choices))}" if choices else f"of type {hint.__name__}"
        raise UserError(f"{name} must be {wanted}, not {value!r}")
    return value


def to_yaml(values: dict[str, Any]) -> str:
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def read_config(path: Path, *, as_text: bool = False) -> dict[str, Any]:
    """The options in a YAML file, or in the recipe of that name if there is no such file.

    as_text: leave every value as it is written. Raises UserError if it is not a table of names and values.
    """
    path = path if path.is_file() else RECIPES.get(str(path), path)
    if not path.exists():
        raise UserError(f"{path} does not exist, and is no recipe ({', '.join(RECIPES)})")
    with telling(f"{path} cannot be read as YAML with lines of the form 'name: value'"):
        values = yaml.load(path.read_bytes(), yaml.BaseLoader if as_text else yaml.SafeLoader)
    if not isinstance(values, dict) or not all(isinstance(k, str) for k in values):
        raise UserError(f"{path} must hold lines of the form 'name: value'")
    return values


def recipe(name: str, model: str = "gaia") -> dict[str, Any]:
    """Options of the recipe ``name``, as `gaiamorph.train` takes them: ``train("clothes/", **recipe("fashion"))``.

    Only what differs from the defaults is there. Options of other models than ``model`` are left out. Raises UserError for an
    unknown name.
    """
    if name not in RECIPES:
        raise UserError(f"there is no recipe {name!r}: choose one of {', '.join(RECIPES)}")
    return {key: value for key, value in read_config(RECIPES[name]).items() if key == model or key not in MODELS}
