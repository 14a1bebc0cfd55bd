"""The splitting rule, with and without groups."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image

from gaiamorph.data import open_data
from gaiamorph.data.splits import split_groups, split_items
from gaiamorph.errors import UserError


def counts(splits):
    return {name: len(indices) for name, indices in splits.items()}


def grouped(people: int, each: int) -> np.ndarray:
    return np.repeat(np.arange(people), each)


@pytest.mark.parametrize(
    ("count", "train", "validation", "test"),
    [(4, 2, 1, 1), (12, 9, 2, 1), (30, 21, 6, 3), (40, 28, 8, 4), (60, 46, 8, 6), (80, 64, 8, 8), (400, 320, 40, 40)],
)
def test_small_sets_without_groups_give_at_most_a_fifth_to_validation(count, train, validation, test):
    splits = split_items(count, 0)
    assert counts(splits) == {"train": train, "validation": validation, "test": test}
    assert sorted(np.concatenate(list(splits.values()))) == list(range(count))


@pytest.mark.parametrize("count", [80, 161, 5000])
def test_larger_sets_without_groups_are_split_as_in_earlier_versions(count):
    order, held = np.random.default_rng([3, 1]).permutation(count), count // 10
    splits = split_items(count, 3)
    assert (splits["test"] == np.sort(order[:held])).all()
    assert (splits["validation"] == np.sort(order[held : 2 * held])).all()


def test_the_sample_faces_are_split_as_in_earlier_versions():
    digest = hashlib.sha256()
    for name, indices in open_data("sample:faces").splits.items():
        digest.update(name.encode() + indices.tobytes())
    assert digest.hexdigest() == "1c2d98138f5327d37fc6d6e6a4a8e4364e717e0e972ce9bebdc85be9edc80a50"


@pytest.mark.parametrize(("people", "each"), [(102, 2), (200, 1), (60, 3), (6, 3)])
@pytest.mark.parametrize("seed", [0, 1])
def test_small_groups_are_never_divided(people, each, seed):
    groups = grouped(people, each)
    splits = split_groups(groups, seed)
    assert set(splits) == {"train", "validation", "test"}
    found = [set(groups[indices]) for indices in splits.values()]
    assert sum(map(len, found)) == people
    assert len(set.union(*found)) == people
    assert sorted(np.concatenate(list(splits.values()))) == list(range(len(groups)))


@pytest.mark.parametrize(("people", "each"), [(102, 2), (200, 1), (40, 5), (40, 4), (20, 20), (10, 10), (3, 20)])
def test_validation_has_eight_items_and_a_twentieth_of_all(people, each):
    splits = split_groups(grouped(people, each), 0)
    assert len(splits["validation"]) >= max(8, 0.05 * people * each)
    assert len(splits["train"]) >= (people * each - len(splits["test"])) / 2


def test_few_items_give_validation_as_many_as_leave_most_for_training():
    assert counts(split_groups(grouped(2, 20), 0)) == {"train": 12, "validation": 4, "test_seen": 4, "test": 20}
    assert counts(split_groups(np.array(list("aabc")), 0)) == {"train": 2, "validation": 1, "test": 1}


def test_too_few_items_say_how_many_are_needed():
    for split in (lambda: split_items(3, 0), lambda: split_groups(grouped(3, 1), 0)):
        with pytest.raises(UserError, match="at least 4 are needed"):
            split()
    with pytest.raises(UserError, match="remove the group column"):
        split_groups(np.array(list("aaab")), 0)


def test_the_description_counts_every_split():
    faces = "252 to train on, 36 for validation, 72 seen and 40 unseen for testing; 40 groups"
    assert open_data("sample:faces").description == faces
    moons = "10000 to train on, 1000 for validation, 1000 for testing"
    assert open_data("sample:moons").description == moons


def test_an_item_without_a_group_is_a_group_of_its_own(tmp_path):
    lines = ["x,y,group", *(f"{i},{i % 7},{'' if i % 3 else i // 12}" for i in range(60))]
    (tmp_path / "some.csv").write_text("\n".join(lines) + "\n")
    groups = open_data(tmp_path / "some.csv").groups
    assert groups is not None
    assert len(set(groups)) == 5 + 40
    assert len(set(groups[::3])) == 5


def test_groups_that_are_never_divided_have_only_unseen_tests(tmp_path):
    lines = ["x,y,group", *(f"{i},{i % 7},g{i // 2}" for i in range(204))]
    (tmp_path / "pairs.csv").write_text("\n".join(lines) + "\n")
    data = open_data(tmp_path / "pairs.csv")
    assert data.description == "172 to train on, 12 for validation, 20 unseen for testing; 102 groups"


def test_few_items_are_held_out_if_nothing_is_trained(tmp_path):
    for k in range(2):
        Image.new("RGB", (16, 16), (k, 0, 0)).save(tmp_path / f"{k}.png")
    with pytest.raises(UserError, match="2 items are too few"):
        open_data(tmp_path)
    data = open_data(tmp_path, few=True)
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 0, "validation": 0, "test": 2}
