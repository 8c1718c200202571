"""The work list and the crew's list in a real browser: by keyboard, live, on a phone, without a connection."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser

from bench.desk.filling import fill
from services.desk.app import desk
from services.desk.domain import Take
from services.desk.domain.identity import Identity, Permission
from services.desk.handlers import Work
from shared.contracts import CaseKind, Place
from shared.messaging import Service
from shared.messaging.topology import DEPARTMENTS, owner_queue
from tests.browser.test_desk import SIGNED_IN, ago
from tests.browser.visitor import DESKTOP, PHONE, Look, a_visit, assert_accessible
from tests.builders import an_assignment_offered
from tests.desk.conftest import OWN, OWNERS, PASSWORD, PLACE, USER
from tests.harness import System, a_system, built, serving, until

DESKTOP_LIGHT = Look(DESKTOP, "light")
PHONE_LIGHT = Look(PHONE, "light")
LONG = (
    "Sokağımızdaki kaldırımların neredeyse tamamı kırık olduğundan yağmurlu havalarda çocuklarımızın okula "
    "gidebilmesi imkânsızlaşıyor; muvaffakiyetsizleştiricileştiriveremeyebileceklerimizdenmişsinizcesine uzun bir "
    "kelime bile sığmalı. Defalarca başvurduk, ilgilenilmesini rica ederiz, teşekkür ederiz."
)


@pytest.fixture(scope="module")
async def module_system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "desk", OWNERS) as system:
        yield system


@pytest.fixture(scope="module")
async def module_desk(module_system: System) -> AsyncIterator[tuple[Service, str]]:
    service = built(desk, module_system, DESK_USER=USER, DESK_PASSWORD=PASSWORD)
    async with serving(service) as url:
        yield service, url


@pytest.fixture
async def system(module_system: System) -> System:
    await module_system.forget()
    return module_system


@pytest.fixture
def site(module_desk: tuple[Service, str], system: System) -> str:
    return module_desk[1]


@pytest.fixture
def work(module_desk: tuple[Service, str], system: System) -> Work:
    return Work(module_desk[0], PLACE)


async def offer(system: System, **changed: Any) -> Any:
    offered = an_assignment_offered(**{"owner": OWN, "opened_at": ago(hours=3), "occurred_at": ago(hours=3), **changed})
    await system.send(DEPARTMENTS, owner_queue(offered.owner, offered.lane), offered.model_dump_json().encode())
    seen = "SELECT count(*) = 1 FROM work_item WHERE assignment_id = $1"
    await until(lambda: system.value(seen, offered.assignment_id))
    return offered


async def a_days_work(system: System) -> None:
    here = Place(street="70. Sokak", neighbourhood="Kale", latitude=41.2871, longitude=36.3312)
    kale = next(row.code for row in PLACE.neighbourhoods if row.name == "Kale")
    usual = {"place": here, "neighbourhood": kale, "topic": "kaldirim"}
    await offer(system, number="482-715-936", due_at=ago(days=1, hours=2), text=LONG, returns=2, **usual)
    await offer(system, number="613-908-254", due_at=ago(hours=-2, minutes=-5), text="Rögar kapağı kırık.", **usual)
    await offer(system, number="250-117-493", lane="urgent", urgency="urgent", text="Direk devrildi.", **usual)
    await offer(
        system, number="904-556-018", kind=CaseKind.TIP, hides_identity=True, text="Gece kaçak moloz döküyorlar."
    )


@pytest.mark.parametrize("path", ["/", "/?due=late&topic=kaldirim", "/field"])
@pytest.mark.parametrize("filled", ["nothing", "a day", "many"])
async def test_a_list_is_open_to_everybody(
    chromium: Browser, site: str, system: System, look: Look, path: str, filled: str
) -> None:
    if filled == "a day":
        await a_days_work(system)
    if filled == "many":
        async with system.pool.acquire() as connection:
            await fill(connection, PLACE, OWNERS, 1_500)
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        await visitor.page.goto(site + path)

        await assert_accessible(visitor.page)
        await visitor.picture(f"work-list-{filled.replace(' ', '-')}-{path.strip('/?').split('=')[0] or 'all'}")


@pytest.mark.parametrize("asked", ["", "kaldirimlar kale", "olmayan"])
async def test_the_search_is_open_to_everybody(
    chromium: Browser, site: str, system: System, look: Look, asked: str
) -> None:
    await a_days_work(system)
    await until(lambda: system.value("SELECT count(*) = 0 FROM work_item WHERE NOT is_indexed"))
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        await visitor.page.goto(f"{site}/search?q={asked}")

        await assert_accessible(visitor.page)
        assert await visitor.page.locator("mark").count() >= (3 if "kale" in asked else 0)
        await visitor.picture(f"search-{asked.split(' ')[0] or 'empty'}")


def a_clerk(name: str) -> Identity:
    return Identity(name, name, None, frozenset({Permission.WORK}))


async def test_a_row_is_taken_and_answered_by_keyboard_alone(
    chromium: Browser, site: str, system: System, work: Work
) -> None:
    first = await offer(system, due_at=ago(hours=1))
    second = await offer(system)
    async with a_visit(chromium, DESKTOP_LIGHT, **SIGNED_IN) as visitor:
        page = visitor.page
        await page.goto(f"{site}/")
        await visitor.press("j", "t")
        await page.wait_for_selector("text=Sizde")
        assert (await work.find(first.assignment_id)).taken_by == USER

        await visitor.press("j", "j", "a")
        await page.wait_for_url(f"**/work/{second.assignment_id}#a")
        await page.wait_for_function("document.activeElement.closest('details[open]')")
        await page.focus("#answer")
        await page.keyboard.type("gt?/")

        assert await page.input_value("#answer") == "gt?/"
        assert (await work.find(second.assignment_id)).taken_by is None


async def test_keys_lead_from_page_to_page_and_are_told(chromium: Browser, site: str) -> None:
    async with a_visit(chromium, DESKTOP_LIGHT, **SIGNED_IN) as visitor:
        page = visitor.page
        await page.goto(f"{site}/")
        await visitor.press("?")
        await page.wait_for_selector("#keys[open]")
        await assert_accessible(page)
        await visitor.picture("keys")
        await visitor.press("Escape")
        await page.wait_for_selector("#keys:not([open])", state="attached")
        await visitor.press("g", "t")
        await page.wait_for_url("**/triage")
        await visitor.press("g", "w")
        await page.wait_for_url(f"{site}/")
        await visitor.press("/")

        assert await page.evaluate("document.activeElement.name") == "q"


async def test_new_work_is_told_of_and_comes_when_the_person_says_so(
    chromium: Browser, site: str, system: System, work: Work
) -> None:
    first = await offer(system, number="111-111-111")
    async with a_visit(chromium, DESKTOP_LIGHT, **SIGNED_IN) as visitor:
        page = visitor.page
        await page.goto(f"{site}/")
        await visitor.press("j")
        await offer(system, number="222-222-222", lane="urgent")
        await work.act(first.assignment_id, Take(), a_clerk("mehmet"))

        await page.wait_for_selector("text=1 yeni iş · 1 değişiklik")
        assert await page.locator("[data-list] > li").count() == 1
        await visitor.picture("news")
        await visitor.press("n")
        await page.wait_for_selector("text=222-222-222")

        assert await page.locator("[data-news]").is_hidden()
        selected = page.locator("[data-list] > [aria-current]")
        assert "111-111-111" in await selected.inner_text() and "mehmet" in await selected.inner_text()


async def test_a_crew_takes_a_job_and_finishes_it_though_the_connection_was_lost(
    chromium: Browser, site: str, system: System, work: Work
) -> None:
    job = await offer(system, place=Place(latitude=41.2871, longitude=36.3312))
    async with a_visit(chromium, PHONE_LIGHT, **SIGNED_IN) as visitor:
        page = visitor.page
        await page.goto(f"{site}/field")
        assert await page.get_attribute("a[href^='geo:']", "href") == "geo:41.2871,36.3312?q=41.2871,36.3312"
        await page.click("button:has-text('Üstlen')")
        await page.click("summary:has-text('Bitti')")
        await page.fill("textarea[name=answer]", "Kapak değiştirildi.")
        await page.reload()
        assert await page.input_value("textarea[name=answer]") == "Kapak değiştirildi."
        await page.context.set_offline(True)
        await page.click("text=Bitti, vatandaşa bildir")
        await page.wait_for_selector("text=Yazdığınız bu telefonda duruyor")
        await visitor.picture("field-offline")
        visitor.troubles.clear()  # the browser reports the connection that the test took away
        await page.context.set_offline(False)

        await until(lambda: is_done(work, job))
        await page.wait_for_selector("text=Üstünüzde iş yok")
        assert await page.evaluate("localStorage.length") == 0
        visitor.troubles.clear()


async def is_done(work: Work, job: Any) -> bool:
    return (await work.find(job.assignment_id)).state == "done"


async def test_targets_of_a_crew_are_large(chromium: Browser, site: str, system: System) -> None:
    await a_days_work(system)
    async with a_visit(chromium, PHONE_LIGHT, **SIGNED_IN) as visitor:
        await visitor.page.goto(f"{site}/field")

        shown = "[...document.querySelectorAll('main :is(a, button, summary)')].filter(part => part.offsetParent)"
        assert await visitor.page.evaluate(f"{shown}.filter(part => part.offsetHeight < 44).map(String)") == []
