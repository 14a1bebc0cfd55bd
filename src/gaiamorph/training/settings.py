"""Everything that decides what a run computes; it is recorded as ``config.yaml`` in the run folder."""

from __future__ import annotations

import dataclasses
import os
import typing
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from gaiamorph.data import Dataset
from gaiamorph.errors import UserError
from gaiamorph.models import MODELS
from gaiamorph.networks import NETWORKS, NetworkSettings
from gaiamorph.training.precision import chosen_precision

FILE = "config.yaml"
UNSAID_HERE = {"hold": 0.0}
"""As runs were that do not say."""


@dataclass
class _Settings:
    """Options of a training run. A value of 0 or ``auto`` is settled when the data is known."""

    model: Literal[tuple(MODELS)] = "gaia"  # type: ignore[valid-type]
    """Method."""
    steps: int = 3000
    """Steps to train for."""
    minutes: float = 0.0
    """Train for this many minutes instead (0: by steps). Such a run resumes, but not bit for bit."""
    batch_size: int = 64
    """Items a step, over all processes; made to divide evenly, and no larger than the training set."""
    accumulate: int = 1
    """Take the batch in this many pieces, one after another, and add up their gradients: less memory for the same step."""
    latent_dim: int = 0
    """Length of a code. 0: 64 for pictures; as many as there are columns, at most 16, for vectors."""
    seed: int = 0
    """Of everything that is drawn: splits, weights, order, noise."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute."""
    threads: int = 0
    """Threads for the arithmetic of one process. 0: the cores, divided among the processes of a machine."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Numbers that networks are computed in. auto: bf16 where the device multiplies it natively, otherwise and
    for the network mlp fp32."""
    compile: Literal["on", "off"] = "off"
    """Compile the networks with torch.compile. It takes a minute or so at the start, and pays in long runs."""
    learning_rate: float = 2e-3
    """Adam's, until it falls to zero along half a cosine."""
    hold: float = 0.5
    """Share of the training during which the rate stays what it is, before it falls: the shorter a training, the more it helps.
    0: it falls from the start."""
    warmup: int = 0
    """Steps over which the rate first rises from zero. Helps where a high rate kills the discriminator at the start."""
    average: float = 0.999
    """Decay, per step, of the moving average of the generator."""
    flip: Literal["auto", "on", "off"] = "auto"
    """Mirror half of the pictures. auto: yes, unless a mirror image is not an item (digits)."""
    shift: int = 1
    """Move pictures by up to this many pixels each way."""
    affine: float = 0.0
    """Turn pictures and change their size and proportions a little: standard deviation of turns (in radians) and of the logarithms
    of sizes; half of it for proportions."""
    network: NetworkSettings = field(default_factory=NetworkSettings)
    """Architecture and size."""


if TYPE_CHECKING:
    TrainSettings = _Settings
else:
    # One group of options a model, under the model's name: a new model needs no line here.
    _GROUPS = [(name, model.Settings, field(default_factory=model.Settings)) for name, model in MODELS.items()]
    TrainSettings = make_dataclass("TrainSettings", _GROUPS, bases=(_Settings,), namespace={"__module__": __name__})
    TrainSettings.__doc__ = _Settings.__doc__


