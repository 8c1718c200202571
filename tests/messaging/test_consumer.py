"""The consumer: every event takes effect once, poison harms nobody else, nothing is lost that cannot be read."""

import asyncio
import json
from collections.abc import Sequence
from uuid import UUID

import pytest

from shared.contracts import CaseProgressed, Message
from shared.messaging import consumer
from shared.messaging.topology import EVENTS
from tests.builders import a_case_progressed, a_notice_recorded
from tests.harness import System, running, until
from tests.messaging.effects import FURTHER, KEY, QUEUE, Handler, a_service, effects, further


async def shelf(system: System) -> list[tuple[bytes, str]]:
    rows = await system.rows("SELECT body, reason FROM dead_letter ORDER BY shelved_at")
    return [(row["body"], row["reason"]) for row in rows]


async def settled(system: System, count: int) -> None:
    """Wait until so many events took effect."""

    async def holds() -> bool:
        return len(await effects(system)) >= count

    await until(holds)


async def shelved(system: System, count: int) -> None:
    async def holds() -> bool:
        return len(await shelf(system)) >= count

    await until(holds)


async def consumed(system: System) -> None:
    """Wait until the queue is empty and everything of it is acknowledged: an unacknowledged rest would return."""

    async def holds() -> bool:
        return await system.depth(QUEUE) == 0

    await until(holds)


async def test_an_event_delivered_ten_times_takes_effect_once(system: System) -> None:
    event, handler = a_case_progressed(), Handler(tells=further)
    async with running(a_service(system, handler)):
        for _ in range(5):
            await system.tell(EVENTS, KEY, event)
        await system.tell(EVENTS, KEY, *[event] * 5)
        last = a_case_progressed()
        await system.tell(EVENTS, KEY, last)
        await settled(system, 2)

    assert await effects(system) == {event.id: 1, last.id: 1}
    told = [json.loads(body)["events"] for body in await system.take_all(FURTHER)]
    assert sorted(row["id"] for rows in told for row in rows) == sorted([str(event.id), str(last.id)])


async def test_an_event_that_two_replicas_get_at_the_same_time_takes_effect_once(system: System) -> None:
    events = [a_case_progressed() for _ in range(40)]
    async with running(a_service(system, Handler(), prefetch=1), a_service(system, Handler(), prefetch=1)):
        for _ in range(4):
            await asyncio.gather(*(system.tell(EVENTS, KEY, *events[at : at + 10]) for at in range(0, 40, 10)))
        await settled(system, 40)
        await consumed(system)

    assert await effects(system) == {event.id: 1 for event in events}


async def test_the_events_of_a_batch_are_handled_in_one_transaction(system: System) -> None:
    handler = Handler()
    await system.tell(EVENTS, KEY, *(a_case_progressed() for _ in range(400)))
    async with running(a_service(system, handler)):
        await settled(system, 400)

    assert max(handler.batches) >= 200
    assert await system.value("SELECT count(DISTINCT at) FROM effect") == len(handler.batches)


async def test_one_poison_among_a_hundred_neighbours_harms_none_and_lands_on_the_shelf(system: System) -> None:
    neighbours, poison = [a_case_progressed() for _ in range(100)], a_case_progressed(note="fault")
    async with running(a_service(system, Handler())):
        await system.tell(EVENTS, KEY, *neighbours[:50], poison, *neighbours[50:])
        await settled(system, 100)
        await shelved(system, 1)

    assert await effects(system) == {event.id: 1 for event in neighbours}
    [(body, reason)] = await shelf(system)
    assert CaseProgressed.read(body) == poison
    assert "ZeroDivisionError: a fault of ours" in reason
    assert await system.value("SELECT attempts FROM dead_letter") == 4
    assert await system.value("SELECT count(*) FROM retry") == 0


async def test_the_waits_of_a_failing_event_grow(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "RETRY_POLL_SECONDS", 3600.0)
    event = a_case_progressed(note="not now")
    waits = []
    service = a_service(system, Handler())
    async with running(service):
        await system.tell(EVENTS, KEY, event)
        await until(lambda: waiting(system, 1))
        for attempts in (1, 2, 3):
            row = (await system.rows("SELECT attempts, due_at - now() AS wait, last_error FROM retry"))[0]
            assert row["attempts"] == attempts
            assert "the moon is not full" in row["last_error"]
            waits.append(row["wait"].total_seconds())
            await service._consumers[0]._retry(event.id, service.pool, service.outbox)

    assert waits[0] < waits[1] < waits[2], "0.05, 0.2 and 0.8 s, each times a random 0.5 to 1.5"
    assert len(await shelf(system)) == 1, "the fourth attempt was the last"


async def waiting(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) FROM retry") == count)


