"""A page to look through continua of pictures, or to listen to those of sounds. It shows the files that lie beside it."""

import html
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gaiamorph.data.finding import printable
from gaiamorph.output.description import shown
from gaiamorph.output.report import PAGE, page

SCRIPT = """
const player = new Audio();
const play = (file) => { player.src = file; player.play().catch(() => {}); };
for (const button of document.querySelectorAll("button[data-file]"))
  button.addEventListener("click", () => play(button.dataset.file));
for (const section of document.querySelectorAll("section")) {
  const frames = JSON.parse(section.dataset.frames);
  const [slider, title, shown] = ["input", "output", "img.shown"].map((of) => section.querySelector(of));
  slider.addEventListener("input", () => {
    title.textContent = frames[slider.value][1];
    if (shown) shown.src = frames[slider.value][0];
  });
  if (shown) continue;
  const listen = () => play(frames[slider.value][0]);
  slider.addEventListener("change", listen);
  section.querySelector("button.listen").addEventListener("click", listen);
}
"""
STYLE = """
h2 { overflow-wrap: anywhere }
img.shown { display: block; width: min(100%, 512px) } input[type=range] { width: min(100%, 512px) }
img.original { height: 128px; margin-right: 1rem } output { display: inline-block; min-width: 4rem }
"""


def write_viewer(folder: Path, rows: Sequence[Mapping[str, Any]], heard: bool) -> None:
    """Write ``index.html``. rows: of the manifest, one for each file. heard: they are sounds, not pictures."""
    how = "Move the slider to hear" if heard else "Move the slider to see"
    parts = [f"<style>{STYLE}</style><p>{how} each frame. 0 is A, 1 is B.</p>"]
    for _, some in itertools.groupby(rows, key=lambda row: row["pair"]):
        own = list(some)
        ends = [html.escape(printable(str(own[0][f"source_{end}"]))) for end in "ab"]
        frames = [(row["file"], _title(row)) for row in own if row["role"] == "frame"]
        prefix = str(frames[0][0]).partition("frame_")[0]
        content = html.escape(json.dumps(frames))
        parts.append(
            f'<section data-frames="{content}"><h2>{ends[0]}{"" if ends[0] == ends[1] else f" to {ends[1]}"}</h2>'
        )
        if not heard:
            parts.append(f'<img class="shown" alt="The frame" loading="lazy" src="{html.escape(frames[0][0])}">')
        elif (folder / f"{prefix}sheet.png").exists():
            parts.append(f'<img alt="Spectrograms of the frames" loading="lazy" src="{prefix}sheet.png">')
        label = "Frames from A to B"
        parts.append(
            f'<p><input type="range" min="0" max="{len(frames) - 1}" value="0" aria-label="{label}"> '
            f"<output>{html.escape(frames[0][1])}</output></p>"
        )
        others = [row for row in own if row["role"] == "original"]
        if heard:
            buttons = [*((row["file"], _name(row)) for row in others), (f"{prefix}continuum.wav", "all frames")]
            again = '<button type="button" class="listen">this frame</button> '
            parts.append(f"<p>{again}{''.join(itertools.starmap(_button, buttons))}</p>")
        elif others:
            parts.append(f"<p>{''.join(_original(row['file'], _name(row)) for row in others)}</p>")
        parts.append("</section>")
    (folder / PAGE).write_text(page("Continua", [*parts, f"<script>{SCRIPT}</script>"]), encoding="utf-8")


def _title(row: Mapping[str, Any]) -> str:
    amounts = json.loads(row["attributes"])
    if amounts:
        return ", ".join(f"{name} {amount:+g}" for name, amount in amounts.items())
    return shown(row["weight"])


def _name(row: Mapping[str, Any]) -> str:
    """Of an original, from its file."""
    return f"original {Path(row['file']).stem.rpartition('_')[2].upper()}"


def _button(file: str, title: str) -> str:
    return f'<button type="button" data-file="{html.escape(file)}">{title}</button> '


def _original(file: str, title: str) -> str:
    return f'<img class="original" alt="{title}" title="{title}" loading="lazy" src="{html.escape(file)}">'
