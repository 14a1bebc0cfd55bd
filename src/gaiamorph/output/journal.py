"""Long jobs that write a folder: what is done already is written down, so that a stopped job goes on."""

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

STATE = "state.jsonl"


class Journal:
    """A hidden folder beside the result, where the work lies until all is done, and a line of JSON for each part of it.

    key: identifies the job. Another job's folder is emptied.
    """

    def __init__(self, target: Path, key: str) -> None:
        self.target = target.absolute()
        self.folder = self.target.with_name(f".{self.target.name}.part")
        self.entries: list[Any] = []
        state = self.folder / STATE
        first, *lines = state.read_text(encoding="utf-8").splitlines() if state.is_file() else [""]
        if first == key:
            with contextlib.suppress(ValueError):  # the last line of a killed job may be cut off
                for line in lines:
                    self.entries.append(json.loads(line))
        else:
            self.discard()
            self.folder.mkdir(parents=True)
        state.write_text(key + "\n", encoding="utf-8")
        self._write(*self.entries)

    def add(self, *entries: Any) -> None:
        """Write down that parts are done. Their files must be complete."""
        self.entries += entries
        self._write(*entries)

    def finish(self) -> None:
        """Put the folder in the place of the result."""
        (self.folder / STATE).unlink()
        if self.target.is_dir():
            shutil.rmtree(self.target)
        self.folder.rename(self.target)

    def discard(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, *entries: Any) -> None:
        with open(self.folder / STATE, "a", encoding="utf-8") as file:
            file.writelines(json.dumps(entry) + "\n" for entry in entries)
