"""Incidents at the router: many reports of one problem are one task, and every citizen's case comes to its end."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from services.router import store
from services.router.app import router
from shared.contracts import (
    Answer,
    AssignmentEnded,
    AssignmentOffered,
    CaseEvent,
    CaseGathered,
    CaseOpened,
    CitizenAdded,
    IncidentGrew,
    Message,
    Place,
)
from shared.messaging.topology import ANSWERS, ROUTING, owner_queue
from tests.builders import (
    a_case_opened,
    a_closing,
    a_contact_joined,
    a_decision,
    a_gathering,
    a_question,
    a_reopening_asked,
    a_return,
    a_separation,
    a_withdrawal_asked,
    an_acceptance,
)
from tests.harness import System, built, running, until

BURST = "Ana boru patladı, su yola akıyor"
NONSENSE = "merhaba"
HERE = Place(latitude=41.2867, longitude=36.33)
NEXT_DOOR = Place(latitude=41.2868, longitude=36.3302)
ELSEWHERE = Place(latitude=41.2930, longitude=36.3200)
WATER = "saski"
BEGIN = datetime.now(UTC) - timedelta(hours=5)
WORDS = {
    an_acceptance: "accepted",
    a_question: "asked",
    a_return: "returned",
    a_closing: "closed",
    a_decision: "decided",
    a_gathering: "gathered",
    a_separation: "separated",
}


def a_report(number: int, minutes: float = 0, **changed: Any) -> CaseOpened:
    changed = {"text": BURST, "place": HERE, "occurred_at": BEGIN + timedelta(minutes=minutes), **changed}
    return a_case_opened(number=f"611-204-{number:03}", **changed)


async def open_all(system: System, *cases: CaseOpened) -> None:
    await system.tell(ROUTING, "routine", *cases)
    for case in cases:
        await until(partial(is_at, system, case.case_id, 2))


async def is_at(system: System, case_id: UUID, version: int) -> bool:
    return bool(await system.value("SELECT version >= $2 FROM case_record WHERE id = $1", case_id, version))


async def work(system: System, count: int, owner: str = WATER) -> list[Message]:
    """What an owner was sent: so many messages, and none after them."""
    bodies: list[bytes] = []

    async def have_come() -> bool:
        for lane in ("urgent", "routine"):
            bodies.extend(await system.take_all(owner_queue(owner, lane)))
        return len(bodies) >= count

    await until(have_come)
    await until(lambda: is_published(system))
    await have_come()
    return [Message.registry[_type(body)].read(body) for body in bodies]


async def is_published(system: System) -> bool:
    return bool(await system.value("SELECT count(*) = 0 FROM outbox WHERE published_at IS NULL"))


def _type(body: bytes) -> str:
    return body.split(b'"type":"', 1)[1].split(b'"', 1)[0].decode()


async def the_offer(system: System, owner: str = WATER) -> AssignmentOffered:
    lane = await system.value("SELECT lane FROM case_record WHERE owner = $1 ORDER BY opened_at LIMIT 1", owner)
    while True:
        body = await system.take(owner_queue(owner, lane))
        if _type(body) == AssignmentOffered.type_name():
            return AssignmentOffered.read(body)


async def answer(system: System, make: Any, offer: AssignmentOffered, **more: Any) -> Answer:
    said: Answer = make(case_id=offer.case_id, assignment_id=offer.assignment_id, owner=offer.owner, **more)
    await system.send(ANSWERS, f"answer.{said.owner}.{WORDS[make]}", said.model_dump_json().encode())
    return said


async def states(system: System) -> list[tuple[str, str, bool]]:
    rows = await system.rows("SELECT number, state, head_id IS NOT NULL AS follows FROM case_record ORDER BY number")
    return [(row["number"][-3:], row["state"], row["follows"]) for row in rows]


async def steps(system: System, case_id: UUID) -> list[str]:
    rows = await system.rows("SELECT type FROM case_history WHERE case_id = $1 ORDER BY version", case_id)
    return [row["type"].split(".")[1] for row in rows]


async def gathered(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) = $1 FROM case_record WHERE head_id IS NOT NULL", count))


async def test_a_second_report_of_a_problem_is_no_second_task(system: System) -> None:
    first, second = a_report(1), a_report(2, minutes=10, place=NEXT_DOOR, text="Gölleşti burası, boru patlamış")
    await open_all(system, first)
    offer = await the_offer(system)
    await open_all(system, second)

    grown = await work(system, 1)
    assert [type(message) for message in grown] == [IncidentGrew]
    assert isinstance(grown[0], IncidentGrew)
    assert (grown[0].assignment_id, grown[0].reports, grown[0].joined_number, grown[0].text) == (
        offer.assignment_id,
        2,
        second.number,
        second.text,
    )
    assert await steps(system, second.case_id) == ["opened", "assigned", "gathered"]


async def test_who_tells_of_it_twice_is_one_person(system: System) -> None:
    first = a_report(1)
    await open_all(system, first, a_report(2, minutes=5, person_id=first.person_id), a_report(3, minutes=6))

    counts = [(row.reports, row.people) for row in await work(system, 3) if isinstance(row, IncidentGrew)]
    assert counts == [(2, 1), (3, 2)]


async def test_reports_of_one_batch_find_each_other(system: System) -> None:
    await open_all(system, *(a_report(number, minutes=number) for number in range(40)))

    assert [type(message) for message in await work(system, 40)].count(AssignmentOffered) == 1
    assert await gathered(system, 39)
    assert await system.value("SELECT count(DISTINCT head_id) FROM case_record") == 1


async def test_the_same_elsewhere_or_much_later_is_another_problem(system: System) -> None:
    await open_all(system, a_report(1), a_report(2, place=ELSEWHERE), a_report(3, minutes=72 * 60))

    assert await gathered(system, 0)
    assert [type(message) for message in await work(system, 3)] == [AssignmentOffered] * 3


async def test_an_import_of_past_cases_makes_no_incidents(system: System) -> None:
    await open_all(system, *(a_report(number, minutes=number - 60 * 24 * 90) for number in (1, 2)))

    assert await gathered(system, 0)
    assert [type(message) for message in await work(system, 2)] == [AssignmentOffered] * 2


async def test_what_the_owner_does_with_the_first_moves_all(system: System) -> None:
    cases = [a_report(number, minutes=number) for number in range(3)]
    await open_all(system, *cases)
    offer = await the_offer(system)
    await answer(system, an_acceptance, offer)
    await until(partial(is_at, system, cases[2].case_id, 4))
    assert {state for _, state, _ in await states(system)} == {"waiting_institution"}
    await answer(system, a_closing, offer, answer="Boru onarıldı.")
    await until(partial(is_at, system, cases[2].case_id, 5))

    assert {state for _, state, _ in await states(system)} == {"closed"}
    assert await steps(system, cases[2].case_id) == ["opened", "assigned", "gathered", "forwarded", "closed"]
    told = [event for event in await system.told() if event["type"] == "case.closed.v1"]
    assert {event["case_id"] for event in told} == {str(case.case_id) for case in cases}
    assert {event["answer"] for event in told} == {"Boru onarıldı."}
    assert await system.value("SELECT count(*) FROM dead_letter") == 0


async def test_who_reports_after_the_owner_took_it_hears_the_same_as_the_others(system: System) -> None:
    await open_all(system, a_report(1))
    await answer(system, an_acceptance, await the_offer(system))
    late = a_report(2, minutes=30)
    await until(lambda: has_state(system, "waiting_institution"))
    await open_all(system, late)

    assert await steps(system, late.case_id) == ["opened", "assigned", "gathered", "forwarded"]


async def has_state(system: System, state: str) -> bool:
    return bool(await system.value("SELECT count(*) FROM case_record WHERE state = $1", state))


async def test_a_question_goes_to_one_citizen_alone(system: System) -> None:
    first, second = a_report(1), a_report(2, minutes=1)
    await open_all(system, first, second)
    offer = await the_offer(system)
    await answer(system, a_question, offer)
    await until(partial(is_at, system, first.case_id, 3))

    assert await steps(system, first.case_id) == ["opened", "assigned", "asked"]
    assert await steps(system, second.case_id) == ["opened", "assigned", "gathered"]


async def test_a_return_takes_all_along_and_the_next_owner_gets_one_offer_and_every_report(system: System) -> None:
    await open_all(system, *(a_report(number, minutes=number) for number in range(3)))
    await answer(system, a_return, await the_offer(system), proposal="fen-isleri")
    await until(lambda: owned_by(system, "fen-isleri", 3))

    offer, *grown = await work(system, 3, "fen-isleri")
    assert isinstance(offer, AssignmentOffered)
    assert offer.incident and offer.incident.reports == 3
    assert [(type(row), getattr(row, "assignment_id", None)) for row in grown] == [
        (IncidentGrew, offer.assignment_id)
    ] * 2


async def owned_by(system: System, owner: str, count: int) -> bool:
    return bool(await system.value("SELECT count(*) = $2 FROM case_record WHERE owner = $1", owner, count))


async def test_after_the_problem_is_closed_a_report_is_a_case_of_its_own_that_mentions_it(system: System) -> None:
    first = a_report(1)
    await open_all(system, first)
    await answer(system, a_closing, await the_offer(system), occurred_at=BEGIN + timedelta(hours=2))
    await until(lambda: has_state(system, "closed"))
    await open_all(system, a_report(2, minutes=200))

    offers = await work(system, 1)
    assert [type(message) for message in offers] == [AssignmentOffered]
    assert isinstance(offers[0], AssignmentOffered)
    assert [(similar.number, similar.is_open) for similar in offers[0].similar] == [(first.number, False)]


async def test_what_a_citizen_adds_reaches_the_owner_under_the_task_it_has(system: System) -> None:
    first, second = a_report(1), a_report(2, minutes=1)
    await open_all(system, first, second)
    offer = await the_offer(system)
    await work(system, 1)
    await system.tell(ROUTING, "routine", a_contact_joined(case_id=second.case_id, text="Su eve giriyor"))

    added = CitizenAdded.read(await system.take(owner_queue(WATER, offer.lane)))
    assert (added.assignment_id, added.number, added.text) == (offer.assignment_id, second.number, "Su eve giriyor")


async def test_a_person_gathers_what_the_router_did_not(system: System) -> None:
    first, second = a_report(1), a_report(2, text=NONSENSE, place=ELSEWHERE)
    await open_all(system, first, second)
    offer = await the_offer(system, "cozum-merkezi")
    await answer(system, a_gathering, offer, into=first.case_id)
    await until(partial(gathered, system, 1))

    assert await steps(system, second.case_id) == ["opened", "assigned", "assigned", "gathered"]
    assert await owned_by(system, WATER, 2)
    grown = [message for message in await work(system, 2) if isinstance(message, IncidentGrew)]
    assert [(message.joined_number, message.reports) for message in grown] == [(second.number, 2)]


async def test_whoever_held_a_case_that_goes_with_another_now_is_told_that_it_is_over(system: System) -> None:
    first, second = a_report(1), a_report(2, text=NONSENSE, place=ELSEWHERE)
    await open_all(system, first, second)
    offer = await the_offer(system, "cozum-merkezi")
    await answer(system, a_gathering, offer, into=first.case_id)

    [ended] = await work(system, 1, "cozum-merkezi")
    assert isinstance(ended, AssignmentEnded)
    assert (ended.assignment_id, ended.because) == (offer.assignment_id, "moved")


async def test_when_the_first_of_an_incident_withdraws_the_oldest_of_the_others_leads_the_rest(system: System) -> None:
    first, second, third = (a_report(number, minutes=number) for number in (1, 2, 3))
    await open_all(system, first, second, third)
    await until(partial(gathered, system, 2))
    await work(system, 3)
    await system.tell(ROUTING, "routine", a_withdrawal_asked(case_id=first.case_id))
    ended, offer, grew = await work(system, 3)

    assert await states(system) == [("001", "closed", False), ("002", "routed", False), ("003", "routed", True)]
    assert isinstance(ended, AssignmentEnded)
    assert (ended.case_id, ended.because) == (first.case_id, "withdrawn")
    assert isinstance(offer, AssignmentOffered)
    assert (offer.case_id, offer.owner, offer.incident.reports if offer.incident else 0) == (second.case_id, WATER, 2)
    assert isinstance(grew, IncidentGrew)
    assert (grew.assignment_id, grew.joined_number) == (offer.assignment_id, third.number)


async def test_a_report_that_was_closed_with_others_is_reopened_alone(system: System) -> None:
    first, second = a_report(1), a_report(2, minutes=1)
    await open_all(system, first, second)
    offer = await the_offer(system)
    await answer(system, a_closing, offer)
    await until(lambda: all_closed(system, 2))
    await work(system, 1)
    await system.tell(ROUTING, "routine", a_reopening_asked(case_id=second.case_id, text="Bizde hâlâ akıyor"))
    [again] = await work(system, 1)

    assert isinstance(again, AssignmentOffered)
    assert (again.case_id, again.owner, again.incident) == (second.case_id, WATER, None)
    assert await states(system) == [("001", "closed", False), ("002", "routed", False)]


async def test_an_incident_joins_another_with_all_its_reports(system: System) -> None:
    others = [a_report(number, place=ELSEWHERE) for number in (3, 4)]
    await open_all(system, a_report(1), a_report(2, minutes=1), *others)
    offer = await the_offer_of(system, others[0].case_id)
    first = await system.value("SELECT id FROM case_record WHERE number = '611-204-001'")
    await answer(system, a_gathering, offer, into=first)
    await until(partial(gathered, system, 3))

    last = [event for event in await system.told() if event["type"] == CaseGathered.type_name()][-1]
    assert (last["head_case_id"], last["reports"]) == (str(first), 4)


async def the_offer_of(system: System, case_id: UUID) -> AssignmentOffered:
    while True:
        offer = await the_offer(system)
        if offer.case_id == case_id:
            return offer


async def test_a_report_that_was_joined_wrongly_gets_a_task_of_its_own(system: System) -> None:
    first, second = a_report(1), a_report(2, minutes=1)
    await open_all(system, first, second)
    offer = await the_offer(system)
    await answer(system, a_separation, offer, separate=second.case_id)
    await until(partial(is_at, system, second.case_id, 5))

    assert await steps(system, second.case_id) == ["opened", "assigned", "gathered", "separated", "assigned"]
    own = [message for message in await work(system, 2) if isinstance(message, AssignmentOffered)]
    assert [(message.case_id, message.incident) for message in own] == [(second.case_id, None)]
    await answer(system, a_closing, offer)
    await until(lambda: has_state(system, "closed"))
    assert await states(system) == [("001", "closed", False), ("002", "routed", False)]


async def test_when_the_first_report_was_another_problem_the_oldest_of_the_others_leads_them(system: System) -> None:
    cases = [a_report(number, minutes=number) for number in (1, 2, 3)]
    await open_all(system, *cases)
    offer = await the_offer(system)
    await answer(system, a_separation, offer, separate=cases[0].case_id)
    await until(partial(is_at, system, cases[2].case_id, 4))

    assert await states(system) == [("001", "routed", False), ("002", "routed", False), ("003", "routed", True)]
    assert await system.value("SELECT head_id FROM case_record WHERE number LIKE '%003'") == cases[1].case_id
    offers = [message for message in await work(system, 3) if isinstance(message, AssignmentOffered)]
    assert [(message.case_id, message.incident and message.incident.reports) for message in offers] == [
        (cases[1].case_id, 2)
    ]


async def test_a_case_cannot_join_what_is_not_there_or_closed(system: System) -> None:
    first, second = a_report(1), a_report(2, place=ELSEWHERE)
    await open_all(system, first, second)
    await answer(system, a_closing, await the_offer_of(system, first.case_id))
    await until(lambda: has_state(system, "closed"))
    offer = await the_offer_of(system, second.case_id)
    await answer(system, a_gathering, offer, into=first.case_id)
    await answer(system, a_gathering, offer, into=UUID(int=7))
    await until(lambda: shelved(system, 2))

    reasons = {row["reason"] for row in await system.rows("SELECT reason FROM dead_letter")}
    assert reasons == {
        "answer not allowed: the case it should join is closed",
        f"answer not allowed: there is no case {UUID(int=7)} to join",
    }


async def shelved(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) = $1 FROM dead_letter", count))


async def test_routers_side_by_side_make_one_incident_of_one_problem(system: System) -> None:
    cases = [a_report(number, minutes=number / 10) for number in range(60)]
    async with running(built(router, system)), running(built(router, system)):
        await asyncio.gather(*(system.tell(ROUTING, "routine", case) for case in cases))
        await until(lambda: has_cases(system, 60))

    assert await gathered(system, 59)
    assert await system.value("SELECT count(DISTINCT head_id) FROM case_record") == 1


async def has_cases(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) = $1 FROM case_record", count))


async def test_a_history_has_no_gap_and_ends_where_the_case_stands(system: System) -> None:
    await open_all(system, *(a_report(number, minutes=number) for number in range(5)))
    offer = await the_offer(system)
    for make in (an_acceptance, a_closing):
        await answer(system, make, offer)
    await until(lambda: all_closed(system, 5))

    breaches = await system.rows(
        """
        SELECT id FROM case_record
        JOIN (SELECT case_id, count(*) AS steps, max(version) AS last FROM case_history GROUP BY 1) AS history
             ON history.case_id = case_record.id
        WHERE steps <> version OR last <> version
        """
    )
    assert breaches == []
    rows = await system.rows("SELECT type, event FROM case_history ORDER BY case_id, version")
    events = [Message.registry[row["type"]].read(row["event"]) for row in rows]
    assert len({event.id for event in events}) == len(events)
    assert all(isinstance(event, CaseEvent | CaseOpened) for event in events)


async def all_closed(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) = $1 FROM case_record WHERE state = 'closed'", count))


async def test_a_report_that_joins_while_the_incident_is_closed_is_closed_with_it(system: System) -> None:
    first, second = a_report(1), a_report(2, minutes=1)
    await open_all(system, first, second)
    closing = asyncio.Event()
    async with system.pool.acquire() as joining, system.pool.acquire() as closer:
        transaction = joining.transaction()
        await transaction.start()
        await store.lock_cases(joining, {first.case_id})
        await joining.execute("UPDATE case_record SET head_id = NULL WHERE id = $1", second.case_id)

        async def close() -> set[UUID]:
            async with closer.transaction():
                closing.set()
                return set(await store.lock_cases(closer, {first.case_id}, followers=True))

        task = asyncio.create_task(close())
        await closing.wait()
        await asyncio.sleep(0.1)
        await joining.execute("UPDATE case_record SET head_id = $1 WHERE id = $2", first.case_id, second.case_id)
        await transaction.commit()

        assert await task == {first.case_id, second.case_id}


async def test_looking_for_the_like_of_a_report_uses_the_keys_alone(system: System) -> None:
    """On a table as small as a test's the planner would rather read it whole: it is asked what it can do."""
    question = "SELECT case_id FROM case_key WHERE key = 7 AND opened_at >= now() ORDER BY opened_at DESC LIMIT 32"
    async with system.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = await connection.fetch(f"EXPLAIN {question}")

    told = " ".join(row["QUERY PLAN"] for row in plan)
    assert "case_key_pkey" in told
    assert "Sort" not in told
