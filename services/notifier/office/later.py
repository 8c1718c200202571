"""Tells what was planned when its time comes: whether a closed case is solved, and that a question waits."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from services.notifier import store
from services.notifier.domain import Notice, Party, Person, Teller
from services.notifier.domain.later import whom_to_ask, whom_to_remind, why_not
from services.notifier.domain.notices import Plan
from services.notifier.office.clerk import Clerk, Written
from services.notifier.office.post_office import PostOffice
from services.notifier.store import Open
from shared.database import Connection, is_away
from shared.messaging import Service
from shared.municipality import ReplyEvent
from shared.municipality.conversation import SurveyRules
from shared.vault import Vault

log = structlog.get_logger()

SWEEP_SECONDS: Final = 10.0
# In one transaction: they hold the addresses of as many people.
SWEEP_MAX: Final = 100

Ended = tuple[Plan, UUID | None, str]


@dataclass(frozen=True)
class Later:
    """Any number of replicas may run it: a plan is locked while it is told, and its person with it."""

    service: Service
    vault: Vault
    teller: Teller
    clerk: Clerk
    office: PostOffice
    surveys: SurveyRules

    async def run(self) -> None:
        """Tell for ever what has become due."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                while await self.sweep() >= SWEEP_MAX:
                    pass
            except Exception as error:
                if not is_away(error):
                    log.exception("later_failed")

    async def sweep(self) -> int:
        """Tell what is due by now, at most `SWEEP_MAX` plans. How many there were."""
        await self.office.wait_for_room()
        async with self.service.pool.acquire() as connection, connection.transaction():
            due = await store.lock_due(connection, SWEEP_MAX)
            if not due:
                return 0
            written = await self._tell(connection, due, await store.clock(connection))
            parcel = await self.service.outbox.add(connection, written.messages())
        for held in written.held:
            self.office.hand_in(held)
        if parcel is not None:
            await self.service.outbox.publish(parcel)
        return len(due)

    async def _tell(self, connection: Connection, due: Sequence[Plan], now: datetime) -> Written:
        known = await store.parties(connection, {plan.case_id for plan in due})
        found = [(plan, self._whom(plan, known.get(plan.case_id, ()))) for plan in due]
        ids = {party.person_id for _, party in found if party and party.person_id}
        people = await store.people(connection, ids, self.vault) if ids else {}
        ended, notices = await self._decide(connection, found, people, now)
        await store.end_plans(connection, ended)
        written = self.clerk.decide([Open(notice) for notice in notices], people, now)
        new = written.only(await store.add_notices(connection, written.decided)) if notices else written
        await self.clerk.save_deliveries(connection, new)
        return new

    def _write(self, plan: Plan, party: Party, now: datetime, notices: list[Notice]) -> str:
        """Add the notice; why it cannot be written, so that it is not in the way of the others."""
        try:
            notices.append(self.teller.planned(plan, party, now))
        except ValueError as error:
            log.error("unwritten", case=str(plan.case_id), reply=plan.event, error=type(error).__name__)
            return "unwritten"
        return ""

    def _whom(self, plan: Plan, parties: Sequence[Party]) -> Party | None:
        is_survey = plan.event is ReplyEvent.SURVEY
        return whom_to_ask(parties, self.surveys.channels) if is_survey else whom_to_remind(parties)

    async def _decide(
        self,
        connection: Connection,
        found: Sequence[tuple[Plan, Party | None]],
        people: Mapping[UUID, Person],
        now: datetime,
    ) -> tuple[list[Ended], list[Notice]]:
        """Which plans are told, and why the others are not. Nobody hears two of them at once."""
        asked = await store.asked(connection, people) if people else {}
        ended: list[Ended] = []
        notices: list[Notice] = []
        for plan, party in found:
            is_survey = plan.event is ReplyEvent.SURVEY
            reason = why_not(plan, party, asked, self.surveys, now) if is_survey else ""
            if party is None or party.person_id not in people:
                reason = reason or "nobody_to_ask"
            elif not reason:
                reason = self._write(plan, party, now, notices)
            ended.append((plan, party.person_id if party else None, reason))
        return ended, notices
