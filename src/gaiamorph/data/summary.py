"""What was read from a source, in words: all of it for `check` and ``data.txt``, a few lines for a training."""

import textwrap

import numpy as np

from gaiamorph.data.finding import printable
from gaiamorph.data.kinds import Dataset
from gaiamorph.data.oddities import counted, listed, unread

SUMMARY = "data.txt"
"""The summary in a run folder."""
WIDTH = 100


def summary(data: Dataset) -> str:
    """All of it. The same data give the same text."""
    known = [f"{name} {int(column.notna().sum())}" for name, column in data.attributes.items()]
    sizes = [(name.replace("_", " "), str(len(indices))) for name, indices in data.splits.items()]
    rows = [
        ("read", str(len(data))),
        ("left out", str(len(data.skipped))),
        *sizes,
        ("groups", "none" if data.groups is None else str(len(np.unique(data.groups)))),
    ]
    width = max(len(value) for _, value in rows)
    lines = [f"{printable(data.source)}: {data.kind.about}", ""]
    lines += [f"  {name:<11}{value:>{width}}" for name, value in rows]
    if known:
        lines += _wrapped(f"attributes (items with a value): {', '.join(known)}", "  ", "    ")
    if data.skipped:
        lines += ["", "Left out"]
    for reason, names in unread(data.skipped):
        lines += _wrapped(f"{len(names)}: {reason}", "  - ", "    ") + _wrapped(listed(names), "      ", "      ")
    if data.notes:
        lines += ["", "To know"]
    for note in data.notes:
        sentence, *below = note.split("\n")
        lines += _wrapped(sentence, "  - ", "    ")
        lines += [line for text in below for line in _wrapped(text, "      ", "        ")]
    return "\n".join(lines) + "\n"


def in_short(data: Dataset, where: str) -> str:
    """A few lines. where: the file that has the rest."""
    lines = [data.description, *([left_out(data.skipped)] if data.skipped else [])]
    lines += [f"note: {note.partition(chr(10))[0]}" for note in data.notes]
    return "\n".join([*lines, f"more of this: {where}"] if len(lines) > 1 else lines)


def left_out(skipped: list[tuple[str, str]]) -> str:
    """How many files were left out, and the most frequent reason."""
    (reason, names), *others = unread(skipped)
    more = f", and {counted(len(others), 'other reason')}" if others else ""
    return (
        f"{counted(len(skipped), 'file', 'is/are')} left out: {reason} ({names[0]}{', ...' if names[1:] else ''}){more}"
    )


def _wrapped(text: str, first: str, others: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )
