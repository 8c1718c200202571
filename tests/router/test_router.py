"""The router at work: cases in, work for their owners out, answers move them, and its tables agree with its facts."""

import json
import random
from collections import Counter
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from services.router.app import router
from shared.contracts import (
    Answer,
    AssignmentOffered,
    CaseEvent,
    CaseOpened,
    CitizenAdded,
    Decided,
    Message,
    Place,
    unpack,
)
from shared.messaging.topology import ANSWERS, ROUTING, owner_queue
from shared.municipality import Municipality
from tests.builders import (
    a_case_opened,
    a_closing,
    a_contact_joined,
    a_decision,
    a_progress,
    a_question,
    a_return,
    an_acceptance,
    an_id,
)
from tests.harness import System, built, running, until

RUBBISH = "Çöp konteyneri taştı, çöpler üç gündür alınmıyor"
NONSENSE = "merhaba"
WORDS = {
    an_acceptance: "accepted",
    a_progress: "progressed",
    a_question: "asked",
    a_return: "returned",
    a_closing: "closed",
    a_decision: "decided",
}


def a_numbered_case(number: int = 0, **changed: Any) -> CaseOpened:
    return a_case_opened(**{"number": f"482-715-{number:03}", "text": RUBBISH, **changed})


async def open_case(system: System, case: CaseOpened) -> AssignmentOffered:
    """Open it, and take the offer from its owner's queue."""
    await system.tell(ROUTING, case.lane, case)
    return await the_offer(system, case.case_id)


async def the_offer(system: System, case_id: UUID, version: int = 2) -> AssignmentOffered:
    await until(lambda: is_at(system, case_id, version))
    row = (await system.rows("SELECT owner, lane FROM case_record WHERE id = $1", case_id))[0]
    while True:
        offer = AssignmentOffered.read(await system.take(owner_queue(row["owner"], row["lane"])))
        if offer.case_id == case_id:
            return offer


async def is_at(system: System, case_id: UUID, version: int) -> bool:
    return bool(await system.value("SELECT version >= $2 FROM case_record WHERE id = $1", case_id, version))


def about(offer: AssignmentOffered) -> dict[str, Any]:
    return {"case_id": offer.case_id, "assignment_id": offer.assignment_id, "owner": offer.owner}


async def answer(system: System, make: Any, offer: AssignmentOffered, **more: Any) -> Answer:
    """Answer as an owner's own program does: one bare message with the owner's key."""
    said: Answer = make(**about(offer) | more)
    await system.send(ANSWERS, f"answer.{said.owner}.{WORDS[make]}", said.model_dump_json().encode())
    return said


async def record(system: System, case_id: UUID) -> dict[str, Any]:
    return (await system.rows("SELECT * FROM case_record WHERE id = $1", case_id))[0]


async def history(system: System, case_id: UUID) -> list[Message]:
    rows = await system.rows("SELECT type, event FROM case_history WHERE case_id = $1 ORDER BY version", case_id)
    return [Message.registry[row["type"]].read(row["event"]) for row in rows]


async def test_a_case_with_a_clear_topic_is_offered_to_its_department_with_a_due_time(system: System) -> None:
    offer = await open_case(system, a_numbered_case())

    assert offer.owner == "temizlik-isleri"
    assert offer.text == RUBBISH
    assert offer.due_at is not None
    assert offer.reasons


async def test_a_case_no_rule_knows_goes_to_the_solution_centre(system: System) -> None:
    offer = await open_case(system, a_numbered_case(text=NONSENSE))

    assert offer.owner == "cozum-merkezi"


async def test_an_urgent_case_is_offered_in_the_urgent_lane(system: System) -> None:
    case = a_numbered_case(lane="urgent")
    offer = await open_case(system, case)

    assert offer.lane == "urgent"
    events = [event for body in await system.take_all("reporting.events") for event in unpack(body)]
    assert [event["lane"] for event in events] == ["urgent"]


