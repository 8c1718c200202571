"""What the desk learns of a case inside: contacts without persons, and persons apart from them, with the key alone."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from services.intake.app import worker
from shared.contracts import Channel, ContactPoint, Place, Sender, TaskKind
from shared.messaging.topology import DESK, INTAKE
from tests.builders import AT, PHONE, a_message, a_settled_task, an_id
from tests.harness import System, built, serving
from tests.intake.test_splits import ROADS
from tests.intake.test_worker import KEY_BYTES, has, the_number

KEY = {"Authorization": f"Bearer {KEY_BYTES.hex()}"}
PLACE = Place(latitude=41.28, longitude=36.33)


@pytest.fixture
async def inside(system: System) -> AsyncIterator[aiohttp.ClientSession]:
    """A worker at work, and who knows the key."""
    async with serving(built(worker, system)) as url, aiohttp.ClientSession(url, headers=KEY) as http:
        yield http


async def read(http: aiohttp.ClientSession, case_id: object, what: str = "") -> Any:
    async with http.get(f"/inside/cases/{case_id}{what}") as reply:
        assert reply.status == 200
        return await reply.json()


async def cases(system: System, number: int) -> list[Any]:
    await has(system, "case_file", number)
    return [row["id"] for row in await system.rows("SELECT id FROM case_file ORDER BY opened_at, id")]


@pytest.mark.parametrize("headers", [{"Authorization": ""}, {"Authorization": "Bearer 00"}])
@pytest.mark.parametrize("what", ["", "/people"])
async def test_without_the_key_nothing_is_told(
    inside: aiohttp.ClientSession, headers: dict[str, str], what: str
) -> None:
    async with inside.get(f"/inside/cases/{an_id()}{what}", headers=headers) as reply:
        assert reply.status == 401


async def test_a_case_nobody_opened_is_not_there(inside: aiohttp.ClientSession) -> None:
    async with inside.get(f"/inside/cases/{an_id()}") as reply:
        assert reply.status == 404


async def test_what_the_citizen_added_is_told_masked_with_its_channel(
    system: System, inside: aiohttp.ClientSession
) -> None:
    await system.tell(INTAKE, "routine", a_message())
    number = await the_number(system)
    added = f"{number}: hâlâ bekliyorum, numaram 0500 000 00 00"
    await system.tell(INTAKE, "routine", a_message(text=added, channel=Channel.PHONE, sender=Sender(address=PHONE)))
    await has(system, "contact", 2)

    told = (await read(inside, (await cases(system, 1))[0]))["contacts"]

    assert [(row["effect"], row["channel"], row["own"]) for row in told] == [
        ("opened", "phone", True),
        ("joined", "phone", True),
    ]
    assert "hâlâ bekliyorum" in told[1]["text"] and "0500" not in told[1]["text"]


async def test_nothing_that_names_a_person_is_told_with_a_case(system: System, inside: aiohttp.ClientSession) -> None:
    sender = Sender(address=PHONE, name="Nermin Uydurma")
    await system.tell(INTAKE, "routine", a_message(sender=sender))
    [case] = await cases(system, 1)
    person = await system.value("SELECT person_id FROM contact")

    told = str(await read(inside, case))

    assert not any(secret in told for secret in (PHONE, "Nermin", str(person)))


async def test_the_citizens_other_cases_are_told_whatever_channel_they_came_by(
    system: System, inside: aiohttp.ClientSession
) -> None:
    by_phone = a_message(text="Parkta lamba kırık, karanlıkta kalıyor", sender=Sender(address=PHONE))
    by_sms = a_message(text="Sokakta çöp toplanmıyor", channel=Channel.SMS, sender=Sender(address=PHONE))
    other = a_message(text="Kaldırım kırık", sender=Sender(address="+905000000001"))
    await system.tell(INTAKE, "routine", by_phone, by_sms, other)
    await has(system, "case_file", 3)
    mine = await system.rows("SELECT id, number FROM case_file WHERE text NOT LIKE 'Kaldırım%' ORDER BY text")

    told = (await read(inside, mine[0]["id"]))["of_person"]

    assert [row["number"] for row in told] == [mine[1]["number"]]


async def test_other_cases_of_the_place_are_told_closed_ones_too(system: System, inside: aiohttp.ClientSession) -> None:
    near = PLACE.model_copy(update={"latitude": 41.2803})
    far = PLACE.model_copy(update={"latitude": 41.2820})
    await system.tell(INTAKE, "routine", a_message(place=PLACE, sender=Sender(address="+905000000001")))
    first = (await cases(system, 1))[0]
    await system.tell(
        INTAKE,
        "routine",
        a_message(place=near, text="Yakında bir çukur", sender=Sender(address="+905000000002")),
        a_message(place=far, text="Uzakta bir çukur", sender=Sender(address="+905000000003")),
    )
    await has(system, "case_file", 3)
    await system.pool.execute("UPDATE case_file SET state = 'closed' WHERE text LIKE 'Yakında%'")

    [told] = (await read(inside, first))["of_place"]

    assert told["number"] == await system.value("SELECT number FROM case_file WHERE text LIKE 'Yakında%'")
    assert (told["is_open"], round(told["metres"])) == (False, 33)


async def test_a_further_case_names_the_one_it_was_split_from(system: System, inside: aiohttp.ClientSession) -> None:
    await system.tell(INTAKE, "routine", a_message())
    [first] = await cases(system, 1)
    split = a_settled_task(kind=TaskKind.SPLIT, source="intake", case_id=first, chosen=(ROADS,), text="Kaldırım çöktü")
    await system.tell(DESK, "settled.intake", split)
    await has(system, "case_file", 2)
    further = await system.value("SELECT id FROM case_file WHERE split_from IS NOT NULL")

    assert (await read(inside, further))["split_from"]["case_id"] == str(first)
    assert (await read(inside, first))["split_from"] is None


async def test_who_told_is_named_with_every_address_that_is_known(
    system: System, inside: aiohttp.ClientSession
) -> None:
    answers = (ContactPoint(channel=Channel.EMAIL, address="nermin@example.org"),)
    sender = Sender(address=PHONE, name="Nermin Uydurma", answers=answers)
    await system.tell(INTAKE, "routine", a_message(sender=sender, occurred_at=AT))
    [case] = await cases(system, 1)

    people = (await read(inside, case, "/people"))["people"]

    assert [(row["channel"], row.get("address"), row["told"]) for row in people] == [
        ("phone", PHONE, False),
        ("email", "nermin@example.org", True),
    ]
    assert people[0]["name"] == "Nermin Uydurma"


async def test_a_form_is_not_given_away_by_its_key(system: System, inside: aiohttp.ClientSession) -> None:
    key = str(an_id())
    await system.tell(INTAKE, "routine", a_message(channel=Channel.WEB, sender=Sender(address=key, name="Nermin")))
    [case] = await cases(system, 1)

    told = await read(inside, case, "/people")

    assert [row["name"] for row in told["people"]] == ["Nermin"]
    assert key not in str(told)
