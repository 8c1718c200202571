"""The desk in a real browser: entry, tasks and calls, by keyboard alone, on a phone and on a desktop."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser

from services.desk.app import desk
from shared.contracts import CallState, Channel, EarlierCase, Message, OwnerKind, Place, Proposal, TaskKind
from shared.messaging.topology import DEPARTMENTS, DESK, EVENTS, owner_queue
from tests.browser.visitor import DESKTOP, Look, Visitor, a_visit
from tests.builders import (
    a_call,
    a_case_assigned,
    a_case_number,
    a_contact_registered,
    a_task,
    an_assignment_offered,
    an_id,
)
from tests.desk.conftest import OWNERS, PASSWORD, PLACE, USER, an_adviser, bearer
from tests.harness import System, a_system, built, serving, until

SIGNED_IN: dict[str, Any] = {"extra_http_headers": bearer()}
KALE = next(row for row in PLACE.neighbourhoods if row.name == "Kale")
RUBBISH = "70. Sokak'ta çöp konteynerinin yanına moloz dökmüşler, kaldırım kapandı, geçilmiyor."


@pytest.fixture(scope="module")
async def module_system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "desk", OWNERS) as system:
        yield system


@pytest.fixture(scope="module")
async def module_site(module_system: System) -> AsyncIterator[str]:
    async with (
        serving(an_adviser()) as router_url,
        serving(built(desk, module_system, DESK_USER=USER, DESK_PASSWORD=PASSWORD, ROUTER_URL=router_url)) as url,
    ):
        yield url


@pytest.fixture
async def system(module_system: System) -> System:
    await module_system.forget()
    return module_system


@pytest.fixture
async def site(module_site: str, system: System) -> str:
    """Where the desk is served, with a day's work in it."""
    await tell(system, *calls(), *tasks())
    await system.tell(EVENTS, "router.kept.routine", *known_cases())
    like = a_like_case()
    await system.send(DEPARTMENTS, owner_queue(like.owner, like.lane), like.model_dump_json().encode())
    await until(lambda: system.value("SELECT count(*) = 1 FROM work_item"))
    await until(lambda: system.value("SELECT count(*) = 2 FROM known_case"))
    return module_site


async def tell(system: System, *messages: Message) -> None:
    await system.tell(DESK, "tasks", *messages)
    ids = [message.id for message in messages]
    until_seen = "SELECT count(*) = $2 FROM inbox WHERE consumer = 'desk-tasks' AND event_id = ANY($1)"
    await until(lambda: system.value(until_seen, ids, len(ids)))


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def a_like_case() -> Any:
    return an_assignment_offered(
        owner=OWNERS[0],
        owner_kind=OwnerKind.CENTRE,
        number="517-204-886",
        text="Kale Mahallesi 70. Sokak'ta çöpler toplanmıyor, kediler dağıtıyor.",
        place=Place(street="70. Sokak", neighbourhood="Kale"),
        neighbourhood=KALE.code,
        opened_at=ago(days=2),
        occurred_at=ago(days=2),
        proposals=(Proposal(owner="temizlik-isleri", topic="cop-toplama", confidence=0.62),),
    )


def known_cases() -> list[Message]:
    """What departments with software of their own have."""
    here = {"topic": "cop-konteyneri", "neighbourhood": KALE.code, "owner": "temizlik-isleri", "occurred_at": ago()}
    return [
        a_case_assigned().model_copy(update=here | {"number": number, "opened_at": ago(days=days), "case_id": an_id()})
        for number, days in (("390-662-817", 1), ("715-830-462", 6))
    ]


def calls() -> list[Message]:
    history = tuple(
        EarlierCase(case_id=an_id(), number=number, channel=channel, opened_at=ago(days=days), is_open=days < 9)
        for number, channel, days in (
            ("482-715-936", Channel.WHATSAPP, 1),
            ("613-908-254", Channel.PHONE, 12),
            ("250-117-493", Channel.WEB, 140),
        )
    )
    ringing = {"call_id": "one", "extension": "1001", "name": "Ayşe Yılmaz", "address": "+905000000000"}
    return [
        a_call(**ringing, occurred_at=ago(seconds=9), history=history),
        a_call(call_id="two", occurred_at=ago(minutes=14), state=CallState.ENDED, extension="1002"),
        a_call(call_id="three", occurred_at=ago(minutes=31), state=CallState.MISSED, extension="1001"),
        a_call(call_id="four", occurred_at=ago(hours=2), state=CallState.ENDED, address=None, extension="1003"),
    ]


