"""What went wrong, said to the person who can mend it."""


class UserError(ValueError):
    """Bad input. The message is one sentence: what is wrong and what to do. The command line exits with 2."""


class TrainingError(RuntimeError):
    """A training that cannot go on. The message says why and what to change; the last good checkpoint is kept."""
