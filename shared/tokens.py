"""Secrets that belong to a case's number and are computed, never stored: its tracking code and its reply token."""

import hashlib
import hmac
import re
from typing import Final

# Crockford's base 32: no I, L, O, U, so that a code survives being read out over the phone.
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES: Final = str.maketrans("ILOU", "110V")
_CODE_LETTERS: Final = 8
_TOKEN: Final = re.compile(r"^(\d{9})-([0-9a-z]{8})$")


class CaseTokens:
    """Makes and checks them with one 32-byte key, shared by intake and notifier."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def code(self, number: str) -> str:
        """The tracking code of a case, e.g. `7K2M-9QXD`: 40 bits, shown to its citizen only."""
        letters = self._letters("track", number)
        return f"{letters[:4]}-{letters[4:]}"

    def is_code(self, number: str, given: str) -> bool:
        """Whether this is the code of that number, however it is typed. Takes the same time for every wrong one."""
        typed = re.sub(r"[\s-]", "", given).upper().translate(_LOOKALIKES)
        return hmac.compare_digest(self._letters("track", number).encode(), typed.encode("utf-8", "replace"))

    def reply_token(self, number: str) -> str:
        """What stands in a reply address for this case, e.g. `482715936-7k2m9qxd`."""
        return f"{number.replace('-', '')}-{self._letters('reply', number).lower()}"

    def number_of(self, token: str) -> str | None:
        """The case's number in a reply token of ours; None for any other text."""
        found = _TOKEN.match(token.lower())
        if found is None:
            return None
        digits = found[1]
        number = f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
        return number if hmac.compare_digest(self.reply_token(number), found[0]) else None

    def _letters(self, purpose: str, number: str) -> str:
        digest = hmac.digest(self._key, f"{purpose}\x1f{number}".encode("utf-8", "replace"), hashlib.sha256)
        value = int.from_bytes(digest[:5], "big")
        return "".join(_LETTERS[value >> shift & 31] for shift in range(35, -1, -5))
