"""Splits: one message concerns several owners, and a person said which; each gets a case of its own."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from uuid import UUID

import structlog

from services.intake import store
from services.intake.domain import Numbers
from services.intake.handlers.telling import THREADED
from services.intake.store import FurtherCase, SplitContact
from shared.contracts import CaseNumber, CaseOpened, ContactRegistered, Effect, Purpose, TaskKind, TaskSettled
from shared.ids import derived_id
from shared.messaging import Unit, envelopes
from shared.messaging.topology import NOTIFIER, ROUTING

log = structlog.get_logger()


async def split(unit: Unit, tasks: Iterable[TaskSettled], numbers: Numbers) -> None:
    """Open one further case of the same contact for each owner chosen, once, and have its citizen told the numbers."""
    splits = [task for task in tasks if task.kind is TaskKind.SPLIT and task.chosen and task.case_id]
    if not splits:
        return
    contacts = await store.contacts_of_cases(unit.connection, {task.case_id for task in splits if task.case_id})
    cases: list[tuple[TaskSettled, FurtherCase]] = []
    for task in splits:
        contact = contacts.get(task.case_id) if task.case_id else None
        if contact is None:
            await unit.shelve(task, "no such case")
            continue
        cases += [(task, case) for case in _further(task, contact)]
    if not cases:
        return
    given = await store.open_further(unit.connection, [case for _, case in cases], numbers)
    fresh = [(task, case) for task, case in cases if case.id in given]
    log.info("split", cases=len(fresh))
    for lane, rows in _by_lane(fresh).items():
        unit.publish(*envelopes(ROUTING, lane, [_opened(task, case, given[case.id]) for task, case in rows]))
        unit.publish(*envelopes(NOTIFIER, f"contacts.{lane}", _told(rows, given)))


def _further(task: TaskSettled, contact: SplitContact) -> list[FurtherCase]:
    return [
        FurtherCase(
            derived_id(contact.occurred_at, "case", contact.contact_id, "split", task.task_id, chosen.owner),
            contact,
            task.text,
            chosen,
        )
        for chosen in task.chosen
    ]


def _by_lane(cases: Sequence[tuple[TaskSettled, FurtherCase]]) -> dict[str, list[tuple[TaskSettled, FurtherCase]]]:
    ordered = sorted(cases, key=lambda row: row[1].contact.lane)
    return {lane: list(rows) for lane, rows in groupby(ordered, key=lambda row: row[1].contact.lane)}


def _opened(task: TaskSettled, case: FurtherCase, number: str) -> CaseOpened:
    contact = case.contact
    return CaseOpened(
        id=derived_id(contact.occurred_at, "case.opened", case.id),
        occurred_at=contact.occurred_at,
        trace_id=task.trace_id,
        case_id=case.id,
        number=number,
        contact_id=contact.contact_id,
        person_id=contact.person_id,
        channel=contact.channel,
        account=contact.account,
        language=contact.language,
        lane=contact.lane,
        text=case.text,
        place=contact.place,
        attachments=contact.attachments,
        decided=case.decided,
    )


def _told(rows: Sequence[tuple[TaskSettled, FurtherCase]], numbers: Mapping[UUID, str]) -> list[ContactRegistered]:
    """One notice for all further cases of a split."""
    by_task: dict[UUID, list[tuple[TaskSettled, FurtherCase]]] = {}
    for task, case in rows:
        by_task.setdefault(task.task_id, []).append((task, case))
    return [_notice(group[0][0], [case for _, case in group], numbers) for group in by_task.values()]


def _notice(task: TaskSettled, cases: Sequence[FurtherCase], numbers: Mapping[UUID, str]) -> ContactRegistered:
    contact = cases[0].contact
    return ContactRegistered(
        id=derived_id(contact.occurred_at, "contact.registered", contact.contact_id, "split", task.task_id),
        occurred_at=contact.occurred_at,
        trace_id=task.trace_id,
        contact_id=contact.contact_id,
        person_id=contact.person_id,
        channel=contact.channel,
        account=contact.account,
        purpose=Purpose.REQUEST,
        language=contact.language,
        lane=contact.lane,
        effect=Effect.SPLIT,
        cases=tuple(CaseNumber(case_id=case.id, number=numbers[case.id]) for case in cases),
        provider=contact.provider,
        thread_id=contact.last_message_id[:200] if contact.channel in THREADED else None,
    )
