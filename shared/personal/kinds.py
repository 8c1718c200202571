"""What can be found in a text that identifies a person."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """A kind of personal data; its value is the placeholder's word."""

    PHONE = "telefon"
    IDENTITY = "tc"
    IBAN = "iban"
    CARD = "kart"
    MAIL = "e-posta"
    PLATE = "plaka"
    NAME = "kişi"


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of personal data, from letter `start` up to letter `end` of the original text."""

    kind: Kind
    start: int
    end: int
