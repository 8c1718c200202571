"""The demo's page of every message sent, in a real browser."""

import time
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from simulators.outside.app import Outside
from simulators.outside.memory import Message
from simulators.outside.settings import Settings
from tests.browser.visitor import Look, a_visit

CITIZEN = "+905000000002"
LONG = "Sokağımızdaki çöp konteyneri üç gündür boşaltılmadı, kokudan durulmuyor. Adres Çiftlik Mahallesi."


@pytest.fixture(scope="module")
async def outside() -> AsyncIterator[tuple[Outside, str]]:
    outside = Outside(Settings())
    async with TestServer(outside.application()) as server:
        yield outside, str(server.make_url("")).rstrip("/")


def fill(outside: Outside) -> None:
    """What several citizens wrote and got, by several ways."""
    for at, provider in enumerate(["netgsm", "telegram", "instagram", "x"]):
        citizen = CITIZEN if provider == "netgsm" else f"50000000{at}"
        for number, (text, ours, status) in enumerate(
            [(LONG, False, "delivered"), ("Alındı: 482-715-936", True, "read"), ("Sonuçlandı.", True, "refused")]
        ):
            row = Message(provider, citizen, text, not ours, f"{provider}{number}", status, time.time() - 90_000 * at)
            row.name, row.error = "Ayşegül Karamustafaoğlu", "21610" if status == "refused" else ""
            outside.world.memory.keep(row)


@pytest.mark.parametrize("path", ["/", "/t/sms/%2B905000000002", "/t/sms/yok", "/?q=hi%C3%A7kimse"])
async def test_it_is_whole_and_usable_by_everybody(
    chromium: Browser, outside: tuple[Outside, str], look: Look, path: str
) -> None:
    world, url = outside
    fill(world)
    async with a_visit(chromium, look) as visitor:
        await visitor.page.goto(url + path)

        assert await visitor.violations() == []
        assert not await visitor.is_wider_than_the_screen()
        await visitor.picture("sent-messages")


async def test_empty_it_says_what_to_do(chromium: Browser, look: Look) -> None:
    async with TestServer(Outside(Settings()).application()) as server, a_visit(chromium, look) as visitor:
        await visitor.page.goto(str(server.make_url("/")))

        assert await visitor.violations() == []
        await expect(visitor.page.get_by_text("Henüz mesaj yok")).to_be_visible()


async def test_what_is_written_there_stands_in_the_conversation(chromium: Browser, look: Look) -> None:
    async with TestServer(Outside(Settings()).application()) as server, a_visit(chromium, look) as visitor:
        page = visitor.page
        await page.goto(str(server.make_url("/")))
        await page.get_by_label("Telefon ya da kullanıcı numarası", exact=False).fill("0500 000 00 07")
        await page.get_by_label("Mesaj", exact=True).fill("Su akmıyor")
        await page.get_by_role("button", name="Gönder").click()

        await expect(page.get_by_role("heading", name="+90 500 000 00 07")).to_be_visible()
        await expect(page.get_by_role("log").get_by_text("Su akmıyor")).to_be_visible()
