"""The open data as it is served: the same in every format, cacheable, published once, without tips and old cases."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from services.reporting.app import reporting
from services.reporting.domain.opened import Level, Measure
from services.reporting.figures import Figures
from services.reporting.public.opening import Opening
from services.reporting.public.tables import COLUMNS
from services.reporting.store import open_months
from shared.contracts import CaseKind, CaseNumber, CaseState, Message
from shared.ids import new_id
from tests.builders import a_case_assigned, a_case_closed, a_contact_registered
from tests.harness import System, built, running, serving
from tests.reporting.published import PLACE, YEAR, a_month, publish_all
from tests.reporting.test_reporting import logged, tell

MARCH = date(2026, 3, 1)
IN_MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)
IN_MAY = datetime(2026, 5, 20, 12, tzinfo=UTC)
FILES = ["talepler.csv", "talepler.json", "mahalleler.geojson", "sozluk.json"]


@pytest.fixture
async def site(system: System) -> AsyncIterator[aiohttp.ClientSession]:
    """A service with a quarter that is published."""
    await publish_all(system.pool, YEAR[:3])
    async with serving(built(reporting, system)) as url, aiohttp.ClientSession(url) as client:
        yield client


async def body(client: aiohttp.ClientSession, path: str) -> str:
    async with client.get(f"/acik-veri/{path}") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.text()


async def test_both_formats_say_the_same(site: aiohttp.ClientSession) -> None:
    table = list(csv.DictReader(io.StringIO((await body(site, "talepler.csv")).lstrip("\ufeff"))))
    async with site.get("/acik-veri/talepler.json") as answer:
        told = await answer.json()

    assert len(table) == len(told["lines"]) > 1000
    for row, line in zip(table, told["lines"], strict=True):
        assert row == {name: as_text(value) for name, value in line.items()}


def as_text(value: Any) -> str:
    return "" if value is None else "|".join(value) if isinstance(value, list) else str(value)


async def test_the_dictionary_names_every_column_in_order(site: aiohttp.ClientSession) -> None:
    head = (await body(site, "talepler.csv")).lstrip("\ufeff").splitlines()[0].split(",")
    async with site.get("/acik-veri/sozluk.json") as answer:
        told = await answer.json()

    assert [column["name"] for column in told["columns"]] == head == [column.name for column in COLUMNS]


async def test_no_file_holds_a_count_from_one_to_four(site: aiohttp.ClientSession) -> None:
    async with site.get("/acik-veri/talepler.json") as answer:
        lines = (await answer.json())["lines"]
    async with site.get("/acik-veri/mahalleler.geojson") as answer:
        features = (await answer.json(content_type="application/geo+json"))["features"]

    counts = [line[name] for line in lines for name in ("talep", "zamaninda", "geciken", "diger")]
    counts += [count for feature in features for count in feature["properties"]["talep"].values()]
    assert not [count for count in counts if count in (1, 2, 3, 4)]
    assert None in counts


async def test_every_neighbourhood_is_on_the_map_with_its_ground(site: aiohttp.ClientSession) -> None:
    async with site.get("/acik-veri/mahalleler.geojson") as answer:
        told = await answer.json(content_type="application/geo+json")

    assert [feature["id"] for feature in told["features"]] == [row.code for row in PLACE.neighbourhoods]
    assert {feature["geometry"]["type"] for feature in told["features"]} == {"MultiPolygon"}


@pytest.mark.parametrize("path", [*FILES, ""])
async def test_who_has_the_newest_version_is_sent_nothing(site: aiohttp.ClientSession, path: str) -> None:
    address = f"/acik-veri/{path}".rstrip("/")
    async with site.get(address) as first:
        tag = first.headers["ETag"]
        assert first.headers["Cache-Control"] == "public, max-age=3600"
    for held, status in ((tag, 304), (f'"other", W/{tag}', 304), ('"other"', 200)):
        async with site.get(address, headers={"If-None-Match": held}) as again:
            assert (again.status, again.headers["ETag"]) == (status, tag)


@pytest.mark.parametrize("path", FILES)
async def test_the_files_are_open_to_pages_of_others(site: aiohttp.ClientSession, path: str) -> None:
    async with site.get(f"/acik-veri/{path}", headers={"Origin": "https://example.org"}) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_a_page_that_remembers_a_language_is_nobody_elses(site: aiohttp.ClientSession) -> None:
    async with site.get("/acik-veri?dil=en") as answer:
        assert "public" not in answer.headers["Cache-Control"]
        assert "Open data" in await answer.text()


async def test_a_town_that_has_published_nothing_says_so(system: System) -> None:
    async with serving(built(reporting, system)) as url, aiohttp.ClientSession(url) as client:
        assert "Henüz yayımlanmış ay yok" in await body(client, "")
        assert len((await body(client, "talepler.csv")).splitlines()) == 1


# Publishing


def a_case(at: datetime, closed_after: timedelta | None = timedelta(days=1), **assigned: Any) -> list[Message]:
    """A case that is due in three days."""
    one: dict[str, Any] = {"case_id": new_id(), "number": "100000000"}
    known = {"opened_at": at, "due_at": at + timedelta(days=3), "kind": CaseKind.REQUEST} | assigned
    told: list[Message] = [
        a_contact_registered(occurred_at=at, cases=(CaseNumber(**one),)),
        a_case_assigned(**one, occurred_at=at, **known),
    ]
    if closed_after is not None:
        told.append(a_case_closed(**one, occurred_at=at + closed_after, state=CaseState.CLOSED))
    return told


@pytest.fixture
def opening(system: System) -> Opening:
    service = system.service()
    service.pool = system.pool
    return Opening(service, Figures(service, PLACE), PLACE)


async def count(system: System, *lives: list[Message]) -> None:
    events = [event for life in lives for event in life]
    async with running(built(reporting, system)):
        await tell(system, events, 150)
        await logged(system, len(events))
    await system.pool.execute("TRUNCATE open_month")


def in_march(cases: int, topic: int = 0, **more: Any) -> list[list[Message]]:
    code, neighbourhood = PLACE.topic_groups[topic].topic[0].code, PLACE.neighbourhoods[0].code
    return [a_case(IN_MARCH, topic=code, neighbourhood=neighbourhood, **more) for _ in range(cases)]


async def test_an_ended_month_is_published_when_no_case_comes_to_it_any_more(system: System, opening: Opening) -> None:
    await count(system, *in_march(12), *in_march(6, closed_after=timedelta(days=9)))

    await opening.look(IN_MAY)
    assert await opening.months() == []
    await opening.look(IN_MAY)
    [month] = await opening.months()
    assert (month.month, month.count(Measure.CASES, Level.MONTH)) == (MARCH, 18)
    assert [month.count(part, Level.MONTH) for part in (Measure.ON_TIME, Measure.LATE, Measure.OTHER)] == [12, 6, 0]


async def test_an_open_case_past_its_target_is_late(system: System, opening: Opening) -> None:
    await count(system, *in_march(12), *in_march(8, closed_after=None))

    for _ in range(2):
        await opening.look(IN_MAY)
    [month] = await opening.months()
    assert month.count(Measure.LATE, Level.MONTH) == 8


async def test_tips_are_not_published(system: System, opening: Opening) -> None:
    await count(system, *in_march(12), *in_march(9, kind=CaseKind.TIP))

    for _ in range(2):
        await opening.look(IN_MAY)
    [month] = await opening.months()
    assert month.count(Measure.CASES, Level.MONTH) == 12


async def test_a_published_month_does_not_change(system: System, opening: Opening) -> None:
    await count(system, *in_march(12))
    for _ in range(2):
        await opening.look(IN_MAY)
    before = await opening.months()

    events = [event for life in in_march(7, topic=1) for event in life]
    async with running(built(reporting, system)):
        await tell(system, events)
        await logged(system, 36 + len(events))
    for _ in range(2):
        await opening.look(IN_MAY)
    assert await opening.months() == before


async def test_of_two_replicas_the_first_one_publishes(system: System) -> None:
    [first, _] = [await publish_all(system.pool, [MARCH]), await publish_all(system.pool, [MARCH])]

    assert await open_months.read(system.pool, [MARCH]) == first
    assert sum(a_month(MARCH).cells.values()) == first[0].count(Measure.CASES, Level.MONTH)
