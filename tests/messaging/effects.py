"""A handler whose effects can be counted, and a service that runs it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from shared.contracts import CaseProgressed, Message
from shared.messaging import Consumer, Never, NotNow, Outgoing, Service, Unit, envelopes
from shared.messaging.topology import NOTIFIER
from tests.harness import System

QUEUE = "reporting.events"
KEY = "router.told.routine"
# Where effects are told further; nobody consumes it here.
FURTHER = "notifier.receipts"


@dataclass
class Handler:
    """Writes one row per event. An event's `note` says what shall go wrong with it."""

    batches: list[int] = field(default_factory=list)
    tells: Callable[[Message], list[Outgoing]] = field(default=lambda _: [])
    before_writing: Callable[[Sequence[Message]], Awaitable[None]] | None = None

    async def __call__(self, unit: Unit, events: Sequence[Message]) -> None:
        self.batches.append(len(events))
        for event in events:
            assert isinstance(event, CaseProgressed)
            await unit.connection.execute("INSERT INTO effect (event_id, note) VALUES ($1, $2)", event.id, event.note)
            unit.publish(*self.tells(event))
        if self.before_writing:
            await self.before_writing(events)
        for event in events:
            await _trouble(unit, event)


async def _trouble(unit: Unit, event: Message) -> None:
    match getattr(event, "note", ""):
        case "not now":
            raise NotNow("the moon is not full")
        case "never":
            raise Never("nobody wants this")
        case "fault":
            raise ZeroDivisionError("a fault of ours")
        case "postpone":
            unit.postpone(event, "its case is not here yet")
        case "shelve":
            await unit.shelve(event, "nobody is called so")
        case "constraint":
            await unit.connection.execute("INSERT INTO effect (event_id, note) VALUES (NULL, '')")


def a_service(system: System, handler: Handler, prefetch: int = 64) -> Service:
    """A service with one consumer of that handler, called `kit`."""
    service = system.service()
    service.consume(Consumer("kit", [QUEUE], [CaseProgressed], handler, prefetch=prefetch))
    return service


def further(event: Message) -> list[Outgoing]:
    """Tell the event itself further, for nobody here consumes it."""
    return envelopes(NOTIFIER, "receipts", [event])


async def effects(system: System) -> dict[UUID, int]:
    """How often each event took effect."""
    rows = await system.rows("SELECT event_id, count(*) AS times FROM effect GROUP BY 1")
    return {UUID(int=row["event_id"].int): row["times"] for row in rows}
