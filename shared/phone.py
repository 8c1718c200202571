"""Phone numbers as everybody writes them, brought to E.164 (`+905001112233`) at the edge of intake."""

import re
from functools import lru_cache
from typing import Final

import phonenumbers

COUNTRY: Final = "TR"
REMEMBERED_MAX: Final = 20_000
_WITHOUT_SMS: Final = frozenset(
    {
        phonenumbers.PhoneNumberType.FIXED_LINE,
        phonenumbers.PhoneNumberType.TOLL_FREE,
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
        phonenumbers.PhoneNumberType.UAN,
    }
)
_E164: Final = re.compile(r"\+[1-9]\d{6,14}")
_DIALLED: Final = re.compile(r"[\d\s().\-/+]{5,24}")


@lru_cache(maxsize=REMEMBERED_MAX)
def e164(written: str, country: str = COUNTRY) -> str | None:
    """The number in E.164; None when it is none: a name that sends SMS (`BANKAM`), a short number (`112`).

    Numbers without a country are taken as `country`'s: +90, 0090, 90, 0 or nothing in front are the same.
    """
    text = written.strip()
    if not _DIALLED.fullmatch(text):
        return None
    digits = re.sub(r"[^\d+]", "", text)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    for candidate in (digits, f"+{digits}") if not digits.startswith("+") else (digits,):
        try:
            number = phonenumbers.parse(candidate, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


@lru_cache(maxsize=REMEMBERED_MAX)
def takes_sms(number: str) -> bool:
    """Whether an SMS may arrive at a number in E.164: anywhere but at lines known to be fixed or a service's."""
    try:
        return phonenumbers.number_type(phonenumbers.parse(number)) not in _WITHOUT_SMS
    except phonenumbers.NumberParseException:
        return False


def bare(address: str) -> str:
    """The address in E.164 when it is a phone number, else as it is."""
    if _E164.fullmatch(address):
        return address
    return e164(address) or address
