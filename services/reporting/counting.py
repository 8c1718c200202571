"""How a batch of events changes the tables that figures are read from."""

from collections import Counter
from collections.abc import Sequence
from datetime import tzinfo
from itertools import chain
from uuid import UUID

from services.reporting.domain import facts, surveys
from services.reporting.domain.surveys import Answer, Closing
from services.reporting.store import beside
from services.reporting.store.beside import NoticeCell
from services.reporting.store.facts import lock_facts, save_facts
from services.reporting.store.moves import add_moves
from services.reporting.store.surveys import add_answers, add_closings, answers_of, closings_of
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
    await _count_surveys(connection, surveys.closings_in(events), surveys.answers_in(events), zone)
    if contacts := facts.contact_counts(events, zone):
        await beside.add_contacts(connection, contacts)
    if notices := _notice_counts(events, zone):
        await beside.add_notices(connection, notices)


async def _count_surveys(connection: Connection, closings: set[Closing], answers: set[Answer], zone: tzinfo) -> None:
    """Count answers for who had closed their cases; a closing that comes after its answer moves it."""
    if not (closings or answers):
        return
    cases = {closing.case_id for closing in closings} | {answer.case_id for answer in answers}
    known_answers = await answers_of(connection, cases)
    asked_of = {answer.case_id for answer in known_answers | answers}
    known_closings = await closings_of(connection, asked_of) if asked_of else set()
    if closings:
        await add_closings(connection, closings)
    if answers:
        await add_answers(connection, answers)
    moves = surveys.counts(known_answers | answers, known_closings | closings, zone)
    moves.subtract(surveys.counts(known_answers, known_closings, zone))
    if changed := {cell: count for cell, count in moves.items() if count}:
        await beside.add_surveys(connection, changed)


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
