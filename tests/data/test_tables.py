"""Tables as other programs write them, names that agree by rules, and files that are not what their ending says."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gaiamorph.data import open_data
from gaiamorph.data.attributes import read_labels
from gaiamorph.data.tables import read_frame
from gaiamorph.data.vectors import read_table
from gaiamorph.errors import UserError
from gaiamorph.output.manifest import read_manifest, read_rows
from gaiamorph.training.settings import read_config

PLAIN = "file_name,age,place\n001,3.5,Köln\nb 2.png,4,Zürich\n"


def as_written(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), dtype={"file_name": str})


@pytest.mark.parametrize(
    ("text", "encoding", "note"),
    [
        (PLAIN, "utf-8", None),
        (PLAIN, "utf-8-sig", None),
        (PLAIN, "utf-16", None),
        (PLAIN, "cp1252", "read as Windows-1252"),
        (PLAIN.replace("\n", "\r\n"), "utf-8", None),
        (PLAIN.replace("\n", "\r"), "utf-8", None),
        (PLAIN.replace(",", ", "), "utf-8", None),
        (PLAIN.replace(",", "\t"), "utf-16", None),
        (PLAIN.replace(",", ";"), "cp1252", "read as Windows-1252"),
        (PLAIN.replace(",", ";").replace("3.5", "3,5"), "utf-8", "decimal commas"),
        (PLAIN.replace("file_name", "File Name"), "utf-8", "'File Name' is read as 'file_name'"),
        (PLAIN.replace("file_name", " FILENAME "), "utf-8", "'FILENAME' is read as 'file_name'"),
        (PLAIN.replace("file_name", "file-name"), "utf-8", "'file-name' is read as 'file_name'"),
        (',file_name,age,place\n0,001,3.5,Köln\n1,b 2.png,4,Zürich\n', "utf-8", "'Unnamed: 0' numbers its rows"),
        ('"","file_name","age","place"\n"1","001",3.5,"Köln"\n"2","b 2.png",4,"Zürich"\n', "utf-8", "'Unnamed: 0' numbers"),
        ('"file_name" "age" "place"\n"1" "001" 3.5 "Köln"\n"2" "b 2.png" 4 "Zürich"\n', "utf-8", "a cell more"),
        ("file_name,age,place,\n001,3.5,Köln,\nb 2.png,4,Zürich,\n", "utf-8", "'Unnamed: 3' has no name and no values"),
    ],
)  # fmt: skip
def test_tables_as_programs_write_them(tmp_path, text, encoding, note):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    frame, notes = read_frame(path)
    pd.testing.assert_frame_equal(frame, as_written(PLAIN))
    assert len(notes) == (note is not None)
    assert all(n.startswith("t.csv: ") and note in n for n in notes)


def test_words_that_are_taken_for_missing_values_are_said(tmp_path):
    """The Mandarin syllable nan is no number; an empty cell needs no note, nor does a word among numbers."""
    path = tmp_path / "t.csv"
    path.write_text("file_name,label,age\na,nan,1\nb,ma,NA\nc,nan,3\nd,,4\ne,null,5\n")
    frame, notes = read_frame(path)
    assert frame["label"].isna().tolist() == [True, False, True, True, True]
    assert notes == [
        "t.csv: 'nan' in the column 'label' is read as a missing value (2 of 5 rows)",
        "t.csv: 'null' in the column 'label' is read as a missing value (1 of 5 rows)",
    ]


def test_json_lines_and_parquet_are_tables(tmp_path):
    rows = as_written(PLAIN)
    lines = [json.dumps(row, ensure_ascii=False) for row in rows.to_dict("records")]
    (tmp_path / "t.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pd.testing.assert_frame_equal(read_frame(tmp_path / "t.jsonl")[0], rows)
    rows.set_index("file_name").to_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_frame(tmp_path / "t.parquet")[0], rows)
    rows[rows["age"] > 3.7].to_parquet(tmp_path / "t.parquet")
    assert read_frame(tmp_path / "t.parquet")[0]["file_name"].tolist() == ["b 2.png"]
    rows.rename_axis("second").to_parquet(tmp_path / "t.parquet")
    frame, notes = read_frame(tmp_path / "t.parquet")
    assert frame.columns.tolist() == rows.columns.tolist()
    assert notes == ["t.parquet: the index 'second' is left out"]


def test_a_separator_within_texts(tmp_path):
    (tmp_path / "t.csv").write_text("file_name,tags\na.png,x;y\nb.png,x;z\n")
    assert read_frame(tmp_path / "t.csv")[0]["tags"].tolist() == ["x;y", "x;z"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2,\n3,4,\n", "more cells in its rows"),
        ("File_Name,filename\na,b\n", "call one of them 'file_name'"),
        ("a ,a\n1,2\n", "two columns called 'a'"),
    ],
)
def test_tables_that_would_be_read_wrongly(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(UserError, match=message):
        read_frame(tmp_path / "t.csv")


# Vectors ------------------------------------------------------------------------------------------------

X = np.round(np.random.default_rng(0).normal(size=(20, 3)), 3)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])


@pytest.mark.parametrize(
    ("written", "columns", "note"),
    [
        (FRAME.to_csv(index=False), "abc", None),
        (FRAME.to_csv(index=False, sep=";", decimal=","), "abc", "decimal commas"),
        (FRAME.to_csv(), "abc", "numbers its rows"),
        (FRAME.set_index(FRAME.index[::-1] + 7).to_csv(), "abc", "numbers its rows"),
        (FRAME.set_index(FRAME.index % 10).to_csv(), "abc", "numbers its rows"),
        (FRAME.to_csv(index=False, header=False), ["x0", "x1", "x2"], "its first row holds numbers, so it is an item"),
        (FRAME.to_csv(index=False, header=False, sep=";", decimal=","), ["x0", "x1", "x2"], "so it is an item"),
        (FRAME.to_csv(index=False, header=["0", "1", "2"]), "012", "taken for the names"),
        (FRAME.to_csv(header=["0", "1", "2"]), "012", "numbers its rows"),
        (FRAME.assign(Subject=range(20)).to_csv(index=False), "abc", "'Subject' says who an item is of"),
        (FRAME.assign(bird_ID=4).to_csv(index=False), "abc", "'bird_ID' says who an item is of"),
        (FRAME.assign(id=range(20)).to_csv(index=False), "abc", "'id' says who an item is of"),
        (FRAME.assign(d=["?", *range(19)]).to_csv(index=False), "abc", "'d' has the text '?' among numbers"),
    ],
)
def test_every_row_and_no_other_column_is_a_vector(tmp_path, written, columns, note):
    (tmp_path / "v.csv").write_text(written)
    data = open_data(tmp_path / "v.csv")
    np.testing.assert_allclose(data.items, X, rtol=1e-6)
    assert data.kind.columns == list(columns)
    assert any(note in n for n in data.notes) if note else not data.notes


def test_group_in_another_spelling_holds_groups_out(tmp_path):
    FRAME.assign(Group=[f"{i // 4:02d}" + " " * (i % 2) for i in range(20)]).to_csv(tmp_path / "v.csv", index=False)
    data = open_data(tmp_path / "v.csv")
    assert data.groups.tolist()[:5] == ["00"] * 4 + ["01"]
    assert len(data.splits["test"]) == 4


def test_an_array_that_fits_no_row_is_told(tmp_path):
    np.savez(tmp_path / "v.npz", x=X, y=np.arange(3))
    assert open_data(tmp_path / "v.npz").notes == ["v.npz: the array 'y' has not one value a row, and is left out"]


# Names --------------------------------------------------------------------------------------------------


def photos(folder, names):
    for i, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (16, 16), 10 * i).save(folder / name)


@pytest.mark.parametrize(
    ("files", "named", "rule"),
    [
        ("{}.png", "{}.png", None),
        ("{}.png", "  ./{}.png ", "slashes, spaces"),
        ("s/{}.png", "s\\{}.png", "slashes"),
        ("a\u0308{}.png", "\u00e4{}.png", "accents"),
        ("{}.png", "{}.PNG", "upper and lower case"),
        ("{}.png", "{}.jpg", "their endings"),
        ("v1.{}.png", "v1.{}", "their endings"),
        ("s/{}.png", "{}.png", "the name of the file alone"),
        ("{}.png", "C:\\photos\\{}.png", "the name of the file alone"),
    ],
)
def test_names_that_agree_by_a_rule(tmp_path, files, named, rule):
    photos(tmp_path, [files.format(i) for i in range(8)])
    rows = {"file_name": [named.format(i) for i in range(8)], "group": [i // 2 for i in range(8)], "n": range(8)}
    pd.DataFrame(rows).sample(frac=1, random_state=0).to_csv(tmp_path / "metadata.csv", index=False)
    data = open_data(tmp_path, size=16)
    assert dict(zip(data.names, data.attributes["n"], strict=True)) == {files.format(i): i for i in range(8)}
    assert data.groups.tolist() == ["0", "0", "1", "1", "2", "2", "3", "3"]
    assert len(data.notes) == bool(rule)
    assert all("metadata.csv: 8 names are matched" in note and rule in note for note in data.notes)


def test_the_same_name_in_two_folders_is_found_by_the_end_of_its_path(tmp_path):
    names = [f"s{i}/1.png" for i in range(4)]
    photos(tmp_path, names)
    table = pd.DataFrame({"file_name": [f"/home/me/{name}" for name in names], "n": range(4)})
    table.to_csv(tmp_path / "metadata.csv", index=False)
    assert open_data(tmp_path, size=16).attributes["n"].tolist() == [0, 1, 2, 3]


def test_what_is_not_certain_is_not_matched_but_told(tmp_path):
    photos(tmp_path, [*(f"{i}.png" for i in range(8)), "a/x.png", "b/x.png", "c/y.png"])
    rows = [*(f"{i}.png" for i in range(8)), "x.png", "other/y.png"]
    pd.DataFrame({"file_name": rows, "n": range(10)}).to_csv(tmp_path / "metadata.csv", index=False)
    data = open_data(tmp_path, size=16)
    assert data.attributes["n"].notna().tolist() == [True] * 8 + [False] * 3
    assert data.notes == [
        "metadata.csv: 2 of its 10 rows name no item of the data (x.png, other/y.png)",
        "metadata.csv: 3 of 11 items have no row in it (a/x.png, b/x.png, c/y.png)",
    ]


def test_metadata_of_other_pictures_is_refused(tmp_path):
    photos(tmp_path, [f"{i}.png" for i in range(5)])
    (tmp_path / "metadata.csv").write_text("file_name,group\nface1.png,1\nface2.png,1\n")
    with pytest.raises(UserError, match=r"face1\.png.*0\.png"):
        open_data(tmp_path, size=16)


def test_metadata_in_json_lines(tmp_path):
    photos(tmp_path, [f"{i}.png" for i in range(5)])
    (tmp_path / "metadata.jsonl").write_text("".join(f'{{"file_name": "{i}.png", "n": {i}}}\n' for i in range(5)))
    assert open_data(tmp_path, size=16).attributes["n"].tolist() == [0, 1, 2, 3, 4]
    (tmp_path / "metadata.csv").write_text("file_name,n\n0.png,1\n")
    with pytest.raises(UserError, match=r"metadata\.csv and metadata\.jsonl: keep one"):
        open_data(tmp_path, size=16)


def test_rows_without_a_name_are_told(tmp_path):
    photos(tmp_path, [f"{i}.png" for i in range(5)])
    rows = "".join(f"{i}.png;{i}\n" for i in range(5))
    (tmp_path / "metadata.csv").write_text(f"file_name;n\n{rows};\n;\n")
    data = open_data(tmp_path, size=16)
    assert data.attributes["n"].tolist() == [0, 1, 2, 3, 4]
    assert data.notes == ["metadata.csv: 2 of its 7 rows have no file_name, and are left out"]


def test_labels_are_matched_by_the_same_rules(tmp_path):
    (tmp_path / "labels.csv").write_text("Name;smile\nA;1\nb;0\n")
    with pytest.warns(UserWarning, match=r"'Name' is read as 'name'|are matched but for their endings"):
        assert read_labels(tmp_path / "labels.csv", ["a.png", "b.png"])["smile"].tolist() == [1, 0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ", ", ";", "\t"])
def test_tables_of_pairs(tmp_path, separator, encoding):
    (tmp_path / "p.csv").write_bytes("a,b\nKöln.png,b c.png\n".replace(",", separator).encode(encoding))
    assert pairs(tmp_path / "p.csv") == [{"a": "Köln.png", "b": "b c.png"}]


# Damaged files -------------------------------------------------------------------------------------------


def whole(path):
    """A good file of the format that the ending says."""
    if path.suffix == ".npy":
        np.save(path, X)
    elif path.suffix == ".npz":
        np.savez(path, x=X)
    elif path.suffix == ".parquet":
        FRAME.to_parquet(path)
    else:
        FRAME.assign(name=FRAME.index).to_csv(path, index=False)


def spoil(path, damage):
    whole(path)
    content = path.read_bytes()
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "cut off":
        path.write_bytes(
            content[:-40] if path.suffix != ".csv" else content[: len(content) // 2].rpartition(b"\n")[0] + b"\n1"
        )
    elif damage == "barely begun":
        path.write_bytes(content[:5])
    elif damage == "a picture":
        Image.new("L", (16, 16)).save(path, "png")
    elif damage == "an archive":
        np.savez(path.with_suffix(".npz"), x=X)
        path.write_bytes(b"PK\x03\x04" + path.with_suffix(".npz").read_bytes()[:60])
    elif damage == "text":
        path.write_text("Dear all,\nhere is\tthe data; as agreed\n")
    elif damage == "nothing but spaces":
        path.write_text("\n \n")


def pairs(path):
    return read_rows(path, "a table of pairs with the columns a and b", ("a", "b"))


def labels(path):
    return read_labels(path, ["0", "1", "2"])


def metadata(path):
    photos(path.parent / "p", [f"{i}.png" for i in range(5)])
    return open_data(path.rename(path.parent / "p" / f"metadata{path.suffix}").parent)


@pytest.mark.parametrize(
    "damage", ["empty", "cut off", "barely begun", "a picture", "an archive", "text", "nothing but spaces"]
)
@pytest.mark.parametrize(
    ("ending", "read"),
    [
        *((ending, reader) for reader in (open_data, read_table) for ending in (".npy", ".npz", ".csv", ".parquet")),
        *((ending, reader) for reader in (labels, metadata) for ending in (".csv", ".jsonl", ".parquet")),
        (".csv", pairs),
        (".csv", read_manifest),
    ],
)
def test_damaged_files_are_one_sentence(tmp_path, ending, read, damage):
    path = tmp_path / f"v{ending}"
    spoil(path, damage)
    if damage == "cut off" and read in (labels, metadata, pairs) and ending != ".parquet":
        return  # Its rows are whole, but for the last.
    with pytest.raises(UserError) as error:
        read(path)
    said = str(error.value)
    assert ending in said
    assert "\n" not in said
    assert "pickle" not in said
    if damage == "empty":
        assert "is empty, so" in said
    elif damage == "a picture" or (damage == "an archive" and ending in (".npy", ".parquet")):
        assert "is of another format or damaged, so save it again" in said or "it is no text, so save it as CSV" in said
    elif damage == "cut off" and ending in (".npy", ".npz", ".parquet"):
        assert "is damaged or cut off, so save it again" in said


@pytest.mark.parametrize("content", [b"", b"steps: [1,", b"\x89PNG\r\n\x1a\n\0\0", "Köln".encode("cp1252")])
def test_a_damaged_config_is_one_sentence(tmp_path, content):
    (tmp_path / "c.yaml").write_bytes(content)
    with pytest.raises(UserError, match="lines of the form 'name: value'") as error:
        read_config(tmp_path / "c.yaml")
    assert "\n" not in str(error.value)
    (tmp_path / "c.yaml").write_bytes("data: Köln\nsteps: 5\n".encode("utf-16"))
    assert read_config(tmp_path / "c.yaml") == {"data": "Köln", "steps": 5}


@pytest.mark.parametrize("ending", [".npy", ".npz"])
def test_python_objects_are_not_opened(tmp_path, ending):
    save = np.save if ending == ".npy" else np.savez
    save(tmp_path / f"v{ending}", np.array([None, 1], dtype=object))
    with pytest.raises(UserError, match="Python objects, which are not opened"):
        open_data(tmp_path / f"v{ending}")


def test_a_workbook_is_no_npz(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "v.npz", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(UserError, match="holds no arrays"):
        open_data(tmp_path / "v.npz")
