"""One message that concerns several owners: a further case of the same contact for each one a person chose, once."""

from typing import Any
from uuid import UUID

from shared.contracts import Channel, Decided, Place, Sender, TaskKind, TaskSettled, unpack
from shared.messaging.topology import DESK, INTAKE
from tests.builders import a_message, a_settled_task, an_id
from tests.harness import System, until
from tests.intake.test_worker import count, has, told

TEXT = "Su borusu patladı, kaldırım da çöktü."
SASKI = Decided(owner="saski", topic="su-arizasi", by="ayse")
ROADS = Decided(owner="fen-isleri", by="ayse")


async def a_case(system: System, **changed: Any) -> dict[str, Any]:
    """A case that one message opened."""
    await system.tell(INTAKE, "routine", a_message(**{"text": TEXT, **changed}))
    await has(system, "case_file", 1)
    return (await system.rows("SELECT * FROM case_file"))[0]


def a_split(case: dict[str, Any], *chosen: Decided, **changed: Any) -> TaskSettled:
    task = {"kind": TaskKind.SPLIT, "source": "intake", "case_id": case["id"], "contact_id": case["contact_id"]}
    return a_settled_task(**{**task, "text": TEXT, "chosen": chosen, **changed})


async def settle(system: System, *settled: TaskSettled) -> None:
    await system.tell(DESK, "settled.intake", *settled)


async def test_each_owner_chosen_gets_a_case_of_the_same_contact(at_work: System) -> None:
    place = Place(latitude=41.28, longitude=36.33, street="70. Sokak")
    case = await a_case(at_work, place=place)
    await settle(at_work, a_split(case, SASKI, ROADS))
    await has(at_work, "case_file", 3)

    rows = await at_work.rows("SELECT * FROM case_file WHERE split_from = $1 ORDER BY id", case["id"])
    opened = {event["case_id"]: event for event in await told(at_work, "case.opened.v1")}
    assert len({case["number"], *(row["number"] for row in rows)}) == 3
    for row in rows:
        event = opened[str(row["id"])]
        assert (event["text"], event["place"]["street"], event["number"]) == (TEXT, "70. Sokak", row["number"])
        assert (row["contact_id"], row["latitude"], row["opened_at"]) == (case["contact_id"], 41.28, case["opened_at"])
    assert {opened[str(row["id"])]["decided"]["owner"] for row in rows} == {"saski", "fen-isleri"}


async def test_its_citizen_is_told_the_further_numbers_and_the_contact_is_counted_once(at_work: System) -> None:
    case = await a_case(at_work, channel=Channel.SMS, provider="netgsm", provider_id="m1")
    await settle(at_work, a_split(case, SASKI, ROADS))
    await has(at_work, "case_file", 3)

    facts = await told(at_work, "contact.registered.v1")
    further = [fact for fact in facts if fact["effect"] == "split"]
    numbers = await at_work.rows("SELECT number FROM case_file WHERE split_from IS NOT NULL")
    assert [row["contact_id"] for row in further] == [str(case["contact_id"])]
    assert {row["number"] for row in further[0]["cases"]} == {row["number"] for row in numbers}
    assert (further[0]["provider"], further[0]["thread_id"]) == ("netgsm", "m1")
    counted = [event for body in await at_work.take_all("reporting.events") for event in unpack(body)]
    assert [event["effect"] for event in counted if event["type"] == "contact.registered.v1"] == ["opened"]


async def test_the_same_split_settled_again_opens_nothing_more(at_work: System) -> None:
    case = await a_case(at_work)
    first = a_split(case, SASKI)
    again = first.model_copy(update={"id": an_id()})
    await settle(at_work, first)
    await has(at_work, "case_file", 2)
    await settle(at_work, again)
    await until(lambda: at_work.value("SELECT count(*) = 1 FROM inbox WHERE event_id = $1", again.id))

    assert await count(at_work, "case_file") == 2
    assert len(await told(at_work, "case.opened.v1")) == 2


async def test_one_owner_being_enough_opens_nothing(at_work: System) -> None:
    case = await a_case(at_work)
    settled = a_split(case)
    await settle(at_work, settled)
    await until(lambda: at_work.value("SELECT count(*) = 1 FROM inbox WHERE event_id = $1", settled.id))

    assert await count(at_work, "case_file") == 1


async def test_a_split_of_a_case_nobody_knows_is_shelved_and_its_neighbour_is_not(at_work: System) -> None:
    case = await a_case(at_work)
    unknown = {"id": an_id(), "contact_id": an_id()}
    await settle(at_work, a_split(unknown, SASKI), a_split(case, SASKI))
    await has(at_work, "case_file", 2)

    assert await count(at_work, "dead_letter") == 1


async def test_the_files_of_the_message_go_along(at_work: System) -> None:
    case = await a_case(at_work, sender=Sender(address="a@example.org"), channel=Channel.EMAIL)
    file = an_id()
    await at_work.pool.execute(
        """
        INSERT INTO file (id, contact_id, raw_id, position, account, attachment_sealed, state, media_type)
        VALUES ($1, $2, $3, 0, 'main', '', 'kept', 'image/jpeg')
        """,
        file,
        case["contact_id"],
        await at_work.value("SELECT raw_id FROM contact"),
    )
    await settle(at_work, a_split(case, SASKI))
    await has(at_work, "case_file", 2)

    [further] = [event for event in await told(at_work, "case.opened.v1") if event["case_id"] != str(case["id"])]
    assert [(UUID(row["id"]), row["media_type"]) for row in further["attachments"]] == [(file, "image/jpeg")]
