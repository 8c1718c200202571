"""Which reports go out by mail: how often, at what time, to whom, about whose cases."""

from datetime import time
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.contracts.channel import Code
from shared.municipality.base import Language, Named
from shared.municipality.owners import PLACEHOLDER, MailAddress

ADDRESSES_MAX = 20


class Every(StrEnum):
    """How long the period is that a report tells of; it goes out when that is over."""

    DAY = "day"
    WEEK = "week"  # Monday to Sunday
    MONTH = "month"


class Attached(StrEnum):
    """What goes with a report beside its text."""

    PDF = "pdf"  # the report itself, on paper
    BULLETIN = "bulletin"  # the bulletin as PDF; of the whole centre alone
    XLSX = "xlsx"  # the cases
    CSV = "csv"  # the cases


class ScheduledReport(Named):
    """One report; `scope` is the code of a department or institution, or None for the whole centre.

    `at` is a time of the first day after the period, in the municipality's zone.
    """

    on: bool
    every: Every
    at: time
    to: tuple[MailAddress, ...] = Field(min_length=1, max_length=ADDRESSES_MAX)
    scope: Code | None = None
    formats: tuple[Attached, ...] = (Attached.PDF,)
    language: Annotated[Language, Field(description="of the whole mail")] = "tr"

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Addresses that stand for ones still to be found out."""
        return tuple(address for address in self.to if address.endswith(PLACEHOLDER))
