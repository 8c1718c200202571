"""How a batch of events changes the tables that figures are read from."""

from collections import Counter
from collections.abc import Sequence
from datetime import tzinfo
from itertools import chain
from uuid import UUID

from services.reporting.domain import facts
from services.reporting.store import beside
from services.reporting.store.beside import NoticeCell
from services.reporting.store.facts import lock_facts, save_facts
from services.reporting.store.moves import add_moves
from shared.contracts import CaseEvent, CaseImported, ContactRegistered, Message, NoticeRecorded, SurveyAnswered
from shared.database import Connection
from shared.municipality import ReplyEvent


async def count(connection: Connection, events: Sequence[Message], zone: tzinfo) -> None:
    """Fold events and write what follows, within the caller's transaction, in the schema its search path names.

    Events may come in any order and any batches; each must come once. Raises Raced: do the batch again.
    """
    before = await lock_facts(connection, _touched(events))
    after = facts.fold_all(before, events, zone)
    if after:
        await save_facts(connection, before, after)
        await add_moves(connection, facts.moves(before, after))
    if surveys := facts.survey_counts(events, {**before, **after}, zone):
        await beside.add_surveys(connection, surveys)
    if contacts := facts.contact_counts(events, zone):
        await beside.add_contacts(connection, contacts)
    if notices := _notice_counts(events, zone):
        await beside.add_notices(connection, notices)


def _notice_counts(events: Sequence[Message], zone: tzinfo) -> Counter[NoticeCell]:
    return Counter(
        NoticeCell(event.occurred_at.astimezone(zone).date(), event.channel, event.event, event.status)
        for event in events
        if isinstance(event, NoticeRecorded) and event.event != ReplyEvent.DUTY  # not a reply to a citizen
    )


def _touched(events: Sequence[Message]) -> set[UUID]:
    of_cases = (event.case_id for event in events if isinstance(event, CaseEvent | CaseImported | SurveyAnswered))
    of_contacts = (case.case_id for event in events if isinstance(event, ContactRegistered) for case in event.cases)
    return set(chain(of_cases, of_contacts))
