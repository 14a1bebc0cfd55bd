"""The command line. The module of a verb is loaded only when it is used, so that ``--help`` is fast."""

import argparse
import io
import sys
import warnings
from pathlib import Path
from typing import Any

from cyclopts import App
from cyclopts.config import Dict

from gaiamorph.errors import TrainingError, UserError
from gaiamorph.version import __version__

VERBS = {
    "check.check": "Say what training would read, and what is odd about it.",
    "align.align": "Bring the faces (or other things) of photographs to one place.",
    "train.train": "Train a model on pictures, sounds or vectors.",
    "continua.morph": "Make a continuum between two items, or between many pairs.",
    "attributes.attributes": "Fit attribute vectors, and measure how far each changes the others.",
    "continua.edit": "Change attributes of an item, at once or step by step.",
    "continua.average": "Write the average of a group of items.",
    "codes.encode": "Write the codes of items to a table.",
    "codes.decode": "Decode codes into items.",
    "codes.sample": "Make new items.",
    "evaluate.evaluate": "Measure reconstruction, realism of interpolations, sharpness and more, on held-out items.",
    "evaluate.compare": "Train several models under one budget and measure them side by side.",
    "export.export": "Write a continuum for an experiment, an archive or a slide, or a space as ONNX.",
    "psychometric.psychometric": "Fit psychometric functions to the answers of participants.",
    "push.push": "Put a space on the Hugging Face Hub.",
    "info.info": "Describe a space or a run.",
    "studio.studio": "Morph and edit with a space in the browser.",
    "demo.demo": "Train on real photographs and show what GAIA does, in minutes.",
}
"""Module and name of each verb, with its help."""


def build_app() -> App:
    app = App(
        name="gaiamorph",
        help="Morph continua between real things. Bad input ends with exit status 2; --debug shows where.",
        version=__version__,
        result_action="return_value",
    )
    for place, text in VERBS.items():
        module, verb = place.split(".")
        app.command(f"gaiamorph.cli.{module}:{verb}", name=verb, help=text)
    return app


def main(arguments: list[str] | None = None) -> None:
    """Run one command. Exit status: 0 done, 1 the training cannot go on, 2 bad input, 130 interrupted."""
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    # Three options are needed before the module of the verb is loaded.
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--config", nargs="?")
    early.add_argument("--model", nargs="?")
    early.add_argument("--debug", action="store_true")
    given = early.parse_known_args(tokens)[0]
    tokens = [token for token in tokens if token != "--debug"]
    warnings.showwarning = _say_warning
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for file names that are no UTF-8
    status = 0
    try:
        app = build_app()
        if given.config is not None:
            values = _read_config(Path(given.config), tokens, given.model)
            app.config = (Dict(values, use_commands_as_keys=False, source=given.config),)
        app(tokens)
    except BrokenPipeError:
        sys.stderr.close()
        status = 1
    except (KeyboardInterrupt, UserError, TrainingError, OSError) as error:
        if given.debug:
            raise
        status = {KeyboardInterrupt: 130, TrainingError: 1}.get(type(error), 2)
        if isinstance(error, OSError):  # a full disk or a read-only folder: the user can mend it
            print(f"gaiamorph: {error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        elif not isinstance(error, KeyboardInterrupt):
            print(f"gaiamorph: {error}", file=sys.stderr)
    sys.exit(status)


def _read_config(path: Path, tokens: list[str], model: str | None) -> dict[str, Any]:
    """Options in a YAML file or a recipe, as text. The config.yaml of a run is such a file.

    A file may have options of several models. `train` gets those of its own model alone.
    """
    from gaiamorph.models import MODELS
    from gaiamorph.training.settings import RECORDS, read_config

    # All values stay text, so that "off" and "1e-3" mean the same as on the command line.
    values = read_config(path, as_text=True)
    values = {name: value for name, value in values.items() if name not in RECORDS}
    if tokens[:1] == ["train"]:
        model = model or values.get("model", "gaia")
        values = {name: value for name, value in values.items() if name == model or name not in MODELS}
    return _without_nulls(values)


def _without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    """The options that have a value. null stands for the default."""
    inner = {name: _without_nulls(value) if isinstance(value, dict) else value for name, value in values.items()}
    return {name: value for name, value in inner.items() if value not in ("null", "~", "")}


def _say_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    print(f"gaiamorph: warning: {message}", file=sys.stderr)
