"""Secrets that are computed and never stored: a case's tracking code and reply token, a person's opt-out link."""

import hashlib
import hmac
import re
from typing import Final
from uuid import UUID

from shared.contracts import Channel

# Crockford's base 32: no I, L, O, U, so that a code survives being read out over the phone.
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES: Final = str.maketrans("ILOU", "110V")
_CODE_LETTERS: Final = 8
_TOKEN: Final = re.compile(r"^(\d{9})-([0-9a-z]{8})$")
_OPT_OUT: Final = re.compile(r"^([0-9a-f]{32})-([a-z_]{2,20})-[0-9a-f]{32}$")
_SEAL_BYTES: Final = 16
_REPLY_SEAL_LETTERS: Final = 16
_LINK: Final = re.compile(r"([0-9a-f]{32})([0-9a-f]{32})")
_REPLY: Final = re.compile(r"k\.([0-9a-f]{32})([0-9a-f]{16})")


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


class OptOutTokens:
    """Tokens of the one-click links (RFC 8058) by which a person ends notices on a channel: `/abonelik/<token>`."""

    def __init__(self, key: bytes) -> None:
        """`key` is the key of `CaseTokens`."""
        self._key = key

    def token(self, person_id: UUID, channel: Channel) -> str:
        """The same for the same person and channel, good for ever; letters, digits, `-` and `_` only."""
        subject = f"{person_id.hex}-{channel}"
        return f"{subject}-{self._seal(subject)}"

    def read(self, token: str) -> tuple[UUID, Channel] | None:
        """Whose notices on which channel the token ends; None for any text that is no token of ours."""
        found = _OPT_OUT.match(token)
        if found is None or found[2] not in tuple(Channel):
            return None
        person_id, channel = UUID(found[1]), Channel(found[2])
        return (person_id, channel) if hmac.compare_digest(self.token(person_id, channel), token) else None

    def _seal(self, subject: str) -> str:
        return hmac.digest(self._key, f"opt-out\x1f{subject}".encode(), hashlib.sha256)[:_SEAL_BYTES].hex()


class HandOverTokens:
    """Secrets by which an institution answers a hand-over: in the link of its mail, and in its reply address."""

    def __init__(self, key: bytes) -> None:
        """`key` is the key of `CaseTokens`."""
        self._key = key

    def link(self, handover_id: UUID) -> str:
        """64 letters: `/kurum/<token>`."""
        return handover_id.hex + self._seal("link", handover_id)

    def of_link(self, token: str) -> UUID | None:
        """The hand-over of a link; None for any other text."""
        found = _LINK.fullmatch(token)
        return self._checked("link", found[1], found[2]) if found else None

    def reply(self, handover_id: UUID) -> str:
        """What stands in a reply address, in small letters and short enough for one: `k.` and 48 letters."""
        return f"k.{handover_id.hex}{self._seal('reply', handover_id)[:_REPLY_SEAL_LETTERS]}"

    def of_reply(self, token: str) -> UUID | None:
        """The hand-over of a reply address; None for any other text."""
        found = _REPLY.fullmatch(token.lower())
        return self._checked("reply", found[1], found[2]) if found else None

    def _checked(self, purpose: str, letters: str, seal: str) -> UUID | None:
        handover_id = UUID(letters)
        right = hmac.compare_digest(self._seal(purpose, handover_id)[: len(seal)], seal)
        return handover_id if right else None

    def _seal(self, purpose: str, handover_id: UUID) -> str:
        text = f"handover\x1f{purpose}\x1f{handover_id.hex}"
        return hmac.digest(self._key, text.encode(), hashlib.sha256)[:_SEAL_BYTES].hex()
