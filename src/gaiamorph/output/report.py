"""Self-contained HTML pages: pictures and sounds are inside the file."""

import base64
import html
from collections.abc import Mapping, Sequence
from pathlib import Path

RESULTS, PAGE = "results.json", "index.html"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
img { max-width: 100%; image-rendering: auto } figure { margin: 1.5rem 0 } figcaption { color: #555 }
table { border-collapse: collapse } td { padding: .15rem .8rem .15rem 0; border-bottom: 1px solid #ddd; vertical-align: top }
"""


def write_page(
    folder: Path,
    title: str,
    paragraphs: Sequence[str],
    captions: Mapping[str, str],
    rows: Sequence[Sequence[str]] = (),
) -> None:
    """Write ``index.html``: paragraphs, PNG and WAV files (paths from the folder) with captions, and a table.

    All text is escaped.
    """
    parts = [f"<p>{html.escape(text)}</p>" for text in paragraphs]
    for name, caption in captions.items():
        data, text = base64.b64encode((folder / name).read_bytes()).decode(), html.escape(caption)
        shown = f'<img alt="{text}" src="data:image/png;base64,{data}">'
        if name.endswith(".wav"):
            shown = f'<audio controls src="data:audio/wav;base64,{data}"></audio>'
        parts.append(f"<figure>{shown}<figcaption>{text}</figcaption></figure>")
    if rows:
        cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
        parts.append("<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>")
    (folder / PAGE).write_text(page(title, parts), encoding="utf-8")


def page(title: str, parts: Sequence[str]) -> str:
    """A whole page. title: text. parts: HTML."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1>{''.join(parts)}</html>\n"
    )
