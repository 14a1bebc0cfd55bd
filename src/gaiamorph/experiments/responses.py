"""Answers of participants: a table of trials, the functions fitted to it, and what is written about them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from gaiamorph import drawing
from gaiamorph.data.tables import folded, read_frame
from gaiamorph.errors import UserError
from gaiamorph.experiments.psychometric import Fit, evenly_perceived, fit
from gaiamorph.output.folders import new_folder
from gaiamorph.output.report import write_page

NAMES = {
    "weight": ("weight", "morph", "level", "x"),
    "response": ("response", "answer", "choice", "judgement", "keyresp.keys"),
    "participant": ("participant", "participantid", "subject", "subjectid", "observer", "sub"),
    "pair": ("pair", "continuum"),
}
"""Columns, and what tables call them, but for case, spaces and underscores."""
FEWEST = 20
"""Trials. Fewer say little."""
MOST_CURVES, COLUMNS = 24, 4
"""Participants that are drawn, and drawings in a row."""


def read_responses(path: Path, answer_b: str | None = None) -> tuple[pd.DataFrame, list[str]]:
    """A row for each trial of identification, with participant, pair, weight and b (1: answered B), and notes.

    answer_b: the answer that means B; by default 1 (not 0), or b (not a). Rows without a weight or an answer are left out.
    Raises UserError for a table that has no such columns or answers.
    """
    frame, notes = read_frame(path)
    spellings = {folded(str(column)): column for column in reversed(frame.columns)}
    chosen = {name: next((spellings[s] for s in spelt if s in spellings), None) for name, spelt in NAMES.items()}
    for name in ("weight", "response"):
        if chosen[name] is None:
            raise UserError(
                f"{path} has no column {name!r} (it has: {', '.join(map(str, frame.columns))}): a table of answers has a row for "
                "each trial, with the weight of B that was shown and the response"
            )
    table = pd.DataFrame({name: frame[column] if column else "" for name, column in chosen.items()})
    table[["participant", "pair"]] = table[["participant", "pair"]].astype(object).fillna("").astype(str)
    weights: Any = pd.to_numeric(table["weight"], errors="coerce")
    weights = weights.where(np.isfinite(weights))
    wrong = table["weight"][weights.isna() & table["weight"].notna()]
    known = weights.notna() & table["response"].notna()
    if not known.any():
        why = f": the weight {wrong.iloc[0]!r} is no number" if len(wrong) else ""
        raise UserError(f"{path} has no row with both a weight and a response{why}")
    if not known.all():
        why = f" ({wrong.iloc[0]!r} is no number)" if len(wrong) else ""
        notes = [*notes, f"{(~known).sum()} of {len(table)} rows have no weight or no answer, and are left out{why}"]
    table: Any = table[known].assign(weight=weights[known])
    answers = table["response"].map(_plain)
    table["b"] = (answers == _meant(sorted(set(answers)), answer_b, path)).astype(int)
    return table.drop(columns="response").reset_index(drop=True), notes


def _plain(answer: Any) -> str:
    """1, 1.0, True and "1" are one answer."""
    text = str(answer).strip().lower()
    text = {"true": "1", "false": "0"}.get(text, text)
    return re.sub(r"\.0+$", "", text)


def _meant(answers: Sequence[str], answer_b: str | None, path: Path) -> str:
    """The answer that means B."""
    if answer_b is not None:
        if (wanted := _plain(answer_b)) in answers:
            return wanted
        raise UserError(f"nobody answered {answer_b!r} in {path} (answers: {', '.join(answers[:8])})")
    for a, b in (("0", "1"), ("a", "b")):
        if set(answers) <= {a, b}:
            return b
    raise UserError(f"which answer means B? Say it with --answer-b (answers in {path}: {', '.join(answers[:8])})")


@dataclass(frozen=True)
class Judged:
    """The answers of one participant to one pair: weights (L,) that were shown, answers b and trials n at each; and their function,
    or None with a note that says why."""

    participant: str
    pair: str
    weights: np.ndarray
    b: np.ndarray
    n: np.ndarray
    fit: Fit | None
    note: str = ""

    def row(self) -> dict[str, Any]:
        known: dict[str, Any] = {"participant": self.participant, "pair": self.pair, "trials": int(self.n.sum())}
        if one := self.fit:
            known |= {"pse": one.pse, **_named("pse", one.pse_interval)}
            known |= {"slope": one.slope, **_named("slope", one.slope_interval), "lapse": one.lapse}
        return known | {"note": self.note}


def _named(name: str, interval: tuple[float, float]) -> dict[str, float]:
    return {f"{name}_low": interval[0], f"{name}_high": interval[1]}


def judged(trials: pd.DataFrame) -> list[Judged]:
    """The functions of all participants and pairs."""
    found = []
    for key, own in trials.groupby(["participant", "pair"], sort=False):
        counted = own.groupby("weight")["b"].agg(["sum", "count"]).reset_index().to_numpy(float)
        one, note, (weights, b, n) = None, "", counted.T
        try:
            one = fit(weights, b, n)
            outside = not weights.min() <= one.pse <= weights.max()
            coarse = "steps too coarse for the slope" if np.isnan(one.slope_interval[0]) else ""
            few = "few trials" if n.sum() < FEWEST else ""
            note = "answers hardly change" if one.is_flat else "pse outside" if outside else coarse or few
        except ValueError as error:
            note = str(error)
        participant, pair = map(str, key)  # type: ignore[call-overload]
        found.append(Judged(participant, pair, weights, b, n, one, note))
    return found


def draw(found: Sequence[Judged]) -> Image.Image:
    """Answers and fitted functions of the first participants."""
    panels = []
    for one in [one for one in found if one.fit][:MOST_CURVES]:
        assert one.fit is not None
        x = np.linspace(one.weights.min(), one.weights.max(), 200)
        title = " ".join(filter(None, [one.participant, f"pair {one.pair}" if one.pair else ""]))
        panels.append((title, (x, one.fit(x)), (one.weights, one.b / one.n, one.n), one.fit.pse))
    return drawing.psychometric(panels, COLUMNS)


def respaced(found: Sequence[Judged], count: int) -> pd.DataFrame:
    """For each pair, weights between which answers change evenly: pair, position, weight. Raises UserError if none do."""
    rows, telling = [], [one for one in found if one.fit and not one.fit.is_flat]
    if not telling:
        raise UserError("answers hardly change from A to B, so no continuum can be respaced by them")
    for pair in dict.fromkeys(one.pair for one in telling):
        own = [one for one in telling if one.pair == pair]
        ends = min(one.weights.min() for one in own), max(one.weights.max() for one in own)
        even = evenly_perceived([one.fit for one in own if one.fit], count, ends)
        rows += [(pair, i, weight) for i, weight in enumerate(even)]
    return pd.DataFrame(rows, columns=["pair", "position", "weight"])


def write(
    path: Path, out: Path, *, answer_b: str | None = None, respace: int = 0, overwrite: bool = False
) -> tuple[pd.DataFrame, list[str]]:
    """Fit the answers in a table. Writes ``psychometric.csv`` and ``.png``, ``index.html`` and, if asked for, ``weights.csv``.

    respace: for each pair, so many weights between which answers change evenly. Returns the table and notes. Raises UserError.
    """
    trials, notes = read_responses(path, answer_b)
    found = judged(trials)
    if not any(one.fit for one in found):
        raise UserError(f"no function can be fitted to {path}: {'; '.join(sorted({one.note for one in found}))}")
    table = pd.DataFrame([one.row() for one in found])
    with new_folder(out, overwrite) as scratch:
        table.to_csv(scratch / "psychometric.csv", index=False, float_format="%.6g")
        draw(found).save(scratch / "psychometric.png")
        caption = "Share of answers B at each weight (larger points have more trials), and the fitted functions."
        if respace:
            respaced(found, respace).to_csv(scratch / "weights.csv", index=False, float_format="%.6g")
        text = [
            f"{len(trials)} answers from {path.name}.",
            "pse: the weight at which A and B are answered equally often. slope: of the logistic function, per unit of weight. "
            "lapse: share of wrong answers at a clear A or B. low and high: 95 % intervals of the posterior.",
            *notes,
        ]
        cells = [
            ["" if x != x else f"{x:.4g}" if isinstance(x, float) else str(x) for x in row] for row in table.to_numpy()
        ]
        write_page(scratch, "Psychometric functions", text, {"psychometric.png": caption}, [[*table.columns], *cells])
    return table, notes
