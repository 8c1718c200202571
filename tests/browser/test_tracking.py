"""The tracking page in a real browser: from a number and its code to the answer, and back to us."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from services.intake.app import edge, worker
from shared.contracts import CaseEvent, Channel
from shared.ids import new_id
from shared.messaging.topology import EVENTS
from shared.tokens import CaseTokens, OptOutTokens
from tests.browser.conftest import BOTH_WAYS
from tests.browser.visitor import DESKTOP, PHONE, Look, Visitor, a_visit
from tests.builders import a_case_accepted, a_case_asked, a_case_assigned, a_case_closed
from tests.harness import System, a_system, built, running, serving, until

LIGHT = Look(DESKTOP, "light")
KEY = bytes(range(32))
TOKENS = CaseTokens(KEY)
ANSWER = (
    "Konteyner bu sabah boşaltıldı ve çevresi yıkandı. Mahallenize salı günü bir konteyner daha koyuyoruz; "
    "doluluk sürerse bu sayfadan haber verin."
)


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


async def a_case(chromium: Browser, site: str, system: System, *steps: CaseEvent) -> str:
    """The number of a case that was sent by the form and went through these steps."""
    async with a_visit(chromium, LIGHT) as visitor:
        await visitor.page.goto(site)
        await visitor.page.fill("#text", "Çöp konteyneri günlerdir dolu, koku dayanılmaz oldu")
        await visitor.page.click("button[value=check]")
        await visitor.page.click("button[value=send]")
        await visitor.page.wait_for_selector(".tracking")
        number = await visitor.page.locator(".tracking").inner_text()
    case_id = await system.value("SELECT id FROM case_file WHERE number = $1", number)
    await system.pool.execute("UPDATE case_file SET opened_at = now() - interval '2 hours' WHERE id = $1", case_id)
    own = [step.model_copy(update={"case_id": case_id, "number": number, "id": new_id()}) for step in steps]
    await system.tell(EVENTS, "router.told.routine", *own)

    async def is_told() -> bool:
        known = await system.value("SELECT version FROM case_file WHERE id = $1", case_id)
        return bool(known == max([1, *(step.version for step in own)]))

    await until(is_told)
    return number


def assigned() -> list[CaseEvent]:
    """With the department since an hour ago, due in two days."""
    now = datetime.now(UTC)
    due = now + timedelta(days=2, hours=3)
    return [
        a_case_assigned(occurred_at=now - timedelta(hours=1), due_at=due),
        a_case_accepted(occurred_at=now - timedelta(minutes=20)),
    ]


def closed() -> CaseEvent:
    return a_case_closed(version=4, occurred_at=datetime.now(UTC), answer=ANSWER)


async def usable(visitor: Visitor) -> None:
    """Everybody can use the page as it stands, on this screen."""
    assert await visitor.violations() == []
    assert not await visitor.is_wider_than_the_screen()


@BOTH_WAYS
async def test_a_number_and_its_code_show_who_has_it_and_until_when(
    chromium: Browser, site: str, system: System, look: Look, scripts: bool
) -> None:
    number = await a_case(chromium, site, system, *assigned())
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        await visitor.page.goto(f"{site}/takip")
        await visitor.picture("track")
        if scripts:
            await usable(visitor)
        await visitor.tab_to("#number")
        await visitor.page.keyboard.type(number.replace("-", " "))
        await visitor.tab_to("#code")
        await visitor.page.keyboard.type(TOKENS.code(number).lower())
        await visitor.press("Enter")
        await visitor.page.wait_for_selector("#case-title")
        await visitor.picture("tracking-open")
        if scripts:
            await usable(visitor)

        told = await visitor.page.inner_text("main")
        assert "Temizlik İşleri Müdürlüğü" in told
        assert "2 gün kaldı" in told


@BOTH_WAYS
async def test_a_question_is_answered_on_the_page_by_keyboard_alone(
    chromium: Browser, site: str, system: System, look: Look, scripts: bool
) -> None:
    asked = a_case_asked(version=4, occurred_at=datetime.now(UTC), question="Konteyner hangi kapının önünde?")
    number = await a_case(chromium, site, system, *assigned(), asked)
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        await visitor.page.goto(f"{site}/takip/{number}/{TOKENS.code(number)}")
        assert "hangi kapının önünde" in await visitor.page.inner_text(".timeline")
        await visitor.picture("tracking-asked")
        await visitor.tab_to("#text")
        await visitor.page.keyboard.type("14 numaranın önünde")
        await visitor.tab_to("button[type=submit]")
        await visitor.press("Enter")
        await visitor.page.wait_for_selector("text=Mesajınız ulaştı")
        await visitor.picture("tracking-added")
        if scripts:
            await usable(visitor)


async def test_the_answer_is_read_and_not_solved_is_one_press(
    chromium: Browser, site: str, system: System, look: Look
) -> None:
    number = await a_case(chromium, site, system, *assigned(), closed())
    async with a_visit(chromium, look) as visitor:
        await visitor.page.goto(f"{site}/takip/{number}/{TOKENS.code(number)}")
        await visitor.picture("tracking-closed")
        await usable(visitor)
        assert ANSWER in await visitor.page.inner_text(".timeline")
        await visitor.page.click("button[value=not_solved]")
        await visitor.page.wait_for_selector("text=Mesajınız ulaştı")

    async def is_wished() -> bool:
        return bool(await system.value("SELECT count(*) FROM inbound_message WHERE kind = 'not_solved'"))

    await until(is_wished)


async def test_a_wrong_code_is_told_in_words(chromium: Browser, site: str, system: System, look: Look) -> None:
    number = await a_case(chromium, site, system)
    async with a_visit(chromium, look, refusals=(404,)) as visitor:
        await visitor.page.goto(f"{site}/takip/{number}/AAAA-AAAA")
        await visitor.picture("track-wrong")

        await usable(visitor)
        assert "Numara ya da kod yanlış" in await visitor.page.inner_text("#wrong")


async def test_the_timeline_renews_itself_while_one_looks(chromium: Browser, site: str, system: System) -> None:
    number = await a_case(chromium, site, system)
    async with a_visit(chromium, Look(PHONE, "dark")) as visitor:
        await visitor.page.clock.install()
        await visitor.page.goto(f"{site}/takip/{number}/{TOKENS.code(number)}")
        case_id = await system.value("SELECT id FROM case_file WHERE number = $1", number)
        step = a_case_assigned(case_id=case_id, number=number, occurred_at=datetime.now(UTC))
        await system.tell(EVENTS, "router.told.routine", step)

        async def has_owner() -> bool:
            return await system.value("SELECT owner FROM case_file WHERE id = $1", case_id) is not None

        await until(has_owner)
        await visitor.page.clock.run_for(21_000)

        await expect(visitor.page.locator(".timeline")).to_contain_text("Temizlik İşleri")


@BOTH_WAYS
async def test_notices_end_at_the_press_of_a_button(chromium: Browser, site: str, look: Look, scripts: bool) -> None:
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        await visitor.page.goto(f"{site}/abonelik/{OptOutTokens(KEY).token(new_id(), Channel.EMAIL)}")
        await visitor.picture("opt-out")
        if scripts:
            await usable(visitor)
        await visitor.page.click("button.main")

        await expect(visitor.page.locator("h1")).to_contain_text("Bildirimler sona erdi")


@BOTH_WAYS
async def test_the_survey_is_answered_with_what_is_missing_and_closes(
    chromium: Browser, site: str, system: System, look: Look, scripts: bool
) -> None:
    number = await a_case(chromium, site, system, *assigned(), closed())
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        page = visitor.page
        await page.goto(f"{site}/takip/{number}/{TOKENS.code(number)}")
        await visitor.picture("tracking-survey")
        if scripts:
            await usable(visitor)
        await page.click("text=Hayır, çözülmedi")
        await visitor.picture("survey")
        if scripts:
            await usable(visitor)
        await page.fill("#text", "Kapağı hâlâ kırık")
        await page.click("button[value=hayir]")
        await page.wait_for_selector("text=Yanıtınız için teşekkür ederiz")
        await visitor.picture("tracking-survey-answered")
        if scripts:
            await usable(visitor)


@BOTH_WAYS
async def test_a_case_is_withdrawn_in_two_steps(
    chromium: Browser, site: str, system: System, look: Look, scripts: bool
) -> None:
    number = await a_case(chromium, site, system, *assigned())
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        page = visitor.page
        await page.goto(f"{site}/takip/{number}/{TOKENS.code(number)}")
        await page.click("text=Başvurumu geri çek")
        await visitor.picture("withdraw")
        if scripts:
            await usable(visitor)
        await page.click("text=Evet, geri çekiyorum")
        await page.wait_for_selector("text=İsteğinizi aldık")
        await visitor.picture("tracking-withdrawn")
        if scripts:
            await usable(visitor)
