"""One short function for all facts: log them, fold them, move the counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from uuid import UUID
from zoneinfo import ZoneInfo

from services.reporting import store
from services.reporting.domain import facts
from services.reporting.store import NoticeCell
from shared.contracts import CaseEvent, ContactRegistered, Message, NoticeRecorded, SurveyAnswered
from shared.messaging import Unit
from shared.municipality import ReplyEvent


@dataclass(frozen=True)
class Reporting:
    """What the handler works with; built once in `app.py`. Days are days in `zone`."""

    zone: ZoneInfo

    async def count(self, unit: Unit, events: Sequence[Message]) -> None:
        """Append the events to the log and let the cells follow, in one transaction."""
        await store.log_events(unit.connection, events)
        before = await store.lock_facts(unit.connection, _touched(events))
        after = facts.fold_all(before, events)
        if after:
            await store.save_facts(unit.connection, before, after)
            await store.add_to_cells(unit.connection, facts.moves(before, after, self.zone))
        if surveys := facts.survey_counts(events, {**before, **after}, self.zone):
            await store.add_surveys(unit.connection, surveys)
        contacts = facts.contact_counts(events, self.zone)
        if contacts:
            await store.add_contacts(unit.connection, contacts)
        notices = Counter(
            NoticeCell(event.occurred_at.astimezone(self.zone).date(), event.channel, event.event, event.status)
            for event in events
            if isinstance(event, NoticeRecorded) and event.event != ReplyEvent.DUTY  # not a reply to a citizen
        )
        if notices:
            await store.add_notices(unit.connection, notices)


def _touched(events: Sequence[Message]) -> set[UUID]:
    of_cases = (event.case_id for event in events if isinstance(event, CaseEvent | SurveyAnswered))
    of_contacts = (case.case_id for event in events if isinstance(event, ContactRegistered) for case in event.cases)
    return set(chain(of_cases, of_contacts))
