"""Signing in and the pages of accounts in a real browser: how they look, with scripts and without."""

from collections.abc import AsyncIterator

import pyotp
import pytest
from playwright.async_api import Browser, Page

from services.desk.app import desk
from tests.browser.conftest import BOTH_WAYS
from tests.browser.visitor import Look, a_visit
from tests.builders import an_id
from tests.desk.conftest import OWNERS, PASSWORD, USER
from tests.harness import System, a_system, built, serving

NEW = "yeni parolam uzun olsun"


@pytest.fixture(scope="module")
async def module_system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "desk", OWNERS) as system:
        yield system


@pytest.fixture(scope="module")
async def module_site(module_system: System) -> AsyncIterator[str]:
    async with serving(built(desk, module_system, DESK_USER=USER, DESK_PASSWORD=PASSWORD)) as url:
        yield url


@pytest.fixture
async def site(module_site: str, module_system: System) -> str:
    await module_system.forget()
    return module_site


async def sign_in(page: Page, site: str, name: str = USER, password: str = PASSWORD) -> None:
    await page.goto(f"{site}/sign-in")
    await page.fill("#name", name)
    await page.fill("#password", password)
    await page.press("#password", "Enter")


@BOTH_WAYS
async def test_one_signs_in_sets_up_a_second_factor_and_comes_back_with_it(
    chromium: Browser, site: str, look: Look, scripts: bool
) -> None:
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        page = visitor.page
        await page.goto(f"{site}/tasks")
        assert page.url.endswith("/sign-in?next=%2Ftasks")
        await page.fill("#name", USER)
        await page.fill("#password", PASSWORD)
        await page.press("#password", "Enter")
        await page.wait_for_url(f"{site}/tasks")

        await page.goto(f"{site}/account/second-factor")
        await page.click("text=Başla")
        await page.wait_for_selector(".code-picture svg")
        totp = pyotp.TOTP((await page.inner_text(".secret")).replace(" ", ""))
        await page.fill("#code", totp.now())
        await page.click("text=Onayla")
        await page.wait_for_selector(".codes")
        recovery = await page.inner_text(".codes li:first-child")
        await page.goto(f"{site}/account")
        await page.click("text=Çıkış yap")
        await page.wait_for_url(f"{site}/sign-in?out=1")

        await sign_in(page, site)
        await page.wait_for_url("**/sign-in/code*")
        await page.fill("#code", recovery)
        await page.press("#code", "Enter")
        await page.wait_for_url(f"{site}/")


@BOTH_WAYS
async def test_an_administrator_adds_somebody_who_sets_their_own_password(
    chromium: Browser, site: str, look: Look, scripts: bool
) -> None:
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        page = visitor.page
        await sign_in(page, site)
        await page.goto(f"{site}/accounts")
        await page.fill("#shown_as", "Mehmet Örnek")
        await page.fill("#name", "mehmet.ornek")
        await page.check('input[name="roles"][value="memur"]')
        await page.check('input[name="departments"][value="ozel-kalem"]')
        await page.click("text=Hesap aç")
        link = await page.inner_text(".secret")
        await page.goto(f"{site}/account")
        await page.click("text=Çıkış yap")

        await page.goto(link)
        await page.fill("#new", NEW)
        await page.press("#new", "Enter")
        await sign_in(page, site, "mehmet.ornek", NEW)
        await page.wait_for_url(f"{site}/")
        assert await page.locator("nav a", has_text="Hesaplar").count() == 0
        assert await page.locator("nav a", has_text="Görevler").count() == 0


async def test_every_page_of_accounts_is_accessible_and_fits(
    chromium: Browser, site: str, look: Look, module_system: System
) -> None:
    async with a_visit(chromium, look, refusals=(422,)) as visitor:
        page, wrong = visitor.page, {}

        async def looked_at(name: str) -> None:
            await visitor.picture(name)
            found = await visitor.violations()
            if found or await visitor.is_wider_than_the_screen():
                wrong[name] = found or ["wider than the screen"]

        await sign_in(page, site, USER, "wrong password 1")
        await page.wait_for_selector(".notice.danger")
        await looked_at("sign-in-refused")
        await sign_in(page, site)
        await page.goto(f"{site}/account")
        await page.fill("#token_name", "Nöbetçi ekranı")
        await page.click("text=Anahtar üret")
        await page.wait_for_selector(".secret")
        await looked_at("account")
        await page.goto(f"{site}/account/second-factor")
        await page.click("text=Başla")
        await page.wait_for_selector(".code-picture")
        await looked_at("second-factor")
        await page.goto(f"{site}/accounts")
        await looked_at("accounts")
        await page.click("table a")
        await page.wait_for_selector(".timeline")
        await looked_at("account-edit")
        await module_system.pool.execute(
            "INSERT INTO look (by_whom, what, subject) SELECT $1, 'task', $2 FROM generate_series(1, 12)", USER, an_id()
        )
        await page.goto(f"{site}/looks")
        await looked_at("looks")

        assert wrong == {}
