"""The public page in a real browser: everybody can use it, with and without scripts, empty and full."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from services.reporting.app import reporting
from tests.browser.conftest import BOTH_WAYS
from tests.browser.visitor import Look, Visitor, a_visit
from tests.harness import System, a_system, built, serving
from tests.reporting.published import PLACE, YEAR, publish_all


@pytest.fixture(scope="module")
async def system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "reporting") as deployed:
        yield deployed


@pytest.fixture(scope="module")
async def site(system: System) -> AsyncIterator[str]:
    """Where the public page is served; nothing is published at first."""
    async with serving(built(reporting, system)) as url:
        yield url


async def usable(visitor: Visitor) -> None:
    assert await visitor.violations() == []
    assert not await visitor.is_wider_than_the_screen()


async def test_an_empty_page_says_when_the_first_month_comes(chromium: Browser, site: str, look: Look) -> None:
    async with a_visit(chromium, look) as visitor:
        await visitor.page.goto(f"{site}/acik-veri")
        await visitor.picture("open-data-empty")

        await expect(visitor.page.get_by_text("Henüz yayımlanmış ay yok")).to_be_visible()
        await usable(visitor)


@pytest.fixture(scope="module")
async def full(system: System, site: str) -> str:
    """The same site with a year of months."""
    await publish_all(system.pool, YEAR)
    return site


@BOTH_WAYS
async def test_a_citizen_reads_one_month_after_the_year(
    chromium: Browser, full: str, look: Look, scripts: bool
) -> None:
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        await visitor.page.goto(f"{full}/acik-veri")
        await visitor.picture(f"open-data{'' if scripts else '-without-scripts'}")
        if scripts:
            await usable(visitor)
        await visitor.page.select_option("#ay", "2025-10")
        await visitor.page.get_by_role("button", name="Göster").click()

        await expect(visitor.page.get_by_text("Ekim 2025 ayında açılan talepler")).to_be_visible()
        assert await visitor.page.locator(".shaded-map path").count() == len(PLACE.areas)
        await visitor.picture(f"open-data-month{'' if scripts else '-without-scripts'}")


async def test_english_is_one_click_away(chromium: Browser, full: str, look: Look) -> None:
    async with a_visit(chromium, look) as visitor:
        await visitor.page.goto(f"{full}/acik-veri")
        await visitor.page.get_by_role("link", name="English").click()

        await expect(visitor.page.get_by_role("heading", level=1)).to_have_text(
            "How many cases, where, and how many done on time?"
        )
        for summary in await visitor.page.locator("summary").all():
            await summary.click()
        await visitor.picture("open-data-english")
        await usable(visitor)


async def test_the_dictionary_can_be_read(chromium: Browser, full: str, look: Look) -> None:
    async with a_visit(chromium, look) as visitor:
        await visitor.page.goto(f"{full}/acik-veri/sozluk")
        await visitor.picture("open-data-dictionary")

        await usable(visitor)
