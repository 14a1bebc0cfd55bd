"""Self-contained HTML pages: pictures are inside the file."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
img { max-width: 100%; image-rendering: auto } figure { margin: 1.5rem 0 } figcaption { color: #555 }
table { border-collapse: collapse } td { padding: .15rem .8rem .15rem 0; border-bottom: 1px solid #ddd; vertical-align: top }
"""


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def page(
    title: str,
    paragraphs: Sequence[str],
    pictures: Sequence[tuple[Path, str]],
    rows: Sequence[Sequence[str]] = (),
) -> str:
    """HTML: paragraphs, then PNG files with captions, then a table. All text is escaped."""
    parts = [f"<p>{html.escape(text)}</p>" for text in paragraphs]
    for path, caption in pictures:
        data = base64.b64encode(path.read_bytes()).decode()
        text = html.escape(caption)
        parts.append(
            f'<figure><img alt="{text}" src="data:image/png;base64,{data}"><figcaption>{text}</figcaption></figure>'
        )
    if rows:
        cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
        parts.append("<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1>{''.join(parts)}</html>\n"
    )
