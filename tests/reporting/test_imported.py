"""Cases of an old system in the figures: counted as it told them, marked, and apart from what is ours."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from ops.importing import publishing
from ops.importing.publishing import ImportPublisher
from ops.importing.taking import TakingOver
from services.reporting.app import reporting
from services.reporting.domain.asking import Axis, Clock, Counts, ExactSpread, Question
from services.reporting.domain.facts import fold_all
from services.reporting.domain.known import CaseFact
from services.reporting.figures import Figures
from services.reporting.proof.rebuilding import rebuild
from shared.contracts import CaseImported, CaseState, Message, Outcome
from shared.ids import new_id
from shared.municipality import load
from tests.builders import AT, a_case_imported
from tests.harness import AWAY_AMQP, System, built, running
from tests.reporting.filling import fill
from tests.reporting.lives import a_life
from tests.reporting.proving import FOLD, proven, tables
from tests.reporting.test_reporting import logged, tell
from tests.test_imports import AS_OF, MAPPING, ROW, a_mapping, a_table

ISTANBUL = ZoneInfo("Europe/Istanbul")
ILKADIM = Path(__file__).parent.parent.parent / "municipality" / "ilkadim"
OPENED = datetime(2019, 3, 4, 12, tzinfo=UTC)


def fact_of(*events: CaseImported) -> CaseFact:
    [fact] = fold_all({}, events, ISTANBUL).values()
    return fact


# --- by values alone -------------------------------------------------------------------------------------------


def test_an_old_case_counts_on_the_day_of_its_own_calendar() -> None:
    late = datetime(2019, 3, 4, 23, 30, tzinfo=UTC)

    assert fact_of(a_case_imported(opened_at=late, day=date(2019, 3, 4))).day == date(2019, 3, 4)
    assert fact_of(a_case_imported(opened_at=late)).day == date(2019, 3, 5), "in Istanbul it was the next day"


def test_of_its_target_an_old_case_counts_as_its_system_said_and_as_nothing_where_it_was_silent() -> None:
    due_at = AT - timedelta(days=690)
    said = {told: fact_of(a_case_imported(due_at=due_at, on_time=told)).counts() for told in (True, False, None)}

    assert [(counts.due, counts.on_time, counts.late) for counts in said.values()] == [(1, 1, 0), (1, 0, 1), (1, 0, 0)]


def test_a_target_counts_for_an_open_old_case_too_when_its_system_says_so() -> None:
    fact = fact_of(a_case_imported(state=CaseState.ROUTED, outcome=None, closed_at=None, on_time=False))

    assert fact.counts() == Counts(cases=1, due=1, late=1)


def test_an_old_duplicate_is_counted_as_one() -> None:
    assert fact_of(a_case_imported(outcome=Outcome.DUPLICATE)).counts().duplicates == 1


def test_of_two_imports_of_a_case_the_higher_version_counts_in_any_order() -> None:
    before, after = a_case_imported(version=5, owner="zabita"), a_case_imported(version=9, owner="fen-isleri")
    after = after.model_copy(update={"case_id": before.case_id})

    assert fact_of(before, after) == fact_of(after, before) == fact_of(after, before, after)
    assert fact_of(after, before).owner == "fen-isleri"


# --- in the figures --------------------------------------------------------------------------------------------


def figures_of(system: System) -> Figures:
    """The figures over the module's database."""
    return Figures(cast(Any, SimpleNamespace(pool=system.pool)), load(ILKADIM))


async def counted(system: System, events: Sequence[Message]) -> Figures:
    async with running(built(reporting, system)):
        await tell(system, events, 150)
        await logged(system, len({event.id for event in events}))
    return figures_of(system)


def some_old_cases(count: int, **changed: Any) -> list[CaseImported]:
    return [a_case_imported(number=str(number), **changed) for number in range(count)]


async def test_every_figure_can_be_had_with_and_without_the_old_years(system: System) -> None:
    ours = [event for seed in range(5) for event in a_life(seed)]
    figures = await counted(system, [*ours, *some_old_cases(7)])

    [everything] = await figures.ask(Question())
    [own] = await figures.ask(Question(where={Axis.SOURCE: ""}))
    [old] = await figures.ask(Question(where={Axis.SOURCE: "records-2019"}))
    assert (everything.counts.cases, own.counts.cases, old.counts.cases) == (12, 5, 7)
    assert everything.counts == own.counts + old.counts


async def test_the_bulletin_closes_with_channels_and_owners_nobody_knows(system: System) -> None:
    figures = await counted(system, some_old_cases(3, channel="kiosk", owner="old-roads"))
    printed = await figures.bulletin(None, None)

    assert sum(group.cases for group in printed.groups) == 3


async def test_an_import_sent_twice_and_shuffled_changes_nothing(system: System) -> None:
    cases = some_old_cases(60)
    again = [*cases, *cases]
    random.Random(4).shuffle(again)
    figures = await counted(system, again)

    [row] = await figures.ask(Question())
    assert row.counts.cases == 60
    assert await system.value("SELECT count(*) FROM event_log") == 60


