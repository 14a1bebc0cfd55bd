"""Attributes: columns of a table as columns of a regression, and checks before a fit."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

import numpy as np
import pandas as pd

from gaiamorph.data.kinds import Dataset
from gaiamorph.data.names import matched, read_by_name
from gaiamorph.errors import UserError

IDENTIFIERS = {"group", "name", "file_name", "folder", "person"}
"""Columns that identify an item. They are used only if the caller names them."""
CLASS = "label"
"""The column whose values are names of classes, numbers included, such as digits."""
MOST_LEVELS = 50
"""Levels that a categorical attribute may have."""
RARE = 20
"""Fewer items on the smaller side of an attribute or level give a warning."""
HIGH_INFLATION = 5.0
"""A larger variance inflation factor gives a warning. The usual bounds are 5 and 10."""


@dataclass(frozen=True)
class Attribute:
    """One column of the regression, called as in the table, or ``column=level``.

    kind: binary (0 absent, 1 present), numeric (+1 is one unit), or level (0 the level ``reference``, 1 this level).
    """

    name: str
    kind: Literal["binary", "numeric", "level"]
    column: str
    reference: str = ""


@dataclass(frozen=True)
class Design:
    """Attributes of items: ``values`` (N, K) float64, NaN if missing, with a column for each of ``attributes``.

    left_out: a sentence for each unnamed column that cannot be used.
    """

    attributes: list[Attribute]
    values: np.ndarray
    left_out: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return [a.name for a in self.attributes]

    @property
    def complete(self) -> np.ndarray:
        """(N,) boolean: the item has every attribute."""
        return np.logical_not(np.isnan(self.values).any(1))

    def rows(self, indices: np.ndarray) -> Self:
        return replace(self, values=self.values[indices], left_out=())


def design(table: pd.DataFrame, columns: list[str] | None = None) -> Design:
    """The columns of a table (one row an item) as columns of a regression.

    columns: the columns to use; by default all that can be used, except identifiers.
    Two values make a binary attribute, numbers a numeric one, and 3 to 50 texts a categorical one, or numbers of the column
    ``label``. A categorical attribute has one column for each level except the most frequent. Raises UserError for a column that
    cannot be used.
    """
    found: list[tuple[Attribute, np.ndarray]] = []
    left_out = []
    for column in [c for c in map(str, table.columns) if c not in IDENTIFIERS] if columns is None else columns:
        try:
            found += _columns_of(table, column)
        except UserError as error:
            if columns is not None:
                raise
            left_out.append(str(error))
    if not found:
        raise UserError("the data has no attributes: fill metadata.csv, sort pictures into folders, or give --labels")
    attributes, values = zip(*found, strict=True)
    return Design(list(attributes), np.stack(values, 1), tuple(left_out))


def _columns_of(table: pd.DataFrame, name: str) -> Iterator[tuple[Attribute, np.ndarray]]:
    if name not in table.columns:
        names = ", ".join(map(str, table.columns)) or "none"
        raise UserError(f"there is no attribute {name!r} (the data has: {names})")
    about = f"the attribute {name!r}"
    column = pd.Series(table[name], dtype=object)
    known: pd.Series = column.dropna()
    if known.empty:
        raise UserError(f"{about} is missing for every item")
    texts: pd.Series = known.map(str)
    counts = texts.value_counts()
    if len(counts) < 2:
        raise UserError(f"{about} is {texts.iloc[0]!r} for every item, so nothing can be learnt about it")
    numbers = pd.Series(pd.to_numeric(known, errors="coerce"), dtype=float)
    wrong = numbers.isna().to_numpy()
    if not wrong.any() and not (name == CLASS and 2 < len(counts) <= MOST_LEVELS):
        if np.isinf(numbers).any():
            raise UserError(f"{about} has an infinite value")
        kind = "binary" if set(numbers) == {0.0, 1.0} else "numeric"
        yield Attribute(name, kind, name), numbers.reindex(column.index).to_numpy()
        return
    if 0 < wrong.mean() < 0.5:
        text = texts.iloc[wrong.argmax()]
        raise UserError(f"{about} has numbers and the text {text!r}: correct it, or leave the cell empty")
    if len(counts) > MOST_LEVELS:
        found = f"{len(counts)} different texts, more than {MOST_LEVELS}"
        raise UserError(f"{about} has {found}: it seems to name items, not to describe them")
    # The most frequent level stands for 0. The alphabet decides between equals.
    reference, *others = sorted(counts.index, key=lambda level: (-counts[level], level))
    kind = "level" if len(others) > 1 else "binary"
    for level in sorted(others):
        values = (texts == level).astype(float).reindex(column.index).to_numpy()
        yield Attribute(f"{name}={level}", kind, name, reference), values


def read_labels(path: Path, names: list[str]) -> pd.DataFrame:
    """A table of labels (with a column ``file_name`` or ``name``), with one row for each of ``names``.

    Items that are not in the table have missing values. Warns of what does not match exactly (see `names.matched`).
    Raises UserError if fewer than a tenth of the names match.
    """
    table, notes = read_by_name(path, ("file_name", "name"))
    table, more = matched(table, names, path, least=0.1)
    for note in notes + more:
        warnings.warn(note, stacklevel=2)
    return table.reset_index(drop=True)


def attributes_of(data: Dataset, labels: Path | None = None, columns: list[str] | None = None) -> Design:
    """The attributes of a data set, or those of a table of labels. Raises UserError."""
    return design(data.attributes if labels is None else read_labels(labels, data.names), columns)


@dataclass(frozen=True)
class Overview:
    """A summary before a fit: a table with one row an attribute, correlations (K, K), and warnings."""

    table: pd.DataFrame
    correlations: np.ndarray
    warnings: list[str]


def overview(d: Design) -> Overview:
    """Counts and balance of the attributes. Correlations and variance inflation are over items that have all attributes."""
    rows, found = [], [f"{reason} (left out)" for reason in d.left_out]
    complete = d.values[d.complete]
    correlations = _correlations(complete)
    others = np.abs(correlations - np.eye(len(correlations)))
    for k, (attribute, inflation) in enumerate(zip(d.attributes, _inflation(complete), strict=True)):
        column = d.values[:, k]
        known = column[~np.isnan(column)]
        present, absent = int(known.sum()), len(known) - int(known.sum())
        counts = ("", "") if attribute.kind == "numeric" else (present, absent)
        about = (attribute.name, attribute.kind, len(known), len(column) - len(known), known.mean(), known.std())
        rows.append((*about, *counts, inflation))
        if attribute.kind != "numeric" and min(present, absent) < RARE:
            few = f"only {min(present, absent)} items are {'' if present <= absent else 'not '}{attribute.name}"
            found.append(f"{few}: its vector will be noise for the most part")
        if inflation > HIGH_INFLATION:
            found.append(
                f"{attribute.name} is nearly determined by the other attributes (variance inflation "
                f"{inflation:.3g}; most by {d.names[others[k].argmax()]}): its vector is uncertain; use ridge, or drop one"
            )
    if len(complete) < 0.5 * len(d.values):
        found.append(
            f"only {len(complete)} of {len(d.values)} items have every attribute: least squares uses no others"
        )
    columns = ["attribute", "kind", "items", "missing", "mean", "sd", "present", "absent", "inflation"]
    return Overview(pd.DataFrame(rows, columns=columns), correlations, found)


def refuse_copies(d: Design) -> None:
    """Raise UserError if one attribute is a copy of another, or a linear combination of others."""
    complete = d.values[d.complete]
    if len(complete) <= len(d.attributes) + 1:
        known = (~np.isnan(d.values)).sum(0)
        emptiest = ", ".join(f"{d.names[k]} {known[k]}" for k in np.argsort(known, kind="stable")[:3])
        few = (
            f"{len(complete)} of {len(d.values)} items have every attribute, too few for {len(d.attributes)} attributes"
        )
        raise UserError(
            f"{few} (known least often: {emptiest}): choose fewer with --columns, or fill in what is missing"
        )
    for k in np.flatnonzero(np.ptp(complete, 0) == 0):
        raise UserError(f"{d.names[k]!r} is constant among the {len(complete)} items with every attribute: drop it")
    for i, j in np.argwhere(np.tril(np.abs(_correlations(complete)), -1) > 1 - 1e-9):
        raise UserError(f"the attributes {d.names[j]!r} and {d.names[i]!r} are copies of each other: drop one")
    inflation = _inflation(complete)
    if np.isinf(inflation).any():
        raise UserError(
            f"the attribute {d.names[inflation.argmax()]!r} follows exactly from the others: choose columns with --columns "
            "(classes that occur in one group alone, such as syllables of one bird, go without the column of groups)"
        )


def _correlations(values: np.ndarray) -> np.ndarray:
    """(K, K): 0 where an attribute is constant."""
    return np.where(np.eye(values.shape[1]), 1.0, pd.DataFrame(values).corr().fillna(0.0))


def _inflation(values: np.ndarray) -> np.ndarray:
    """Variance inflation factors (K,): 1 / (1 - R^2) of each attribute on the others, or infinity if R^2 is 1."""
    from sklearn.linear_model import LinearRegression

    found = np.ones(values.shape[1])
    for k, column in enumerate(values.T):
        if values.shape[1] > 1 and len(column) > 1 and column.min() < column.max():
            others = np.delete(values, k, 1)
            share = 1 - LinearRegression().fit(others, column).score(others, column)
            found[k] = 1 / share if share > 1e-12 else np.inf
    return found
