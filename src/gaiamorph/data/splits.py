"""Splits: the items that a model may see, and those that are held out.

``train``       items to train on
``validation``  held-out items to choose by
``test_seen``   held-out items of the training groups; exists only if groups are large enough to be divided
``test``        whole held-out groups if there are groups, otherwise held-out items
"""

import numpy as np

from gaiamorph.errors import UserError

SPLITS = ("train", "validation", "test_seen", "test")
SMALLEST = 4
"""Items that a data set needs: two to train on, and one each for validation and test."""
LARGE_GROUP = 4
"""Smaller groups are never divided."""
LEAST_VALIDATION, LEAST_SHARE, MOST_SHARE = 8, 20, 5
"""Validation has at least 8 items and a 20th of all, but this may be no more than a fifth of the items that are not ``test``."""


def wanted(count: int, available: int) -> int:
    """Items that ``validation`` needs, of ``count`` items of which ``available`` are not ``test``."""
    return max(1, min(max(LEAST_VALIDATION, -(-count // LEAST_SHARE)), available // MOST_SHARE))


def split_items(count: int, seed: int) -> dict[str, np.ndarray]:
    """Without groups: a tenth of the items is ``test``, and a tenth is ``validation``, but as many as are `wanted`.

    Raises UserError for fewer than four items.
    """
    if count < SMALLEST:
        raise UserError(f"{count} items are too few: at least {SMALLEST} are needed (2 to train on, 1 each held out)")
    order = np.random.default_rng([seed, 1]).permutation(count)
    test = max(1, count // 10)
    start = test + max(count // 10, wanted(count, count))
    return _sorted({"test": order[:test], "validation": order[test:start], "train": order[start:]})


def split_groups(groups: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """With groups (N,): a tenth of the groups is ``test``. Of every other group of at least four items, a tenth of the items
    is ``validation`` and a fifth is ``test_seen``. Smaller groups are never divided. If ``validation`` then has fewer items
    than are `wanted`, it gets whole small groups, then single items of large ones.

    At least half of the items outside ``test`` stay in ``train``. A single group is split as if there were none.
    Raises UserError for fewer than four items.
    """
    unique, member = np.unique(groups.astype(str), return_inverse=True)
    if len(unique) < 2 or len(groups) < SMALLEST:
        return split_items(len(groups), seed)
    rng = np.random.default_rng([seed, 2])
    held_groups = rng.permutation(len(unique))[: max(1, len(unique) // 10)]
    test = np.flatnonzero(np.isin(member, held_groups))
    validation, test_seen = [], []
    whole, single = [], []  # What validation may get besides: small groups, and items of large ones.
    for group in np.setdiff1d(np.arange(len(unique)), held_groups):
        items = rng.permutation(np.flatnonzero(member == group)).tolist()
        if len(items) < LARGE_GROUP:
            whole.append(items)
            continue
        one, two = round(0.1 * len(items)), round(0.2 * len(items))
        validation += items[:one]
        test_seen += items[one : one + two]
        single += [[item] for item in items[one + two :]]
    available = len(groups) - len(test)
    training = sum(map(len, whole + single))
    for items in [part[i] for part in (whole, single) for i in rng.permutation(len(part))]:
        enough = len(validation) >= wanted(len(groups), available)
        if not enough and training - len(items) >= max(2, available // 2):
            validation += items
            training -= len(items)
    if not validation and training > 2:
        validation = [int(rng.choice(np.concatenate(whole)))]
    train = np.setdiff1d(np.arange(len(groups)), np.concatenate([test, validation, test_seen]))
    if len(train) < 2:
        raise UserError("the groups leave fewer than 2 items to train on: use more items, or remove the group column")
    parts = {"train": train, "validation": validation, "test": test}
    return _sorted(parts | ({"test_seen": test_seen} if test_seen else {}))


def _sorted(splits: dict[str, np.ndarray] | dict[str, list[int]]) -> dict[str, np.ndarray]:
    return {name: np.sort(np.asarray(splits[name], dtype=np.int64)) for name in SPLITS if name in splits}
