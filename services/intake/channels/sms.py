"""What SMS providers share: numbers in all their spellings, and clocks that stand in Türkiye."""

import hashlib
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

TURKIYE: Final = ZoneInfo("Europe/Istanbul")
_NATIONAL_DIGITS: Final = 10  # 5xx xxx xx xx
_DIGITS_MIN: Final = 7  # fewer is a short code: nobody answers to it
_ADDRESS_LETTERS_MAX: Final = 64


def number_of(written: object) -> str | None:
    """A sender in E.164: 0532…, 532…, 90532…, 0090532… and +90532… are one; None for what no reply can reach.

    Short codes and names (a bank, a shop) are no numbers: their message is kept, and nobody is answered.
    """
    text = str(written or "")[:_ADDRESS_LETTERS_MAX].strip()
    digits = "".join(letter for letter in text if letter.isascii() and letter.isdigit())
    if not digits or any(letter.isalpha() for letter in text) or len(digits) < _DIGITS_MIN:
        return None
    if text.startswith("+"):
        return f"+{digits}"
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    if digits.startswith("0"):
        return f"+90{digits[1:]}"
    return f"+90{digits}" if len(digits) == _NATIONAL_DIGITS else f"+{digits}"


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
