"""Small HTML pages that need nothing beside them: pictures are inside the file."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
img { max-width: 100%; image-rendering: auto } figure { margin: 1.5rem 0 } figcaption { color: #555 }
"""


def page(title: str, paragraphs: Sequence[str], pictures: Sequence[tuple[Path, str]]) -> str:
    """HTML with the paragraphs first, then each PNG with its caption. All text is escaped."""
    parts = [f"<p>{html.escape(text)}</p>" for text in paragraphs]
    for path, caption in pictures:
        data = base64.b64encode(path.read_bytes()).decode()
        text = html.escape(caption)
        parts.append(
            f'<figure><img alt="{text}" src="data:image/png;base64,{data}"><figcaption>{text}</figcaption></figure>'
        )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1>{''.join(parts)}</html>\n"
    )
