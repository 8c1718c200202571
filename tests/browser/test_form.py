"""The citizen's form and the page of its number, in a real browser."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from services.intake.app import edge, worker
from tests.browser.visitor import Look, a_visit
from tests.harness import System, a_system, built, running, serving, until


@pytest.fixture(scope="module")
async def system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "intake") as deployed, running(built(worker, deployed)):
        yield deployed


@pytest.fixture(scope="module")
async def site(system: System) -> AsyncIterator[str]:
    """Where the citizen's pages are served."""
    service = built(edge, system)
    async with serving(service) as url:
        await until(service.broker_is_there)
        yield url


async def test_the_form_is_open_to_everybody(chromium: Browser, site: str, look: Look) -> None:
    async with a_visit(chromium, look) as visitor:
        await visitor.page.goto(site)

        assert await visitor.violations() == []
        assert not await visitor.is_wider_than_the_screen()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_a_message_is_sent_by_keyboard_alone(chromium: Browser, site: str, look: Look, scripts: bool) -> None:
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        await visitor.page.goto(site)
        await visitor.tab_to("#text")
        await visitor.page.keyboard.type("Parktaki salıncağın zinciri kopmuş")
        await visitor.tab_to("button[type=submit]")
        await visitor.press("Enter")
        await visitor.page.wait_for_selector(".tracking")

        assert await visitor.page.locator(".tracking").count() == 1