def settled(settings: TrainSettings, data: Dataset, processes: int = 1, neighbours: int = 1) -> TrainSettings:
    """The settings with nothing left open for this data. Raises UserError for one that cannot be.

    processes: how many train together, ``neighbours`` of them on this machine.
    """
    s = dataclasses.replace(settings, network=dataclasses.replace(settings.network))
    if s.model not in MODELS:
        raise UserError(f"there is no model {s.model!r}: choose one of {', '.join(MODELS)}")
    for name, least in {"steps": 1, "batch_size": 2, "accumulate": 1}.items():
        if getattr(s, name) < least:
            raise UserError(f"{name} must be at least {least}, not {getattr(s, name)}")
    numbers = {
        name: getattr(s, name) for name in ("minutes", "latent_dim", "threads", "shift", "affine", "seed", "warmup")
    }
    for group in ("network", s.model):
        numbers |= {f"{group}.{name}": value for name, value in dataclasses.asdict(getattr(s, group)).items()}
    for name, value in numbers.items():
        if isinstance(value, int | float) and value < 0:
            raise UserError(f"{name} must not be negative, as {value} is")
    if not 0 < s.learning_rate < 1:
        raise UserError(f"learning_rate must lie between 0 and 1, not {s.learning_rate}")
    if not all(0 <= value < 1 for value in (s.average, s.hold)):
        raise UserError("average and hold must lie in [0, 1)")
    if s.network.blocks not in (0, 1, 2, 4):
        raise UserError(
            f"network.blocks must be 1, 2 or 4, or 0 (4 in large pictures, 2 in small ones), not {s.network.blocks}"
        )
    available = len(data.splits["train"])
    unit = 2 * processes * s.accumulate
    if unit > min(s.batch_size, available):
        raise UserError(
            f"a batch of {min(s.batch_size, available)} items cannot be divided into {unit // 2} even parts "
            f"({processes} processes, accumulate {s.accumulate}): use a larger batch or fewer of them"
        )
    s.batch_size = min(s.batch_size, available) // unit * unit
    if not s.latent_dim:
        s.latent_dim = 64 if len(data.kind.shape) == 3 else min(data.kind.shape[0], 16)
    if not s.threads:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        s.threads = max(1, cores // neighbours)
    pictures = len(data.kind.shape) == 3
    if s.flip == "auto":
        s.flip = "on" if pictures and data.mirror else "off"
    if pictures:
        s.shift = min(s.shift, min(data.kind.shape[-2:]) // 4)
    else:
        s.flip, s.shift, s.affine = "off", 0, 0.0
    if s.network.name == "auto":
        s.network.name = "conv" if pictures else "mlp"
    if s.network.name not in NETWORKS:
        raise UserError(f"there is no network {s.network.name!r}: choose one of {', '.join(NETWORKS)}")
    if s.network.name != "mlp" and not pictures:
        raise UserError(f"the {s.network.name} network is for pictures: use mlp for vectors")
    if s.network.codes == "sphere" and s.latent_dim < 2:
        raise UserError("codes of one number have no direction: use network.codes free, or a larger latent_dim")
    s.precision = chosen_precision(s.precision, s.device, s.network.name)  # type: ignore[assignment]
    return s


def to_dict(settings: TrainSettings) -> dict[str, Any]:
    """Plain JSON, without the options of other models."""
    values = dataclasses.asdict(settings)
    return {k: v for k, v in values.items() if k not in MODELS or k == settings.model}


def from_dict(values: dict[str, Any]) -> TrainSettings:
    """Settings from plain values, nested ones as dictionaries. Raises UserError for an unknown name or a wrong type."""
    return _from_dict(TrainSettings, values, "")


def recorded(values: dict[str, Any]) -> TrainSettings:
    """`from_dict` of what a run wrote down; a run from before an option existed was as `UNSAID_HERE` and the `UNSAID` of
    models say."""
    values = UNSAID_HERE | values
    name = values.get("model", _Settings.model)
    unsaid = {name: MODELS[name].UNSAID} if name in MODELS else {}
    given = {group: values.get(group, {}) for group in unsaid}
    filled = {group: unsaid[group] | options for group, options in given.items() if isinstance(options, dict)}
    return from_dict(values | filled)


def _from_dict(cls: type, values: dict[str, Any], prefix: str) -> Any:
    hints = typing.get_type_hints(cls)
    arguments = {}
    for name, value in values.items():
        if name not in hints:
            raise UserError(f"there is no option {prefix}{name}: choose among {', '.join(sorted(hints))}")
        hint = hints[name]
        if dataclasses.is_dataclass(hint):
            if isinstance(value, dict):
                value = _from_dict(typing.cast(type, hint), value, f"{prefix}{name}.")
            elif not isinstance(value, typing.cast(type, hint)):
                raise UserError(f"{prefix}{name} must be a group of options, not {value!r}")
        else:
            value = _checked(hint, value, prefix + name)
        arguments[name] = value
    return cls(**arguments)


def _checked(hint: Any, value: Any, name: str) -> Any:
    if typing.get_origin(hint) is Literal:
        # YAML reads a bare on or off as a truth value.
        value = {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value
        if value not in typing.get_args(hint):
            raise UserError(f"{name} must be one of {', '.join(map(str, typing.get_args(hint)))}, not {value!r}")
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is float and isinstance(value, str):  # YAML reads 1e-3 as text
        try:
            return float(value)
        except ValueError:
            pass
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise UserError(f"{name} must be of type {hint.__name__}, not {value!r}")
    return value


def to_yaml(values: dict[str, Any]) -> str:
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def read_config(path: Path, *, as_text: bool = False) -> dict[str, Any]:
    """The options in a YAML file, with every value left as it is written if ``as_text``.

    Raises UserError if it is not a table of names and values.
    """
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader if as_text else yaml.SafeLoader)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise UserError(f"{path} cannot be read as YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(values, dict) or not all(isinstance(k, str) for k in values):
        raise UserError(f"{path} must hold lines of the form 'name: value'")
    return values
