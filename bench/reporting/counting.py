"""How many events a second go through the log and the facts into the sums."""

import random
import time
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from typing import Any, Final

import asyncpg

from bench.reporting.asking import LAST_DAY
from services.reporting.counting import count
from services.reporting.store.log import log_events
from services.reporting.store.rolling import roll
from shared.contracts import (
    CaseAssigned,
    CaseClosed,
    CaseKind,
    CaseNumber,
    CaseState,
    Channel,
    ContactRegistered,
    Effect,
    Message,
    Outcome,
    Purpose,
)
from shared.ids import new_id
from shared.municipality import Municipality

BATCH: Final = 200
ROLL_EVERY: Final = 10  # batches: about what comes in a second


async def measure(pool: asyncpg.Pool, place: Municipality, cases: int) -> dict[str, float]:
    """Three events a case, opened on the last day; the time to count them and to roll them up."""
    events = [event for seed in range(cases) for event in _life(place, random.Random(seed))]
    batches = [events[at : at + BATCH] for at in range(0, len(events), BATCH)]
    counting = rolling = 0.0
    for number, batch in enumerate(batches, 1):
        began = time.perf_counter()
        async with pool.acquire() as connection, connection.transaction():
            await log_events(connection, batch)
            await count(connection, batch, place.zone)
        counting += time.perf_counter() - began
        if number % ROLL_EVERY == 0 or number == len(batches):
            began = time.perf_counter()
            while await roll(pool):
                pass
            rolling += time.perf_counter() - began
    return {
        "events": len(events),
        "events_a_second": len(events) / (counting + rolling),
        "counting_s": counting,
        "rolling_s": rolling,
    }


def _life(place: Municipality, chance: random.Random) -> list[Message]:
    topic = chance.choice(place.topics)
    owner = place.owner(topic.owner)
    at = datetime.combine(LAST_DAY, clock(6), UTC) + timedelta(minutes=chance.randrange(600))
    one: dict[str, Any] = {"case_id": new_id(), "number": f"{chance.randrange(10**9):09}"}
    shared: dict[str, Any] = {**one, "owner": owner.code, "owner_kind": owner.kind}
    told: dict[str, Any] = {"channel": chance.choice(list(Channel)), "account": "main", "language": "tr"}
    routine: dict[str, Any] = {"lane": "routine", "contact_id": new_id()}
    return [
        ContactRegistered(
            id=new_id(),
            occurred_at=at,
            **told,
            **routine,
            person_id=new_id(),
            purpose=Purpose.REQUEST,
            effect=Effect.OPENED,
            cases=(CaseNumber(**one),),
        ),
        CaseAssigned(
            id=new_id(),
            occurred_at=at + timedelta(minutes=1),
            **shared,
            **told,
            **routine,
            version=2,
            state=CaseState.ROUTED,
            assignment_id=new_id(),
            opened_at=at,
            due_at=at + timedelta(days=7),
            topic=topic.code,
            neighbourhood=chance.choice(place.neighbourhoods).code,
            confidence=0.9,
            automatic=True,
            kind=CaseKind.REQUEST,
            urgency=topic.urgency,
        ),
        CaseClosed(
            id=new_id(),
            occurred_at=at + timedelta(hours=chance.randrange(2, 90)),
            **shared,
            version=3,
            state=CaseState.CLOSED,
            assignment_id=new_id(),
            outcome=Outcome.SOLVED,
            answer="Yapıldı.",
        ),
    ]
