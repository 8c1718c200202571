"""The three outcomes of handling a message: done (return), not now, never."""


class NotNow(Exception):
    """Raised when the same message can succeed later: it waits in the database for its next attempt."""


class Never(Exception):
    """Raised when a message can never succeed: it is shelved with the reason, for a person to look at."""
