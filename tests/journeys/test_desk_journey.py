"""A department without software: a clerk with a browser takes, asks, waits and closes; the citizen reads it."""

import secrets
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page

from tests.browser.conftest import chromium
from tests.journeys.conftest import Installation, eventually
from tests.journeys.test_main_journey import a_number

__all__ = ["chromium"]

DEPARTMENT = "ozel-kalem"
PATIENCE_MS = 20_000


@pytest.fixture
async def page(chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport={"width": 1280, "height": 900}, locale="tr-TR")
    context.set_default_timeout(PATIENCE_MS)
    yield await context.new_page()
    await context.close()


async def sign_in(page: Page, desk: str, name: str, password: str) -> None:
    await page.goto(f"{desk}/sign-in")
    await page.fill("#name", name)
    await page.fill("#password", password)
    await page.press("#password", "Enter")
    await page.wait_for_url(f"{desk}/")


async def a_clerk(page: Page, installation: Installation) -> None:
    """An administrator adds one of the department; who then sets a password of their own and signs in."""
    desk, environment = installation.urls["desk"], installation.environment
    name, password = f"memur.{secrets.token_hex(3)}", secrets.token_urlsafe(16)
    await sign_in(page, desk, environment["DESK_USER"], environment["DESK_PASSWORD"])
    await page.goto(f"{desk}/accounts")
    await page.fill("#shown_as", "Ayşe Örnek")
    await page.fill("#name", name)
    await page.check('input[name="roles"][value="memur"]')
    await page.check(f'input[name="departments"][value="{DEPARTMENT}"]')
    await page.click("text=Hesap aç")
    link = await page.inner_text(".secret")
    await page.context.clear_cookies()
    await page.goto(link)
    await page.fill("#new", password)
    await page.press("#new", "Enter")
    await sign_in(page, desk, name, password)


async def test_a_clerk_takes_asks_waits_and_closes(installation: Installation, page: Page) -> None:
    desk, citizen, mark = installation.urls["desk"], a_number(), secrets.token_hex(3)
    await a_clerk(page, installation)
    await installation.citizen_writes(
        citizen, f"Başkanla görüşmek için randevu istiyorum, Özel Kalem'den randevu verir misiniz? {mark}"
    )
    await installation.citizen_writes(a_number(), f"Sokak lambası yanmıyor, elektrik direği karanlık {mark}x")

    async def is_listed() -> bool:
        await page.goto(f"{desk}/")
        return await page.locator("ol[data-list] a", has_text=mark).count() == 1

    await eventually(is_listed, "the work in the clerk's list")
    assert await page.locator("ol[data-list]", has_text=f"{mark}x").count() == 0, "another department's work"
    await page.click(f"ol[data-list] a:has-text('{mark}')")
    await page.click("button:has-text('Üstlen')")
    await page.wait_for_selector("text=Sizde")

    await page.click("summary:has-text('Vatandaşa sor')")
    await page.fill("#question", "Hangi konu için görüşmek istiyorsunuz?")
    await page.click("button:has-text('Soruyu gönder')")
    texts = await installation.replies_to(citizen, 2)
    assert "Hangi konu için görüşmek istiyorsunuz?" in texts[-1]
    await installation.citizen_writes(citizen, "Mahallemizin muhtarlık binası için")

    async def is_answered() -> bool:
        await page.reload()
        return await page.locator("text=Mahallemizin muhtarlık binası için").count() > 0

    await eventually(is_answered, "the citizen's words on the case page")
    await page.click("summary#a")
    await page.select_option("#outcome", "answered")
    await page.fill("#answer", "Perşembe 10.00'da bekliyoruz.")
    await page.click("details:has(#answer) button.main")

    last = (await installation.replies_to(citizen, 4))[-1]
    assert "Perşembe 10.00'da bekliyoruz." in last
