"""Glasses, smiles and beards added to and removed from photographs: the right way, and the same person?

ORL photographs at 64 x 64, labelled by eye in two passes (benchmarks/orl). Held-out photographs of people seen in training are
edited along least-squares vectors. A judge, trained on the labelled training photographs, says whether the attribute moved the
right way, and a face recogniser whether the person is still the same.
"""

import itertools

import numpy as np
import torch

import gaiamorph as gm
from common import HERE, Question, cost, save_sheet
from gaiamorph.data.attributes import attributes_of
from gaiamorph.evaluation.attributes import directions, edited
from gaiamorph.evaluation.judge import SAME_PERSON, face_descriptors, identity_distances, train_judge
from gaiamorph.latent.attributes import fit

LABELS = HERE / "orl"
SETTINGS = {
    "size": 64, "align": False, "steps": 10_000, "batch_size": 32, "latent_dim": 512, "shift": 8, "learning_rate": 1e-3,
    "network": {"codes": "sphere"}, "affine": 0.0, "gaia": {"through_discriminator": 1.0},
}  # fmt: skip
"""Eight photographs a person are few: a longer code and larger moves keep more of a held-out person. So long a code needs a lower
learning rate."""
WAYS = ("refine", "amount", "keep_detail"), ((0, 400), (1.0, 1.5), (False, True))
SHOWN = 3
"""Photographs an edit, in the picture."""


class Edits:
    """Held-out photographs of people seen in training, and their edits by a space."""

    def __init__(self, space: gm.LatentSpace, data: gm.Dataset, seed: int, refine: int) -> None:
        train, test = data.splits["train"], data.splits["test_seen"]
        whole = attributes_of(data, LABELS / "labels.csv")
        self.space, self.design = space, whole.rows(test)
        z = space.encode(data.items[train])
        self.vectors = fit(z, whole.values[train], "least_squares", seed).vectors
        self.photographs = data.items[test]
        self.z = space.encode(self.photographs, refine=refine)
        self.reconstructions = space.decode(self.z)
        self.lost = self.tensor(self.photographs) - self.tensor(self.reconstructions)

    def tensor(self, items: np.ndarray) -> torch.Tensor:
        return self.space.kind.to_tensor(items)

    def of(self, k: int, amount: float, keep_detail: bool) -> np.ndarray:
        """Each photograph that attribute k can be added to or removed from, edited."""
        items = edited(self.space, self.z, self.design, self.vectors, k, amount)
        if not keep_detail:
            return items
        some = torch.from_numpy(directions(self.design, k) != 0)
        return self.space.kind.to_items(self.tensor(items) + self.lost[some])


def answer(question: Question) -> None:
    for key in question.missing(seed=question.seeds or (0,), steps=(question.steps or SETTINGS["steps"],)):
        seed = key["seed"]
        space = question.train("sample:faces", question.folder(*key.values()), **{**SETTINGS, **key})
        data = space.open_data("sample:faces")
        whole = attributes_of(data, LABELS / "labels.csv")
        judge = train_judge(data, whole, data.splits["test_seen"], seed)
        question.results.head["judge"] = dict(zip(whole.names, judge.skill.tolist(), strict=True))
        edits = {refine: Edits(space, data, seed, refine) for refine in WAYS[1][0]}
        people = face_descriptors(edits[0].photographs)
        for way in (dict(zip(WAYS[0], values, strict=True)) for values in itertools.product(*WAYS[1])):
            some, found = edits[way["refine"]], {}
            before = judge.scores(some.tensor(some.photographs if way["keep_detail"] else some.reconstructions))
            for k, name in enumerate(whole.names):
                signs = directions(some.design, k)
                items = some.of(k, way["amount"], way["keep_detail"])
                scores = judge.scores(some.tensor(items))
                moved = (signs[signs != 0, None] * (scores - before[signs != 0]) / judge.gaps)[:, k]
                distance = identity_distances(items, people[signs != 0])
                found |= {
                    f"{name}/photographs": len(items), f"{name}/right way": float((moved > 0).mean()),
                    f"{name}/moved": float(moved.mean()), f"{name}/same person": float((distance < SAME_PERSON).mean()),
                }  # fmt: skip
            kept = identity_distances(some.reconstructions, people) < SAME_PERSON
            question.results.add(
                **key, **way, **cost(space), validation=space.info.validation.l1,
                reconstructions_same_person=float(kept.mean()), **found,
            )  # fmt: skip


def picture(question: Question) -> None:
    """Edits by 1.5 units, with codes refined and the detail kept: evenly spaced among all photographs that can be edited."""
    space = gm.load(question.folder(0, SETTINGS["steps"]))
    some = Edits(space, space.open_data("sample:faces"), 0, 400)
    columns, heads = [], []
    for name in ("glasses", "smile"):
        k = some.design.names.index(name)
        signs, items = directions(some.design, k), np.zeros_like(some.photographs)
        items[signs != 0] = some.of(k, 1.5, True)
        for sign, word in ((1, "add"), (-1, "remove")):
            possible = np.flatnonzero(signs == sign)
            for i in possible[:: max(1, len(possible) // SHOWN)][:SHOWN]:
                columns.append((some.photographs[i], some.reconstructions[i], items[i]))
                heads.append(f"{word} {name}")
    rows = [list(row) for row in zip(*columns, strict=True)]
    save_sheet(rows, ["original", "reconstructed", "edited"], heads, 96, "edits")