async def test_who_counts_hears_by_when_the_law_wants_an_answer(system: System) -> None:
    offer = await open_case(system, a_numbered_case())

    [fact] = [event for body in await system.take_all("reporting.events") for event in unpack(body)]
    assert offer.legal_due_at is not None
    assert datetime.fromisoformat(fact["legal_due_at"]) == offer.legal_due_at


async def test_a_batch_of_cases_gets_an_owner_each(system: System) -> None:
    texts = [RUBBISH, NONSENSE, "Sokak lambası yanmıyor", "Su kesik", "", "x" * 20_000, "\ufffd ٣"]
    cases = [a_numbered_case(number, text=texts[number % len(texts)]) for number in range(300)]
    await system.tell(ROUTING, "routine", *cases)
    await until(lambda: has_cases(system, 300))

    assert await system.value("SELECT count(*) FROM case_history") == 600
    assert (
        await system.value("SELECT count(*) FROM retry") == await system.value("SELECT count(*) FROM dead_letter") == 0
    )


async def has_cases(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) FROM case_record") == count)


async def test_a_case_goes_its_way_from_offer_to_outcome(system: System) -> None:
    case = a_numbered_case()
    offer = await open_case(system, case)
    for make in (an_acceptance, a_progress, a_question):
        await answer(system, make, offer)
    await until(lambda: is_at(system, case.case_id, 5))
    assert (await record(system, case.case_id))["state"] == "waiting_citizen"
    await system.tell(ROUTING, "routine", a_contact_joined(case_id=case.case_id, text="Kapı 5"))
    await until(lambda: is_at(system, case.case_id, 6))
    added = CitizenAdded.read(await system.take(owner_queue(offer.owner, "routine")))
    assert (added.assignment_id, added.text) == (offer.assignment_id, "Kapı 5")
    await answer(system, a_closing, offer)
    await until(lambda: is_at(system, case.case_id, 7))

    steps = await history(system, case.case_id)
    assert [step.type for step in steps] == [
        "case.opened.v1",
        "case.assigned.v1",
        "case.accepted.v1",
        "case.progressed.v1",
        "case.asked.v1",
        "case.progressed.v1",
        "case.closed.v1",
    ]
    assert {step.trace_id for step in steps[1:]} == {case.trace_id}


async def test_an_accepting_institution_makes_it_forwarded_and_the_citizen_is_to_be_told(
    system: System, place: Municipality
) -> None:
    centre = await open_case(system, a_numbered_case(text=NONSENSE))
    await answer(system, a_decision, centre, decided_owner="saski")
    offer = await the_offer(system, centre.case_id, 3)
    assert (offer.owner, offer.owner_kind) == ("saski", "institution")
    await answer(system, an_acceptance, offer)
    await until(lambda: is_at(system, centre.case_id, 4))

    row = await record(system, centre.case_id)
    assert (row["state"], row["outcome"]) == ("waiting_institution", "forwarded")
    told = [event for body in await system.take_all("notifier.cases.routine") for event in unpack(body)]
    assert [event["type"] for event in told] == ["case.forwarded.v1"]


async def test_a_return_goes_to_the_proposal_and_a_second_one_to_the_centre_which_decides(system: System) -> None:
    first = await open_case(system, a_numbered_case())
    await answer(system, a_return, first, reason="Kaldırım işi", proposal="fen-isleri")
    second = await the_offer(system, first.case_id, 4)
    assert (second.owner, second.returns, second.returned_because) == ("fen-isleri", 1, "Kaldırım işi")
    assert (second.returned_by, second.reasons) == (
        "temizlik-isleri",
        ("Temizlik İşleri Müdürlüğü iade etti ve bu birimi önerdi.",),
    )
    await answer(system, a_return, second, proposal="park-bahceler")
    third = await the_offer(system, first.case_id, 6)
    assert (third.owner, third.returns, third.returned_by) == ("cozum-merkezi", 2, "fen-isleri")
    assert third.proposals[0].owner == "park-bahceler"
    assert "fen-isleri" not in {row.owner for row in third.proposals}
    assert third.reasons[0].startswith("Emin değil: iki kez iade edildi")
    await answer(system, a_decision, third, decided_owner="zabita")
    fourth = await the_offer(system, first.case_id, 7)

    assert (fourth.owner, fourth.text) == ("zabita", RUBBISH)
    assert len({offer.assignment_id for offer in (first, second, third, fourth)}) == 4


