"""Receipts that stay away: the case is put in again, and then a person is told of its owner.

An owner that gives no receipt may have lost a message, or its program may be away while its queue holds everything: the
broker cannot be asked which. So a case is put into the queue again (the same assignment, under the same message id),
at the earliest after an hour, three times at most, and no more than some of an owner within that hour. Then a person is
told, once for the owner; until a receipt comes again nothing more is put in. The figures stand in escalation.toml.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from services.router import store, watches
from services.router.domain.life import Case
from services.router.domain.watch import Receipt, Reminder, receipt
from services.router.handlers.ground import Ground
from services.router.handlers.telling import Offerer
from services.router.looking import Look
from services.router.watches import Life
from shared import metrics
from shared.contracts import AssignmentReturned, CaseReturned, CaseState, Outcome
from shared.database import Connection
from shared.messaging import Outgoing, single
from shared.messaging.topology import DESK

log = structlog.get_logger()


async def miss_receipts(connection: Connection, look: Look, cases: Sequence[Case], lives: Mapping[UUID, Life]) -> None:
    """Put in again what no receipt came for, tell a person of silent owners, note whose receipts come again."""
    ids = [case.id for case in cases]
    reminders = await watches.reminders(connection, ids)
    over = _over(cases, reminders)
    if not over and not _late(look, cases, lives, reminders):
        return
    # What follows concerns other cases of these owners too: one replica at a time.
    await watches.lock_receipts(connection)
    await _take_receipts(connection, cases, over, look.now)
    late = _late(look, cases, lives, await watches.reminders(connection, ids))
    if late:
        await _act_on(connection, look, late, lives)


def _over(cases: Sequence[Case], reminders: Mapping[UUID, Reminder]) -> set[UUID]:
    """The assignments put in again that are taken now, or another owner's."""
    return reminders.keys() - {case.assignment_id for case in cases if case.state is CaseState.ROUTED}


def _late(
    look: Look, cases: Sequence[Case], lives: Mapping[UUID, Life], reminders: Mapping[UUID, Reminder]
) -> list[tuple[Case, Receipt]]:
    late: list[tuple[Case, Receipt]] = []
    for case in cases:
        if case.owner in look.ground.gives_receipts and not case.head_id:
            before = reminders.get(case.assignment_id)
            found = receipt(case, lives[case.id].assigned_at, before, look.rules.receipt, look.now)
            look.at(case, found.next_at)
            late += [(case, found)] if found.is_due else []
    return late


async def _take_receipts(connection: Connection, cases: Sequence[Case], over: set[UUID], now: datetime) -> None:
    """Reminders that did their work are forgotten, and the outage of their owner is over.

    What its citizen withdrew meanwhile is no receipt, nor is what somebody else has now.
    """
    await watches.forget_reminders(connection, over)
    taken = {case.owner for case in cases if case.assignment_id in over and case.outcome is not Outcome.WITHDRAWN}
    for owner in await watches.end_silence(connection, taken, now):
        log.info("receipts_came_again", owner=owner)


async def _act_on(
    connection: Connection, look: Look, late: Sequence[tuple[Case, Receipt]], lives: Mapping[UUID, Life]
) -> None:
    rules = look.rules.receipt
    owners = {case.owner for case, _ in late}
    silent = await watches.silent(connection, owners)
    since = look.now - timedelta(minutes=rules.again_minutes)
    lately = Counter(await watches.reminded_since(connection, owners, since))
    again: list[Case] = []
    for case, found in late:
        if case.owner in silent:
            continue
        if found.times >= rules.times_max:
            silent.add(case.owner)
            await _tell_of_silence(connection, look, case, lives[case.id].assigned_at)
        elif lately[case.owner] < rules.together_max:
            lately[case.owner] += 1
            again.append(case)
    if again:
        await watches.note_reminders(connection, again, look.now)
        look.outgoing += await _offers_again(connection, look.ground, again)


async def _tell_of_silence(connection: Connection, look: Look, case: Case, since: datetime) -> None:
    """A person is told that this owner gives no receipts; of the case that showed it nothing more is said."""
    await watches.note_reminders(connection, [case], look.now)
    waiting = await watches.waiting(connection, case.owner)
    task = look.unreceipted(case, waiting, since)
    await watches.note_silent(connection, case.owner, task.id, look.now)
    metrics.OWNER_SILENT.labels(owner=case.owner).inc()
    log.error("owner_gives_no_receipts", owner=case.owner, waiting=waiting)
    look.outgoing.append(single(DESK, "tasks", task))


async def _offers_again(connection: Connection, ground: Ground, cases: Sequence[Case]) -> list[Outgoing]:
    """The offers as they were, of the same assignments under the same ids."""
    ids = [case.id for case in cases]
    said = await store.opened(connection, ids)
    facts = await store.assignments(connection, ids)
    returned = await watches.returned_before(connection, ids)
    reopened = await store.reopened(connection, {case.id for case in cases if case.reopened})
    tellers = await watches.tellers(connection, ids)
    offerer = Offerer(ground)
    offers = []
    for case in cases:
        fact = facts[case.assignment_id]
        back = _answer(returned.get((case.id, fact.version)))
        told = tellers[case.id]
        offers.append(offerer.offer(case, said[case.id], fact, None, back, reopened.get(case.id), tellers=told))
        log.info("offered_again", case_id=str(case.id), owner=case.owner)
    return offers


def _answer(returned: CaseReturned | None) -> AssignmentReturned | None:
    """How the last owner gave it back, as that owner said it."""
    if returned is None:
        return None
    return AssignmentReturned(
        id=returned.id,
        occurred_at=returned.occurred_at,
        assignment_id=returned.assignment_id,
        case_id=returned.case_id,
        owner=returned.returned_by,
        reason=returned.reason,
        because=returned.because,
        proposal=returned.proposal,
    )
