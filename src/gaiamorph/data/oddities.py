"""What a user should know about a set of pictures: sentences, with the names below."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from gaiamorph.data.finding import Found
from gaiamorph.data.images import Facts
from gaiamorph.errors import UserError

MOST_NAMES = 10
"""Names that are listed of one kind."""
MOST_UNREADABLE, MOST_FILES = 0.05, 20
"""A larger share of unreadable files is an error, which names so many of them."""
FEWEST_PIXELS = 1 / 16
"""A set is of very different sizes if the smallest picture has a smaller share of the pixels of the largest."""
LONG = 2
"""The centre crop loses half of a picture that is so many times as long as it is wide."""


def listed(names: Sequence[str], separator: str = ", ") -> str:
    """The first names, and how many more there are."""
    more = f"{separator}and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return separator.join(names[:MOST_NAMES]) + more


def counted(count: int, singular: str, verb: str = "") -> str:
    """As in "1 picture is", "2 pictures are": the verb is given in both forms, divided by a slash."""
    one, _, many = verb.partition("/")
    return f"{count} {singular}{'' if count == 1 else 's'} {one if count == 1 else many}".rstrip()


def too_many(what: str, files: Sequence[tuple[str, str]]) -> UserError:
    """The error for a source of which too much cannot be read. It names the first files, with their reasons."""
    named = [f"    {name}: {reason}" for name, reason in files[:MOST_FILES]]
    named += [f"    and {len(files) - MOST_FILES} more"] if len(files) > MOST_FILES else []
    return UserError("\n".join([f"{what}: remove or repair them", *named]))


def no_pictures(folder: Path, found: Found) -> str:
    """The error for a folder without pictures or recordings. It names what is there instead."""
    if found.unheard and not found.skipped:
        reason, names = unread(found.unheard)[0]
        return f"{folder} holds no recordings that can be read, but {reason} ({listed(names)})"
    others = "; ".join(f"{reason} ({listed(names)})" for reason, names in unread(found.skipped))
    problem = (
        f"holds no pictures that can be read, but {others}; and no other pictures" if others else "holds no pictures"
    )
    return f"{folder} {problem} (.png, .jpg, .tif, ...) or recordings (.wav, .flac, ...): put some into it"


def odd_pictures(names: list[str], facts: list[Facts], size: int, crop: str) -> list[str]:
    """Notes on pictures that are read, but may not become what the user thinks. size: the side of an item."""
    notes = []

    def note(found: list[str], verb: str, rest: str) -> None:
        if found:
            notes.append(f"{counted(len(found), 'picture', verb)} {rest}\n{listed(found)}")

    def those(odd: Callable[[Facts], bool]) -> list[str]:
        return [name for name, fact in zip(names, facts, strict=True) if odd(fact)]

    grey = those(lambda f: f.grey)
    if len(grey) < len(names):
        note(grey, "is/are", f"grey among {len(names) - len(grey)} in colour: a model of both may draw faded colours")
    shorter = min if crop == "centre" else max
    note(
        those(lambda f: shorter(f.width, f.height) < size),
        "is/are",
        f"smaller than {size} x {size}, and enlarged: a smaller --size, or larger pictures, make sharper results",
    )
    if crop == "centre":
        note(
            those(lambda f: max(f.width, f.height) >= LONG * min(f.width, f.height)),
            "is/are",
            f"at least {LONG} times as long as wide: the crop cuts half or more away, which --crop none keeps",
        )
    note(
        those(lambda f: f.several),
        "is the first of several/are the first of several",
        "in a file: the others are left out",
    )
    note(those(lambda f: f.bad_profile), "has/have", "a colour profile that cannot be used: read as if there were none")
    return [*notes, *_sizes(names, facts), *_dark(names, facts)]


def _sizes(names: list[str], facts: list[Facts]) -> Iterator[str]:
    pixels = np.array([f.width * f.height for f in facts])
    least, most = (int(i) for i in (pixels.argmin(), pixels.argmax()))
    if pixels[least] < FEWEST_PIXELS * pixels[most]:
        small, large = (f"{facts[i].width} x {facts[i].height} ({names[i]})" for i in (least, most))
        yield f"the pictures are of very different sizes, from {small} to {large}: they differ in sharpness"


def _dark(names: list[str], facts: list[Facts]) -> Iterator[str]:
    """Pictures of 16 bits that use the lowest of them alone.

    They are scaled as all others are, since a space reads single pictures later, which say nothing of the set.
    """
    deep = [(name, f.top) for name, f in zip(names, facts, strict=True) if f.top]
    top = max((top for _, top in deep), default=0)
    bits = next((bits for bits in (8, 10, 12, 14) if top < 2**bits), None)
    if deep and bits:
        yield (
            f"{counted(len(deep), 'picture')} of 16 bits {'has' if len(deep) == 1 else 'have'} no value above {2**bits - 1}: "
            f"they seem to hold {bits} bits, and become nearly black; multiply their values by {2 ** (16 - bits)} first\n"
            f"{listed([name for name, _ in deep])}"
        )


def doubles(
    names: list[str],
    families: list[tuple[bool, list[int]]],
    splits: dict[str, np.ndarray],
    groups: np.ndarray | None,
    what: str = "pictures",
    same: str = "pixels",
) -> Iterator[str]:
    """Notes on copies: which they are, and whether they lie in different splits or groups. what: items. same: what they share."""
    split_of = {int(i): split for split, indices in splits.items() for i in indices}
    for exact, about in ((True, f"copies, with the same {same}"), (False, "nearly copies of each other")):
        found = [family for equal, family in families if equal == exact]
        if not found:
            continue
        split = [len({split_of[i] == "train" for i in family}) > 1 for family in found]
        mixed = [groups is not None and len(set(groups[family])) > 1 for family in found]
        total = sum(map(len, found))
        text = f"{total} {what} are {about} ({counted(len(found), 'set')} of them)"
        if any(split):
            both = counted(sum(split), "set", "is/are")
            text += f"; {both} both in training and held out, which flatters every measure"
        if any(mixed):
            text += f"; {counted(sum(mixed), 'set', 'lies/lie')} in several groups"
        text += ": keep one of each"
        order = np.argsort([not (s or m) for s, m in zip(split, mixed, strict=True)], kind="stable")
        lines = [_family(found[k], names, split_of, groups if mixed[k] else None) for k in order]
        yield f"{text}\n{listed(lines, chr(10))}"


def _family(family: list[int], names: list[str], split_of: dict[int, str], groups: np.ndarray | None) -> str:
    def place(i: int) -> str:
        if groups is None:
            return split_of[i]
        return f"{split_of[i]}, {'no group' if groups[i] == f'({i})' else f'group {groups[i]}'}"

    return listed([f"{names[i]} ({place(i)})" for i in family], " = ")


def unread(skipped: list[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Reasons for which files were left out, the most frequent first, and the names of the files."""
    counts = Counter(reason for _, reason in skipped)
    reasons = sorted(counts, key=lambda reason: (-counts[reason], reason))
    return [(reason, [name for name, why in skipped if why == reason]) for reason in reasons]
