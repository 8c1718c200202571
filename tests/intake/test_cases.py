"""Intake's picture of the cases: right whatever order the router's facts come in, and found by who asks for it."""

import random

from services.intake import store
from services.intake.domain import case_id, contact_id
from shared.contracts import CaseEvent, CaseNumber, CaseState, Channel, Outcome, Place
from shared.ids import new_id
from shared.messaging.topology import EVENTS, INTAKE
from tests.builders import (
    AT,
    a_case_accepted,
    a_case_asked,
    a_case_assigned,
    a_case_closed,
    a_case_progressed,
    a_case_reopened,
    a_case_returned,
    a_message,
)
from tests.harness import System, until

CUMHURIYET = Place(latitude=41.2867, longitude=36.3300)


async def a_case(system: System, place: Place = CUMHURIYET) -> CaseNumber:
    """A case as intake opens it from a message at that place."""
    message = a_message(place=place, channel=Channel.WEB)
    case = case_id(contact_id(message.channel, message.account, message.provider_id, AT), AT)
    await system.tell(INTAKE, "routine", message)

    async def opened() -> bool:
        return bool(await system.value("SELECT EXISTS (SELECT FROM case_file WHERE id = $1)", case))

    await until(opened)
    number = await system.value("SELECT number FROM case_file WHERE id = $1", case)
    return CaseNumber(case_id=case, number=number)


def a_life(case: CaseNumber) -> list[CaseEvent]:
    this = {"case_id": case.case_id, "number": case.number}
    return [
        a_case_assigned(**this, version=2, topic="cop", neighbourhood="1"),
        a_case_returned(**this, version=3),
        a_case_assigned(**this, version=4, topic="yol", neighbourhood="2", due_at=AT, owner="fen-isleri"),
        a_case_accepted(**this, version=5, owner="fen-isleri"),
        a_case_asked(**this, version=6, owner="fen-isleri"),
        a_case_progressed(**this, version=7, owner="fen-isleri"),
        a_case_closed(**this, version=8, owner="fen-isleri", outcome=Outcome.SOLVED),
    ]


async def tell_steps(system: System, case: CaseNumber, steps: list[CaseEvent]) -> store.CaseFile:
    """Tell the router's facts one by one, and wait until all are known."""
    for step in steps:
        await system.tell(EVENTS, "router.kept.routine", step)
    already = len({step.version for step in steps})

    async def known() -> bool:
        return len(await store.steps_of(system.pool, case.case_id)) >= already

    await until(known)
    found = await store.case_by_number(system.pool, case.number)
    assert found is not None
    return found


async def test_steps_in_any_order_and_twice_give_the_same_case(at_work: System) -> None:
    case = await a_case(at_work)
    steps = a_life(case)
    random.Random(7).shuffle(steps)
    found = await tell_steps(at_work, case, [*steps, *steps[:3]])

    assert (found.version, found.state, found.outcome) == (8, CaseState.CLOSED, Outcome.SOLVED)
    assert (found.owner, found.topic, found.neighbourhood, found.due_at) == ("fen-isleri", "yol", "2", AT)
    assert found.closed_at == AT
    assert not found.is_open


async def test_a_reopened_case_is_open_again_in_whatever_order_its_steps_come(at_work: System) -> None:
    case = await a_case(at_work)
    about = {"case_id": case.case_id, "number": case.number}
    reopening = [a_case_reopened(**about, version=9), a_case_assigned(**about, version=10)]
    found = await tell_steps(at_work, case, [*reopening[::-1], *a_life(case)])

    assert found.is_open
    assert (found.version, found.state, found.outcome, found.closed_at) == (10, CaseState.ROUTED, None, None)


async def test_a_case_s_timeline_tells_its_steps_in_order_with_their_words(at_work: System) -> None:
    case = await a_case(at_work)
    await tell_steps(at_work, case, a_life(case)[::-1])
    steps = await store.steps_of(at_work.pool, case.case_id)

    assert [step.version for step in steps] == [2, 3, 4, 5, 6, 7, 8]
    assert [(step.kind, step.text) for step in steps if step.kind in ("asked", "closed")] == [
        ("asked", "Kapı numarası kaç?"),
        ("closed", "Konteyner boşaltıldı."),
    ]


async def test_a_case_nobody_decided_yet_is_received_and_has_no_owner(at_work: System) -> None:
    case = await a_case(at_work)
    found = await store.case_by_number(at_work.pool, case.number)

    assert found is not None
    assert (found.state, found.owner, found.version, found.place) == (CaseState.RECEIVED, None, 1, CUMHURIYET)
    assert [contact.effect for contact in await store.contacts_of(at_work.pool, case.case_id)] == ["opened"]


async def test_a_step_of_an_unknown_case_harms_nobody(at_work: System) -> None:
    case = await a_case(at_work)
    strange = CaseNumber(case_id=new_id(), number="111-111-118")
    await at_work.tell(EVENTS, "router.told.urgent", *a_life(strange), *a_life(case))
    found = await tell_steps(at_work, case, a_life(case))

    assert found.version == 8
    assert await at_work.value("SELECT count(*) FROM dead_letter") == 0


async def test_open_cases_near_a_point_are_found_nearest_first(at_work: System) -> None:
    near = await a_case(at_work, Place(latitude=41.2868, longitude=36.3300))  # 11 m
    nearer = await a_case(at_work)
    await a_case(at_work, Place(latitude=41.2967, longitude=36.3300))  # 1.1 km
    closed = await a_case(at_work)
    await tell_steps(at_work, closed, a_life(closed))
    found = await store.open_cases_near(at_work.pool, 41.2867, 36.3300, 150)

    assert [row.case.number for row in found] == [nearer.number, near.number]
    assert [round(row.metres or 0) for row in found] == [0, 11]


async def test_open_cases_are_found_by_neighbourhood_and_topic(at_work: System) -> None:
    case = await a_case(at_work, Place())
    await tell_steps(at_work, case, a_life(case)[:3])

    assert [row.case.number for row in await store.open_cases_near(at_work.pool, neighbourhood="2")] == [case.number]
    assert await store.open_cases_near(at_work.pool, neighbourhood="2", topic="cop") == []
    assert await store.open_cases_near(at_work.pool, neighbourhood="1") == []
    both = await store.open_cases_near(at_work.pool, 41.2867, 36.33, neighbourhood="2", topic="yol")
    assert [(row.case.number, row.metres) for row in both] == [(case.number, None)]
