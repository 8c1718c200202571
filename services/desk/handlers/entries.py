"""Contacts that operators enter: sent to intake once, and told the number as soon as it is known."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final
from uuid import UUID

import structlog

from services.desk.adviser import Advice, Adviser
from services.desk.domain import Entered, Entry, faults, fold_facts, message_of
from services.desk.store import entries as entry_store
from services.desk.store.entries import Like, Similar
from shared.contracts import CaseEvent, ContactRegistered, Lane, Message, MessageReceived
from shared.messaging import Service, Unit, single
from shared.messaging.topology import INTAKE
from shared.municipality import Municipality, Street
from shared.text import fold, words
from shared.urgency import Alarm

log = structlog.get_logger()

SIMILAR_SINCE: Final = timedelta(days=28)
SIMILAR_MAX: Final = 5
STREETS_MAX: Final = 12
ASKED_EVERY_SECONDS: Final = 0.1


class WrongEntry(Exception):
    """Raised when an entry cannot be taken as it is; `faults` has a message for each wrong field."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__(", ".join(wrong))
        self.faults = wrong


class NoSuchEntry(Exception):
    """Raised when nothing of that id was ever entered."""


@dataclass(frozen=True)
class Entries:
    """What operators enter, and what helps them while they do."""

    service: Service
    place: Municipality
    adviser: Adviser

    async def enter(self, entry: Entry, by: str) -> Entered:
        """Send it to intake once; the same form or paper again gives what was entered before. Raises WrongEntry."""
        now = datetime.now(UTC)
        if wrong := faults(entry, now.astimezone(self.place.zone).date()) | self._unknown(entry):
            raise WrongEntry(wrong)
        neighbourhood = entry.neighbourhood or entry.muhtar_of
        name = self.place.neighbourhood(neighbourhood).name if neighbourhood else None
        message = message_of(entry, by, now, self.place.zone, name)
        async with self.service.pool.acquire() as connection, connection.transaction():
            entered = await entry_store.add(connection, entry.id, message, by, entry.task)
            if entered is None:
                before = await entry_store.before(connection, entry.id, message)
                if before is None:
                    raise NoSuchEntry(entry.id)
                return before
            parcel = await self.service.outbox.add(connection, [single(INTAKE, self._lane(message), message)])
        log.info("entered", entry_id=str(entry.id), channel=entry.channel, answered=entry.answered)
        self.service.outbox.publish_soon(parcel)
        return entered

    async def take_contacts(self, unit: Unit, events: Sequence[Message]) -> None:
        """Note the numbers of the contacts that were entered here."""
        contacts = [event for event in events if isinstance(event, ContactRegistered)]
        await entry_store.register(unit.connection, contacts)

    async def find(self, entry_id: UUID, wait_seconds: float = 0) -> Entered:
        """What became of an entry, waiting a moment for its number. Raises NoSuchEntry."""
        until = asyncio.get_running_loop().time() + wait_seconds
        while True:
            entered = await entry_store.find(self.service.pool, entry_id)
            if entered is None:
                raise NoSuchEntry(entry_id)
            if entered.effect is not None or asyncio.get_running_loop().time() >= until:
                return entered
            await asyncio.sleep(ASKED_EVERY_SECONDS)

    async def advise(self, text: str, street: str | None, neighbourhood: str | None) -> Advice | None:
        """What the router would decide; None: nothing to ask about, or it does not answer."""
        name = self._names.get(neighbourhood or "")
        return await self.adviser.ask(text, street, name) if words(fold(text)) else None

    async def take_facts(self, unit: Unit, events: Sequence[Message]) -> None:
        """Know every case with its topic and place, whoever holds it."""
        await entry_store.know(unit.connection, fold_facts(event for event in events if isinstance(event, CaseEvent)))

    async def similar(
        self, topic: str | None, neighbourhood: str | None, street: str | None
    ) -> tuple[list[Similar], int]:
        """What like this came in lately, and how many in all; nothing where topic or place are not known."""
        if topic is None or not (neighbourhood or street):
            return [], 0
        like = Like(topic, self._akin.get(topic, [topic]), neighbourhood, street)
        return await entry_store.similar(self.service.pool, like, SIMILAR_SINCE, SIMILAR_MAX)

    def alarm(self, text: str) -> Alarm | None:
        """The danger to life the words tell of."""
        return self.place.alarms.in_text(text)

    def streets(self, written: str) -> list[Street]:
        """Streets whose name begins as it is written, those that contain it after them; at most `STREETS_MAX`."""
        wanted = fold(written)
        if len(wanted) < 2:
            return []
        begins = [street for name, street in self._streets if name.startswith(wanted)]
        holds = [street for name, street in self._streets if f" {wanted}" in name]
        return [*begins, *holds][:STREETS_MAX]

    def _lane(self, message: MessageReceived) -> Lane:
        return "urgent" if self.alarm(message.text) else "routine"

    def _unknown(self, entry: Entry) -> dict[str, str]:
        """Codes the municipality does not have."""
        known = {
            "owner": (entry.owner, self._owners),
            "topic": (entry.topic, self._topics),
            "neighbourhood": (entry.neighbourhood, self._names),
            "muhtar_of": (entry.muhtar_of, self._names),
        }
        return {field: "wrong.unknown" for field, (code, codes) in known.items() if code and code not in codes}

    @cached_property
    def _owners(self) -> frozenset[str]:
        return frozenset(owner.code for owner in (*self.place.departments, *self.place.institutions))

    @cached_property
    def _topics(self) -> frozenset[str]:
        return frozenset(topic.code for topic in self.place.topics)

    @cached_property
    def _akin(self) -> dict[str, list[str]]:
        """For each topic those of the same owner."""
        return {
            topic.code: [other.code for other in self.place.topics if other.owner == topic.owner]
            for topic in self.place.topics
        }

    @cached_property
    def _names(self) -> dict[str, str]:
        return {neighbourhood.code: neighbourhood.name for neighbourhood in self.place.neighbourhoods}

    @cached_property
    def _streets(self) -> list[tuple[str, Street]]:
        return sorted(((fold(f"{row.name} {row.type}"), row) for row in self.place.streets), key=lambda row: row[0])
