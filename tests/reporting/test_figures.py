"""The quick answers are the recount's, whatever comes in whatever order, and whenever it is rolled up."""

import asyncio
import random
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.reporting.counting import count
from services.reporting.domain import facts
from services.reporting.domain.asking import Axis, Clock, Counts, Question
from services.reporting.domain.bulletin import Counted
from services.reporting.store import cells, recount
from services.reporting.store.facts import cases, overdue
from services.reporting.store.rolling import roll
from shared.contracts import Message
from tests.builders import AT
from tests.harness import System
from tests.reporting.lives import a_life, an_old_case

ISTANBUL = ZoneInfo("Europe/Istanbul")
LIVES = 150
QUESTIONS = 150


def some_events(chance: random.Random) -> list[Message]:
    """Lives and old cases, shuffled; the inbox lets nothing come twice."""
    events = [event for seed in range(LIVES) for event in (*a_life(seed), an_old_case(seed))]
    chance.shuffle(events)
    return events


async def count_and_roll(system: System, events: Sequence[Message], chance: random.Random, rolls: float) -> None:
    """Batches of any size, rolled up now and then, some moves at a time."""
    while events:
        size = chance.randrange(1, 60)
        async with system.pool.acquire() as connection, connection.transaction():
            await count(connection, events[:size], ISTANBUL)
        events = events[size:]
        if chance.random() < rolls:
            await roll(system.pool, chance.randrange(1, 200))


def a_question(chance: random.Random) -> Question:
    values = {
        Axis.OWNER: ["zabita", "saski"],
        Axis.STATE: ["closed", "routed", "received"],
        Axis.SOURCE: ["", "records"],
        Axis.TOPIC: ["", "cop", "su"],
        Axis.NEIGHBOURHOOD: ["", "6571"],
        Axis.CHANNEL: ["phone", "sms"],
        Axis.HOUR: ["12", "100"],
    }
    first, last = sorted(AT.date() - timedelta(days=chance.randrange(-60, 850)) for _ in range(2))
    filtered = chance.sample(sorted(values), k=chance.choice([0, 0, 1, 1, 2]))
    return Question(
        chance.choice([None, first]),
        chance.choice([None, last]),
        tuple(chance.sample(list(Axis), k=chance.randrange(3))),
        {axis: chance.choice(values[axis]) for axis in filtered},
    )


@pytest.mark.parametrize("rolls", [0.0, 0.5, 1.0])
async def test_any_answer_is_the_recount(system: System, rolls: float) -> None:
    chance = random.Random(int(10 * rolls))
    await count_and_roll(system, some_events(chance), chance, rolls)
    for _ in range(QUESTIONS):
        question, clock = a_question(chance), chance.choice(list(Clock))

        assert await cells.ask(system.pool, question) == await recount.ask(system.pool, question), question
        assert await cells.spread(system.pool, question, clock) == await recount.spread(system.pool, question, clock), (
            question
        )
        period = question.first, question.last
        assert printed(await cells.bulletin_facts(system.pool, *period)) == printed(
            await recount.bulletin_facts(system.pool, *period)
        ), period


def printed(counted: Sequence[Counted]) -> list[str]:
    return sorted(map(str, counted))


async def test_the_recount_is_what_the_domain_counts(system: System) -> None:
    chance = random.Random(3)
    events = some_events(chance)
    await count_and_roll(system, events, chance, 0)
    known = facts.fold_all({}, events, ISTANBUL).values()
    [row] = await recount.ask(system.pool, Question())

    assert row.counts == sum((fact.counts() for fact in known), Counts())
    [spread] = await recount.spread(system.pool, Question(), Clock.CLOSING)
    assert spread.cases == sum(fact.took(Clock.CLOSING) is not None for fact in known)


async def test_when_all_is_rolled_up_nothing_is_left_to_roll(system: System) -> None:
    chance = random.Random(4)
    await count_and_roll(system, some_events(chance), chance, 0)
    while await roll(system.pool, 500):
        pass

    assert await system.value("SELECT count(*) FROM case_move") == 0
    assert await system.value("SELECT sum(cases) FROM case_rollup WHERE axes = 0 AND grain = 3") == 2 * LIVES
    assert await system.value("SELECT min(cases) FROM case_rollup") >= 0
    assert await system.value("SELECT min(number) FROM case_bin CROSS JOIN LATERAL unnest(counts) AS number") > 0


