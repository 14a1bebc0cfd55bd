"""Average faces of groups: of the photographs, of the picture at the mean code, and as `space.average` makes them."""

import sys

import numpy as np

from common import Question, save_sheet

GROUPS = (2, 4, 6, 8, 16, 32, 64)


def answer(question: Question) -> None:
    sys.exit("averages are a picture: add --picture")


def picture(question: Question) -> None:
    settings = {
        "size": 32,
        "align": False,
        "steps": question.steps or 6000,
        "batch_size": 16,
        "gaia": {"sampler": "hull"},
    }
    space = question.train("sample:faces", question.folder(settings["steps"]), **settings)
    data = space.open_data("sample:faces")
    items, rng = data.items[data.splits["train"]], np.random.default_rng(0)
    groups = [items[rng.permutation(len(items))[:count]] for count in GROUPS] + [items]
    rows = [
        [np.rint(group.mean(0)).astype(np.uint8) for group in groups],
        [space.average(group, mixed=len(group)) for group in groups],
        [space.average(group) for group in groups],
    ]
    save_sheet(rows, ["photographs", "mean code", "average"], [str(len(g)) for g in groups], 96, "averages")
