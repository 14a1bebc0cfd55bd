"""Which items a model may see.

``train``       what is trained on
``validation``  held-out items (of the training groups), to choose by
``test_seen``   held-out items of the training groups, to report on; only where there are groups
``test``        whole held-out groups where there are groups, otherwise held-out items
"""

from __future__ import annotations

import numpy as np

from gaiamorph.errors import UserError

SPLITS = ("train", "validation", "test_seen", "test")
SMALLEST = 4
"""With fewer items there is nothing to hold out beside a pair to train on."""


def split_items(count: int, seed: int) -> dict[str, np.ndarray]:
    """Without groups: a tenth each (at least one item) to validation and test.

    Raises UserError for fewer than four items.
    """
    if count < SMALLEST:
        raise UserError(f"{count} items are too few: at least {SMALLEST} are needed (2 to train on, 1 each held out)")
    order = np.random.default_rng([seed, 1]).permutation(count)
    held = max(1, count // 10)
    return _sorted({"test": order[:held], "validation": order[held : 2 * held], "train": order[2 * held :]})


def split_groups(groups: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """With groups (N,): a tenth of the groups is ``test``; of each other group of n items, n/10 (rounded)
    go to validation and n/5 to test_seen.

    Groups too small to give an item give none; where that leaves a split empty, it takes single items from
    the training groups at random. An item without a group (missing value) is a group of its own.
    Raises UserError for fewer than four items. A single group is split as if there were none.
    """
    if len(groups) < SMALLEST:
        raise UserError(f"{len(groups)} items are too few: at least {SMALLEST} are needed")
    unique, member = np.unique(groups.astype(str), return_inverse=True)
    if len(unique) < 2:
        return split_items(len(groups), seed)
    rng = np.random.default_rng([seed, 2])
    held_groups = rng.permutation(len(unique))[: max(1, len(unique) // 10)]
    test = np.flatnonzero(np.isin(member, held_groups))
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test_seen": []}
    for group in range(len(unique)):
        if group in held_groups:
            continue
        items = rng.permutation(np.flatnonzero(member == group))
        one, two = round(0.1 * len(items)), round(0.2 * len(items))
        parts["validation"] += items[:one].tolist()
        parts["test_seen"] += items[one : one + two].tolist()
        parts["train"] += items[one + two :].tolist()
    for name in ("validation", "test_seen"):
        if not parts[name] and len(parts["train"]) > 2:
            parts[name].append(parts["train"].pop(int(rng.integers(len(parts["train"])))))
    if len(parts["train"]) < 2:
        raise UserError("the groups leave fewer than 2 items to train on: use more items, or remove the group column")
    return _sorted({name: np.array(part, dtype=np.int64) for name, part in parts.items()} | {"test": test})


def _sorted(splits: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.sort(splits[name]).astype(np.int64) for name in SPLITS if name in splits}
