"""Morphs between real things: GAIA and the models that it is compared with.

    import gaiamorph as gm
    space = gm.train("photos/", model="gaia", size=64)
    space.morph("anna.png", "ben.png", steps=11).save("out/")

Importing this is cheap: torch is loaded with the first name that needs it.
"""

import importlib
from typing import TYPE_CHECKING, Any

from gaiamorph.version import __version__

if TYPE_CHECKING:
    from gaiamorph.data import Alignment, Dataset, open_data
    from gaiamorph.data.appearance import Appearance
    from gaiamorph.errors import TrainingError, UserError
    from gaiamorph.estimator import GAIA
    from gaiamorph.exports import Film, export
    from gaiamorph.output.aligned import align
    from gaiamorph.sound.playback import Playback
    from gaiamorph.space import LatentSpace, UnlikeTrainingWarning, load
    from gaiamorph.training import TrainSettings, recipe, train

_HOMES = {
    "Alignment": "data", "Appearance": "data.appearance", "Dataset": "data", "open_data": "data", "align": "output.aligned",
    "Film": "exports", "export": "exports", "Playback": "sound.playback", "TrainingError": "errors", "UserError": "errors",
    "GAIA": "estimator", "LatentSpace": "space", "UnlikeTrainingWarning": "space", "load": "space",
    "TrainSettings": "training", "recipe": "training", "train": "training",
}  # fmt: skip

__all__ = [
    "GAIA", "Alignment", "Appearance", "Dataset", "Film", "LatentSpace", "Playback", "TrainSettings", "TrainingError",
    "UnlikeTrainingWarning", "UserError", "__version__", "align", "export", "load", "open_data", "recipe", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"gaiamorph.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'gaiamorph' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
