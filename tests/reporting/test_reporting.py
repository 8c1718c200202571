"""Reporting at work: every event counted once, whoever counts it and in whatever order; every sum closes."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import aiohttp
import pytest

from services.reporting.app import reporting
from services.reporting.domain.asking import Axis, Counts, Question
from services.reporting.store import beside, cells, recount
from services.reporting.store.beside import NoticeCell
from shared.contracts import Channel, Effect, Message, NoticeStatus, Purpose
from shared.messaging.topology import EVENTS
from tests.builders import a_case_closed, a_contact_registered, a_notice_recorded, a_survey_answered
from tests.harness import System, built, running, serving, until
from tests.reporting.lives import a_life
from tests.reporting.test_facts import counted

KEY = "router.kept.routine"
LIVES = 120


async def tell(system: System, events: Sequence[Message], size: int = 7) -> None:
    for at in range(0, len(events), size):
        await system.tell(EVENTS, KEY, *events[at : at + size])


async def logged(system: System, count: int) -> None:
    async def holds() -> bool:
        return bool(await system.value("SELECT count(*) FROM event_log") >= count)

    await until(holds)


async def total(system: System) -> Counts:
    return sum((row.counts for row in await cells.ask(system.pool, Question())), Counts())


async def test_two_replicas_count_repeated_and_reordered_events_as_one_counts_them_in_order(system: System) -> None:
    chance = random.Random(11)
    events = [event for seed in range(LIVES) for event in a_life(seed)]
    shuffled = events + chance.sample(events, k=len(events) // 2)
    chance.shuffle(shuffled)
    async with running(built(reporting, system), built(reporting, system)):
        await tell(system, shuffled)
        await logged(system, len(events))

    known, _ = counted([events])
    assert await total(system) == sum((fact.counts() for fact in known.values()), Counts())
    for by in [(axis,) for axis in Axis] + [(Axis.OWNER, Axis.TOPIC), (Axis.MONTH, Axis.STATE)]:
        assert await cells.ask(system.pool, Question(by=by)) == await recount.ask(system.pool, Question(by=by)), by
    assert await system.value("SELECT count(*) FROM case_fact") == LIVES
    assert await system.value("SELECT count(*) FROM event_log") == len(events)
    assert await system.value("SELECT sum(contacts) FROM contact_cell") == LIVES
    assert (
        await system.value("SELECT count(*) FROM retry") == await system.value("SELECT count(*) FROM dead_letter") == 0
    )


async def test_a_service_rolls_up_what_it_counts_and_goes_on_after_a_restart(system: System) -> None:
    events = [event for seed in range(40) for event in a_life(seed)]
    for half in (events[: len(events) // 2], events[len(events) // 2 :]):
        before = await system.value("SELECT count(*) FROM event_log")
        async with running(built(reporting, system)):
            await tell(system, half)
            await logged(system, before + len(half))
            await until(lambda: rolled(system))

    assert await system.value("SELECT sum(cases) FROM case_cell WHERE grain = 3") == 40
    assert (await total(system)).cases == 40


async def rolled(system: System) -> bool:
    return bool(await system.value("SELECT count(*) = 0 FROM case_move"))


async def test_contacts_that_make_no_case_are_counted_as_contacts_only(system: System) -> None:
    contacts = [
        a_contact_registered(purpose=Purpose.INFORMATION, effect=Effect.NONE, cases=()),
        a_contact_registered(effect=Effect.JOINED),
        a_contact_registered(),
    ]
    async with running(built(reporting, system)):
        await tell(system, contacts)
        await logged(system, 3)

    assert (await total(system)).cases == 1
    assert await system.value("SELECT sum(contacts) FROM contact_cell") == 3


async def test_the_statuses_that_replies_reached_are_counted(system: System) -> None:
    notices = [a_notice_recorded(status=status) for status in (NoticeStatus.SENT, NoticeStatus.SENT, NoticeStatus.READ)]
    async with running(built(reporting, system)):
        await tell(system, [*notices, *notices])
        await logged(system, 3)

    rows = await system.rows("SELECT * FROM notice_cell")
    counts = {NoticeCell(*(row[name] for name in NoticeCell._fields)).status: row["notices"] for row in rows}
    assert counts == {"sent": 2, "read": 1}


# The figures


@pytest.fixture
async def figures(system: System) -> Any:
    """A client of the API, with lives counted."""
    events = [event for seed in range(LIVES) for event in a_life(seed)]
    async with serving(built(reporting, system)) as url, aiohttp.ClientSession(url) as client:
        await tell(system, events, 150)
        await logged(system, len(events))
        yield client


async def ask(client: aiohttp.ClientSession, path: str, **query: str) -> Any:
    async with client.get(path, params=query) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_every_sum_of_the_bulletin_closes(figures: aiohttp.ClientSession) -> None:
    printed = await ask(figures, "/api/bulletin")

    assert printed["unclosed"] == []
    lines = {line["code"]: line["cases"] for line in printed["lines"]}
    assert sum(group["cases"] for group in printed["groups"]) == lines["total"] == LIVES
    assert sum(group["resolved"] for group in printed["groups"]) == lines["resolved"]
    for group in printed["groups"]:
        assert sum(group["outcomes"].values()) == group["resolved"]
        if group["parts"]:
            assert sum(part["cases"] for part in group["parts"]) == group["cases"]
            assert sum(part["resolved"] for part in group["parts"]) == group["resolved"]


async def test_every_axis_sums_to_the_cases(figures: aiohttp.ClientSession) -> None:
    for axis in Axis:
        rows = await ask(figures, "/api/cases", by=axis)
        assert sum(row["cases"] for row in rows) == LIVES, axis
        assert all(0 <= row["closed"] <= row["cases"] for row in rows), axis


async def test_days_sum_to_their_period(figures: aiohttp.ClientSession) -> None:
    days = {date.fromisoformat(row["value"]): row["cases"] for row in await ask(figures, "/api/cases", by="day")}
    middle = sorted(days)[len(days) // 2]
    before = await ask(figures, "/api/cases", by="channel", to=str(middle))

    assert sum(row["cases"] for row in before) == sum(count for day, count in days.items() if day <= middle)
    printed = await ask(figures, "/api/bulletin", **{"from": str(middle), "to": str(middle)})
    assert sum(group["cases"] for group in printed["groups"]) == days[middle]


async def test_the_overview_counts_contacts_by_channel(figures: aiohttp.ClientSession) -> None:
    told = await ask(figures, "/api/overview")

    assert sum(row["contacts"] for row in told["contacts"]) == LIVES
    assert {row["channel"] for row in told["contacts"]} <= set(Channel)
    assert told["last_at"] is not None


async def test_a_question_that_cannot_be_answered_is_told_so(figures: aiohttp.ClientSession) -> None:
    for query in ({"by": "nothing"}, {"from": "yesterday"}, {"by": "day; DROP TABLE case_cell"}):
        async with figures.get("/api/cases", params=query) as answer:
            assert answer.status == 422, query
            assert answer.headers["Content-Type"].startswith("application/problem+json"), query


async def test_an_empty_system_has_a_bulletin_that_closes(system: System) -> None:
    async with serving(built(reporting, system)) as url, aiohttp.ClientSession(url) as client:
        printed = await ask(client, "/api/bulletin")

    assert printed["unclosed"] == []
    assert all(group["cases"] == 0 for group in printed["groups"])


async def test_answers_to_surveys_are_counted_by_who_had_closed_the_case(system: System) -> None:
    closing = a_case_closed(version=3)
    said = closing.occurred_at + timedelta(days=1)
    answers = [
        a_survey_answered(case_id=closing.case_id, solved=solved, occurred_at=said) for solved in (True, False, False)
    ]
    async with running(built(reporting, system)):
        await tell(system, [closing])
        await logged(system, 1)
        await tell(system, [*answers, *answers])
        await logged(system, 4)

    [row] = await beside.surveys(system.pool, None, None)
    assert (row["owner"], row["solved"], row["not_solved"]) == (closing.owner, 1, 2)
    assert not await beside.surveys(system.pool, date(2030, 1, 1), None)
