"""Danger to life and limb, whole: the citizen told whom to call, the operator alerted, the case on its way."""

import secrets

import aio_pika
import pytest

from tests.desk.conftest import bearer
from tests.journeys.conftest import Installation, eventually
from tests.journeys.test_main_journey import a_number, work_of

Broker = aio_pika.abc.AbstractChannel


class Operator:
    """Somebody at the desk, with a browser."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        environment = installation.environment
        self._headers = bearer(environment["DESK_TOKEN"])

    async def page(self, path: str) -> str:
        async with self._installation.http.get(
            f"{self._installation.urls['desk']}{path}", headers=self._headers
        ) as answer:
            assert answer.status == 200, path
            return await answer.text()

    async def alert_about(self, words: str) -> str:
        """The address of the open alert with these words, once it is there."""

        async def read() -> str | None:
            shown = await self.page("/alerts")
            before, found, _ = shown.rpartition(words)
            return before.rpartition('href="/alerts/')[2].partition('"')[0] if found else None

        return f"/alerts/{await eventually(read, f'an alert about {words}')}"

    async def see_to_all(self) -> None:
        """Acknowledge what other journeys left open: the banner shows the one that waits longest."""
        async with self._installation.http.get(
            f"{self._installation.urls['desk']}/api/alerts", headers=self._headers
        ) as answer:
            waiting = (await answer.json())["alerts"]
        for alert in waiting:
            await self.acknowledge(f"/alerts/{alert['id']}", "seen", "")

    async def acknowledge(self, alert: str, how: str, note: str) -> None:
        url = f"{self._installation.urls['desk']}{alert}/acknowledge"
        async with self._installation.http.post(url, data={"how": how, "note": note}, headers=self._headers) as answer:
            assert answer.status == 200, await answer.text()


@pytest.fixture
def operator(installation: Installation) -> Operator:
    if "DESK_TOKEN" not in installation.environment:
        pytest.skip("who may sign in at the desk of this installation is not told")
    return Operator(installation)


async def test_a_smell_of_gas_is_told_to_the_citizen_to_the_operator_and_to_its_owner(
    installation: Installation, broker: Broker, operator: Operator
) -> None:
    await operator.see_to_all()
    citizen, words = a_number(), str(secrets.randbelow(10**6))
    await installation.citizen_writes(citizen, f"Apartmanda doğalgaz kaçağı var, gaz kokuyor {words}")

    [told] = (await installation.replies_to(citizen, 1))[:1]
    assert "187" in told
    alert = await operator.alert_about(words)
    shown = await operator.page(alert)
    assert "Gaz kokusu, gaz kaçağı" in shown
    assert citizen[-2:] in shown
    assert alert in await operator.page("/")

    offer = await work_of(broker, "samgaz", words, "urgent")
    assert (offer.urgency, offer.lane) == ("emergency", "urgent")
    assert offer.number in told

    await operator.acknowledge(alert, "called", "SAMGAZ yolda")
    assert alert not in await operator.page("/alerts/banner")
    assert "SAMGAZ yolda" in await operator.page(alert)


async def test_danger_told_later_of_an_open_case_alerts_too(
    installation: Installation, broker: Broker, operator: Operator
) -> None:
    citizen, words = a_number(), f"kapı {secrets.randbelow(10**6)}"
    await installation.citizen_writes(citizen, f"Kadıköy Mahallesi'nde çöp konteyneri taştı, çöpler alınmıyor, {words}")
    offer = await work_of(broker, "temizlik-isleri", words)

    await installation.citizen_writes(
        citizen, f"{offer.number} konteyner alev aldı, yanındaki arabaya sıçrıyor, {words}"
    )

    replies = await installation.replies_to(citizen, 2)
    assert "112" in replies[-1]
    assert offer.number in await operator.page(await operator.alert_about("alev aldı"))


async def test_an_ordinary_message_raises_no_alert(
    installation: Installation, broker: Broker, operator: Operator
) -> None:
    citizen, words = a_number(), f"kapı {secrets.randbelow(10**6)}"
    await installation.citizen_writes(citizen, f"Kadıköy Mahallesi'nde çöp konteyneri taştı, {words}")
    await work_of(broker, "temizlik-isleri", words)

    assert words not in await operator.page("/alerts")
