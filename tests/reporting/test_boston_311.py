"""A real half year of another city, imported into a real service: every figure equals an answer key made without it.

ILKIM_BOSTON_311 names the table (`2015H2.csv.gz`); its answer key lies beside it. Left out where it names none.
"""

import asyncio
import json
import os
import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from ops.importing.mapping import Mapping, read_mapping
from ops.importing.publishing import ImportPublisher
from ops.importing.rows import code_of
from ops.importing.taking import TakingOver
from ops.spreadsheet import open_sheet
from services.reporting.app import reporting
from services.reporting.domain.sketch import ACCURACY
from services.reporting.proof.rebuilding import rebuild
from shared.contracts import CaseImported, CaseNumber, Channel, Message
from tests.builders import a_case_assigned, a_case_closed, a_contact_registered
from tests.harness import System, a_system, built, serving, until
from tests.reporting.filling import fill
from tests.reporting.proving import FOLD, proven
from tests.reporting.test_process import a_process
from tests.test_imports import AS_OF, EXAMPLE

TABLE: Final = Path(os.environ.get("ILKIM_BOSTON_311", "/nonexistent"))
KEY: Final = TABLE.parent / f"beklenen_toplamlar_{TABLE.name.partition('.')[0]}.json"
COUNTED_SECONDS_MAX: Final = 240.0
# The key is rounded to the thousandth of an hour.
ROUNDED: Final = 0.0005 + 1e-9

pytestmark = [
    pytest.mark.skipif(not KEY.is_file(), reason="ILKIM_BOSTON_311 names no table with its answer key"),
    pytest.mark.timeout(COUNTED_SECONDS_MAX + 60),
]


@pytest.fixture(scope="module")
def key() -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(KEY.read_text(encoding="utf-8"))
    return answers


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return read_mapping(EXAMPLE)


@pytest.fixture(scope="module")
async def imported(amqp_url: str, database_url: str, mapping: Mapping) -> AsyncIterator[System]:
    """The whole table imported into a reporting process of its own; says how long it took and in what memory."""
    async with a_system(amqp_url, database_url, "reporting") as system, a_process(system) as process:
        publisher, started = ImportPublisher(system.amqp_url), time.monotonic()
        [taken] = await TakingOver(mapping, AS_OF, publisher.publish, AS_OF).take([TABLE])
        sent = time.monotonic() - started
        await publisher.close()

        async def is_counted() -> bool:
            return bool(await system.value("SELECT count(*) = $1 FROM event_log", taken.imported))

        await until(is_counted, COUNTED_SECONDS_MAX)
        counted = time.monotonic() - started
        peak, busy = await asyncio.to_thread(lambda: (peak_megabytes(process.pid), busy_seconds(process.pid)))
        print(f"\n{taken.imported} rows: sent in {sent:.1f} s, counted in {counted:.1f} s")
        print(f"reporting: {busy:.1f} s of a processor, at most {peak:.0f} MB")
        assert taken.closes and not taken.rejected
        yield system


@pytest.fixture(scope="module")
async def client(imported: System) -> AsyncIterator[aiohttp.ClientSession]:
    async with serving(built(reporting, imported)) as url, aiohttp.ClientSession(url) as session:
        yield session