async def test_an_event_that_succeeds_later_takes_effect_then(system: System) -> None:
    handler, failures = Handler(), iter([True, True])

    async def fail_twice(events: Sequence[Message]) -> None:
        if next(failures, False):
            raise ZeroDivisionError

    handler.before_writing = fail_twice
    event = a_case_progressed()
    async with running(a_service(system, handler)):
        await system.tell(EVENTS, KEY, event)
        await settled(system, 1)

    assert await effects(system) == {event.id: 1}
    assert await shelf(system) == []
    assert await waiting(system, 0)


async def test_what_can_never_succeed_is_shelved_at_once(system: System) -> None:
    async with running(a_service(system, Handler())):
        await system.tell(EVENTS, KEY, a_case_progressed(note="never"))
        await shelved(system, 1)

    assert await shelf(system) != []
    assert await system.value("SELECT attempts FROM dead_letter") == 1
    assert await effects(system) == {}


UNREADABLE = {
    "not JSON": b"\xff\xfe nonsense",
    "empty": b"",
    "half a message": b'{"events":[{"type":"case.progr',
    "a list": b"[1,2,3]",
    "a number": b"7",
    "an envelope of numbers": b'{"events":[1]}',
    "an envelope of nothing": b'{"events":null}',
    "nested too deep": b'{"events":[' + b"[" * 200_000,
    "no type": b'{"id":"0190a6a0-0000-7000-8000-000000000000"}',
    "a type that is a list": b'{"type":["case.progressed.v1"]}',
    "an unknown type": b'{"type":"case.exploded.v9"}',
    "a type with NUL": b'{"type":"case\\u0000"}',
    "a broken contract": b'{"type":"case.progressed.v1","id":"no id"}',
    "a version below one": json.dumps(json.loads(a_case_progressed().model_dump_json()) | {"version": 0}).encode(),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_read_is_shelved_with_its_bytes_and_the_consumer_goes_on(
    system: System, body: bytes
) -> None:
    after = a_case_progressed()
    async with running(a_service(system, Handler())):
        await system.send(EVENTS, KEY, body)
        await system.tell(EVENTS, KEY, after)
        await settled(system, 1)
        await shelved(system, 1)
        await consumed(system)

    [(kept, reason)] = await shelf(system)
    assert kept == body or json.loads(kept) == json.loads(body.replace(rb"\u0000", b"\xef\xbf\xbd"))
    assert reason
    assert await effects(system) == {after.id: 1}


async def test_a_broken_contract_harms_no_neighbour_in_its_envelope(system: System) -> None:
    good = a_case_progressed()
    parts = [{"type": "case.progressed.v1"}, json.loads(good.model_dump_json()), {"type": "nobody.knows.v1"}]
    async with running(a_service(system, Handler())):
        await system.send(EVENTS, KEY, json.dumps({"events": parts}).encode())
        await settled(system, 1)
        await shelved(system, 2)

    assert await effects(system) == {good.id: 1}
    assert [json.loads(body)["type"] for body, _ in await shelf(system)] == ["case.progressed.v1", "nobody.knows.v1"]


async def test_the_shelf_does_not_say_what_the_citizen_wrote(system: System) -> None:
    part = json.loads(a_case_progressed().model_dump_json()) | {"case_id": "+905321112233"}
    async with running(a_service(system, Handler())):
        await system.send(EVENTS, KEY, json.dumps(part).encode())
        await shelved(system, 1)

    assert "532" not in (await shelf(system))[0][1]


async def test_a_kind_the_handler_does_not_act_on_is_passed_over(system: System) -> None:
    event = a_case_progressed()
    async with running(a_service(system, Handler())):
        await system.tell(EVENTS, KEY, a_notice_recorded(), event)
        await settled(system, 1)

    assert await shelf(system) == []
    assert await effects(system) == {event.id: 1}


async def test_unknown_fields_are_passed_over(system: System) -> None:
    event = a_case_progressed()
    body = json.loads(event.model_dump_json()) | {"colour": "turquoise"}
    async with running(a_service(system, Handler())):
        await system.send(EVENTS, KEY, json.dumps(body).encode())
        await settled(system, 1)

    assert await shelf(system) == []


@pytest.mark.parametrize("reason", ["with \0 NUL", "with \ud800 half a letter", "long " * 10_000])
async def test_whatever_a_fault_says_its_event_waits_and_the_consumer_goes_on(system: System, reason: str) -> None:
    handler, after = Handler(), a_case_progressed()

    async def fail(events: Sequence[Message]) -> None:
        if after not in events:
            raise ValueError(reason)

    handler.before_writing = fail
    async with running(a_service(system, handler)):
        await system.tell(EVENTS, KEY, a_case_progressed())
        await shelved(system, 1)
        await system.tell(EVENTS, KEY, after)
        await settled(system, 1)

    assert await effects(system) == {after.id: 1}


async def test_a_postponed_event_waits_while_its_neighbours_take_effect(system: System) -> None:
    good, late = a_case_progressed(), a_case_progressed(note="postpone")
    async with running(a_service(system, Handler())):
        await system.tell(EVENTS, KEY, late, good)
        await settled(system, 1)
        await shelved(system, 1)

    times = await effects(system)
    assert times[good.id] == 1
    assert "in vain 4 times: its case is not here yet" in (await shelf(system))[0][1]
    assert await waiting(system, 0)


async def test_a_shelved_event_stays_on_the_shelf_while_its_neighbours_take_effect(system: System) -> None:
    good, wrong = a_case_progressed(), a_case_progressed(note="shelve")
    async with running(a_service(system, Handler())):
        await system.tell(EVENTS, KEY, wrong, good)
        await settled(system, 2)
        await system.tell(EVENTS, KEY, wrong)
        await consumed(system)

    assert [CaseProgressed.read(body).id for body, _ in await shelf(system)] == [wrong.id]


@pytest.mark.parametrize("trouble", ["fault", "constraint"])
async def test_changes_inbox_and_outbox_roll_back_together(system: System, trouble: str) -> None:
    service = a_service(system, Handler(tells=further))
    async with running(service):
        await system.tell(EVENTS, KEY, a_case_progressed(note=trouble))
        await until(lambda: waiting(system, 1))

    assert await effects(system) == {}
    assert await system.value("SELECT count(*) FROM inbox") == 0
    assert await system.value("SELECT count(*) FROM outbox") == 0
    assert await system.take_all(FURTHER) == []


async def test_what_waits_and_cannot_be_read_any_more_is_shelved_and_the_others_go_on(system: System) -> None:
    good = a_case_progressed()
    statement = "INSERT INTO retry (consumer, event_id, body, attempts, due_at, last_error) VALUES ('kit', $1, $2, 1, "
    await system.pool.execute(statement + "now() - interval '1 hour', '')", UUID(int=1), b'{"type":"gone.v1"}')
    await system.pool.execute(statement + "now(), '')", good.id, good.model_dump_json().encode())
    async with running(a_service(system, Handler())):
        await settled(system, 1)
        await shelved(system, 1)

    assert await effects(system) == {good.id: 1}
    assert (await shelf(system))[0][0] == b'{"type":"gone.v1"}'


async def test_two_lanes_are_worked_on_side_by_side(system: System) -> None:
    """A long batch of one lane holds the other up in nothing."""
    handler, hold = Handler(), asyncio.Event()

    async def block(events: Sequence[Message]) -> None:
        if any(getattr(event, "note", "") == "slow" for event in events):
            await hold.wait()

    handler.before_writing = block
    service = system.service()
    service.consume(
        consumer.Consumer("kit", ["router.cases.routine", "router.cases.urgent"], [CaseProgressed], handler)
    )
    urgent = a_case_progressed()
    async with running(service):
        await system.tell("ilkim.routing", "routine", a_case_progressed(note="slow"))
        await until(lambda: bool(handler.batches))
        await system.tell("ilkim.routing", "urgent", urgent)
        await settled(system, 1)
        assert await effects(system) == {urgent.id: 1}
        hold.set()


async def test_the_drain_finishes_the_batch_in_hand_and_acknowledges_it(system: System) -> None:
    handler, begun = Handler(tells=further), asyncio.Event()

    async def take_time(events: Sequence[Message]) -> None:
        begun.set()
        await asyncio.sleep(0.5)

    handler.before_writing = take_time
    events = [a_case_progressed() for _ in range(20)]
    async with running(a_service(system, handler)):
        await system.tell(EVENTS, KEY, *events)
        await begun.wait()

    assert await effects(system) == {event.id: 1 for event in events}
    assert await system.depth(QUEUE) == 0, "acknowledged, or it would be back by now"
    assert await system.value("SELECT count(*) FROM outbox WHERE published_at IS NULL") == 0


async def test_the_drain_waits_for_every_lane(system: System) -> None:
    handler, begun = Handler(), asyncio.Event()

    async def take_time(events: Sequence[Message]) -> None:
        if any(getattr(event, "note", "") == "slow" for event in events):
            begun.set()
            await asyncio.sleep(0.6)

    handler.before_writing = take_time
    service = system.service()
    service.consume(
        consumer.Consumer("kit", ["router.cases.routine", "router.cases.urgent"], [CaseProgressed], handler)
    )
    slow = a_case_progressed(note="slow")
    async with running(service):
        await system.tell("ilkim.routing", "routine", slow)
        await begun.wait()
        await system.tell("ilkim.routing", "urgent", a_case_progressed())
        await settled(system, 1)

    assert (await effects(system))[slow.id] == 1
    assert await system.depth("router.cases.routine") == 0


async def test_a_service_whose_consumer_ended_says_so(system: System) -> None:
    class Death(BaseException):
        pass

    async def die(events: Sequence[Message]) -> None:
        raise Death

    service = a_service(system, Handler(before_writing=die))
    async with running(service):
        await system.tell(EVENTS, KEY, a_case_progressed())
        await until(lambda: not service.is_whole())


async def test_a_service_that_was_asked_to_stop_is_whole(system: System) -> None:
    service = a_service(system, Handler())
    async with running(service):
        assert service.is_whole()

    assert service.is_whole()
