"""Timings that can be compared on a noisy machine: variants wait in processes of their own and are measured in turn.

Each variant is this script's caller run with ``--worker JSON``. It prepares, calls `serve`, and answers every request
with one JSON line of figures. Ratios are taken within a round, so that what slows the machine slows both sides.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from typing import Any


class Worker:
    def __init__(self, script: str, task: dict[str, Any], environment: dict[str, str] | None = None) -> None:
        command = [sys.executable, "-W", "ignore", script, "--worker", json.dumps(task)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
        )
        self.answer()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise RuntimeError(f"a worker ended: {self.process.args}")

    def measure(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def serve(measure: Callable[[], dict[str, Any]]) -> None:
    """Say that this worker is ready, and answer requests until there are no more."""
    print("{}", flush=True)
    for _ in sys.stdin:
        print(json.dumps(measure()), flush=True)


def rounds(script: str, tasks: dict[str, dict[str, Any]], repeats: int) -> dict[str, list[dict[str, Any]]]:
    """Figures of each variant in each round. Each round begins with another variant: what comes first may be at a disadvantage."""
    workers = {name: Worker(script, task) for name, task in tasks.items()}
    names = list(workers)
    try:
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for turn in range(repeats):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                found[name].append(workers[name].measure())
        return found
    finally:
        for worker in workers.values():
            worker.close()


def ratio(slow: list[dict[str, Any]], fast: list[dict[str, Any]], key: str = "ms") -> dict[str, float]:
    """How many times ``fast`` is as fast as ``slow``: median, least and most over rounds."""
    return summary([a[key] / b[key] for a, b in zip(slow, fast, strict=True)])


def summary(ratios: list[float]) -> dict[str, float]:
    return {"median": median(ratios), "least": min(ratios), "most": max(ratios)}