async def test_late_and_repeated_answers_change_nothing(system: System) -> None:
    first = await open_case(system, a_numbered_case())
    await answer(system, a_return, first, proposal="fen-isleri")
    second = await the_offer(system, first.case_id, 4)
    for make in (an_acceptance, a_progress, a_closing, a_return):
        await answer(system, make, first)
    await answer(system, an_acceptance, second)
    await answer(system, an_acceptance, second)
    await answer(system, a_closing, second)
    await until(lambda: is_at(system, first.case_id, 6))
    await answer(system, a_closing, second)
    marker = await open_and_close(system, 1)

    row = await record(system, first.case_id)
    assert (row["version"], row["state"], row["owner"]) == (6, "closed", "fen-isleri")
    assert await shelf(system) == []
    assert marker


async def open_and_close(system: System, number: int) -> bool:
    """What was answered before has been handled once this case is closed."""
    offer = await open_case(system, a_numbered_case(number))
    await answer(system, a_closing, offer)
    await until(lambda: is_at(system, offer.case_id, 3))
    return True


async def shelf(system: System) -> list[str]:
    return [row["reason"] for row in await system.rows("SELECT reason FROM dead_letter ORDER BY shelved_at, id")]


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (a_closing, {"owner": "fen-isleri"}),
        (an_acceptance, {"owner": "nobody-at-all"}),
        (a_closing, {"case_id": an_id()}),
        (a_decision, {}),
        (a_decision, {"decided_owner": "nobody"}),
    ],
)
async def test_an_answer_that_is_not_allowed_is_shelved_and_changes_nothing(
    system: System, make: Any, wrong: dict[str, Any]
) -> None:
    offer = await open_case(system, a_numbered_case())
    await answer(system, make, offer, **wrong)
    await open_and_close(system, 1)

    assert len(await shelf(system)) == 1
    row = await record(system, offer.case_id)
    assert (row["version"], row["state"]) == (2, "routed")


@pytest.mark.parametrize("wrong", [{"topic": "no-such"}, {"neighbourhood": "no such"}, {"neighbourhood": "a\0b"}])
async def test_a_decision_for_what_nobody_knows_is_shelved_at_once(system: System, wrong: dict[str, str]) -> None:
    offer = await open_case(system, a_numbered_case(text=NONSENSE))
    await answer(system, a_decision, offer, **wrong)
    await open_and_close(system, 1)

    assert len(await shelf(system)) == 1
    assert (await record(system, offer.case_id))["version"] == 2


async def test_words_of_any_kind_in_an_answer_are_taken(system: System) -> None:
    offer = await open_case(system, a_numbered_case())
    body = json.loads(a_closing(**about(offer)).model_dump_json()) | {"answer": "a\0b \ud83d <script>" + "x" * 3000}
    await system.send(ANSWERS, "answer.temizlik-isleri.closed", json.dumps(body).encode())
    await until(lambda: is_at(system, offer.case_id, 3))

    assert (await record(system, offer.case_id))["state"] == "closed"


async def test_what_a_citizen_adds_before_the_case_is_here_waits_for_it(system: System) -> None:
    case = a_numbered_case()
    await system.tell(ROUTING, "routine", a_contact_joined(case_id=case.case_id, text="Bir de şu"))
    await until(lambda: has_rows(system, "retry", 1))
    offer = await open_case(system, case)
    added = CitizenAdded.read(await system.take(owner_queue(offer.owner, "routine")))

    assert added.text == "Bir de şu"


async def has_rows(system: System, table: str, count: int) -> bool:
    return bool(await system.value(f"SELECT count(*) FROM {table}") >= count)


async def test_a_place_outside_is_no_trouble(system: System) -> None:
    for number, place in enumerate([Place(latitude=0, longitude=0), Place(latitude=90, longitude=180), Place()]):
        await open_case(system, a_numbered_case(number, place=place))


