"""The three outcomes of handling a message: done (return), not now, never."""


class NotNow(Exception):
    """Raised when the same message can succeed later: it waits in the database for `delay_seconds`."""

    def __init__(self, reason: str, delay_seconds: float = 2.0) -> None:
        super().__init__(reason)
        self.delay_seconds = delay_seconds


class Never(Exception):
    """Raised when a message can never succeed: it is shelved with the reason, for a person to look at."""
