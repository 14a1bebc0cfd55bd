"""The command line. The module of a verb is loaded only when it is used, so that ``--help`` is fast."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

from cyclopts import App
from cyclopts.config import Dict

from gaiamorph.errors import TrainingError, UserError
from gaiamorph.version import __version__

VERBS = {
    "train": "Train a model on pictures or vectors.",
    "morph": "Make a continuum between two items, or between many pairs.",
    "attributes": "Fit attribute vectors, and measure how far each changes the others.",
    "edit": "Change attributes of an item, at once or step by step.",
    "average": "Write the average of a group of items.",
    "encode": "Write the codes of items to a table.",
    "decode": "Decode codes into items.",
    "evaluate": "Measure reconstruction, realism of interpolations, sharpness and more, on held-out items.",
    "compare": "Train several models under one budget and measure them side by side.",
    "info": "Describe a space or a run.",
    "demo": "Train on real photographs and show what GAIA does, in minutes.",
}


MODULES = {"encode": "codes", "decode": "codes", "average": "edit", "compare": "evaluate"}
"""Modules of verbs that share one."""


def build_app() -> App:
    app = App(
        name="gaiamorph",
        help="Morph continua between real things. Bad input ends with exit status 2; --debug shows where.",
        version=__version__,
        result_action="return_value",
    )
    for verb, text in VERBS.items():
        app.command(f"gaiamorph.cli.{MODULES.get(verb, verb)}:{verb}", name=verb, help=text)
    return app


def main(arguments: list[str] | None = None) -> None:
    """Run one command. Exit status: 0 done, 1 the training cannot go on, 2 bad input, 130 interrupted."""
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in tokens
    tokens = [token for token in tokens if token != "--debug"]
    sys.exit(_run(tokens, debug))


def _run(tokens: list[str], debug: bool) -> int:
    warnings.showwarning = _say_warning
    try:
        app = build_app()
        if (given := _value_of("--config", tokens)) is not None:
            config = Path(given)
            app.config = (Dict(_read_config(config, tokens), use_commands_as_keys=False, source=str(config)),)
        app(tokens)
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except (KeyboardInterrupt, UserError, TrainingError, OSError) as error:
        if debug:
            raise
        if isinstance(error, KeyboardInterrupt):
            return 130
        # An OSError is a full disk or a read-only folder: the user can mend it.
        text = f"{error.strerror or error}: {error.filename or ''}" if isinstance(error, OSError) else str(error)
        print(f"gaiamorph: {text}", file=sys.stderr)
        return 1 if isinstance(error, TrainingError) else 2
    return 0


def _value_of(option: str, tokens: list[str]) -> str | None:
    """What follows ``--option`` on the command line, or None."""
    for i, token in enumerate(tokens):
        if token == option and i + 1 < len(tokens):
            return tokens[i + 1]
        if token.startswith(f"{option}="):
            return token.partition("=")[2]
    return None


def _read_config(path: Path, tokens: list[str]) -> dict[str, Any]:
    """Options in a YAML file or a recipe, as text. The config.yaml of a run is such a file.

    A file may have options of several models. `train` gets those of its own model alone.
    """
    from gaiamorph.models import MODELS
    from gaiamorph.training.settings import read_config

    # All values stay text, so that "off" and "1e-3" mean the same as on the command line.
    values = read_config(path, as_text=True)
    values.pop("fingerprint", None)  # a record of the data, not an option
    if tokens[:1] == ["train"]:
        model = _value_of("--model", tokens) or values.get("model", "gaia")
        values = {name: value for name, value in values.items() if name == model or name not in MODELS}
    return _without_nulls(values)


def _without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    """The options that have a value. null stands for the default."""
    inner = {name: _without_nulls(value) if isinstance(value, dict) else value for name, value in values.items()}
    return {name: value for name, value in inner.items() if value not in ("null", "~", "")}


def _say_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    print(f"gaiamorph: warning: {message}", file=sys.stderr)
