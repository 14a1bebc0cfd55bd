"""Many files at once, in memory that does not grow with their number."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from gaiamorph.errors import UserError

LARGEST_SCALE = 32
TOGETHER = 16
"""Files that a thread writes one after another: handing over small ones singly costs as much as writing them."""
WAITING = 32
"""Groups of so many files that may wait to be written; whoever makes more of them waits in turn."""


def check_scale(scale: int) -> None:
    """Raises UserError unless pictures can be enlarged so many times."""
    if not 1 <= scale <= LARGEST_SCALE:
        raise UserError(f"scale must be between 1 and {LARGEST_SCALE}, not {scale}")


class Writers:
    """Threads that write files while the next ones are made. Leaving the block waits for all, and raises what one raised."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1), "writers")
        self._group: list[Callable[[], Any]] = []
        self._waiting: deque[Future[None]] = deque()

    def write(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._group.append(partial(function, *arguments))
        if len(self._group) == TOGETHER:
            self._hand_over()
        while len(self._waiting) > WAITING:
            self._waiting.popleft().result()

    def _hand_over(self) -> None:
        self._waiting.append(self._pool.submit(_one_after_another, self._group))
        self._group = []

    def __enter__(self) -> Writers:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._hand_over()
        self._pool.shutdown(cancel_futures=kind is not None)
        if kind is None:
            for future in self._waiting:
                future.result()


def _one_after_another(writes: list[Callable[[], Any]]) -> None:
    for write in writes:
        write()


class GrowingArray:
    """An ``.npy`` file of float32 rows that is written as they come."""

    def __init__(self, path: Path, width: int) -> None:
        self.path, self.width, self.count = path, width, 0
        self._file = open(path, "wb")
        self._header()

    def append(self, rows: np.ndarray) -> None:
        """rows (n, width)."""
        self._file.write(np.ascontiguousarray(rows, dtype=np.float32).tobytes())
        self.count += len(rows)

    def close(self) -> None:
        self._file.seek(0)
        self._header()
        self._file.close()

    def _header(self) -> None:
        # NumPy leaves room in a header for the first dimension to grow, so the last one is as long as the first.
        described = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)), "fortran_order": False}
        np.lib.format.write_array_header_1_0(self._file, {**described, "shape": (self.count, self.width)})
