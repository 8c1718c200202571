"""The institution's page in a real browser: from the mail's link to the answer, with and without scripts."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import BOTH_WAYS
from tests.browser.visitor import Look, a_visit
from tests.handover.conftest import Office, office, started

__all__ = ["office", "started"]
TEXT = "Gül Sokak'taki lamba üç gündür yanmıyor, akşamları çocuklar karanlıkta yürüyor.\nDirek 17 numaralı evin önünde."


@BOTH_WAYS
async def test_an_institution_reads_and_answers(chromium: Browser, office: Office, look: Look, scripts: bool) -> None:
    _, _, link = await office.sent(text=TEXT, lane="urgent")
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        page = visitor.page
        await page.goto(f"{office.http._base_url}".rstrip("/") + link)
        await expect(page.locator("h1")).to_have_text("Sokak aydınlatması")
        await visitor.picture("institution-form")
        assert not await visitor.is_wider_than_the_screen()
        if scripts:
            assert await visitor.violations() == []
        await page.check("input[value=working]")
        await page.fill("#text", "Ekip yönlendirildi.")
        await page.click("button[type=submit]")
        await expect(page.locator(".notice h2")).to_have_text("Yanıtınız alındı")
        await page.check("input[value=solved]")
        await page.fill("#text", "Lamba değiştirildi.")
        await page.click("button[type=submit]")
        await expect(page.locator(".said")).to_contain_text("Lamba değiştirildi.")
        await visitor.picture("institution-answered")
        if scripts:
            assert await visitor.violations() == []
        assert await page.locator("form").count() == 0
    assert (await office.answer())["type"] == "assignment.progressed.v1"
    assert (await office.answer())["type"] == "assignment.closed.v1"


@pytest.mark.parametrize("width", [390])
async def test_everything_to_touch_is_large_enough(chromium: Browser, office: Office, width: int) -> None:
    _, _, link = await office.sent()
    async with a_visit(chromium, Look(width, "light")) as visitor:
        await visitor.page.goto(f"{office.http._base_url}".rstrip("/") + link)
        small = await visitor.page.evaluate(
            "[...document.querySelectorAll('main label, main button, main select, main textarea')]"
            ".filter(one => one.closest('.choices, button, select, textarea'))"
            ".filter(one => one.getBoundingClientRect().height < 44)"
            ".map(one => one.outerHTML.slice(0, 80))"
        )

        assert small == []
