"""What GAIA learns in bf16, beside what it learns in fp32: photographs of faces, and the five sets in the plane."""

from common import Question, cost
from gaiamorph.evaluation import Case
from questions import all_models, plane_sets


def answer(question: Question) -> None:
    sets, precisions = ("faces", *plane_sets.SETS), ("bf16", "fp32")
    for key in question.missing(seed=question.seeds or (0, 1, 2), set=sets, precision=precisions):
        name, seed = key["set"], key["seed"]
        settings = all_models.settings_of("faces") if name == "faces" else {"steps": plane_sets.STEPS}
        source = settings.pop("source", f"sample:{name}")
        folder = question.folder(*key.values())
        space = question.train(source, folder, seed=seed, precision=key["precision"], **settings)
        if name == "faces":
            case = Case(space, space.open_data(source), seed=seed, features=["pca", "hed"])
            found = all_models.measured(case, ("reconstruction", "sharpness", "realism", "convexity"))
        else:
            found = plane_sets.measure(space, name, seed)
        question.results.add(**key, **cost(space), **found)
