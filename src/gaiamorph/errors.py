"""What went wrong, said to the person who can mend it."""


class UserError(ValueError):
    """Bad input. The message is one sentence: what is wrong and what to do. The command line exits with 2."""
