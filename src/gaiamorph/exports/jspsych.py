"""A folder of experiments that run in a browser, on jsPsych 8 (de Leeuw, Gilbert & Luchterhandt 2023)."""

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from gaiamorph.errors import UserError
from gaiamorph.exports.stimuli import FOLDER, Stimuli
from gaiamorph.exports.trials import discrimination, identification
from gaiamorph.output.report import PAGE, page

ADDRESS = "https://cdn.jsdelivr.net/npm/{name}@{version}/{file}"


class Part(NamedTuple):
    """A file of an npm package, and its SHA-384 (base64), without which a browser does not take it."""

    name: str
    version: str
    file: str
    sha384: str


ASSETS = files("gaiamorph.exports").joinpath("assets")
DESIGNS = {
    "identification": "Which of two is it? One stimulus in each trial.",
    "abx": "Which of two is X the same as?",
    "2afc": "Which of two is more like B?",
    "slider": "The participant moves along the continuum.",
}


def write_jspsych(stimuli: Stimuli, folder: Path, distances: Sequence[int], library: Path | None) -> None:
    """A page for each of `DESIGNS`, ``index.html`` with links to them, ``settings.js`` (what participants read), and stimuli.

    library: a folder ``node_modules`` that holds the parts of jsPsych, which are copied. Without it, pages load them from a public
        address.
    Raises UserError if the library lacks one, or has another version.
    """
    stimuli.copy(folder / FOLDER)
    parts = [Part(**part) for part in json.loads(ASSETS.joinpath("jspsych.json").read_text(encoding="utf-8"))]
    wanted = f"npm install {' '.join(dict.fromkeys(f'{part.name}@{part.version}' for part in parts))}"
    heads = [_own(part, folder, library, wanted) if library else _public(part) for part in parts]
    for name in ("experiment.js", "experiment.css", "settings.js"):
        (folder / name).write_bytes(ASSETS.joinpath(name).read_bytes())
    content = {
        "heard": stimuli.are_heard, "identification": identification(stimuli),
        "discrimination": discrimination(stimuli, distances),
        "continua": [[stimulus.described() for stimulus in continuum] for continuum in stimuli.continua],
    }  # fmt: skip
    text = json.dumps(content, ensure_ascii=True)
    (folder / "stimuli.js").write_text(f'"use strict";\n\nconst STIMULI = {text};\n', encoding="utf-8")
    scripts = "".join(f'<script src="{name}.js"></script>' for name in ("settings", "stimuli", "experiment"))
    for design in DESIGNS:
        body = f"<script>runExperiment({json.dumps(design)});</script>"
        head = "".join(heads) + '<link rel="stylesheet" href="experiment.css">' + scripts
        (folder / f"{design}.html").write_text(_page(design, head, body), encoding="utf-8")
    items = "".join(
        f'<li><a href="{design}.html">{design}</a>: {html.escape(text)}</li>' for design, text in DESIGNS.items()
    )
    about = (
        "<p>Change what participants read in <code>settings.js</code>. Put the folder on any web server, and give each participant "
        "a name: <code>identification.html?participant=P01</code>. Answers are saved as a CSV file in the browser. "
        "<code>gaiamorph psychometric</code> reads those of identification.</p>"
    )
    (folder / PAGE).write_text(page("Experiments", [f"<ul>{items}</ul>", about]), encoding="utf-8")


def _page(title: str, head: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">{head}</head>'
        f"<body>{body}</body></html>\n"
    )


def _public(part: Part) -> str:
    address = ADDRESS.format(name=part.name, version=part.version, file=part.file)
    return _tag(address, f' integrity="sha384-{part.sha384}" crossorigin="anonymous"')


def _own(part: Part, folder: Path, library: Path, wanted: str) -> str:
    source = library / part.name / part.file
    if not source.is_file():
        raise UserError(f"{library} has no {part.name}/{part.file}: {wanted}")
    content = source.read_bytes()
    if base64.b64encode(hashlib.sha384(content).digest()).decode() != part.sha384:
        raise UserError(f"{source} is not that of version {part.version}: {wanted}")
    target = folder / "jspsych" / f"{part.name.rpartition('/')[2]}{source.suffix}"
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(content)
    return _tag(f"jspsych/{target.name}", "")


def _tag(address: str, more: str) -> str:
    if address.endswith(".css"):
        return f'<link rel="stylesheet" href="{address}"{more}>'
    return f'<script src="{address}"{more}></script>'