async def test_a_table_is_imported_through_the_broker_and_a_corrected_one_replaces_it(
    system: System, tmp_path: Path
) -> None:
    rows = [ROW | {"No": str(number), "Birim": "Zabıta"} for number in range(450)]
    publisher = ImportPublisher(system.amqp_url)

    async def take(rows: Sequence[dict[str, str]], as_of: datetime) -> int:
        taking = TakingOver(a_mapping(tmp_path, MAPPING), AS_OF, publisher.publish, as_of)
        [taken] = await taking.take([a_table(tmp_path / "old.csv", rows)])
        return taken.imported

    async with running(built(reporting, system)):
        assert await take(rows, AS_OF) == await take(rows, AS_OF) == 450
        await logged(system, 450)
        corrected = [rows[0] | {"Birim": "Fen İşleri"}, *rows[1:]]
        assert await take(corrected, AS_OF + timedelta(days=1)) == 450
        assert await take(rows, AS_OF) == 450, "the earlier table once more"
        await logged(system, 900)
    await publisher.close()

    found = await figures_of(system).ask(Question(by=(Axis.OWNER,)))
    assert {row.values: row.counts.cases for row in found} == {("zabita",): 449, ("fen-isleri",): 1}
    assert await system.value("SELECT count(*) FROM event_log") == 900


# --- to the second ---------------------------------------------------------------------------------------------


def closed_after(*seconds: float, **changed: Any) -> list[CaseImported]:
    return [
        a_case_imported(opened_at=OPENED, closed_at=OPENED + timedelta(seconds=after), **changed) for after in seconds
    ]


async def exact(system: System, events: Sequence[Message], question: Question) -> list[ExactSpread]:
    return await (await counted(system, events)).exact_spread(question, Clock.CLOSING)


@pytest.mark.parametrize(
    ("hours", "median", "p90"),
    [
        ([5], 5, 5),
        ([1, 4], 2.5, 4),
        ([3, 1, 2], 2, 3),
        (range(1, 11), 5.5, 10),  # nine in ten do not exceed 9: more than nine in ten, not 10
        (range(1, 12), 6, 10),
        (range(1, 31), 15.5, 28),
    ],
)
async def test_median_and_p90_are_those_of_the_cases_to_the_second(
    system: System, hours: Sequence[int], median: float, p90: float
) -> None:
    [row] = await exact(system, closed_after(*(hour * 3600 for hour in hours)), Question())

    assert (row.cases, row.median_hours, row.p90_hours) == (len(hours), median, p90)


async def test_times_below_zero_are_told_and_count_as_they_are(system: System) -> None:
    [row] = await exact(system, closed_after(-3600, 3600, 7200), Question())

    assert row == ExactSpread((), 3, 1.0, 2.0, 1)


async def test_exact_times_are_told_apart_filtered_and_ordered_like_the_others(system: System) -> None:
    events = [
        *closed_after(3600, owner="zabita", channel="web"),
        *closed_after(7200, 10800, owner="fen-isleri", channel="web"),
        *closed_after(9, owner="fen-isleri", channel="phone"),
        a_case_imported(state=CaseState.ROUTED, outcome=None, closed_at=None, channel="web"),
    ]
    question = Question(by=(Axis.OWNER, Axis.MONTH), where={Axis.CHANNEL: "web"})
    found = await exact(system, events, question)

    assert [(row.values, row.cases, row.median_hours) for row in found] == [
        (("fen-isleri", "2019-03-01"), 2, 2.5),
        (("zabita", "2019-03-01"), 1, 1.0),
    ]
    assert [row.values for row in found] == [
        row.values for row in await figures_of(system).spread(question, Clock.CLOSING)
    ]


# --- proven ----------------------------------------------------------------------------------------------------


async def test_old_years_are_proven_and_made_again_from_the_log_like_our_own(system: System) -> None:
    first = some_old_cases(30)
    later = [case.model_copy(update={"id": new_id(), "version": 2, "owner": "zabita"}) for case in first[::2]]
    events = [*(event for seed in range(5) for event in a_life(seed)), *first, *later]
    random.Random(6).shuffle(events)
    await fill(system, events)
    before = await tables(system)

    assert await proven(system) == []
    await rebuild(system.database_url, FOLD)
    assert await tables(system) == before


# --- the bad day -----------------------------------------------------------------------------------------------


async def test_an_import_goes_on_after_its_connection_was_cut(system: System) -> None:
    publisher = ImportPublisher(system.amqp_url)
    cases = some_old_cases(4)
    await publisher.publish(cases[:2])
    assert publisher._connection is not None
    await publisher._connection.close()

    await publisher.publish(cases[2:])
    await publisher.close()

    assert await system.depth("reporting.events") == 2


async def test_an_import_that_is_not_counted_ends_and_says_so(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "TAKEN_SECONDS_MAX", 0.3)
    monkeypatch.setattr(publishing, "ENVELOPES_WAITING_MAX", 1)
    publisher = ImportPublisher(system.amqp_url)
    with pytest.raises(publishing.NotTaken, match="does it run"):
        for case in some_old_cases(4):
            await publisher.publish([case])
    await publisher.close()


async def test_an_import_without_a_broker_ends_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "TAKEN_SECONDS_MAX", 0.0)

    with pytest.raises(publishing.NotTaken, match="the broker took nothing"):
        await ImportPublisher(AWAY_AMQP).publish(some_old_cases(1))
