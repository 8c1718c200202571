"""An app's report through every service: in, its number, the department's work, the outcome for all to see."""

import hashlib
from typing import Any

import aio_pika
import asyncpg

from services.intake.callers import Scope, new_key, store
from shared.contracts import AssignmentClosed, Outcome
from shared.ids import new_id
from tests.journeys.conftest import Installation, eventually
from tests.journeys.test_main_journey import answer, of, work_of

Broker = aio_pika.abc.AbstractChannel


async def a_key(installation: Installation) -> str:
    key = new_key()
    url = installation.database_url()
    connection = await asyncpg.connect(url, server_settings={"search_path": "intake"})
    try:
        digest = hashlib.sha256(key.encode()).digest()
        await store.add_key(connection, new_id(), new_id().hex, digest, [Scope.OPEN311], 60, None)
    finally:
        await connection.close()
    return key


async def test_an_apps_report_goes_to_the_department_of_its_service_and_its_outcome_is_public(
    installation: Installation, broker: Broker
) -> None:
    base = f"{installation.urls['edge']}/open311/v2"
    report = {
        "api_key": await a_key(installation),
        "service_code": "park-bakim",
        "lat": "41.2867",
        "long": "36.3300",
        "description": "Lütfen bakın, uygulamadan yazıyorum",
        "device_id": new_id().hex,
    }
    async with installation.http.post(f"{base}/requests.json", data=report) as taken:
        assert taken.status == 200, await taken.text()
        [receipt] = await taken.json()

    offer = await work_of(broker, "park-bahceler", "uygulamadan")
    number = await eventually(lambda: _number(installation, base, receipt["token"]), "the number of the token")
    assert number == offer.number
    closing = AssignmentClosed(**of(offer), outcome=Outcome.SOLVED, answer="Salıncak onarıldı.")
    await answer(broker, "closed", closing)

    async def closed() -> Any:
        [found] = await installation.json(f"{base}/requests/{number}.json")
        return found if found["status"] == "closed" else None

    found = await eventually(closed, "the outcome in open data")
    assert (found["service_code"], found["status_notes"]) == ("park-bakim", "Salıncak onarıldı.")
    listed = await installation.json(f"{base}/requests.json", service_code="park-bakim", status="closed")
    assert number in [row["service_request_id"] for row in listed]


async def _number(installation: Installation, base: str, token: str) -> str | None:
    [row] = await installation.json(f"{base}/tokens/{token}.json")
    number: str | None = row["service_request_id"]
    return number
