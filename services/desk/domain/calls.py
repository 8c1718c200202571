"""A call as it stands: what an exchange tells, folded, in whatever order it comes."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from services.desk.domain.tasks import Reached
from shared.contracts import CallReported, CallState, EarlierCase
from shared.ids import derived_id
from shared.text import clean

_RANK: Final = {CallState.RINGING: 0, CallState.ANSWERED: 1, CallState.ENDED: 2, CallState.MISSED: 2}
_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Call:
    """A call without its caller's address, which is opened by itself. `extension`: the telephone of ours."""

    id: UUID
    provider: str
    account: str
    call_id: str
    state: CallState
    extension: str | None
    has_address: bool
    person_id: UUID | None
    history: tuple[EarlierCase, ...]
    began_at: datetime
    changed_at: datetime
    answered_at: datetime | None = None

    @property
    def is_on(self) -> bool:
        """Whether it still rings, or somebody talks."""
        return self.state in (CallState.RINGING, CallState.ANSWERED)


def call_key(report: CallReported) -> UUID:
    """The same for everything that is told of one call."""
    return derived_id(_EPOCH, "call", report.provider, report.account, report.call_id)


def begun(report: CallReported) -> Call:
    """The call as the first report has it."""
    answered = report.state is CallState.ANSWERED
    return Call(
        id=call_key(report),
        provider=report.provider,
        account=report.account,
        call_id=report.call_id,
        state=report.state,
        extension=report.extension,
        has_address=report.address is not None,
        person_id=report.person_id,
        history=report.history,
        began_at=report.occurred_at,
        changed_at=report.occurred_at,
        answered_at=report.occurred_at if answered else None,
    )


def fold(call: Call, report: CallReported) -> Call:
    """The call after a further report: it never goes backwards, and what was answered was not missed."""
    answered_at = call.answered_at or (report.occurred_at if report.state is CallState.ANSWERED else None)
    state = report.state if _RANK[report.state] > _RANK[call.state] else call.state
    if state is CallState.MISSED and answered_at is not None:
        state = CallState.ENDED
    is_news = report.occurred_at >= call.changed_at
    # The next telephone rings, or one of them was taken up; who rang before matters no more.
    takes_over = report.extension and (report.state is CallState.ANSWERED or (is_news and call.answered_at is None))
    return replace(
        call,
        state=state,
        extension=report.extension if takes_over else call.extension,
        has_address=call.has_address or report.address is not None,
        person_id=report.person_id or call.person_id,
        history=report.history if report.history and (is_news or not call.history) else call.history,
        began_at=min(call.began_at, report.occurred_at),
        changed_at=max(call.changed_at, report.occurred_at),
        answered_at=answered_at,
    )


def caller_of(report: CallReported) -> Reached:
    """The address and name that are kept apart from the call."""
    return Reached(report.address, clean(report.name) if report.name else None)
