"""Which open work somebody wants to see, and one row of it as the list shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.desk.domain.items import State, holder_of
from shared.contracts import CaseKind, Lane, Place

RANKS: Final = 16  # ranks of urgency that an item may have, see `rank_of`; the table checks it
COUNT_MAX: Final = 999  # counted up to here; beyond, a person wants to know only that there are many
TEXT_LETTERS: Final = 400  # of the citizen's words a row holds


class Whose(StrEnum):
    """Who holds it."""

    ALL = "all"
    MINE = "mine"
    FREE = "free"


class Due(StrEnum):
    """By when it has to be done."""

    ANY = "any"
    LATE = "late"
    TODAY = "today"  # not late yet, but before the day ends


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of the list. `owners`: whose work, none: nothing; `by`: who asks; `day_ends`: at their place."""

    owners: Sequence[str]
    by: str
    now: datetime
    day_ends: datetime
    whose: Whose = Whose.ALL
    due: Due = Due.ANY
    is_urgent: bool = False
    is_returned: bool = False
    is_asked: bool = False
    neighbourhood: str | None = None
    topic: str | None = None
    kind: CaseKind | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """An item as the list shows it; the fields mean what they mean in `Item`, the text is cut."""

    assignment_id: UUID
    number: str
    owner: str
    lane: Lane
    topic: str | None
    text: str
    place: Place
    neighbourhood: str | None
    language: str
    opened_at: datetime
    due_at: datetime | None
    returns: int
    kind: CaseKind | None
    urgency: str | None
    hides_identity: bool
    reports: int
    state: State
    taken_by: str | None
    held_until: datetime | None
    question: str | None
    revision: int

    def holder(self, now: datetime) -> str | None:
        """Who holds it; None: it is free."""
        return holder_of(self.state, self.taken_by, self.held_until, self.question, now)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is, each counted up to one more than `COUNT_MAX`."""

    open: int
    urgent: int
    late: int
    today: int
    mine: int
    returned: int
    asked: int
