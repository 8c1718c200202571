"""What intake decides: pure functions of a message; ids and time come in with it."""

from services.intake.domain.numbers import Numbers, find_numbers
from services.intake.domain.registration import (
    FiledCase,
    Registration,
    case_id,
    contact_id,
    lane_of,
    register,
)

__all__ = [
    "FiledCase",
    "Numbers",
    "Registration",
    "case_id",
    "contact_id",
    "find_numbers",
    "lane_of",
    "register",
]
