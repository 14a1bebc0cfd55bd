"""Threads that write files, in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any

from gaiamorph.errors import UserError

LARGEST_SCALE = 32
TOGETHER = 16
"""Files in one group. A group for each small file would cost as much time as writing it."""
WAITING = 32
"""Groups that may wait for a thread. `Writers.write` blocks while there are more."""


def check_scale(scale: int) -> None:
    """Raise UserError if pictures cannot be enlarged ``scale`` times."""
    if not 1 <= scale <= LARGEST_SCALE:
        raise UserError(f"scale must be between 1 and {LARGEST_SCALE}, not {scale}")


class Writers:
    """Threads that write files while the caller makes the next ones.

    The end of the ``with`` block waits for all files, and raises the first error of a thread.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1), "writers")
        self._group: list[Callable[[], Any]] = []
        self._waiting: deque[Future[None]] = deque()

    def write(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call ``function(*arguments)`` in one of the threads."""
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
