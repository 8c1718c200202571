"""What SMS providers share: numbers in all their spellings, and clocks that stand in Türkiye."""

import hashlib
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from shared.phone import e164

TURKIYE: Final = ZoneInfo("Europe/Istanbul")


def number_of(written: object) -> str | None:
    """A sender in E.164: 0532…, 532…, 90532…, 0090532… and +90532… are one; None for what no reply can reach.

    Short codes and names (a bank, a shop) are no numbers: their message is kept, and nobody is answered.
    """
    return e164(written) if isinstance(written, str) else None


def line_of(written: object) -> str:
    """One of our own lines as an account: its digits, or `main`."""
    digits = "".join(letter for letter in str(written or "") if letter.isascii() and letter.isdigit())
    return digits[:62] or "main"


def local_moment(written: object, otherwise: datetime, formats: tuple[str, ...]) -> datetime:
    """A time without a zone, which is Türkiye's; one with a zone is itself; `otherwise` for what is no time."""
    text = str(written or "").strip()
    for pattern in formats:
        try:
            at = datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is put to it below
        except ValueError:
            continue
        at = at if at.tzinfo else at.replace(tzinfo=TURKIYE)
        return at.astimezone(UTC) if 2009 <= at.year <= otherwise.year + 1 else otherwise
    return otherwise


def turkish_text(body: bytes) -> str:
    """UTF-8 where it is; else Windows' Turkish letters, which hold all of ISO-8859-9, whatever was declared."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1254", "replace")


def fingerprint(*parts: object) -> str:
    """An id for a message that its provider gives none."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()[:32]