async def test_one_replica_rolls_at_a_time(system: System) -> None:
    await count_and_roll(system, a_life(1), random.Random(1), 0)
    async with system.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('roll ' || current_schema()))")

        assert await roll(system.pool) is None
    assert await roll(system.pool) == 1


async def test_what_is_late_is_told_of_open_cases_alone(system: System) -> None:
    chance = random.Random(5)
    events = some_events(chance)
    await count_and_roll(system, events, chance, 0)
    known = facts.fold_all({}, events, ISTANBUL).values()

    assert await late(system, Question()) == [
        (
            sum(fact.due_at is not None and not fact.is_closed for fact in known),
            sum(fact.legal_due_at is not None and not fact.is_closed for fact in known),
        )
    ]


async def late(system: System, question: Question) -> list[tuple[int, int]]:
    return [(row.target, row.legal) for row in await overdue(system.pool, question)]


async def test_cases_are_listed_once_each_by_their_opening(system: System) -> None:
    chance = random.Random(6)
    events = some_events(chance)
    await count_and_roll(system, events, chance, 0)
    question = Question(first=date(2025, 1, 1), where={Axis.SOURCE: "records"})
    rows = [row async for batch in cases(system.pool, question, 7) for row in batch]

    assert [row.opened_at for row in rows] == sorted(row.opened_at for row in rows)
    [counted] = await recount.ask(system.pool, question)
    assert len({row.case_id for row in rows}) == len(rows) == counted.counts.cases


@pytest.mark.parametrize(
    "question",
    [
        Question(by=(Axis.CHANNEL,)),
        Question(by=(Axis.DAY,), where={Axis.OWNER: "zabita"}),
        Question(AT.date() + timedelta(days=2), AT.date() + timedelta(days=38), (Axis.KIND,), {Axis.TOPIC: "cop"}),
        Question(by=(Axis.MONTH, Axis.STATE)),
    ],
    ids=["axis", "days of an owner", "axis filtered, odd days", "two axes"],
)
async def test_a_question_of_an_axis_filtered_by_another_reads_no_case(system: System, question: Question) -> None:
    await count_and_roll(system, [event for seed in range(60) for event in a_life(seed)], random.Random(1), 1)
    expected = await recount.ask(system.pool, question)
    await system.pool.execute("TRUNCATE case_fact CASCADE")

    assert expected
    assert await cells.ask(system.pool, question) == expected


@pytest.mark.parametrize(
    "by", [(Axis.CHANNEL,), (Axis.DAY,), (Axis.MONTH, Axis.OWNER)], ids=["channel", "day", "month"]
)
async def test_how_long_it_took_along_an_axis_reads_no_case(system: System, by: tuple[Axis, ...]) -> None:
    await count_and_roll(system, [event for seed in range(60) for event in a_life(seed)], random.Random(1), 1)
    question = Question(AT.date() + timedelta(days=2), AT.date() + timedelta(days=38), by)
    expected = await recount.spread(system.pool, question, Clock.CLOSING)
    await system.pool.execute("TRUNCATE case_fact CASCADE")

    assert expected
    assert await cells.spread(system.pool, question, Clock.CLOSING) == expected


async def test_an_answer_is_whole_at_every_moment_of_rolling_up(system: System) -> None:
    await count_and_roll(system, [event for seed in range(80) for event in a_life(seed)], random.Random(2), 0)
    question = Question(by=(Axis.OWNER,))
    counts, durations = (
        await recount.ask(system.pool, question),
        await recount.spread(system.pool, question, Clock.CLOSING),
    )

    async def roll_slowly() -> None:
        while await roll(system.pool, 3):
            pass

    rolling, asked = asyncio.create_task(roll_slowly()), 0
    while not rolling.done():
        assert await cells.ask(system.pool, question) == counts
        assert await cells.spread(system.pool, question, Clock.CLOSING) == durations
        asked += 1
    await rolling
    assert asked > 1
