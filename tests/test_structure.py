"""Imports run one way, and importing the package is cheap."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import gaiamorph

ROOT = Path(gaiamorph.__file__).parent
ORDER = [
    {"errors", "version", "defaults", "drawing"}, {"sound"}, {"data", "networks"}, {"models"}, {"features", "latent", "detail"},
    {"output"}, {"space"}, {"training"}, {"evaluation"}, {"estimator", "exports", "experiments"}, {"studio"}, {"cli"},
]  # fmt: skip
LEVEL = {name: level for level, names in enumerate(ORDER) for name in names}
MODULES = {
    ".".join(("gaiamorph", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in ROOT.rglob("*.py")
}
FILES = [p for p in ROOT.rglob("*.py") if p.parent != ROOT or p.stem in LEVEL]


def room(path: Path) -> str:
    relative = path.relative_to(ROOT)
    return relative.parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "gaiamorph":
            parts = node.module.split(".")[1:]
            names |= {parts[0]} if parts else {alias.name for alias in node.names}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path):
    here = room(path)
    wrong = {name for name in imported(path) if name != here and LEVEL[name] >= LEVEL[here]}
    # data and networks do not import each other. Neither do features, latent and detail.
    assert not wrong, f"{here} imports {wrong}, which stand to its right"


def modules_imported(path: Path) -> set[str]:
    """Modules of the package that a file imports anywhere: at the top, in functions, or under TYPE_CHECKING."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name in MODULES}
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= inner & set(MODULES) | ({node.module} if inner - set(MODULES) else set())
    return names


def test_no_circle_among_modules():
    """Each module can be read before those that import it."""
    graph = {name: modules_imported(path) for name, path in MODULES.items()}
    assert len(graph) > 60
    assert "gaiamorph.space.codec" in graph["gaiamorph.space.latent_space"]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"modules import each other: {' <- '.join(error.args[1])}")


def test_the_check_sees_imports():
    assert "models" in imported(ROOT / "training" / "loop.py")
    assert len(FILES) > 30


@pytest.mark.parametrize("code", ["import gaiamorph", "from gaiamorph.cli import build_app; build_app()"])
def test_importing_does_not_load_torch(code):
    check = f"{code}; import sys; sys.exit('torch' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_public_names_exist():
    for name in gaiamorph.__all__:
        assert getattr(gaiamorph, name) is not None
    with pytest.raises(AttributeError):
        _ = gaiamorph.nothing
