"""Result folders and files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from gaiamorph.errors import UserError


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Raise UserError if ``path`` holds something and ``overwrite`` is not given."""
    if path.is_dir() and not any(path.iterdir()):
        return
    if (path.exists() or path.is_symlink()) and not overwrite:
        raise UserError(f"{path} exists already: choose another place, or say --overwrite to replace it")


@contextlib.contextmanager
def new_folder(path: Path, overwrite: bool = False) -> Iterator[Path]:
    """A scratch folder beside ``path``. It replaces ``path`` if the block ends well, and is deleted otherwise.

    Raises UserError if ``path`` holds something and ``overwrite`` is not given.
    """
    refuse_existing(path, overwrite)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{os.getpid()}-{path.name}")
    shutil.rmtree(scratch, ignore_errors=True)  # from a killed process with the same id
    scratch.mkdir()
    try:
        yield scratch
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.exists() or path.is_symlink():
            path.unlink()
        scratch.rename(path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextlib.contextmanager
def new_file(path: Path, overwrite: bool = False) -> Iterator[Path]:
    """A scratch file beside ``path``, with the same rules."""
    refuse_existing(path, overwrite)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield scratch
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
