"""Attributes as numbers: from the columns of a table to the columns of a regression, with what speaks against using them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from gaiamorph.data.base import Dataset
from gaiamorph.errors import UserError

IDENTIFIERS = {"group", "name", "file_name", "folder", "person"}
"""Columns that say which item it is, not what it is like: used only where they are asked for by name."""
MOST_LEVELS = 50
"""Of a categorical attribute."""
RARE = 20
"""An attribute (or level) with fewer items on its smaller side is warned of."""
HIGH_INFLATION = 5.0
"""A variance inflation factor above this is warned of (the usual bounds are 5 and 10)."""

AttributeKind = Literal["binary", "numeric", "level"]


@dataclass(frozen=True)
class Attribute:
    """One column of the regression.

    name: what a user calls it: the column's name, or ``column=level``.
    kind: binary (0 or 1: +1 is absent -> present), numeric (+1 is one unit), or level of a categorical column
        (0 or 1: +1 is from the reference level to this one).
    column, reference: where it comes from; the level that stands for 0.
    """

    name: str
    kind: AttributeKind
    column: str
    reference: str = ""


@dataclass(frozen=True)
class Design:
    """Attributes of items: ``values`` (N, K) float64 with NaN where missing, a column for each of ``attributes``.

    left_out: why columns that nobody asked for by name are not among them, a sentence each.
    """

    attributes: list[Attribute]
    values: np.ndarray
    left_out: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return [a.name for a in self.attributes]

    @property
    def complete(self) -> np.ndarray:
        """Which items (N,) have every attribute."""
        return np.logical_not(np.isnan(self.values).any(1))

    def rows(self, indices: np.ndarray) -> Design:
        return Design(self.attributes, self.values[indices])


def design(table: pd.DataFrame, columns: list[str] | None = None) -> Design:
    """The columns of a table (one row an item) as a regression takes them.

    columns: those to use; by default all but identifiers and those that cannot be used.
    Two values are a binary attribute; numbers a numeric one; 3 to 50 texts a categorical one, with a column for each
    level but the commonest. Raises UserError for a column that is unknown, constant, empty, or neither.
    """
    unknown = [c for c in columns or [] if c not in table.columns]
    if unknown:
        known = ", ".join(map(str, table.columns)) or "none"
        raise UserError(f"there is no attribute {unknown[0]!r} (the data has: {known})")
    found: list[tuple[Attribute, np.ndarray]] = []
    left_out = []
    for column in [c for c in map(str, table.columns) if c not in IDENTIFIERS] if columns is None else columns:
        try:
            found += _columns_of(column, _cells(table, column))
        except UserError as error:
            if columns is not None:
                raise
            left_out.append(str(error))
    if not found:
        raise UserError(
            "the data has no attributes: add columns to metadata.csv, sort pictures into folders, or give --labels"
        )
    attributes, values = zip(*found, strict=True)
    return Design(list(attributes), np.stack(values, 1), tuple(left_out))


def _cells(table: pd.DataFrame, name: str) -> np.ndarray:
    """A column as Python values, None where missing."""
    values = table[name].to_numpy(dtype=object, copy=True)
    values[np.asarray(pd.isna(values))] = None
    return values


def _columns_of(name: str, column: np.ndarray) -> list[tuple[Attribute, np.ndarray]]:
    present = np.array([value is not None for value in column])
    known = column[present]
    if not len(known):
        raise UserError(f"the attribute {name!r} is missing for every item")
    if len(levels := set(map(str, known))) < 2:
        raise UserError(f"the attribute {name!r} is {levels.pop()!r} for every item, so nothing can be learnt about it")
    numbers = np.array([_number(value) for value in known], dtype=object)
    wrong = np.array([number is None for number in numbers])
    if not wrong.any():
        values = np.full(len(column), np.nan)
        values[present] = numbers.astype(float)
        if np.isinf(values).any():
            raise UserError(f"the attribute {name!r} has an infinite value")
        kind: AttributeKind = "binary" if set(values[present]) == {0.0, 1.0} else "numeric"
        return [(Attribute(name, kind, name), values)]
    if wrong.mean() < 0.5:
        raise UserError(
            f"the attribute {name!r} has numbers and the text {str(known[wrong][0])!r}: correct it, or leave the cell empty"
        )
    texts = np.array([None if value is None else str(value) for value in column], dtype=object)
    # The commonest level stands for 0; equally common ones go by the alphabet.
    reference, *others = sorted(levels, key=lambda level: (-int((texts == level).sum()), level))
    if len(others) >= MOST_LEVELS:
        raise UserError(
            f"the attribute {name!r} has {len(levels)} different texts, more than {MOST_LEVELS}: "
            "it seems to name items, not to describe them"
        )
    kind = "level" if len(others) > 1 else "binary"
    return [
        (Attribute(f"{name}={level}", kind, name, reference), np.where(present, texts == level, np.nan).astype(float))
        for level in sorted(others)
    ]


def _number(value: object) -> float | None:
    """A truth value or number as a float; None for anything else, NaN included."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return None if np.isnan(number) else number


