"""Trials of the usual designs: identification, 2AFC and ABX discrimination."""

import itertools
from collections.abc import Sequence
from typing import Any

from gaiamorph.errors import UserError
from gaiamorph.exports.stimuli import FOLDER, Stimuli


def identification(stimuli: Stimuli) -> list[dict[str, Any]]:
    """A row for each stimulus."""
    return [stimulus.described() for stimulus in stimuli]


def discrimination(stimuli: Stimuli, distances: Sequence[int]) -> list[dict[str, Any]]:
    """Rows of two stimuli of one continuum that are so many steps apart. They come in both orders, and with either as X.

    correct_abx: which one X is, 1 or 2. correct_2afc: which one is nearer to B. Raises UserError if there are no such pairs.
    """
    shortest = min(len(continuum) for continuum in stimuli.continua)
    for distance in distances:
        if not 1 <= distance < shortest:
            raise UserError(
                f"a distance of {distance} steps needs {distance + 1} frames, and a continuum has {shortest}: choose another"
                if distance >= 1
                else f"a distance is a number of steps from 1, not {distance}"
            )
    rows = []
    for continuum, distance in itertools.product(stimuli.continua, dict.fromkeys(distances)):
        for low, high in zip(continuum, continuum[distance:], strict=False):
            for (one, two), x in itertools.product(((low, high), (high, low)), (1, 2)):
                row = {
                    "stimulus_1": f"{FOLDER}/{one.name}", "stimulus_2": f"{FOLDER}/{two.name}",
                    "stimulus_x": f"{FOLDER}/{(one, two)[x - 1].name}", "pair": int(low.row["pair"]),
                    "distance": distance, "weight_1": one.weight, "weight_2": two.weight,
                    "correct_abx": x, "correct_2afc": 2 if two is high else 1,
                    "source_a": low.row["source_a"], "source_b": low.row["source_b"],
                }  # fmt: skip
                rows.append(row)
    return rows
