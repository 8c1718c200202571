"""What an institution says, written and told to the router in one transaction, once."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import structlog

from services.handover.domain import HandOver, Said, Step, heard, move_of
from services.handover.ground import Ground, answered
from services.handover.store import handovers
from services.handover.store.handovers import Note
from shared.database import Connection
from shared.messaging import Outgoing, Service

log = structlog.get_logger()


class Heard(StrEnum):
    """What became of an answer."""

    TAKEN = "taken"
    REPEATED = "repeated"  # told before
    OVER = "over"  # it came too late: the hand-over has ended
    CHANGED = "changed"  # somebody of theirs answered meanwhile: look again
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Answers:
    """Takes answers that come while somebody waits: over the link, and from an institution's program."""

    service: Service
    ground: Ground
    look_soon: Callable[[], None]

    async def hear(
        self, handover_id: UUID, said: Said, *, seen: int | None = None, message_id: UUID | None = None
    ) -> tuple[Heard, HandOver | None]:
        """Take an answer once. `seen`: how many answers its writer saw; `message_id`: of their own, told once."""
        async with self.service.pool.acquire() as connection, connection.transaction():
            handover = (await handovers.locked(connection, [handover_id])).get(handover_id)
            if handover is None or handover.institution not in self.ground.institutions:
                return Heard.UNKNOWN, None
            if message_id and not await handovers.is_told_first(connection, handover.institution, message_id):
                return Heard.REPEATED, handover
            if not handover.is_open:
                return Heard.OVER, handover
            if seen is not None and seen != handover.answers:
                return Heard.CHANGED, handover
            handover, outgoing = await self.write(connection, handover, said)
            parcel = await self.service.outbox.add(connection, outgoing)
        self.service.outbox.publish_soon(parcel)
        self.look_soon()
        return Heard.TAKEN, handover

    async def write(self, connection: Connection, handover: HandOver, said: Said) -> tuple[HandOver, list[Outgoing]]:
        """Write an answer to a hand-over that is locked and open, and what to tell the router."""
        now = await handovers.clock(connection)
        step: Step = heard(handover, said, self.ground.institutions[handover.institution], self.ground.schedule, now)
        note = Note(step.handover, move_of(said), now, said.choice, said.text)
        await handovers.save(connection, [note], self.ground.vault)
        log.info("institution_answered", institution=handover.institution, choice=said.choice, way=said.way)
        return step.handover, answered(step.answers)
