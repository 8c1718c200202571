"""One short function per message: read it, ask the domain, tell the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from services.notifier import store
from services.notifier.domain import (
    DUTY,
    Change,
    Notice,
    Person,
    Settle,
    Teller,
    heard_at,
    on_duty,
    parties,
    receipt_change,
)
from services.notifier.domain.ladder import Decision
from services.notifier.domain.later import answers_a_question, plans_of
from services.notifier.office import FACTS_KEY, Clerk, PostOffice, as_of
from services.notifier.store import Filed, Open
from shared.contracts import (
    AddressFailed,
    AddressRecorded,
    CaseEvent,
    Channel,
    ContactRegistered,
    DeliveryReported,
    DutyCalled,
    Message,
    NoticeRecorded,
    NoticeStatus,
    OptOutRecorded,
    Purpose,
    TaskDecision,
    TaskSettled,
)
from shared.ids import derived_id
from shared.messaging import Unit, envelopes
from shared.messaging.topology import EVENTS
from shared.municipality import ReplyEvent
from shared.municipality.conversation import Question, SurveyRules
from shared.vault import Vault

_AUTOMATIC: Final = frozenset({ReplyEvent.RECEIPT, ReplyEvent.JOINED, ReplyEvent.NOT_SOLVED})
_SETTLED_AS: Final[Mapping[TaskDecision, NoticeStatus]] = {
    TaskDecision.DONE: NoticeStatus.DELIVERED,
    TaskDecision.RETRY: NoticeStatus.WAITING,
    TaskDecision.RELEASE: NoticeStatus.WAITING,
    TaskDecision.DISCARD: NoticeStatus.FAILED,
    TaskDecision.BLOCK: NoticeStatus.FAILED,
}


@dataclass(frozen=True)
class Notifier:
    """What the handlers work with; built once in `app.py`."""

    teller: Teller
    vault: Vault
    clerk: Clerk
    office: PostOffice
    surveys: SurveyRules
    question: Question

    async def tell(self, unit: Unit, events: Sequence[Message]) -> None:
        """Write addresses and the notices these facts call for; send them, postpone facts that came too early."""
        contacts = [event for event in events if isinstance(event, ContactRegistered)]
        steps = [event for event in events if isinstance(event, CaseEvent)]
        now = await store.clock(unit.connection)
        await self._note_people(unit, events, contacts, now)
        if new := [party for event in contacts for party in parties(event)]:
            await store.add_parties(unit.connection, new)
        notices: list[tuple[Message, Notice]] = [
            (event, notice) for event in contacts if (notice := self.teller.of_contact(event, now))
        ]
        notices += await self._of_cases(unit, steps, now)
        if answered := {case: event.occurred_at for event in contacts for case in answers_a_question(event)}:
            await store.drop_reminders(unit.connection, answered)
        if said := {case.case_id for event in contacts if event.purpose is Purpose.SURVEY for case in event.cases}:
            await store.drop_surveys(unit.connection, said)
        if notices:
            await self._send(unit, notices, now)

    async def call_duty(self, unit: Unit, events: Sequence[Message]) -> None:
        """Tell whoever is on duty of urgent cases, at any hour; a failure becomes a call task at the desk."""
        calls = [event for event in events if isinstance(event, DutyCalled)]
        now = await store.clock(unit.connection)
        await store.add_addresses(unit.connection, [_on_the_roster(event) for event in calls], {}, self.vault)
        await self._send(unit, [(event, self.teller.of_duty(event, now)) for event in calls], now)

    async def note(self, unit: Unit, events: Sequence[Message]) -> None:
        """Note what providers say of our replies and of addresses, and what citizens wish."""
        if failed := [event for event in events if isinstance(event, AddressFailed)]:
            await store.note_failed(unit.connection, failed)
        if wishes := [event for event in events if isinstance(event, OptOutRecorded)]:
            await store.note_opt_outs(unit.connection, wishes)
        if receipts := [event for event in events if isinstance(event, DeliveryReported)]:
            unit.publish(*await self.office.save(unit.connection, await self._changes(unit, receipts)))
            unit.after_commit.append(self.office.look_soon)

    async def settle(self, unit: Unit, events: Sequence[Message]) -> None:
        """Note how people settled what we handed over: told, to be tried again, or given up."""
        settled = {
            event.task_id: _SETTLED_AS[event.decision]
            for event in reversed(events)
            if isinstance(event, TaskSettled) and event.source == "notifier"
        }
        done = await store.settle_tasks(unit.connection, settled)
        facts = [_by_hand(row, now) for row in done for now in (await store.clock(unit.connection),)]
        unit.publish(*envelopes(EVENTS, FACTS_KEY, [fact for fact in facts if fact.status is not NoticeStatus.WAITING]))
        unit.after_commit.append(self.office.look_soon)

    async def _note_people(
        self, unit: Unit, events: Sequence[Message], contacts: Sequence[ContactRegistered], now: datetime
    ) -> None:
        heard: dict[tuple[UUID, Channel], datetime] = {}
        for event in contacts:
            if event.person_id is not None:
                key = (event.person_id, event.channel)
                at = heard_at(event.last_message_at or event.occurred_at, now)
                heard[key] = max(at, heard.get(key, at))
        found = [event for event in events if isinstance(event, AddressRecorded)]
        if found:
            await store.add_addresses(unit.connection, found, heard, self.vault)
        known = {(event.person_id, event.channel) for event in found if event.proven}
        if again := {key: at for key, at in heard.items() if key not in known}:
            await store.note_heard(unit.connection, again)

    async def _of_cases(self, unit: Unit, events: Sequence[CaseEvent], now: datetime) -> list[tuple[Message, Notice]]:
        if not events:
            return []
        known = await store.parties(unit.connection, {event.case_id for event in events})
        notices: list[tuple[Message, Notice]] = []
        for event in events:
            if event.case_id not in known:
                unit.postpone(event, "nobody is known yet who asked")
            for party in known.get(event.case_id, []):
                notices += [(event, notice) for notice in self.teller.of_case(event, party, now)]
        plans = [
            plan for event in events if event.case_id in known for plan in plans_of(event, self.surveys, self.question)
        ]
        if plans:
            await store.plan(unit.connection, plans)
        return notices

    async def _send(self, unit: Unit, notices: Sequence[tuple[Message, Notice]], now: datetime) -> None:
        ids = {notice.person_id for _, notice in notices if notice.person_id}
        people = await store.people(unit.connection, ids, self.vault) if ids else {}
        told: list[Notice] = []
        for event, notice in notices:
            if notice.person_id is not None and notice.person_id not in people:
                unit.postpone(event, "the address is not here yet")
            elif notice.event is not ReplyEvent.NEWS or _hears_of_news(notice, people):
                told.append(notice)
        if not told:
            return
        loops = await self._loops(unit, told, people)
        written = self.clerk.decide([Open(notice) for notice in told if notice.id not in loops], people, now)
        for notice in told:
            if notice.id in loops:
                self.clerk.write(written, Open(notice), Decision(Settle(NoticeStatus.FAILED, "loop_suspected")), now)
        fresh = await store.add_notices(unit.connection, written.decided)
        new = written.only(fresh)
        await self.clerk.save_deliveries(unit.connection, new)
        for held in new.held:
            unit.after_commit.append(partial(self.office.hand_in, held))
        unit.publish(*new.messages())

    async def _loops(self, unit: Unit, notices: Sequence[Notice], people: Mapping[UUID, Person]) -> set[UUID]:
        """Automatic receipts to senders who got more of them lately than a person would ask for."""
        loop = self.clerk.rules.loop
        automatic = [
            (notice, (notice.person_id, notice.channel))
            for notice in notices
            if notice.event in _AUTOMATIC and notice.channel in loop.channels and notice.person_id in people
        ]
        if not automatic:
            return set()
        keys = {(person, channel) for _, (person, channel) in automatic if person is not None}
        counts = await store.count_receipts(unit.connection, keys, loop.minutes)
        return {
            notice.id
            for notice, (person, channel) in automatic
            if person is not None and counts.get((person, channel), 0) > loop.receipts_max
        }

    async def _changes(self, unit: Unit, receipts: Sequence[DeliveryReported]) -> list[tuple[Filed, Change]]:
        """What these receipts make of our deliveries; those that nobody can be found for are kept."""
        unnamed = {receipt.provider_id for receipt in receipts if receipt.reference is None}
        by_id = await store.find_deliveries(unit.connection, unnamed) if unnamed else {}
        whose = [
            (receipt, receipt.reference or by_id.get((receipt.provider or receipt.channel, receipt.provider_id)))
            for receipt in receipts
        ]
        if early := [receipt for receipt, delivery in whose if delivery is None]:
            await store.keep_receipts(unit.connection, early)
        filed = await store.lock_deliveries(unit.connection, {delivery for _, delivery in whose if delivery})
        changes: dict[UUID, tuple[Filed, Change]] = {}
        for receipt, delivery in whose:
            row = filed.get(delivery) if delivery else None
            if row is None:
                continue
            before = changes[row.standing.id][1] if row.standing.id in changes else None
            standing = as_of(row.standing, before)
            change = receipt_change(standing, receipt.status, receipt.provider_id, receipt.error)
            if change:
                changes[row.standing.id] = (row, change)
        return list(changes.values())


def _on_the_roster(event: DutyCalled) -> AddressRecorded:
    """Where whoever is on duty is reached: as sure as the roster."""
    return AddressRecorded(
        id=event.id,
        occurred_at=event.occurred_at,
        trace_id=event.trace_id,
        person_id=on_duty(event),
        channel=Channel.SMS,
        provider=DUTY,
        account="main",
        address=event.address,
        name=event.role,
    )


def _hears_of_news(notice: Notice, people: Mapping[UUID, Person]) -> bool:
    """Whether they gave an address besides the form."""
    person = people.get(notice.person_id) if notice.person_id else None
    return person is not None and any(address.channel is not Channel.WEB for address in person.addresses)


def _by_hand(row: Mapping[str, object], now: datetime) -> NoticeRecorded:
    """A person told the citizen, or gave up."""
    return NoticeRecorded.model_validate(
        {
            **row,
            "id": derived_id(now, "notice.settled", row["id"], row["status"]),
            "notice_id": row["id"],
            "occurred_at": now,
        }
    )
