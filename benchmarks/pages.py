"""What the pages made from results share: where they lie, tables, means over seeds, sections."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from results import FOLDER

DOCS = Path(__file__).parent.parent / "docs"
Column = tuple[str, str, Callable[[float], str]]
"""Of a table: the figure's name in the results, its heading, and how it is written."""


def load(name: str) -> dict[str, Any] | None:
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def table(head: Sequence[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(r) + " |" for r in rows), ""]


def spread(values: list[float], form: str | Callable[[float], str] = ".3f") -> str:
    """mean ± standard deviation over seeds; form: a format, or what writes a number."""
    if not values:
        return ""
    show = form if callable(form) else lambda v: format(v, form)
    return show(float(np.mean(values))) + (f" ± {show(float(np.std(values, ddof=1)))}" if len(values) > 1 else "")


def made_by(result: dict[str, Any]) -> str:
    return f"`{result['command']}` ({result['machine']}, torch {result['torch']}, gaiamorph {result['gaiamorph']})"


def section(title: str, result: dict[str, Any], body: list[str]) -> list[str]:
    """A heading, what stands under it, and how the numbers were made."""
    return [f"## {title}", "", *body, f"Made by {made_by(result)}.", ""]
