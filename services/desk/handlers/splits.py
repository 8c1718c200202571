"""A further case for another owner, opened by hand from the case page."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog

from services.desk.domain import Item, State, Verdict
from services.desk.domain.identity import Identity
from services.desk.domain.splitting import split_off
from services.desk.handlers.work import NoSuchItem, Refused, Unknown
from services.desk.store import work as work_store
from shared.messaging import Service, single
from shared.messaging.topology import DESK
from shared.municipality import Municipality

log = structlog.get_logger()


@dataclass(frozen=True)
class Splits:
    """Opens further cases of one message."""

    service: Service
    place: Municipality

    async def split(self, assignment_id: UUID, owner: str, topic: str | None, text: str, by: Identity) -> Item:
        """Have a case opened for this owner too; the same owner again changes nothing.

        Raises NoSuchItem (also for what is not theirs to see), Refused, Unknown.
        """
        self._check(owner, topic)
        now = datetime.now(UTC)
        async with self.service.pool.acquire() as connection, connection.transaction():
            item = (await work_store.lock_items(connection, [assignment_id])).get(assignment_id)
            if item is None or not by.sees(item.owner):
                raise NoSuchItem(assignment_id)
            if owner == item.owner:
                raise Unknown("split_owner", owner)
            if item.state is State.DONE:
                raise Refused(Verdict.DONE, item)
            if item.holder(now) not in (None, by.name):
                raise Refused(Verdict.HELD, item)
            step, told = split_off(item, owner, topic, text, by.name, now)
            await work_store.add_steps(connection, [step])
            parcel = await self.service.outbox.add(connection, [single(DESK, f"settled.{told.source}", told)])
        log.info("split_by_hand", case_id=str(item.case_id))
        self.service.outbox.publish_soon(parcel)
        return item

    def _check(self, owner: str, topic: str | None) -> None:
        everybody = {row.code for row in (*self.place.departments, *self.place.institutions)}
        if owner not in everybody - {self.place.solution_centre.code}:
            raise Unknown("split_owner", owner)
        if topic is not None and topic not in {row.code for row in self.place.topics}:
            raise Unknown("topic", topic)
