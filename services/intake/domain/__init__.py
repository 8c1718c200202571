"""What intake decides: pure functions of a message; ids and time come in with it."""

from services.intake.domain.attachments import file_id, is_kept, with_file_ids, without_addresses
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
    "file_id",
    "find_numbers",
    "is_kept",
    "lane_of",
    "register",
    "with_file_ids",
    "without_addresses",
]
