"""Does the wheel work where others install it? ``make matrix``.

Builds it, checks it, and installs it into clean environments: with the newest dependencies on every Python that is found, and with
the oldest that pyproject.toml allows on the oldest Python. Each environment runs ``gaiamorph demo`` and the tests against the
installed wheel.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "matrix"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
EXTRAS = "samples,heif,speech,film,export"
LEAST = re.compile(r"^([\w-]+)>=([\d.]+)$", re.MULTILINE)
TESTED = ("pytest>=8", "h5py>=3.11")
"""What the tests need beside the extras."""
BESIDE = (
    "docs", "benchmarks", "studio", "pyproject.toml", "README.md", "CHANGELOG.md", "CITATION.cff", "codemeta.json",
)  # fmt: skip
"""What the tests read of the repository."""
NEEDED = ("gaiamorph/py.typed", "gaiamorph/recipes/paper.yaml", "gaiamorph/exports/assets/experiment.js")


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    print("$", *command, flush=True)
    subprocess.run([str(part) for part in command], cwd=cwd, check=True)


def pythons() -> dict[str, str]:
    """Interpreters by version: on the path, or where pyenv keeps them."""
    kept = sorted((Path.home() / ".pyenv" / "versions").glob("*/bin/python"))
    found = {}
    for version in VERSIONS:
        candidates = [str(path) for path in kept if path.parts[-3].startswith(f"{version}.")]
        candidates += [path for path in [shutil.which(f"python{version}")] if path]
        # One that is on the path need not be installed: it may belong to a manager of versions.
        works = [path for path in candidates if not subprocess.run([path, "-c", ""], capture_output=True).returncode]
        if works:
            found[version] = works[0]
    return found


def built() -> Path:
    """The wheel, whose contents are checked."""
    tools = BUILD / "tools"
    venv.create(tools, clear=True, with_pip=True)
    run(tools / "bin" / "pip", "install", "--quiet", "build", "twine")
    shutil.rmtree(BUILD / "dist", ignore_errors=True)
    run(tools / "bin" / "python", "-m", "build", "--outdir", BUILD / "dist")
    run(tools / "bin" / "twine", "check", "--strict", *(BUILD / "dist").iterdir())
    wheel = next((BUILD / "dist").glob("*.whl"))
    names = zipfile.ZipFile(wheel).namelist()
    foreign = [name for name in names if not name.startswith(("gaiamorph/", "gaiamorph-"))]
    missing = [name for name in NEEDED if name not in names]
    if foreign or missing:
        raise SystemExit(f"the wheel holds {foreign} and lacks {missing}")
    return wheel


def oldest() -> Path:
    """A constraints file with the lower bound of every requirement: the last release of that minor version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [one for name in EXTRAS.split(",") for one in project["optional-dependencies"][name]]
    wanted = [*project["dependencies"], *extras]
    bounds = [
        f"{name}=={version if '.' in version else version + '.0'}.*"
        for name, version in LEAST.findall("\n".join(wanted))
    ]
    path = BUILD / "oldest.txt"
    path.write_text("\n".join(bounds) + "\n")
    return path


def tried(name: str, python: str, wheel: Path, constraints: list[str | Path], tests: bool) -> str:
    """Install the wheel, run the demo and the tests. Returns a line for the table."""
    place = BUILD / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    run(python, "-m", "venv", place / "venv")
    bin_ = place / "venv" / "bin"
    try:
        run(bin_ / "pip", "install", "--quiet", *constraints, f"{wheel}[{EXTRAS}]", *TESTED)
        run(bin_ / "gaiamorph", "demo", "--out", place / "demo", "--minutes", "0.2", cwd=place)
        if tests:
            shutil.copytree(ROOT / "tests", place / "tests")
            for needed in BESIDE:
                (place / needed).symlink_to(ROOT / needed)
            # A warning of another version of a dependency is no error of ours.
            run(bin_ / "python", "-m", "pytest", "-q", "-o", "filterwarnings=default", "--disable-warnings", cwd=place)
        outcome = "passed"
    except subprocess.CalledProcessError as error:
        outcome = f"FAILED: {' '.join(map(str, error.cmd))[:100]}"
    found = subprocess.run(
        [bin_ / "python", "-c", "import torch, numpy; print(f'torch {torch.__version__}, numpy {numpy.__version__}')"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    shutil.rmtree(place / "venv")
    return f"{name:16} {found.stdout.strip():36} {outcome}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="environments, such as 3.11-oldest 3.13-newest")
    parser.add_argument("--no-tests", action="store_true", help="only the demo")
    options = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    wheel, found = built(), pythons()
    first = next(iter(found))
    cases = [(f"{first}-oldest", found[first], ["--constraint", oldest()])]
    cases += [(f"{version}-newest", python, []) for version, python in found.items()]
    lines = []
    for name, python, constraints in cases:
        if not options.only or name in options.only:
            lines.append(tried(name, python, wheel, constraints, not options.no_tests))
            print(lines[-1], flush=True)
    lines += [f"{version:16} not found on this machine" for version in VERSIONS if version not in found]
    print("\n".join(["", *lines]))
    sys.exit(any("FAILED" in line for line in lines))


if __name__ == "__main__":
    main()
