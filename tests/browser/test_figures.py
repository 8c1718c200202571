"""The dashboard in a real browser: whole for everybody, moving by itself, the same without scripts."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from services.reporting.app import reporting
from shared import municipality
from shared.contracts import Message
from shared.messaging.topology import EVENTS
from tests.browser.conftest import BOTH_WAYS
from tests.browser.visitor import DESKTOP, Look, a_visit
from tests.harness import System, a_system, built, serving, until
from tests.reporting.town import a_case, a_town

PLACE = municipality.load(Path(__file__).parent.parent.parent / "municipality" / "ilkadim")
CASES = 260
DESK = Look(DESKTOP, "light")


@pytest.fixture(scope="module")
async def counting(amqp_url: str, database_url: str) -> AsyncIterator[tuple[System, str]]:
    async with (
        a_system(amqp_url, database_url, "reporting") as system,
        serving(built(reporting, system, DESK_PUBLIC_URL="https://desk.example")) as url,
    ):
        yield system, url


async def counted(system: System, events: list[Message]) -> None:
    before = await system.value("SELECT count(*) FROM event_log")
    for at in range(0, len(events), 50):
        await system.tell(EVENTS, "router.kept.routine", *events[at : at + 50])

    async def logged() -> bool:
        return bool(await system.value("SELECT count(*) FROM event_log") >= before + len(events))

    await until(logged, 60)


@pytest.fixture
async def empty(counting: tuple[System, str]) -> tuple[System, str]:
    await counting[0].forget()
    return counting


@pytest.fixture
async def town(empty: tuple[System, str]) -> tuple[System, str]:
    neighbourhoods = [row.code for row in PLACE.neighbourhoods]
    topics = [topic.code for topic in PLACE.topics[:20]]
    await counted(empty[0], list(a_town(datetime.now(PLACE.zone), CASES, neighbourhoods, topics)))
    return empty


async def test_it_is_whole_and_usable_by_everybody(chromium: Browser, town: tuple[System, str], look: Look) -> None:
    async with a_visit(chromium, look) as visitor:
        for name, path in [
            ("figures", "/"),
            ("figures-en", "/?dil=en&donem=tumu"),
            ("figures-filtered", "/?dil=tr&owner=zabita&channel=whatsapp"),
            ("figures-cases", "/cases?donem=tumu"),
        ]:
            await visitor.page.goto(town[1] + path)
            await visitor.page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")

            assert await visitor.violations() == [], path
            assert not await visitor.is_wider_than_the_screen(), path
            await visitor.picture(name)


async def test_empty_it_says_so(chromium: Browser, empty: tuple[System, str], look: Look) -> None:
    async with a_visit(chromium, look) as visitor:
        await visitor.page.goto(empty[1] + "/?donem=tumu&owner=hukuk-isleri")

        assert await visitor.violations() == []
        await expect(visitor.page.locator(".empty")).to_be_visible()
        await visitor.picture("figures-empty")


@BOTH_WAYS
async def test_a_filter_is_chosen_and_taken_away(
    chromium: Browser, town: tuple[System, str], look: Look, scripts: bool
) -> None:
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        page = visitor.page
        await page.goto(town[1])
        await page.get_by_text("Süz", exact=True).click()
        await page.get_by_label("Birim ya da kurum", exact=True).select_option("zabita")
        await page.get_by_role("button", name="Göster").click()

        chip = page.locator(".chip")
        await expect(chip).to_contain_text("Zabıta")
        assert await page.locator("#by-institution").count() == 0

        await chip.click()
        await expect(chip).to_have_count(0)
        assert await page.locator("#by-institution").count() == 1


async def test_it_moves_by_itself_and_keeps_open_what_is_open(chromium: Browser, empty: tuple[System, str]) -> None:
    system, url = empty
    await counted(system, a_case(1, datetime.now(PLACE.zone)))
    async with a_visit(chromium, DESK) as visitor:
        await visitor.page.goto(url)
        tile = visitor.page.locator("#today .tile.main .figure")
        await expect(tile).to_have_text("1")
        table = visitor.page.locator("#by-channel details")
        await table.locator("summary").click()
        await visitor.page.locator("h1").click()

        await counted(system, a_case(2, datetime.now(PLACE.zone)))

        await expect(tile).to_have_text("2")
        assert await table.get_attribute("open") is not None


async def test_a_figure_opens_into_its_cases(chromium: Browser, empty: tuple[System, str]) -> None:
    system, url = empty
    now = datetime.now(PLACE.zone)
    await counted(system, [*a_case(1, now), *a_case(2, now, owner="zabita")])
    async with a_visit(chromium, DESK) as visitor:
        await visitor.page.goto(f"{url}/?owner=zabita")
        await visitor.page.locator("#today .tile.main .figure a").click()

        number = visitor.page.locator("table tbody th a")
        await expect(number).to_have_text("000000002")
        assert (await number.get_attribute("href") or "").startswith("https://desk.example/case/")