def read_labels(path: Path, names: list[str]) -> pd.DataFrame:
    """A table of labels (.csv or .parquet, with a column ``file_name`` or ``name``), one row for each of ``names``.

    Items that the table does not name have missing values. Raises UserError if it names hardly any of them.
    """
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except Exception as error:
        raise UserError(f"{path} cannot be read as a table: {str(error).splitlines()[0][:120]}") from error
    key = next((c for c in ("file_name", "name") if c in table.columns), None)
    if key is None:
        raise UserError(f"{path} has no column 'file_name' or 'name' (columns: {', '.join(map(str, table.columns))})")
    index = pd.Index([str(name) for name in table[key]])
    if index.has_duplicates:
        raise UserError(f"{path} names {str(index[index.duplicated()][0])!r} twice: keep one row an item")
    table = table.drop(columns=key).set_axis(index)
    shared = len(set(names) & set(table.index))
    if shared < 0.1 * min(len(names), len(table)) or not shared:
        raise UserError(
            f"{path} describes other files: {shared} of its {len(table)} rows name an item of the data "
            f"(it has {str(table.index[0])!r}, the data has {names[0]!r})"
        )
    return table.reindex(names).reset_index(drop=True)


def attributes_of(data: Dataset, labels: Path | None = None, columns: list[str] | None = None) -> Design:
    """Attributes of a data set: its own columns, or those of a table of labels."""
    return design(data.attributes if labels is None else read_labels(labels, data.names), columns)


@dataclass(frozen=True)
class Overview:
    """What to know before fitting: one row an attribute, correlations (K, K), and warnings in words."""

    table: pd.DataFrame
    correlations: np.ndarray
    warnings: list[str]


def overview(d: Design) -> Overview:
    """Counts, balance, correlations and variance inflation of attributes, over the items that have all of them."""
    rows, warnings = [], [f"{reason} (left out)" for reason in d.left_out]
    complete = d.values[d.complete]
    correlations = _correlations(complete)
    inflation = _inflation(complete)
    for k, attribute in enumerate(d.attributes):
        column = d.values[:, k]
        known = column[~np.isnan(column)]
        row: dict[str, object] = {"attribute": attribute.name, "kind": attribute.kind, "items": len(known)}
        row |= {"missing": len(column) - len(known), "mean": known.mean(), "sd": known.std()}
        row |= {"present": "", "absent": "", "inflation": inflation[k]}
        if attribute.kind != "numeric":
            present = int(known.sum())
            row |= {"present": present, "absent": len(known) - present}
            if min(present, len(known) - present) < RARE:
                warnings.append(
                    f"only {min(present, len(known) - present)} items are {'' if present <= len(known) / 2 else 'not '}"
                    f"{attribute.name}: its vector will be noise for the most part"
                )
        if inflation[k] > HIGH_INFLATION:
            others = np.abs(correlations[k]) * (np.arange(len(d.attributes)) != k)
            warnings.append(
                f"{attribute.name} is nearly determined by the other attributes (variance inflation "
                f"{inflation[k]:.3g}; most by {d.names[int(others.argmax())]}): its vector is uncertain; use ridge, or drop one"
            )
        rows.append(row)
    if len(complete) < 0.5 * len(d.values):
        warnings.append(
            f"only {len(complete)} of {len(d.values)} items have every attribute, and least squares uses no others"
        )
    return Overview(pd.DataFrame(rows), correlations, warnings)


def refuse_copies(d: Design) -> None:
    """Raise UserError where one attribute is a copy of another, or an exact sum of others."""
    complete = d.values[d.complete]
    if len(complete) <= len(d.attributes) + 1:
        raise UserError(
            f"{len(complete)} items have every attribute, too few for {len(d.attributes)} attributes: "
            "choose fewer with --columns, or fill in what is missing"
        )
    for k, column in enumerate(complete.T):
        if column.min() == column.max():
            raise UserError(
                f"the attribute {d.names[k]!r} is constant among the {len(complete)} items that have every attribute"
            )
    correlations = _correlations(complete)
    for i in range(len(correlations)):
        for j in range(i):
            if abs(correlations[i, j]) > 1 - 1e-9:
                raise UserError(f"the attributes {d.names[j]!r} and {d.names[i]!r} are copies of each other: drop one")
    standard = (complete - complete.mean(0)) / complete.std(0)
    if np.linalg.matrix_rank(standard, tol=1e-6 * np.sqrt(len(standard))) < standard.shape[1]:
        worst = int(np.argmax(_inflation(complete)))
        raise UserError(f"the attribute {d.names[worst]!r} follows exactly from the others: drop it")


def _correlations(values: np.ndarray) -> np.ndarray:
    sd = values.std(0) if len(values) else np.zeros(values.shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        standard = (values - values.mean(0)) / sd if len(values) else values
        found = standard.T @ standard / max(1, len(values))
    found = np.nan_to_num(found)
    np.fill_diagonal(found, 1.0)
    return found


def _inflation(values: np.ndarray) -> np.ndarray:
    """Variance inflation factors (K,): 1 / (1 - R^2) of each attribute on the others; infinite where they determine it."""
    found = np.ones(values.shape[1])
    if len(values) < 2:
        return found
    centred = values - values.mean(0)
    for k in range(values.shape[1]):
        others, total = np.delete(centred, k, 1), float((centred[:, k] ** 2).sum())
        if total and others.shape[1]:
            rest = centred[:, k] - others @ np.linalg.lstsq(others, centred[:, k], rcond=None)[0]
            share = float((rest**2).sum()) / total
            found[k] = 1 / share if share > 1e-12 else np.inf
    return found
