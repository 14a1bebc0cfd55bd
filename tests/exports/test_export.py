"""Continua for experiments, archives and slides."""

from __future__ import annotations

import ast
import base64
import csv
import hashlib
import json
import re

import pandas as pd
import pytest
from tests.exports.conftest import FRAMES

import gaiamorph as gm
from gaiamorph.cli import main
from gaiamorph.errors import UserError
from gaiamorph.experiments.responses import read_responses
from gaiamorph.exports.jspsych import ASSETS
from gaiamorph.exports.stimuli import legal, read_stimuli


def rows(path, separator=","):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=separator))


def test_psychopy_gets_conditions_and_pairs(two_pairs, tmp_path):
    out = gm.export(two_pairs, tmp_path / "out", to="psychopy", distances=(1, 3))
    conditions, pairs = rows(out / "conditions.csv"), rows(out / "pairs.csv")
    assert [float(row["weight"]) for row in conditions] == [0, 0.25, 0.5, 0.75, 1] * 2
    assert [row["pair"] for row in conditions] == ["0"] * FRAMES + ["1"] * FRAMES
    for name in (*conditions[0], *pairs[0]):
        assert name.isidentifier()
    for row in conditions:
        made, own = out / row["stimulus"], two_pairs / row["stimulus"].removeprefix("stimuli/")
        assert made.read_bytes() == own.read_bytes()
    # Two continua; 4 pairs one step apart and 2 three steps apart; two orders; X is either of them.
    assert len(pairs) == 2 * (4 + 2) * 2 * 2
    for row in pairs:
        assert row["stimulus_x"] == row[f"stimulus_{row['correct_abx']}"]
        apart = float(row["weight_2"]) - float(row["weight_1"])
        assert abs(apart) == pytest.approx(int(row["distance"]) / (FRAMES - 1))
        assert row["correct_2afc"] == ("2" if apart > 0 else "1")
    assert len({tuple(row.values()) for row in pairs}) == len(pairs)


def test_jspsych_runs_from_a_public_address_or_a_copy(two_pairs, tmp_path):
    out = gm.export(two_pairs, tmp_path / "public", to="jspsych")
    for design in ("identification", "abx", "2afc", "slider"):
        page = (out / f"{design}.html").read_text()
        addresses = re.findall(r'(?:src|href)="(https://[^"]+)" integrity="sha384-([^"]+)" crossorigin', page)
        assert len(addresses) == 8
        assert page.count("https://") == 8
        assert all("@" in address and len(base64.b64decode(known)) == 48 for address, known in addresses)
        for own in re.findall(r'(?:src|href)="([^":]+)"', page):
            assert (out / own).is_file()
    stimuli = json.loads((out / "stimuli.js").read_text().partition("STIMULI = ")[2].rstrip(";\n"))
    assert stimuli["heard"] is False
    assert [len(frames) for frames in stimuli["continua"]] == [FRAMES, FRAMES]
    assert all((out / row["stimulus"]).is_file() for row in stimuli["identification"])


