"""A page to listen to continua of sounds. It plays the files that lie beside it."""

import html
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gaiamorph.output.report import PAGE, page

SCRIPT = """
const player = new Audio();
for (const button of document.querySelectorAll("button[data-file]"))
  button.addEventListener("click", () => { player.src = button.dataset.file; player.play(); });
"""


def write_players(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write ``index.html``. rows: of the manifest, one for each sound."""
    parts = ["<p>Press a weight to hear that frame. 0 is A, 1 is B.</p>"]
    for _, some in itertools.groupby(rows, key=lambda row: row["pair"]):
        own = list(some)
        first = own[0]
        ends = [html.escape(str(first[f"source_{end}"])) for end in "ab"]
        parts.append(f"<h2>{ends[0]}{'' if ends[0] == ends[1] else f' to {ends[1]}'}</h2>")
        prefix = str(first["file"]).partition("frame_")[0]
        if (folder / f"{prefix}sheet.png").exists():
            parts.append(f'<img alt="Spectrograms of the frames" loading="lazy" src="{prefix}sheet.png">')
        buttons = [_button(row["file"], _title(row), row["seconds"]) for row in own]
        buttons.append(_button(f"{prefix}continuum.wav", "all", None))
        parts.append(f"<p>{''.join(buttons)}</p>")
    (folder / PAGE).write_text(page("Sounds", [*parts, f"<script>{SCRIPT}</script>"]), encoding="utf-8")


def _title(row: Mapping[str, Any]) -> str:
    if row["role"] != "frame":
        return str(row["role"]).replace("_", " ")
    amounts = json.loads(row["attributes"])
    if amounts:
        return ", ".join(f"{name} {amount:+g}" for name, amount in amounts.items())
    return f"{row['weight']:.2f}"


def _button(file: str, title: str, seconds: float | None) -> str:
    long = "" if seconds is None else f' title="{1000 * seconds:.0f} ms"'
    return f'<button type="button" data-file="{html.escape(file)}"{long}>{html.escape(title)}</button> '
