"""From columns of a table to columns of a regression."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gaiamorph.data.attributes import Design, design, overview, read_labels, refuse_copies
from gaiamorph.errors import UserError


def test_kinds_of_columns():
    table = pd.DataFrame(
        {
            "glasses": [0, 1, None, 1],
            "smiling": [True, False, True, None],
            "age": [31, 54, 22, None],
            "sex": ["f", "m", "f", None],
            "hair": ["brown", "black", "red", "brown"],
            "group": ["a", "a", "b", "b"],
        }
    )
    d = design(table)
    assert d.names == ["glasses", "smiling", "age", "sex=m", "hair=black", "hair=red"]
    assert [a.kind for a in d.attributes] == ["binary", "binary", "numeric", "binary", "level", "level"]
    assert [a.reference for a in d.attributes] == ["", "", "", "f", "brown", "brown"]
    nan = np.nan
    expected = [
        [0, 1, 31, 0, 0, 0],
        [1, 0, 54, 1, 1, 0],
        [nan, 1, 22, 0, 0, 1],
        [1, nan, nan, nan, 0, 0],
    ]
    np.testing.assert_array_equal(d.values, np.array(expected, dtype=float))
    assert d.complete.tolist() == [True, True, False, False]


def test_labels_that_are_digits_are_classes():
    d = design(pd.DataFrame({"label": [0, 1, 2, 2], "count": [0, 1, 2, 2]}))
    assert d.names == ["label=0", "label=1", "count"]
    assert design(pd.DataFrame({"label": [0, 1, 1, 0]})).names == ["label"]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([1, 1, 1, 1], "is '1' for every item"),
        ([None] * 4, "missing for every item"),
        ([1, 2, 3, "tall"], "has numbers and the text 'tall'"),
        ([1.0, 2.0, np.inf, 3.0], "infinite"),
        (["a", "a", None, "a"], "is 'a' for every item"),
    ],
)
def test_columns_that_cannot_be_used_are_refused_by_name(column, message):
    table = pd.DataFrame({"x": pd.Series(column, dtype=object), "ok": [0, 1, 0, 1]})
    with pytest.raises(UserError, match=message):
        design(table, ["x"])
    by_default = design(table)
    assert by_default.names == ["ok"]
    (told,) = overview(by_default).warnings[:1]
    assert message in told
    assert told.endswith("(left out)")


def test_too_many_levels_name_items():
    with pytest.raises(UserError, match="seems to name items"):
        design(pd.DataFrame({"x": [f"t{i}" for i in range(60)]}), ["x"])


def test_unknown_column_and_no_columns():
    with pytest.raises(UserError, match=r"no attribute 'y' \(the data has: x\)"):
        design(pd.DataFrame({"x": [0, 1]}), ["y"])
    with pytest.raises(UserError, match="has no attributes"):
        design(pd.DataFrame(index=range(3)))


def numbers(count: int = 300) -> np.ndarray:
    return (np.random.default_rng(0).random((count, 3)) < 0.5).astype(float)


def named(values: np.ndarray) -> Design:
    return design(pd.DataFrame(values, columns=list("abc")[: values.shape[1]]))


def test_copies_and_sums_are_refused():
    a = numbers()
    refuse_copies(named(a))
    copied = a.copy()
    copied[:, 2] = 1 - a[:, 0]
    with pytest.raises(UserError, match="'a' and 'c' are copies"):
        refuse_copies(named(copied))
    summed = np.random.default_rng(0).normal(size=(300, 3))
    summed[:, 2] = summed[:, 0] - 2 * summed[:, 1]
    with pytest.raises(UserError, match="follows exactly from the others"):
        refuse_copies(named(summed))


def test_too_few_complete_items():
    a = numbers(30)
    a[4:, 0] = np.nan
    with pytest.raises(UserError, match="too few for 3 attributes"):
        refuse_copies(named(a))


def test_overview_counts_and_warns():
    a = numbers()
    a[:, 2] = np.where(np.random.default_rng(1).random(300) < 0.97, a[:, 0], 1 - a[:, 0])
    a[:, 1] = 0
    a[:5, 1] = 1
    a[10, 0] = np.nan
    found = overview(named(a))
    row = found.table.set_index("attribute").loc["b"]
    assert (row["items"], row["present"], row["absent"], row["missing"]) == (300, 5, 295, 0)
    assert found.table["missing"].tolist() == [1, 0, 0]
    assert any("only 5 items are b" in w for w in found.warnings)
    assert any(w.startswith("a is nearly determined") and "by c" in w for w in found.warnings)
    complete = a[~np.isnan(a).any(1)]
    np.testing.assert_allclose(found.correlations, np.corrcoef(complete.T), atol=1e-12)
    # 1 / (1 - R^2), by its definition.
    others = np.column_stack([np.ones(len(complete)), complete[:, 1:]])
    rest = complete[:, 0] - others @ np.linalg.lstsq(others, complete[:, 0], rcond=None)[0]
    assert found.table["inflation"][0] == pytest.approx(complete[:, 0].var() / rest.var())


def test_labels_by_file_name(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("file_name,smile\nb.png,1\na.png,0\nz.png,1\n")
    with pytest.warns(UserWarning, match="labels.csv") as told:
        smile = read_labels(path, ["a.png", "b.png", "c.png"])["smile"]
    np.testing.assert_array_equal(smile, [0, 1, np.nan])
    assert [str(w.message) for w in told] == [
        "labels.csv: 1 of its 3 rows name no item of the data (z.png)",
        "labels.csv: 1 of 3 items have no row in it (c.png)",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file_name,smile\nq.png,1\nr.png,0\n", "describes other files"),
        ("file_name,smile\n", "describes other files: 0 of its 0 rows"),
        ("picture,smile\na.png,1\n", "no column 'file_name' or 'name'"),
        ("file_name,smile\na.png,1\na.png,0\n", "twice"),
        ("", "cannot be read as a table"),
    ],
)
def test_labels_that_do_not_fit(tmp_path, text, message):
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_labels(path, ["a.png", "b.png"])
