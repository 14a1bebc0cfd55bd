"""Spaces on the Hub: pushed to a server on this machine that speaks its endpoints, and opened from there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
import yaml

import gaiamorph as gm
from gaiamorph.errors import UserError
from gaiamorph.space.hub import card
from tests.hub_server import COMMIT, Hub

CHILD = """
import json, sys, contextlib, io
from gaiamorph.cli import main
for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    status = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(json.loads(line))
        except SystemExit as left:
            status = left.code or 0
    print(json.dumps([status, out.getvalue(), err.getvalue()]), flush=True)
"""


class Terminal:
    """A process with its own cache of the Hub, that runs commands one after another."""

    def __init__(self, home, **environment) -> None:
        given = {**os.environ, "HF_HOME": str(home), "HF_TOKEN": "secret", **environment}
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD], env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, *command) -> tuple[int, str, str]:
        self.process.stdin.write(json.dumps([str(part) for part in command]) + "\n")
        self.process.stdin.flush()
        return tuple(json.loads(self.process.stdout.readline()))

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_) -> None:
        self.process.communicate()


def refused(answer, *words) -> None:
    status, out, err = answer
    assert status == 2, err
    assert not out
    assert len(err.strip().splitlines()) == 1
    for word in words:
        assert word in err


def test_push_and_pull(picture_run, photos, tmp_path):
    with Hub() as hub, Terminal(tmp_path / "home", HF_ENDPOINT=hub.address) as run:
        refused(run("info", "hub:anna/faces"), "does not exist")
        status, out, err = run("push", picture_run, "anna/faces", "--licence", "cc-by-4.0", "--pictures")
        assert (status, out.strip(), err) == (0, f"hub:anna/faces@{COMMIT}", "")
        stored = hub.files["anna/faces"]
        assert sorted(stored) == ["README.md", "samples.png", "space.safetensors"]
        assert stored["space.safetensors"] == (picture_run / "space.safetensors").read_bytes()
        assert stored["samples.png"][1:4] == b"PNG"
        assert "license: cc-by-4.0" in stored["README.md"].decode()

        status, out, _ = run("info", "hub:anna/faces", "--json")
        assert json.loads(out)["sha256"] == gm.load(picture_run).sha256
        pair = (photos / "p00.png", photos / "p01.png")
        status, _, err = run("morph", "hub:anna/faces@main", *pair, "--steps", 2, "--out", tmp_path / "out")
        assert status == 0, err
        rows = (tmp_path / "out" / "manifest.csv").read_text().splitlines()
        assert all(row.endswith(f"hub:anna/faces@{COMMIT}") for row in rows[1:])

        refused(run("info", "hub:anna/faces@v9"), "no such revision")
        refused(run("info", "hub:anna faces"), "no name")
        hub.files["anna/empty"] = {}
        refused(run("info", "hub:anna/empty"), "no space.safetensors")
        hub.files["anna/broken"] = {"space.safetensors": b"junk"}
        refused(run("info", "hub:anna/broken"), "is not a space")
        status, *_ = run("push", picture_run, "anna/own", "--licence", "mit", "--private")
        assert (status, hub.private) == (0, {"anna/own"})
        assert run("push", picture_run, "anna/own", "--licence", "mit", "--private")[0] == 0
        before = dict(hub.files["anna/faces"])
        refused(
            run("push", picture_run, "anna/faces", "--licence", "mit", "--private"), "is public", "nothing is pushed"
        )
        refused(
            run("push", picture_run, "anna/new", "--licence", "cc-by-40"), "refuses the model card", "must be one of"
        )
        refused(run("push", picture_run, "faces", "--licence", "mit"), "give owner/name")
        refused(run("attributes", "fit", "hub:anna/faces", photos), "--out FILE")
        assert hub.files["anna/faces"] == before
        assert not {"anna/new", "faces"} & set(hub.files)
        hub.fails = "/commit/"
        refused(run("push", picture_run, "anna/late", "--licence", "mit"), "500")
        assert hub.files["anna/late"] == {}
        hub.token = "another"
        refused(run("push", picture_run, "anna/faces", "--licence", "mit"), "hf auth login")
    with Terminal(tmp_path / "home", HF_ENDPOINT=hub.address, HF_HUB_OFFLINE="1") as run:
        assert run("info", "hub:anna/faces")[0] == 0  # from the cache
        refused(run("info", "hub:anna/other"), "cannot be reached")
        refused(run("push", picture_run, "anna/faces", "--licence", "mit"), "cannot be reached")


def test_without_a_network(picture_run, tmp_path):
    with Terminal(tmp_path / "home", HF_ENDPOINT="http://127.0.0.1:9") as run:
        refused(run("push", picture_run, "anna/faces", "--licence", "mit"), "cannot be reached")


def test_the_card(picture_space, vector_space):
    text = card("anna/faces", picture_space.info, picture_space.kind, {"smile": 1}, licence="mit", sheet=False)
    header, _, body = text.removeprefix("---\n").partition("---\n")
    assert yaml.safe_load(header)["license"] == "mit"
    # The folder's name, but not where it lies.
    assert "`photos0`" in body
    assert picture_space.info.training.source not in body
    assert "`smile`" in body
    assert "samples.png" not in body
    assert "morph('a.png', 'b.png')" in body
    text = card("a/b", vector_space.info, vector_space.kind, {}, licence="mit", sheet=True)
    assert "`sample:moons`" in text
    assert "space.sample(8)" in text


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("/home/jane/2024:trial/people", "`people`"), (r"C:\Users\jane\people", "`people`"), (".", "a folder"), ("/", "a folder"),
        ("people/", "`people`"), ("hub:anna/people", "`hub:anna/people`"),
    ],
)  # fmt: skip
def test_a_card_names_no_place(picture_space, source, shown):
    info = replace(picture_space.info, training=replace(picture_space.info.training, source=source))
    text = card("anna/faces", info, picture_space.kind, {}, licence="mit", sheet=False)
    assert f" items of {shown} |" in text
    assert "jane" not in text


def test_what_is_refused_before_the_network(picture_space, vector_space):
    with pytest.raises(UserError, match="licence"):
        picture_space.push_to_hub("anna/faces", licence=" ")
    with pytest.raises(UserError, match="no pictures"):
        vector_space.push_to_hub("anna/moons", licence="mit", pictures=True)