def peak_megabytes(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def busy_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def report(client: aiohttp.ClientSession, **query: str) -> Any:
    async with client.get("/api/report", params=query) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def by(client: aiohttp.ClientSession, axis: str, count: str = "cases") -> dict[str, int]:
    rows = (await report(client, by=axis))["rows"]
    return {row["values"][axis]: row["counts"][count] for row in rows}


def as_ours(field: Any, answers: dict[str, Any]) -> dict[str, Any]:
    """The key by our codes; no two of its words may have become one."""
    coded = {
        field.map.get(word) or (code_of(word) if word else field.default or ""): value
        for word, value in answers.items()
    }
    assert len(coded) == len(answers)
    return coded


async def test_every_row_is_a_case(client: aiohttp.ClientSession, key: dict[str, Any]) -> None:
    sheet = open_sheet(TABLE, "case_id")
    total = (await report(client))["total"]["cases"]

    assert total == sum(1 for _ in sheet.rows()) == sum(key["by_department"].values())


async def test_departments_equal_the_key(client: aiohttp.ClientSession, key: dict[str, Any], mapping: Mapping) -> None:
    assert await by(client, "owner") == as_ours(mapping.owner, key["by_department"])


async def test_channels_equal_the_key(client: aiohttp.ClientSession, key: dict[str, Any], mapping: Mapping) -> None:
    assert await by(client, "channel") == as_ours(mapping.channel, key["by_source"])


async def test_months_equal_the_key(client: aiohttp.ClientSession, key: dict[str, Any]) -> None:
    months = {day[:7]: count for day, count in (await by(client, "month")).items()}

    assert months == key["by_month"]


async def test_neighbourhoods_with_the_empty_one_equal_the_key(
    client: aiohttp.ClientSession, key: dict[str, Any]
) -> None:
    assert await by(client, "neighbourhood") == key["by_neighborhood"]


async def test_open_and_closed_equal_the_key(client: aiohttp.ClientSession, key: dict[str, Any]) -> None:
    total = (await report(client))["total"]

    assert {"Closed": total["closed"], "Open": total["open"]} == key["by_status"]


def on_time(counts: dict[str, int]) -> dict[str, int]:
    """The three values, as the key has them: what is nowhere is left out."""
    unknown = counts["cases"] - counts["on_time"] - counts["late"]
    found = {"ONTIME": counts["on_time"], "OVERDUE": counts["late"], "": unknown}
    return {word: count for word, count in found.items() if count}


async def test_on_time_overdue_and_unknown_equal_the_key_in_total_and_by_department(
    client: aiohttp.ClientSession, key: dict[str, Any], mapping: Mapping
) -> None:
    found = await report(client, by="owner")

    assert on_time(found["total"]) == key["ontime"]
    rows = {row["values"]["owner"]: on_time(row["counts"]) for row in found["rows"]}
    assert rows == as_ours(mapping.owner, key["dept_x_ontime"])


async def test_shares_equal_those_of_the_key(
    client: aiohttp.ClientSession, key: dict[str, Any], mapping: Mapping
) -> None:
    found = await report(client, by="owner")
    total = found["total"]["cases"]
    shares = {row["values"]["owner"]: row["counts"]["cases"] / total for row in found["rows"]}

    assert shares == {
        owner: count / sum(key["by_department"].values())
        for owner, count in as_ours(mapping.owner, key["by_department"]).items()
    }


def closing_unlike(found: dict[str, Any], key: dict[str, Any], mapping: Mapping) -> dict[str, Any]:
    """Owners whose closings are others than the key's."""
    told = dict(closings(found, "exact_spreads"))
    answers = as_ours(mapping.owner, key["closing_hours"])
    assert told.keys() == answers.keys()
    return {owner: (told[owner], answer) for owner, answer in answers.items() if not is_same(told[owner], answer)}


def is_same(row: dict[str, Any], answer: dict[str, Any]) -> bool:
    counts = (row["cases"], row["below_zero"]) == (answer["n_closed"], answer["negative"])
    apart = max(abs(row["median_hours"] - answer["median_h"]), abs(row["p90_hours"] - answer["p90_h"]))
    return counts and apart <= ROUNDED


def closings(found: dict[str, Any], spreads: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((row["values"]["owner"], row) for row in found[spreads] if row["clock"] == "closing")


async def test_median_p90_and_what_lies_below_zero_equal_the_key_to_its_last_digit(
    client: aiohttp.ClientSession, key: dict[str, Any], mapping: Mapping
) -> None:
    assert closing_unlike(await report(client, by="owner", exact="true"), key, mapping) == {}


async def test_median_and_p90_of_the_sketches_lie_within_a_hundredth_of_the_key(
    client: aiohttp.ClientSession, key: dict[str, Any], mapping: Mapping
) -> None:
    found = dict(closings(await report(client, by="owner"), "spreads"))

    for owner, answer in as_ours(mapping.owner, key["closing_hours"]).items():
        for share in ("median", "p90"):
            told, exact = found[owner][f"{share}_hours"], answer[f"{share}_h"]
            assert abs(told - exact) <= ACCURACY * exact + ROUNDED, (owner, share)


async def test_the_half_year_is_proven_from_the_log_and_the_same_after_a_rebuild(
    client: aiohttp.ClientSession, imported: System
) -> None:
    questions = [{"by": "owner", "exact": "true"}, {"by": "month,channel"}, {"by": "neighbourhood,topic"}]
    before = [await report(client, **question) for question in questions]
    started = time.monotonic()
    assert await proven(imported) == []
    took = time.monotonic() - started
    rebuilt = await rebuild(imported.database_url, FOLD)
    print(
        f"\nproven in {took:.1f} s; rebuilt in {rebuilt.seconds:.1f} s, of these {rebuilt.swap_seconds:.2f} s swapping"
    )

    assert [await report(client, **question) for question in questions] == before


# --- the same half year, as if every case had been our own ----------------------------------------------------

# A zone of the database at the offset of the mapping, and channels of ours for those we do not have.
FIXED: Final = ZoneInfo("Etc/GMT+5")
STAND_INS: Final = {"employee": "face_to_face", "city-worker-app": "petition", "maximo": "muhtar", "unknown": "cimer"}


def told_step_by_step(case: CaseImported) -> Iterator[Message]:
    """What our own services would have told of such a case."""
    channel = Channel(STAND_INS.get(case.channel, case.channel))
    of_case = {"case_id": case.case_id, "number": case.number, "owner": case.owner}
    yield a_contact_registered(
        occurred_at=case.opened_at,
        channel=channel,
        cases=(CaseNumber(case_id=case.case_id, number=case.number),),
    )
    yield a_case_assigned(
        **of_case, opened_at=case.opened_at, channel=channel, neighbourhood=case.neighbourhood, topic=case.topic
    )
    if case.closed_at:
        yield a_case_closed(**of_case, version=3, occurred_at=case.closed_at, outcome=case.outcome)


@pytest.mark.timeout(2 * COUNTED_SECONDS_MAX)
async def test_told_step_by_step_and_out_of_order_the_half_year_gives_the_same_figures(
    client: aiohttp.ClientSession, imported: System, key: dict[str, Any], mapping: Mapping
) -> None:
    chance = random.Random(311)
    await imported.forget()

    async def tell(cases: Sequence[CaseImported]) -> None:
        events = [event for case in cases for event in told_step_by_step(case)]
        chance.shuffle(events)
        await fill(imported, events, len(events) // 3 + 1, FIXED)

    await TakingOver(mapping, AS_OF, tell, AS_OF).take([TABLE])

    assert await by(client, "owner") == as_ours(mapping.owner, key["by_department"])
    assert await by(client, "neighbourhood") == key["by_neighborhood"]
    assert {day[:7]: count for day, count in (await by(client, "month")).items()} == key["by_month"]
    channels = {STAND_INS.get(code, code): count for code, count in as_ours(mapping.channel, key["by_source"]).items()}
    assert await by(client, "channel") == channels
    found = await report(client, by="owner", exact="true")
    assert {"Closed": found["total"]["closed"], "Open": found["total"]["open"]} == key["by_status"]
    assert closing_unlike(found, key, mapping) == {}