async def test_after_random_answers_by_two_routers_every_history_is_whole(system: System) -> None:
    """Repeated, reordered, in other names: versions without gap, and each case is the fold of its history."""
    chance = random.Random(7)
    cases = [a_numbered_case(number, text=chance.choice([RUBBISH, NONSENSE])) for number in range(25)]
    async with running(built(router, system)):
        await system.tell(ROUTING, "routine", *cases)
        await until(lambda: has_cases(system, 25))
        for round_number in range(6):
            rows = await system.rows("SELECT id, owner, assignment_id FROM case_record")
            answers = [
                make(
                    case_id=UUID(int=row["id"].int),
                    assignment_id=UUID(int=row["assignment_id"].int),
                    owner=row["owner"] if chance.random() > 0.1 else "fen-isleri",
                )
                for row in rows
                for make in chance.sample(list(WORDS), k=3)
            ]
            answers += chance.sample(answers, k=20)
            chance.shuffle(answers)
            for said in answers:
                key = f"answer.{said.owner}.{WORDS[next(make for make in WORDS if _made(make, said))]}"
                await system.send(ANSWERS, key, said.model_dump_json().encode())
            marker = a_numbered_case(500 + round_number)
            await answer(system, a_closing, await open_case(system, marker))
            await until(partial(is_at, system, marker.case_id, 3))
        await until(lambda: all_taken(system))

    for case in cases:
        steps = await history(system, case.case_id)
        versions = [getattr(step, "version", 0) for step in steps]
        assert versions == list(range(1, len(steps) + 1))
        last, row = steps[-1], await record(system, case.case_id)
        assert isinstance(last, CaseEvent)
        told = (last.version, last.state, last.outcome, last.owner, last.assignment_id)  # type: ignore[attr-defined]
        assert told == (row["version"], row["state"], row["outcome"], row["owner"], UUID(int=row["assignment_id"].int))
    told_facts = await counted(system)
    assert told_facts == await system.value("SELECT count(*) FROM case_history WHERE version > 1")
    assert await system.value("SELECT count(*) FROM retry") == 0


def _made(make: Any, said: Answer) -> bool:
    return isinstance(said, type(make()))


async def all_taken(system: System) -> bool:
    return await system.depth("router.answers") == 0


async def counted(system: System) -> int:
    """How many different facts were told."""
    bodies = await system.take_all("reporting.events")
    ids = Counter(event["id"] for body in bodies for event in unpack(body))
    return len(ids)


async def test_a_case_a_person_decided_while_entering_goes_to_that_owner(system: System) -> None:
    offer = await open_case(system, a_numbered_case(decided=Decided(owner="zabita", topic="gurultu", by="ayse")))

    assert (offer.owner, offer.topic, offer.proposals) == ("zabita", "gurultu", ())
    fact = next(fact for fact in await system.told() if fact["type"] == "case.assigned.v1")
    assert (fact["automatic"], fact["decided_by"], fact["confidence"]) == (False, "desk:ayse", 1)
    assert fact["due_at"]


BOTH = "Çöp konteyneri taştı, çöpler üç gündür toplanmıyor. Bir de evin önündeki sokak lambası yanmıyor."


async def test_a_message_for_two_owners_is_asked_about_once_and_not_held_up(system: System) -> None:
    offer = await open_case(system, a_numbered_case(text=BOTH))

    [task] = unpack(await system.take("desk.tasks"))
    assert (task["kind"], task["source"], task["reason"]) == ("split", "intake", "several_owners")
    assert (task["detail"], task["text"], task["case_id"]) == (offer.owner, BOTH, str(offer.case_id))
    assert {offer.owner, task["proposals"][0]["owner"]} == {"temizlik-isleri", "yedas"}
    assert offer.secondary[0].owner == task["proposals"][0]["owner"]


async def test_a_further_case_that_a_person_decided_is_not_asked_about_again(system: System) -> None:
    offer = await open_case(system, a_numbered_case(text=BOTH, decided=Decided(owner="yedas", by="ayse")))

    assert offer.owner == "yedas"
    assert await system.take_all("desk.tasks") == []
