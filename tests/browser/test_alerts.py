"""Alerts in a real browser: above whatever page an operator works on, looked at and acknowledged by keyboard alone."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import Browser

from services.desk.app import desk
from shared.contracts import Channel, Place, TaskRequested
from shared.messaging.topology import DESK
from tests.browser.test_desk import SIGNED_IN, ago, is_in_order
from tests.browser.visitor import DESKTOP, Look, a_visit
from tests.builders import an_alert, an_id
from tests.desk.conftest import OWNERS, PASSWORD, USER
from tests.harness import System, a_system, built, serving, until

SENDER = an_id()


@pytest.fixture(scope="module")
async def module_system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "desk", OWNERS) as system:
        yield system


@pytest.fixture(scope="module")
async def module_site(module_system: System) -> AsyncIterator[str]:
    async with serving(built(desk, module_system, DESK_USER=USER, DESK_PASSWORD=PASSWORD)) as url:
        yield url


@pytest.fixture
async def system(module_system: System) -> System:
    await module_system.forget()
    return module_system


@pytest.fixture
async def site(module_site: str, system: System) -> str:
    return module_site


async def tell(system: System, *alerts: TaskRequested) -> None:
    await system.tell(DESK, "alerts", *alerts)
    ids = [alert.id for alert in alerts]
    seen = "SELECT count(*) = $2 FROM inbox WHERE consumer = 'desk-alerts' AND event_id = ANY($1)"
    await until(lambda: system.value(seen, ids, len(ids)))


def some_alerts() -> list[TaskRequested]:
    """Three open ones; the first wrote twice."""
    gas = an_alert(
        person_id=SENDER,
        occurred_at=ago(minutes=7),
        text="Kale Mahallesi 70. Sokak'ta apartmanda yoğun gaz kokusu var, çocuklar içeride, kapıyı açmıyorlar. "
        "Zile basmaya korkuyoruz, merdiven boşluğu da kokuyor, ne yapacağız?",
        address="+905000000000",
    )
    return [
        gas,
        an_alert(person_id=SENDER, occurred_at=ago(minutes=5), text="Koku artıyor, annem bayıldı", number=None),
        an_alert(
            occurred_at=ago(minutes=2),
            reason="fire",
            detail="yangin cikti",
            emergency_number="112",
            channel=Channel.WEB,
            address=None,
            name=None,
            person_id=None,
            number="613-908-254",
            place=Place(latitude=41.2867, longitude=36.33),
            text="Okulun arkasındaki otlukta yangın çıktı, rüzgar okula doğru",
        ),
        an_alert(
            occurred_at=ago(minutes=1),
            reason="call-for-help",
            detail="",
            emergency_number="112",
            place=Place(),
            number="250-117-493",
            text="Ne olur ekip yollayın, dedem içeride, saatlerdir ulaşamıyoruz",
        ),
    ]


async def test_an_alert_appears_on_the_page_an_operator_works_on_and_goes_when_it_is_acknowledged(
    chromium: Browser, site: str, system: System, look: Look
) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        await visitor.page.goto(site + "/tasks")
        await visitor.picture("alerts-none")
        await tell(system, *some_alerts())

        await visitor.page.wait_for_selector("#alerts-open .alarm")
        await is_in_order(visitor)
        await visitor.picture("alerts-banner")
        await visitor.tab_to("#alerts-open .button")
        await visitor.press("Enter")
        await visitor.page.wait_for_selector("h1")
        await is_in_order(visitor)
        await visitor.picture("alert")
        await visitor.tab_to("#note")
        await visitor.page.keyboard.type("187 arandı, ekip on dakikaya orada.")
        await visitor.tab_to("button[value=called]")
        await visitor.press("Enter")
        await visitor.page.wait_for_selector("text=187 arandı, ekip on dakikaya orada.", state="detached")
        await visitor.page.wait_for_url("**/alerts")
        await is_in_order(visitor)
        await visitor.picture("alerts-list")

    assert await system.value("SELECT count(*) FROM alert WHERE acknowledged_at IS NOT NULL") == 1
    assert await system.value("SELECT note FROM alert_act") == "187 arandı, ekip on dakikaya orada."


async def test_an_overdue_alert_says_so(chromium: Browser, site: str, system: System, look: Look) -> None:
    await tell(system, *some_alerts())
    await system.value("UPDATE alert SET reminded = 2, due_at = now() + $1 RETURNING true", timedelta(minutes=5))

    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        await visitor.page.goto(site + "/alerts")
        await visitor.page.wait_for_selector("#alerts-open >> text=3. kez uyarılıyor")
        await is_in_order(visitor)
        await visitor.picture("alerts-overdue")


async def test_alerts_need_no_script(chromium: Browser, site: str, system: System) -> None:
    await tell(system, *some_alerts())

    async with a_visit(chromium, Look(DESKTOP, "light"), scripts=False, **SIGNED_IN) as visitor:
        await visitor.page.goto(site + "/entry")
        await visitor.page.click("#alerts-open .button")
        await visitor.page.click("button[value=seen]")
        await visitor.page.wait_for_url("**/alerts")

    assert await system.value("SELECT how FROM alert_act") == "seen"
