"""What went wrong, said to the person who can mend it."""

from collections.abc import Iterator
from contextlib import contextmanager


class UserError(ValueError):
    """Bad input. The message is one sentence: what is wrong and what to do. The command line exits with 2."""


class TrainingError(RuntimeError):
    """A training that cannot go on. The message says why and what to change; the last good checkpoint is kept."""


class UnreadableError(Exception):
    """The reason why a picture or a recording cannot be used, in a few words."""


@contextmanager
def telling(problem: str) -> Iterator[None]:
    """Any error in the block becomes a UserError of one line: the problem, and the first line of the error."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # Readers of files raise nearly anything if a file is damaged.
        reason = str(error) or type(error).__name__
        raise UserError(f"{problem}: {reason.splitlines()[0][:160]}") from error