def library(folder, changed=""):
    """Files in the places of the npm packages. Their content is not that of the packages."""
    parts = json.loads(ASSETS.joinpath("jspsych.json").read_text())
    for part in parts:
        path = folder / part["name"] / part["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(part["name"] + changed)
    return parts


def test_a_copy_of_jspsych_has_to_be_the_right_one(two_pairs, tmp_path, monkeypatch):
    parts = library(tmp_path / "node_modules")
    with pytest.raises(UserError, match=r"is not that of version 8\.3\.0: npm install jspsych@8\.3\.0"):
        gm.export(two_pairs, tmp_path / "out", to="jspsych", library=tmp_path / "node_modules")
    assert not (tmp_path / "out").exists()
    known = [
        part | {"sha384": base64.b64encode(hashlib.sha384(part["name"].encode()).digest()).decode()} for part in parts
    ]
    (tmp_path / "jspsych.json").write_text(json.dumps(known))
    for asset in ("experiment.js", "experiment.css", "settings.js"):
        (tmp_path / asset).write_bytes(ASSETS.joinpath(asset).read_bytes())
    monkeypatch.setattr("gaiamorph.exports.jspsych.ASSETS", tmp_path)
    out = gm.export(two_pairs, tmp_path / "out", to="jspsych", library=tmp_path / "node_modules")
    assert "https://" not in (out / "abx.html").read_text()
    assert (out / "jspsych" / "plugin-preload.js").read_text() == "@jspsych/plugin-preload"
    (tmp_path / "node_modules" / "jspsych" / "css" / "jspsych.css").unlink()
    with pytest.raises(UserError, match=r"has no jspsych/css/jspsych\.css"):
        gm.export(two_pairs, tmp_path / "again", to="jspsych", library=tmp_path / "node_modules")


def test_bids_describes_each_stimulus(two_pairs, tmp_path):
    out = gm.export(two_pairs, tmp_path / "out", to="bids")
    assert {"Name", "BIDSVersion"} <= set(json.loads((out / "dataset_description.json").read_text()))
    table = rows(out / "stimuli" / "stimuli.tsv", "\t")
    assert len(table) == 2 * FRAMES
    assert list(table[0])[:2] == ["stimulus_id", "type"]
    for row in table:
        assert row["filename"] == f"{row['stimulus_id']}_image.png"
        assert re.fullmatch(r"stim-[0-9a-zA-Z]+", row["stimulus_id"])
        assert (out / "stimuli" / row["filename"]).is_file()
    described = json.loads((out / "stimuli" / "stimuli.json").read_text())
    assert set(described) == set(table[0])


def test_psych_ds_describes_each_column(two_pairs, tmp_path):
    out = gm.export(two_pairs, tmp_path / "out", to="psych-ds")
    about = json.loads((out / "dataset_description.json").read_text())
    assert about["@type"] == "Dataset"
    assert {"@context", "name", "description", "variableMeasured"} <= set(about)
    (path,) = (out / "data").glob("*_data.csv")
    assert re.fullmatch(r"([a-z]+-[a-zA-Z0-9]+_)+data\.csv", path.name)
    table = rows(path)
    assert {one["name"] for one in about["variableMeasured"]} == set(table[0])
    assert all((out / row["stimulus"]).is_file() for row in table)


def test_sounds_can_be_exported_but_not_filmed(tmp_path):
    folder = sounds(tmp_path / "sounds")
    out = gm.export(folder, tmp_path / "out", to="jspsych")
    assert '"heard": true' in (out / "stimuli.js").read_text()
    assert rows(gm.export(folder, tmp_path / "table", to="psychopy") / "conditions.csv")[0]["seconds"] == "0.1"
    assert rows(gm.export(folder, tmp_path / "bids", to="bids") / "stimuli" / "stimuli.tsv", "\t")[0]["type"] == "audio"
    with pytest.raises(UserError, match="these are sounds"):
        gm.export(folder, tmp_path / "film", to="gif")


def sounds(folder):
    """A continuum of three sounds, as a manifest describes them."""
    folder.mkdir()
    common = {
        "role": "frame", "pair": 0, "source_a": "a.wav", "source_b": "b.wav", "attributes": "{}", "space_sha256": "x",
        "seconds": 0.1, "level_db": -24.0, "pitch_hz": "",
    }  # fmt: skip
    files = [{"file": f"frame_000{i}.wav", "position": i, "weight": i / 2} | common for i in range(3)]
    pd.DataFrame(files).to_csv(folder / "manifest.csv", index=False)
    for row in files:
        (folder / str(row["file"])).write_bytes(b"RIFF")
    return folder


def test_edits_have_columns_of_their_attributes(tmp_path):
    folder = sounds(tmp_path / "edits")
    table = pd.read_csv(folder / "manifest.csv", dtype=str)
    table["attributes"] = [json.dumps({"age (years)": x}) for x in (-1, 0, 1)]
    table.to_csv(folder / "manifest.csv", index=False)
    made = rows(gm.export(folder, tmp_path / "one", to="psychopy") / "conditions.csv")
    assert [float(row["weight"]) for row in made] == [-1, 0, 1]
    assert [float(row["age__years_"]) for row in made] == [-1, 0, 1]
    table["attributes"] = [json.dumps({"weight": x, "a b": 2 * x, "a-b": 3 * x}) for x in (-1, 0, 1)]
    table.to_csv(folder / "manifest.csv", index=False)
    made = rows(gm.export(folder, tmp_path / "two", to="psychopy") / "conditions.csv")
    names = ("weight", "weight_", "a_b", "a_b_")
    assert [[float(row[name]) for name in names] for row in made] == [[0, -1, -2, -3], [0.5, 0, 0, 0], [1, 1, 2, 3]]


@pytest.mark.parametrize("name", ["age (years)", "2nd", "class", "größe", "", "a-b"])
def test_names_of_columns_are_legal(name):
    assert legal(name).isidentifier()
    assert legal(name).isascii()
    ast.parse(f"{legal(name)} = 1")


def test_answers_of_the_pages_are_read(two_pairs, tmp_path):
    """The columns that experiment.js writes: those of stimuli.js, a participant, and the responses a and b."""
    out = gm.export(two_pairs, tmp_path / "out", to="jspsych")
    stimuli = json.loads((out / "stimuli.js").read_text().partition("STIMULI = ")[2].rstrip(";\n"))
    answers = [
        {
            "participant": "P01",
            "design": "identification",
            "trial": i,
            **row,
            "response": "b" if row["weight"] > 0.4 else "a",
        }
        for i, row in enumerate(stimuli["identification"])
    ]
    pd.DataFrame(answers).to_csv(tmp_path / "responses.csv", index=False)
    trials, notes = read_responses(tmp_path / "responses.csv")
    assert notes == []
    assert trials.groupby("weight")["b"].mean().tolist() == [0, 0, 1, 1, 1]
    assert set(trials["pair"]) == {"0", "1"}


def no_manifest(folder):
    (folder / "manifest.csv").unlink()


def no_frame(folder):
    (folder / "frame_0001.wav").unlink()


def changed(folder):
    table = pd.read_csv(folder / "manifest.csv", dtype=str)
    table["sha256"] = [hashlib.sha256(b"RIFF").hexdigest()] * 2 + ["0" * 64]
    table.to_csv(folder / "manifest.csv", index=False)


def cut_off(folder):
    text = (folder / "manifest.csv").read_text()
    (folder / "manifest.csv").write_text(text[: text.rindex("frame_0002") + 14])


def twice(folder):
    table = pd.read_csv(folder / "manifest.csv", dtype=str)
    table.iloc[[0, 1, 1, 2]].to_csv(folder / "manifest.csv", index=False)


def no_sound(folder):
    (folder / "frame_0001.wav").write_text("text")


def vectors(folder):
    table = pd.read_csv(folder / "manifest.csv", dtype=str)
    table.assign(file="frames.csv").to_csv(folder / "manifest.csv", index=False)


def damaged(folder):
    table = pd.read_csv(folder / "manifest.csv", dtype=str)
    table.assign(weight="much").to_csv(folder / "manifest.csv", index=False)


@pytest.mark.parametrize(
    ("spoil", "options", "message"),
    [
        (no_manifest, [], "is no continuum: it has no manifest.csv"),
        (no_frame, [], "lacks frame_0001.wav, which its manifest names"),
        (changed, [], "frame_0002.wav has changed since it was made"),
        (cut_off, [], "is cut off or damaged in line 4"),
        (twice, [], "names frame_0001.wav twice"),
        (no_sound, [], "frame_0001.wav is no WAV file"),
        (vectors, [], "rows of a table, not pictures or sounds"),
        (damaged, [], "is damaged (could not convert string to float"),
        (None, ["--to", "powerpoint"], "there is no target 'powerpoint': choose one of psychopy, jspsych, bids"),
        (None, ["--distances", "3"], "a distance of 3 steps needs 4 frames, and a continuum has 3"),
        (None, ["--distances", "0"], "a distance is a number of steps from 1, not 0"),
        (None, ["--fps", "25"], "fps, hold, ping_pong and once are for films"),
        (None, ["--library", "x", "--to", "bids"], "library is for jspsych"),
        (None, ["--to", "gif", "--fps", "0"], "fps must lie between"),
        (None, ["--to", "gif", "--fps", "60"], "a GIF has at most 50 frames a second"),
        (None, ["--to", "gif", "--distances", "1"], "distances are for psychopy and jspsych"),
    ],
)
def test_bad_input_is_told_in_a_sentence(spoil, options, message, tmp_path, capsys):
    folder = sounds(tmp_path / "continuum")
    if spoil:
        spoil(folder)
    to = [] if "--to" in options else ["--to", "psychopy"]
    with pytest.raises(SystemExit) as error:
        main(["export", str(folder), *to, *options, "--out", str(tmp_path / "out")])
    assert error.value.code == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_only_exports_are_replaced(tmp_path):
    folder = sounds(tmp_path / "continuum")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(UserError, match="holds no results of gaiamorph"):
        gm.export(folder, tmp_path / "mine", to="psychopy", overwrite=True)
    for to in ("psychopy", "bids", "psych-ds", "jspsych"):
        gm.export(folder, tmp_path / "out", to=to, overwrite=True)
    with pytest.raises(UserError, match="exists already"):
        gm.export(folder, tmp_path / "out", to="bids")


def test_stimuli_are_not_replaced_by_their_export(two_pairs, tmp_path):
    for out in (two_pairs, two_pairs / "export", two_pairs.parent):
        with pytest.raises(UserError, match="lie in each other"):
            gm.export(two_pairs, out, to="gif", overwrite=True)
    assert read_stimuli(two_pairs).continua


def test_a_trained_run_is_not_replaced_by_results(two_pairs, picture_run, tmp_path):
    run = tmp_path / "runs" / "faces"
    run.mkdir(parents=True)
    (run / "space.safetensors").write_bytes((picture_run / "space.safetensors").read_bytes())
    for out in (run, run.parent):
        with pytest.raises(UserError, match="which only a training replaces"):
            gm.export(two_pairs, out, to="psychopy", overwrite=True)
    assert gm.load(run).sha256 == gm.load(picture_run).sha256


def test_a_manifest_does_not_reach_outside_its_folder(tmp_path):
    folder = sounds(tmp_path / "continuum")
    table = pd.read_csv(folder / "manifest.csv", dtype=str)
    table["file"] = ["../secret.wav", *table["file"][1:]]
    table.to_csv(folder / "manifest.csv", index=False)
    (tmp_path / "secret.wav").write_bytes(b"private")
    with pytest.raises(UserError, match="does not lie beside it"):
        read_stimuli(folder)


def test_a_continuum_need_not_be_saved_before(photos, picture_run, tmp_path):
    made = gm.load(picture_run).morph(photos / "p00.png", photos / "p01.png", steps=3, detail="none")
    out = gm.export(made, tmp_path / "out", to="bids")
    assert len(rows(out / "stimuli" / "stimuli.tsv", "\t")) == 3
