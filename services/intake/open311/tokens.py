"""Tokens of posted reports: an id nobody guesses, sealed, so that a true one is known before anything is stored."""

import hashlib
import hmac
from typing import Final
from uuid import UUID, uuid4

_SEAL_LETTERS: Final = 16


class ReportTokens:
    """Made and checked with one 32-byte key. The id in a token is the contact's id at its channel."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def new_id(self, space: str, idempotency_key: str | None, fingerprint: bytes) -> UUID:
        """A random id; for a request with an Idempotency-Key always the same one."""
        if idempotency_key is None:
            return uuid4()
        return UUID(self._digest("id", space, idempotency_key, fingerprint.hex())[:32], version=4)

    def token(self, report_id: UUID) -> str:
        """48 letters: the id and its seal."""
        return report_id.hex + self._digest("seal", report_id.hex)[:_SEAL_LETTERS]

    def report_id(self, token: str) -> UUID | None:
        """The id in a token of ours; None for any other text."""
        try:
            found = UUID(token[:32])
        except ValueError:
            return None
        right = hmac.compare_digest(self.token(found).encode(), token.encode("utf-8", "replace"))
        return found if right else None

    def _digest(self, purpose: str, *parts: str) -> str:
        text = "\x1f".join(("open311", purpose, *parts))
        return hmac.digest(self._key, text.encode("utf-8", "replace"), hashlib.sha256).hex()
