"""Result folders and files that appear whole or not at all, and threads that write into them."""

import contextlib
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gaiamorph.data.finding import is_result
from gaiamorph.errors import UserError

WAITING = 512
"""Files that may wait for a thread. The caller of `writers` blocks while there are more."""


RUN = {"config.yaml", "space.safetensors"}
"""Files of trained runs."""


def refuse_existing(path: Path, overwrite: bool, training: bool = False, folder: bool = False) -> None:
    """Raise UserError if ``path`` holds something, and ``overwrite`` is not given or gaiamorph did not make that folder.

    training: whether trained runs may be replaced, which took the longest to make. folder: whether it is to be one, so that no file
    is replaced.
    """
    if (above := next((parent for parent in path.parents if parent.exists()), None)) and not above.is_dir():
        raise UserError(f"{path} cannot be written, since {above} is a file: choose another place")
    if folder and overwrite and path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file, and a folder is to be written: choose another place")
    empty = path.is_dir() and not any(path.iterdir())
    if not os.path.lexists(path) or empty:
        return
    if path.is_dir():
        names = _names(path)
        if not _may_go(path, names):
            raise UserError(
                f"{path} exists already, and holds no results of gaiamorph, so it is not replaced: choose another place"
            )
        if not training and any(RUN & inside for inside in names.values()):
            raise UserError(f"{path} holds a trained run, which only a training replaces: choose another place")
    if not overwrite:
        raise UserError(f"{path} exists already: choose another place, or say --overwrite to replace it")


def _names(folder: Path) -> dict[Path, set[str]]:
    """Names of what lies in a folder, and in each folder in it."""
    folders = [folder, *(path for path in folder.iterdir() if path.is_dir())]
    return {path: {file.name for file in path.iterdir()} for path in folders}


def _may_go(folder: Path, names: dict[Path, set[str]]) -> bool:
    """Whether a folder may be replaced: it is a result, aligned pictures, or holds nothing but decoded items or results.

    names: as `_names` gives them.
    """
    if folder.resolve() in (Path.cwd(), *Path.cwd().parents):
        return False
    own, inner = names[folder], {path: inside for path, inside in names.items() if path != folder}
    return (
        is_result(folder, own)
        or {"alignment.csv", "alignment.json"} <= own
        or all(name.startswith(("item_", "items.")) for name in own)
        or (len(inner) == len(own) and all(is_result(path, inside) for path, inside in inner.items()))
    )


@contextlib.contextmanager
def new_file(path: Path, overwrite: bool = False, training: bool = False, folder: bool = False) -> Iterator[Path]:
    """A scratch path beside ``path``. It replaces ``path`` if the block ends well, and is deleted otherwise.

    Raises UserError as `refuse_existing` does.
    """
    refuse_existing(path, overwrite, training, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{os.getpid()}-{path.name}")
    _remove(scratch)  # from a killed process with the same id
    try:
        yield scratch
        if scratch.is_dir():
            _remove(path)
        scratch.replace(path)
    finally:
        _remove(scratch)


@contextlib.contextmanager
def new_folder(path: Path, overwrite: bool = False, training: bool = False) -> Iterator[Path]:
    """A scratch folder, with the rules of `new_file`."""
    with new_file(path, overwrite, training, folder=True) as scratch:
        scratch.mkdir()
        yield scratch


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def writers() -> Iterator[Callable[..., Future[Any]]]:
    """A function that calls its first argument with the others, in a thread, while the caller makes the next file.

    The end of the block waits for all files. The first error of a thread is raised there, or by a later call.
    """
    waiting: deque[Future[Any]] = deque()
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1), "writers")

    def write(function: Callable[..., Any], *arguments: Any, **options: Any) -> Future[Any]:
        waiting.append(pool.submit(function, *arguments, **options))
        if len(waiting) > WAITING:
            waiting.popleft().result()
        return waiting[-1]

    try:
        yield write
        for future in waiting:
            future.result()
    finally:
        pool.shutdown(cancel_futures=True)