def tasks() -> list[Message]:
    address = "+905000000000"
    told = {"address": address, "name": "Ayşe Yılmaz"}
    return [
        a_task(
            **told,
            occurred_at=ago(minutes=4),
            lane="urgent",
            text="482-715-936 numaralı başvurunuz: Ekip yola çıktı, lütfen direkten uzak durun.",
        ),
        a_task(
            address=address,
            occurred_at=ago(minutes=31),
            kind=TaskKind.CALL_BACK,
            source="intake",
            reason="missed_call",
            number=None,
            text="42 saniye bekledi.",
        ),
        a_task(
            **told,
            occurred_at=ago(hours=3),
            kind=TaskKind.UNDELIVERED,
            reason="failed",
            channel=Channel.SMS,
            number="613-908-254",
            text="613-908-254 numaralı başvurunuz sonuçlandı: Kaldırım onarıldı.",
        ),
        a_task(
            address="Kale Mah. 70. Sokak No 4, İlkadım",
            name="Mehmet Demir",
            occurred_at=ago(hours=20),
            kind=TaskKind.LETTER,
            reason="no_other_way",
            channel=Channel.PETITION,
            number="904-556-018",
            text="904-556-018 numaralı dilekçeniz Fen İşleri Müdürlüğünce incelenmektedir.",
        ),
        a_task(
            address=address,
            occurred_at=ago(hours=26),
            kind=TaskKind.HELD,
            source="intake",
            reason="spam",
            channel=Channel.EMAIL,
            number=None,
            text="Sınırlı süre için büyük indirim, hemen tıklayın, kaçırmayın…",
        ),
        a_task(
            address=None,
            occurred_at=ago(hours=30),
            kind=TaskKind.PARKED,
            source="intake",
            reason="too_large",
            channel=Channel.EMAIL,
            number=None,
            text="",
        ),
    ]


async def is_in_order(visitor: Visitor) -> None:
    """Everybody can use the page, and nobody scrolls sideways."""
    assert await visitor.violations() == []
    assert not await visitor.is_wider_than_the_screen()


@pytest.mark.parametrize("path", ["/entry", "/tasks", "/calls", "/", "/triage"])
async def test_a_page_is_open_to_everybody(chromium: Browser, site: str, look: Look, path: str) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        await visitor.page.goto(site + path)

        await is_in_order(visitor)


async def type_a_call(visitor: Visitor) -> None:
    """What an operator types while somebody talks, never touching the mouse."""
    keyboard = visitor.page.keyboard
    await visitor.tab_to("#phone")
    await keyboard.type("0500 000 00 00")
    await visitor.press("Tab")
    await keyboard.type("Ayşe Yılmaz")
    await visitor.tab_to("#text")
    await keyboard.type(RUBBISH)
    await visitor.tab_to("#street")
    await keyboard.type("70. Sokak, Kale")


async def test_an_operator_enters_a_call_by_keyboard_alone(
    chromium: Browser, site: str, system: System, look: Look
) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        await visitor.page.goto(f"{site}/entry")
        await type_a_call(visitor)
        await visitor.page.wait_for_selector("text=517-204-886")
        await visitor.page.wait_for_selector("[data-proposal='1']")
        await is_in_order(visitor)
        await visitor.picture("operator")

        await visitor.press("Escape", "1")
        assert await visitor.page.locator("[data-proposal='1']").is_checked()
        await visitor.press("Control+Enter")
        await visitor.page.wait_for_url("**/entry/*")
        await number_comes(system, "730-582-164")

        await visitor.page.wait_for_selector(".tracking")
        assert await visitor.page.locator(".tracking").inner_text() == "730-582-164"
        await is_in_order(visitor)
        await visitor.press("n")
        await visitor.page.wait_for_selector("#text")


async def number_comes(system: System, number: str) -> None:
    """Intake registers what was entered last."""
    await until(lambda: system.value("SELECT count(*) = 1 FROM entry"))
    contact = await system.value("SELECT contact_id FROM entry")
    registered = a_contact_registered(contact_id=contact, cases=(a_case_number(number=number),))
    await system.tell(EVENTS, "intake.routine", registered)


