"""A citizen who does not answer: from when on a case goes on without them. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.router.domain import life
from services.router.domain.facts import common
from services.router.domain.life import Case
from shared.contracts import CaseProgressed, CaseState
from shared.ids import derived_id


@dataclass(frozen=True, slots=True)
class Silence:
    """That nobody answered in time, as the cause of a move; its `id` follows from the question."""

    id: UUID
    occurred_at: datetime


def silent(case: Case, asked_at: datetime | None, now: datetime, days: int) -> bool:
    """Whether the case waits for its citizen and was asked at least so many days ago, each of 24 hours."""
    waits = case.state is CaseState.WAITING_CITIZEN
    return waits and asked_at is not None and now - asked_at >= timedelta(days=days)


def go_on(case: Case, now: datetime, due_at: datetime | None = None) -> tuple[Case, CaseProgressed]:
    """The case without its citizen's answer, due at `due_at` now. It waits for one."""
    cause = Silence(derived_id(case.asked_at or now, "silence", case.id, case.version), now)
    case = life.resume(case, due_at)
    return case, CaseProgressed(
        **common(case, cause), assignment_id=case.assignment_id, because="citizen_silent", due_at=due_at
    )
