"""One short function per message or action: read it, ask the domain, tell the work_store."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final
from uuid import UUID

import structlog

from services.desk import domain
from services.desk.domain import LEASE, Action, Ask, Close, Decide, Gather, Item, Return, Separate, Step, Verdict
from services.desk.domain.identity import Identity, Permission
from services.desk.store import files as file_store
from services.desk.store import incidents as incident_store
from services.desk.store import work as work_store
from shared.contracts import (
    Answer,
    AssignmentEnded,
    AssignmentOffered,
    AssignmentWarned,
    CitizenAdded,
    CitizenSilent,
    IncidentGrew,
    Lane,
    Message,
)
from shared.database import is_away
from shared.messaging import Outgoing, Service, Unit, single
from shared.messaging.topology import ANSWERS
from shared.municipality import Municipality
from shared.municipality.standard_texts import unfilled

log = structlog.get_logger()

SWEEP_SECONDS: Final = 30.0
LAPSED_MAX: Final = 200  # claims that are given back at once


class NoSuchItem(Exception):
    """Raised when no assignment of that id was ever offered here."""


class Refused(Exception):
    """Raised when an item's state does not allow the action; `item` is how it stands."""

    def __init__(self, verdict: Verdict, item: Item) -> None:
        super().__init__(verdict)
        self.verdict, self.item = verdict, item


