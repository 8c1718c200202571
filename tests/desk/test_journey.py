"""From the operator's form to the owner's queue: intake, router and desk at work on one broker and database."""

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from ops.deploy import migrate_all, owner_codes
from services.desk.app import desk
from services.intake.app import worker
from services.router.app import router
from shared.contracts import AssignmentOffered, TaskKind, TaskSettled
from shared.messaging.topology import DESK, owner_queue
from shared.settings import Settings
from tests.builders import a_task, an_id
from tests.desk.conftest import PASSWORD, USER, an_adviser, bearer
from tests.desk.conftest import Desk as AtDesk
from tests.harness import a_system, built, running, serving, until

OWNERS = owner_codes(Settings.model_fields["ilkim_municipality"].default)
RUBBISH = "70. Sokak'taki çöp konteyneri üç gündür boşaltılmadı, çöpler alınmıyor."


@pytest.fixture(scope="module")
async def centre(amqp_url: str, database_url: str) -> AsyncIterator[AtDesk]:
    """Three services with a schema each, and an operator."""
    await migrate_all(database_url)
    async with (
        a_system(amqp_url, database_url, "desk", OWNERS) as system,
        running(built(worker, system), built(router, system)),
        serving(an_adviser()) as router_url,
    ):
        service = built(desk, system, DESK_USER=USER, DESK_PASSWORD=PASSWORD, ROUTER_URL=router_url)
        async with serving(service) as url, aiohttp.ClientSession(url, headers=bearer()) as http:
            yield AtDesk(system, http, service)


async def enter(centre: AtDesk, **fields: str) -> str:
    """Enter a contact; the tracking number that the page shows."""
    form = {"id": str(an_id()), "channel": "phone", "phone": "0500 000 00 00", "text": RUBBISH, **fields}
    sent = await centre.send("/entry", **form)
    assert sent.status == 303

    async def has_number() -> bool:
        return bool(await centre.system.value("SELECT effect IS NOT NULL FROM entry WHERE id::text = $1", form["id"]))

    await until(has_number)
    return (await centre.get(sent.headers["Location"])).text


async def offered(centre: AtDesk, owner: str) -> AssignmentOffered:
    return AssignmentOffered.read(await centre.system.take(owner_queue(owner, "routine")))


async def test_an_entry_becomes_a_case_with_its_number_on_the_screen(centre: AtDesk) -> None:
    page = await enter(centre)

    offer = await offered(centre, "temizlik-isleri")
    assert offer.number in page
    assert offer.text == RUBBISH


async def test_what_the_operator_decided_goes_there(centre: AtDesk) -> None:
    page = await enter(centre, proposal="zabita|gurultu", text="Gece geç saatlere kadar müzik çalıyorlar")

    offer = await offered(centre, "zabita")
    assert (offer.number in page, offer.topic) == (True, "gurultu")
    assert offer.reasons[0] == "Kaydı giren kişi birimi belirledi."


async def test_what_was_answered_at_once_makes_no_case(centre: AtDesk) -> None:
    page = await enter(centre, text="Sular ne zaman gelecek?", answered="true", standard="su")

    assert "Bilgi verildi, talep açılmadı" in page
    assert await centre.system.depth(owner_queue("saski", "routine")) == 0


async def test_what_is_added_to_a_case_shows_that_case_s_number(centre: AtDesk) -> None:
    await enter(centre)
    offer = await offered(centre, "temizlik-isleri")

    page = await enter(centre, phone="0500 000 00 01", about_case=str(offer.case_id), text="Bizim sokakta da öyle.")

    assert offer.number in page and "Bu kayda eklendi" in page


async def test_a_task_of_the_notifier_is_settled_and_told_once(centre: AtDesk) -> None:
    asked = a_task(kind=TaskKind.UNDELIVERED, reason="no_way_left")
    await centre.system.tell(DESK, "tasks", asked)
    await until(lambda: centre.system.value("SELECT count(*) = 1 FROM task WHERE id = $1", asked.id))

    for _ in range(2):
        await centre.send(f"/tasks/{asked.id}/settle", decision="retry", note="")

    settled = TaskSettled.model_validate(json.loads(await centre.system.take("notifier.settled")))
    assert (settled.task_id, settled.decision) == (asked.id, "retry")
    assert await centre.system.depth("notifier.settled") == 0
