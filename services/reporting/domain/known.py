"""What is known of one case, and what of it is counted and timed."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Final
from uuid import UUID

from services.reporting.domain.asking import Clock, Counts

CLOSED: Final = "closed"
DAY_HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class CaseFact:
    """What is known of a case. Versions are the highest seen of what they stand beside; 0: not seen yet.

    `day` and `hour` (of the week, 0: Monday from 0.00) are of its opening in the municipality's zone. `duplicate`: it
    follows another case. `source`: the import it came with; empty: our own. `on_time_told`: what was said with that
    import, and nothing else is believed of it.
    """

    case_id: UUID
    number: str = ""
    channel: str = ""
    lane: str = ""
    opened_at: datetime | None = None
    version: int = 0
    state: str = "received"
    outcome: str = ""
    owner: str = ""
    owner_kind: str = ""
    assigned_version: int = 0
    topic: str = ""
    neighbourhood: str = ""
    closed_at: datetime | None = None
    day: date | None = None
    hour: int = 0
    kind: str = ""
    urgency: str = ""
    source: str = ""
    due_at: datetime | None = None
    due_version: int = 0
    legal_due_at: datetime | None = None
    answered_at: datetime | None = None
    on_time_told: bool | None = None
    returns: int = 0
    returned_in: tuple[int, ...] = ()  # the versions in which it was given back
    reopened: int = 0
    duplicate: bool = False
    gathered_version: int = 0

    def opened(self, at: datetime, zone: tzinfo, day: date | None = None) -> "CaseFact":
        """The fact with its opening; `day` where a calendar of its own says so."""
        local = at.astimezone(zone)
        hour = local.weekday() * DAY_HOURS + local.hour
        return replace(self, opened_at=at, day=day or local.date(), hour=hour)

    @property
    def is_closed(self) -> bool:
        """It has its outcome."""
        return self.state == CLOSED

    @property
    def on_time(self) -> bool | None:
        """Whether it was closed by its target; None: there is none, it is open, or another system did not say."""
        return self.on_time_told if self.source else self._closed_by(self.due_at)

    @property
    def legal_on_time(self) -> bool | None:
        """Whether it was closed within the time of the law; None: not known yet."""
        return self._closed_by(self.legal_due_at)

    def _closed_by(self, due_at: datetime | None) -> bool | None:
        if due_at is None or self.closed_at is None or not self.is_closed:
            return None
        return self.closed_at <= due_at

    def counts(self) -> Counts:
        """What it adds to the figures."""
        return Counts(
            cases=1,
            closed=int(self.is_closed),
            answered=int(self.answered_at is not None),
            due=int(self.due_at is not None or self.on_time_told is not None),
            on_time=int(self.on_time is True),
            late=int(self.on_time is False),
            legal_on_time=int(self.legal_on_time is True),
            legal_late=int(self.legal_on_time is False),
            returned=int(self.returns > 0),
            reopened=int(self.reopened > 0),
            duplicates=int(self.duplicate),
        )

    def took(self, clock: Clock) -> int | None:
        """Whole seconds from the opening on, below zero where an old system says so; None: not over yet."""
        end = self.answered_at if clock is Clock.ANSWER else self.closed_at if self.is_closed else None
        if end is None or self.opened_at is None:
            return None
        return (end - self.opened_at) // timedelta(seconds=1)