async def test_an_entry_needs_no_script(chromium: Browser, site: str, system: System) -> None:
    async with a_visit(chromium, Look(DESKTOP, "light"), scripts=False, **SIGNED_IN) as visitor:
        page = visitor.page
        await page.goto(f"{site}/entry")
        await page.fill("#text", RUBBISH)
        await page.click("text=Önerileri göster")
        await page.check("[data-proposal='1']")
        await page.click("[data-save]")

        await number_comes(system, "730-582-164")
        await page.wait_for_selector(".tracking")


async def test_words_of_danger_show_the_number_to_call_while_they_are_typed(
    chromium: Browser, site: str, look: Look
) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        await visitor.page.goto(f"{site}/entry")
        await visitor.page.type("#text", "Evin önünde yangın var")

        await visitor.page.wait_for_selector(".notice.danger:has-text('112 aranmalı')")
        await is_in_order(visitor)


@pytest.mark.parametrize("channel", ["petition", "cimer", "muhtar"])
async def test_paper_and_muhtars_have_fields_of_their_own(
    chromium: Browser, site: str, look: Look, channel: str
) -> None:
    own = {"petition": "#postal", "cimer": "#reference", "muhtar": "#muhtar_of"}
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        await visitor.page.goto(f"{site}/entry")
        assert not await visitor.page.locator(own[channel]).is_visible()

        await visitor.page.check(f"[name=channel][value={channel}]", force=True)

        assert await visitor.page.locator(own[channel]).is_visible()
        await visitor.page.check("#answered")
        await visitor.page.select_option("#standard", "su")
        assert "185" in await visitor.page.locator("#answer").input_value()
        await is_in_order(visitor)


async def test_a_mistake_is_told_where_it_was_made(chromium: Browser, site: str, look: Look) -> None:
    async with a_visit(chromium, look, refusals=(422,), **SIGNED_IN) as visitor:
        await visitor.page.goto(f"{site}/entry")
        await visitor.page.fill("#phone", "12")
        await visitor.press("Control+Enter")

        await visitor.page.wait_for_selector("#phone-error")
        assert await visitor.page.locator("#phone").input_value() == "12"
        await is_in_order(visitor)


async def test_a_task_is_settled_by_keyboard_alone(chromium: Browser, site: str, system: System, look: Look) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        await visitor.page.goto(f"{site}/tasks")
        await visitor.picture("tasks")
        await visitor.press("j", "Enter")
        await visitor.page.wait_for_selector(".tracking")
        await is_in_order(visitor)
        await visitor.picture("task")

        await visitor.tab_to("#note")
        await visitor.page.keyboard.type("Kendisiyle konuştum.")
        await visitor.press("Tab", "Enter")
        await visitor.page.wait_for_selector("text=Arandı, bildirildi")

        await is_in_order(visitor)
        assert await system.value("SELECT count(*) FROM task WHERE decision = 'done'") == 1


async def test_a_call_appears_on_the_page_an_operator_works_on_and_goes_again(
    chromium: Browser, site: str, system: System, look: Look
) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        page = visitor.page
        await page.goto(f"{site}/calls")
        await visitor.picture("calls")
        await page.fill("#extension", "1007")
        await page.click("text=Hatırla")
        await page.goto(f"{site}/tasks")

        ringing = {"call_id": "new", "extension": "1007", "address": "+905000000007"}
        await tell(system, a_call(**ringing, occurred_at=ago()))
        await page.wait_for_selector("aside :text('0500 000 00 07')")
        await is_in_order(visitor)
        await tell(system, a_call(**ringing, occurred_at=ago(), state=CallState.MISSED))

        await page.wait_for_selector("aside :text('0500 000 00 07')", state="detached")


async def test_the_calls_page_renews_itself_without_scripts(chromium: Browser, site: str, system: System) -> None:
    async with a_visit(chromium, Look(DESKTOP, "light"), scripts=False, **SIGNED_IN) as visitor:
        await visitor.page.goto(f"{site}/calls")
        await tell(system, a_call(call_id="new", address="+905000000007", occurred_at=ago()))

        await visitor.page.wait_for_selector("text=0500 000 00 07")
