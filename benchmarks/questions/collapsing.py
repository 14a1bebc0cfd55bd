"""Does any run of the default collapse? Short trainings of GAIA on eight sets, and on lines without their recipe."""

from typing import Any

import gaiamorph as gm
from common import Question, cost
from questions.adversary import largest_ratio
from questions.plane_sets import SETS as PLANE

SETS: dict[str, dict[str, Any]] = {
    **{name: {"steps": 2000} for name in PLANE},
    "lines": {**gm.recipe("lines"), "steps": 1500},
    "lines without recipe": {"steps": 400},
    "fashion": {"size": 32, "steps": 1000},
    "faces": {"size": 32, "steps": 400},
}


def error_share(space: gm.LatentSpace, data: Any) -> float:
    """Mean error of held-out items, as a share of the error of answering with the mean training item (1: nothing learnt)."""
    x = data.kind.to_tensor(data.items[data.splits["validation"]])
    mean = data.kind.to_tensor(data.items[data.splits["train"][:5000]]).mean(0)
    return space.info.validation.l1 / float((x - mean).abs().mean())


def answer(question: Question) -> None:
    for key in question.missing(set=SETS, seed=question.seeds or (0, 1, 2, 3, 4)):
        name, seed = key["set"], key["seed"]
        source, folder, settings = f"sample:{name.split()[0]}", question.folder(name, seed), SETS[name]
        try:
            space = question.train(source, folder, seed=seed, **settings)
        except gm.TrainingError as error:
            question.results.add(**key, steps=settings["steps"], diverged=str(error))
            continue
        question.results.add(
            **key, steps=settings["steps"], diverged="", **cost(space),
            largest_ratio=largest_ratio(folder, settings["steps"]),
            error_share=error_share(space, space.open_data(source)),
        )  # fmt: skip
