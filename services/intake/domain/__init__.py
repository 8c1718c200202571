"""What intake decides: pure functions of a message; ids and time come in with it."""

from services.intake.domain.attachments import (
    PhotoPlace,
    file_id,
    is_kept,
    with_file_ids,
    with_photo_place,
    without_addresses,
)
from services.intake.domain.followups import Around, FollowUpWords, KnownCase, Survey
from services.intake.domain.holding import NO_DOUBT, Doubt
from services.intake.domain.numbers import Numbers, find_numbers
from services.intake.domain.registration import (
    Arrival,
    FiledCase,
    Registration,
    case_id,
    contact_id,
    lane_of,
    register,
)
from services.intake.domain.rules import Rules

__all__ = [
    "NO_DOUBT",
    "Around",
    "Arrival",
    "Doubt",
    "FiledCase",
    "FollowUpWords",
    "KnownCase",
    "Numbers",
    "PhotoPlace",
    "Registration",
    "Rules",
    "Survey",
    "case_id",
    "contact_id",
    "file_id",
    "find_numbers",
    "is_kept",
    "lane_of",
    "register",
    "with_file_ids",
    "with_photo_place",
    "without_addresses",
]