class Unknown(Exception):
    """Raised when an action names an owner, topic or neighbourhood the municipality does not have, or an open slot."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"no {name} is called {value}")
        self.name, self.value = name, value


async def take_in(unit: Unit, events: Sequence[Message], levels: Mapping[str, Lane], lease: timedelta = LEASE) -> None:
    """Put offered work in the list, with a receipt for departments; add what citizens wrote and reported to theirs."""
    offers = [event for event in events if isinstance(event, AssignmentOffered)]
    if offers:
        await _list(unit, offers, levels)
    additions = [event for event in events if isinstance(event, CitizenAdded)]
    await file_store.add_files(unit.connection, [*offers, *additions])
    if additions:
        await _add(unit, additions, lease)
    grown = [event for event in events if isinstance(event, IncidentGrew)]
    if grown:
        await _grow(unit, grown)
    turned = [event for event in events if isinstance(event, AssignmentWarned | CitizenSilent | AssignmentEnded)]
    if turned:
        await _turn(unit, turned)


async def _list(unit: Unit, offers: Sequence[AssignmentOffered], levels: Mapping[str, Lane]) -> None:
    items = {offer.assignment_id: domain.item_of(offer, levels) for offer in offers}
    fresh = await work_store.add_items(unit.connection, list(items.values()))
    await work_store.add_steps(unit.connection, [domain.offered(items[assignment_id]) for assignment_id in fresh])
    now = datetime.now(UTC)
    # The centre gives no receipt: there a person decides, and that is the answer.
    receipts = [domain.receipt(offer, now) for offer in offers if not items[offer.assignment_id].is_triage]
    unit.publish(*map(_told, receipts))


async def _add(unit: Unit, additions: Sequence[CitizenAdded], lease: timedelta) -> None:
    items = await work_store.lock_items(unit.connection, {addition.assignment_id for addition in additions})
    steps = []
    for addition in additions:
        item = items.get(addition.assignment_id)
        if item is None:
            unit.postpone(addition, "the item is not here yet")
            continue
        items[item.assignment_id], step = domain.add(item, addition, lease)
        steps.append(step)
    await work_store.save_items(unit.connection, list(items.values()))
    await work_store.add_steps(unit.connection, steps)


async def _grow(unit: Unit, grown: Sequence[IncidentGrew]) -> None:
    """Further reports of the same problem: counted and listed, each once."""
    items = await work_store.lock_items(unit.connection, {event.assignment_id for event in grown})
    reports, steps = {}, {}
    for event in grown:
        item = items.get(event.assignment_id)
        if item is None:
            unit.postpone(event, "the item is not here yet")
            continue
        items[item.assignment_id], report, step = domain.grow(item, event)
        reports[report.case_id], steps[report.case_id] = report, step
    await work_store.save_items(unit.connection, list(items.values()))
    fresh = await incident_store.add_reports(unit.connection, list(reports.values()))
    await work_store.add_steps(unit.connection, [step for case_id, step in steps.items() if case_id in fresh])


async def _turn(unit: Unit, events: Sequence[AssignmentWarned | CitizenSilent | AssignmentEnded]) -> None:
    """What the router says of assignments we have: due, going on without an answer, or over."""
    items = await work_store.lock_items(unit.connection, {event.assignment_id for event in events})
    steps: list[Step | None] = []
    for event in events:
        item = items.get(event.assignment_id)
        if item is None:
            unit.postpone(event, "the item is not here yet")
            continue
        match event:
            case AssignmentWarned():
                step: Step | None = domain.warn(item, event)
            case CitizenSilent():
                item, step = domain.go_on(item, event)
            case AssignmentEnded():
                item, step = domain.end(item, event)
        items[item.assignment_id] = item
        steps.append(step)
    await work_store.save_items(unit.connection, list(items.values()))
    await work_store.add_steps(unit.connection, [step for step in steps if step])


@dataclass(frozen=True)
class Work:
    """What people at the desk do to items. `lease`: how long a claim stands without any action of its holder."""

    service: Service
    place: Municipality
    lease: timedelta = LEASE

    async def act(self, assignment_id: UUID, action: Action, by: Identity, seen: int | None = None) -> Item:
        """Do it once and tell the router; the same again changes nothing. `seen`: the revision the person saw.

        Raises NoSuchItem (also for what is not theirs to see), Refused, Unknown.
        """
        self._check_names(action)
        now = datetime.now(UTC)
        async with self.service.pool.acquire() as connection, connection.transaction():
            item = (await work_store.lock_items(connection, [assignment_id])).get(assignment_id)
            if item is None or not by.sees(item.owner):
                raise NoSuchItem(assignment_id)
            may_take_over = by.may(Permission.OVERSEE)
            verdict = domain.judge(item, action, by.name, now, seen, may_take_over=may_take_over)
            if verdict is Verdict.REPEATED:
                return item
            if verdict is not None:
                raise Refused(verdict, item)
            before: list[Step] = []
            if item.is_lapsed(now) and item.taken_by != by.name:
                item, step = domain.lapse(item)
                before = [step]
            move = domain.apply(item, action, by.name, now, self.lease)
            match action:
                case Separate(case=case):
                    if not await incident_store.separate(connection, item.assignment_id, case):
                        raise Unknown("case", str(case))
                case Gather(into=into):
                    # The router would refuse it, and the item would be gone from here.
                    number = await incident_store.open_number(connection, into)
                    if number is None:
                        raise Unknown("case", str(into))
                    move = replace(move, step=replace(move.step, detail=number))
            await work_store.save_items(connection, [move.item])
            await work_store.add_steps(connection, [*before, move.step])
            parcel = await self.service.outbox.add(connection, [_told(move.answer)] if move.answer else [])
        log.info("acted", assignment_id=str(assignment_id), case_id=str(item.case_id), step=move.step.kind)
        self.service.outbox.publish_soon(parcel)
        return replace(move.item, revision=item.revision + 1)

    async def watch(self) -> None:
        """For ever: claims that ran out are given back, so that lists and stories say so."""
        while True:
            try:
                await self.sweep(datetime.now(UTC))
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("claims_wait", reason=repr(error))
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self, now: datetime) -> None:
        """Give back the claims that ran out; safe on several replicas at once."""
        async with self.service.pool.acquire() as connection, connection.transaction():
            lapsed = [domain.lapse(item) for item in await work_store.lock_lapsed(connection, now, LAPSED_MAX)]
            if not lapsed:
                return
            await work_store.save_items(connection, [item for item, _ in lapsed])
            await work_store.add_steps(connection, [step for _, step in lapsed])
        log.info("claims_lapsed", count=len(lapsed))

    async def triage(self, limit: int, after: UUID | None = None) -> list[Item]:
        """What waits for a decision, the gravest first, then the oldest. Raises NoSuchItem for an unknown `after`."""
        centre = self.place.solution_centre.code
        return await work_store.oldest(self.service.pool, centre, limit, await self.find(after) if after else None)

    async def story(self, assignment_id: UUID) -> tuple[Item, list[Step]]:
        """An item and what happened to it, in order of time. Raises NoSuchItem."""
        return await self.find(assignment_id), await work_store.steps(self.service.pool, [assignment_id])

    async def find(self, assignment_id: UUID) -> Item:
        """One item as it stands. Raises NoSuchItem."""
        item = await work_store.find(self.service.pool, assignment_id)
        if item is None:
            raise NoSuchItem(assignment_id)
        return item

    def _check_names(self, action: Action) -> None:
        """What the router could not act on is refused here, where the person can correct it."""
        match action:
            case Decide(owner=owner, topic=topic, neighbourhood=neighbourhood):
                # The centre has it already: giving it to itself would only offer it here again.
                _check("owner", owner, self._known_owners - {self.place.solution_centre.code})
                _check("topic", topic, {known.code for known in self.place.topics})
                _check("neighbourhood", neighbourhood, {known.code for known in self.place.neighbourhoods})
            case Return(proposal=proposal):
                _check("owner", proposal, self._known_owners)
            case Close(answer=text) | Ask(question=text):
                # A standard text of which a part was left open must not reach a citizen.
                for slot in unfilled(text):
                    raise Unknown("slot", slot)

    @cached_property
    def owners(self) -> list[str]:
        """Who works here: the centre first, then the departments without software of their own."""
        centre = self.place.solution_centre.code
        return [centre, *(row.code for row in self.place.departments if row.desk and row.code != centre)]

    @cached_property
    def _known_owners(self) -> set[str]:
        departments = {department.code for department in self.place.departments}
        return departments | {institution.code for institution in self.place.institutions}


def _check(name: str, value: str | None, known: set[str]) -> None:
    if value is not None and value not in known:
        raise Unknown(name, value)


def _told(answer: Answer) -> Outgoing:
    return single(ANSWERS, f"answer.{answer.owner}.{answer.type.split('.')[1]}", answer)
