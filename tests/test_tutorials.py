"""The commands of the tutorials run, one after another, with trainings of a few steps."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from gaiamorph.cli import main

TUTORIALS = Path(__file__).parent.parent / "docs" / "tutorials"
BLOCK = re.compile(r"^```(python)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STEPS = "--steps 12 --threads 1"


@pytest.mark.usefixtures("quiet")  # after a few steps nothing is like the training data
@pytest.mark.parametrize("path", sorted(TUTORIALS.glob("*.md")), ids=lambda p: p.stem)
def test_commands_run(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    variables: dict[str, object] = {}
    blocks = BLOCK.findall(path.read_text(encoding="utf-8"))
    assert len(blocks) > 3
    for language, text in blocks:
        if language:
            exec(compile(text, path.name, "exec"), variables)
            continue
        for line in text.splitlines():
            program, *arguments = shlex.split(re.sub(r"--minutes \d+", STEPS, line), comments=True)
            assert program == "gaiamorph"
            with pytest.raises(SystemExit) as ended:
                main(arguments)
            assert ended.value.code == 0, line


@pytest.mark.parametrize("path", sorted(TUTORIALS.glob("*.ipynb")), ids=lambda p: p.stem)
def test_notebooks_are_kept_without_outputs(path):
    """`make docs` runs them."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert not [cell for cell in cells if cell.get("outputs")]
