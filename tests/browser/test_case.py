"""The case page in a real browser: everything on it for everybody, by keyboard, on a phone and on a desktop."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser

from services.desk.app import desk
from shared.contracts import (
    AssignmentOffered,
    Attachment,
    CaseKind,
    CaseNumber,
    Channel,
    Evidence,
    EvidenceKind,
    NoticeStatus,
    OwnerScore,
    Place,
    Proposal,
    Purpose,
    SimilarCase,
    Why,
)
from shared.contracts.inside import CasePeople, KnownPerson, ToldCase, ToldContact, ToldEarlier, ToldFile
from shared.keeping import Files
from shared.messaging.topology import DEPARTMENTS, EVENTS, owner_queue
from shared.objects import Folder, Sealed
from tests.browser.test_desk import SIGNED_IN, type_a_call
from tests.browser.visitor import DESKTOP, Look, a_visit, assert_accessible
from tests.builders import a_case_assigned, a_case_returned, a_notice_recorded, an_assignment_offered, an_id
from tests.desk.conftest import OWN, OWNERS, PASSWORD, USER, an_adviser
from tests.desk.inside import Intake
from tests.harness import System, a_system, built, serving, until
from tests.intake.test_files import a_photo

LONG = (
    "Kale Mahallesi 70. Sokak'ta oturuyorum, iki haftadır konteynerin yanına moloz ve eski koltuk bırakıyorlar. "
    "Kaldırım kapandı, çocuk arabasıyla yola inmek zorunda kalıyoruz; akşamları kediler torbaları yırtıyor, "
    "yağmurda her yer çamur oluyor. Daha önce de bildirmiştim, gelip baktılar ama ertesi gün yine aynısı oldu. "
    "Hangi gün toplandığını da bilmiyoruz, apartmandakiler torbaları gece yarısı çıkarıyor. "
    "KaldırımüstübırakılmışçokuzunkesintisizbirkelimeyledenensinSonuNereyeGideceğiBelliOlmasınDiyeYazıldı "
) * 2
REASON = "Yol boyundaki molozun kaldırılması bizim görev alanımızda değil; ekipman ve kadro Fen İşleri'nde. " * 3


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


@pytest.fixture(scope="module")
async def intake() -> Intake:
    return Intake()


@pytest.fixture(scope="module")
async def module_system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "desk", OWNERS) as system:
        yield system


@pytest.fixture(scope="module")
async def module_site(module_system: System, intake: Intake) -> AsyncIterator[str]:
    async with serving(an_adviser()) as router_url, serving(intake.service()) as intake_url:
        settings = {"DESK_USER": USER, "DESK_PASSWORD": PASSWORD, "ROUTER_URL": router_url, "INTAKE_URL": intake_url}
        async with serving(built(desk, module_system, **settings)) as url:
            yield url


@pytest.fixture
async def site(module_site: str, module_system: System) -> str:
    await module_system.forget()
    return module_site


@pytest.fixture
async def case(site: str, module_system: System, intake: Intake) -> AssignmentOffered:
    """A case with a life behind it: written twice, returned once, photographed, gathered, warned of."""
    system, photos = module_system, [an_id(), an_id()]
    for photo, size in zip(photos, ((1600, 900), (700, 1300)), strict=True):
        await Files(Sealed(Folder(system.objects), bytes(range(32)))).keep(photo, a_photo(size))
    offer = a_case(photos)
    intake.cases[offer.case_id] = told_by_intake(offer, photos)
    person = KnownPerson(
        person_id=an_id(), channel=Channel.PHONE, name="Nermin Uydurma", address="+905000000000", own=True
    )
    mail = KnownPerson(
        person_id=an_id(), channel=Channel.EMAIL, address="nermin.uydurma@example.org", told=True, own=True
    )
    intake.people[offer.case_id] = CasePeople(people=(person, mail))
    await system.send(DEPARTMENTS, owner_queue(offer.owner, offer.lane), offer.model_dump_json().encode())
    await tell_facts(system, offer)
    await until(lambda: system.value("SELECT count(*) = 1 FROM work_item"))
    await until(lambda: system.value("SELECT count(*) = 2 FROM case_fact"))
    await until(lambda: system.value("SELECT count(*) = 2 FROM case_notice"))
    return offer


def a_case(photos: list[Any]) -> AssignmentOffered:
    proposals = (
        Proposal(owner="temizlik-isleri", topic="moloz", confidence=0.58),
        Proposal(owner="fen-isleri", topic="kaldirim", confidence=0.31),
    )
    scores = tuple(OwnerScore(owner=row.owner, topic=row.topic, confidence=row.confidence) for row in proposals)
    evidence = (
        Evidence(kind=EvidenceKind.TOPIC, code="moloz", words=("moloz", "konteynerin yanına"), owner="temizlik-isleri"),
    )
    return an_assignment_offered(
        owner=OWN,
        number="482-715-936",
        text=LONG,
        topic="moloz",
        kind=CaseKind.COMPLAINT,
        place=Place(street="70. Sokak", latitude=41.2853, longitude=36.3321),
        neighbourhood="61820",
        occurred_at=ago(hours=5),
        opened_at=ago(days=3),
        due_at=datetime.now(UTC) + timedelta(hours=2),
        returns=1,
        returned_by="fen-isleri",
        returned_because=REASON,
        proposals=proposals,
        why=Why(evidence=evidence, scores=scores, threshold=0.8, version="12"),
        similar=(
            SimilarCase(
                case_id=an_id(),
                number="517-204-886",
                owner="temizlik-isleri",
                opened_at=ago(days=1),
                confidence=0.7,
                metres=38.0,
            ),
        ),
        follows=CaseNumber(case_id=an_id(), number="104-882-371"),
        attachments=tuple(Attachment(id=photo, provider_id=str(photo), media_type="image/jpeg") for photo in photos),
    )


def told_by_intake(offer: AssignmentOffered, photos: list[Any]) -> ToldCase:
    opened = ToldContact(
        contact_id=an_id(),
        at=ago(days=3),
        channel=Channel.WHATSAPP,
        effect="opened",
        kind="text",
        purpose=Purpose.REQUEST,
        own=True,
        files=tuple(ToldFile(id=photo, media_type="image/jpeg") for photo in photos),
    )
    again = opened.model_copy(
        update={"contact_id": an_id(), "at": ago(hours=20), "effect": "joined", "files": (), "text": "Hâlâ duruyor."}
    )
    earlier = ToldEarlier(
        case_id=an_id(), number="613-908-254", opened_at=ago(days=40), is_open=False, owner="temizlik-isleri"
    )
    nearby = earlier.model_copy(update={"number": "904-556-018", "metres": 21.0, "topic": "cop-konteyneri"})
    return ToldCase(
        case_id=offer.case_id,
        number=offer.number,
        contacts=(opened, again),
        of_person=(earlier,),
        of_place=(nearby,),
    )


async def tell_facts(system: System, offer: AssignmentOffered) -> None:
    about = {"case_id": offer.case_id, "number": offer.number}
    assigned = a_case_assigned(**about, owner="fen-isleri", occurred_at=ago(days=3), opened_at=offer.opened_at)
    returned = a_case_returned(
        **about, version=3, returned_by="fen-isleri", reason=REASON, proposal=OWN, occurred_at=ago(hours=6)
    )
    await system.tell(EVENTS, "router.told.routine", assigned, returned)
    notice = {"case_id": offer.case_id, "channel": Channel.WHATSAPP}
    receipt = a_notice_recorded(**notice, status=NoticeStatus.READ, occurred_at=ago(days=3))
    await system.tell(
        EVENTS,
        "notifier.recorded",
        receipt,
        a_notice_recorded(**notice, event="joined", status=NoticeStatus.FAILED, occurred_at=ago(hours=19)),
    )


async def test_a_case_with_a_long_life_is_open_to_everybody(
    chromium: Browser, site: str, case: AssignmentOffered, look: Look
) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        page = visitor.page
        await page.goto(f"{site}/work/{case.assignment_id}")
        await page.fill("#note", f"@{OWN} anahtar güvenlikte, öğleden sonra gidelim.")
        await page.click("text=Not ekle")
        await page.wait_for_selector(".story .line-note")
        await assert_accessible(page)
        await visitor.picture("case")

        await page.evaluate("document.querySelectorAll('.acts details').forEach((part) => { part.open = true })")
        await assert_accessible(page)
        await visitor.picture("case-open")


async def test_contact_details_come_by_a_press_and_can_be_called(
    chromium: Browser, site: str, case: AssignmentOffered, look: Look
) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        page = visitor.page
        await page.goto(f"{site}/work/{case.assignment_id}")
        await visitor.tab_to("form.look button")
        await visitor.press("Enter")

        await page.wait_for_selector("a[href='tel:+905000000000']")
        await assert_accessible(page)
        await visitor.picture("case-people")


async def test_a_standard_text_is_found_by_a_part_of_its_name_and_fills_the_answer(
    chromium: Browser, site: str, case: AssignmentOffered, module_system: System, look: Look
) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        page = visitor.page
        await page.goto(f"{site}/work/{case.assignment_id}")
        await page.click("summary#a")
        await page.click("#answer-text")
        await page.keyboard.type("ozel mulk")
        await visitor.press("Enter")

        answer = await page.locator("#answer").input_value()
        assert "19 Mayıs, 70. Sokak" in answer
        assert await page.locator("#outcome").input_value() == "rejected"
        await assert_accessible(page)
        await page.click("form[action$='/close'] .button.main")
        await page.wait_for_selector("text=vatandaşa yanıt gidiyor")
        step = await module_system.rows("SELECT detail, text FROM work_step WHERE kind = 'closed'")
        assert step == [{"detail": "rejected", "text": answer}]


async def test_a_photo_opens_large_and_the_next_one_by_the_arrow(
    chromium: Browser, site: str, case: AssignmentOffered, look: Look
) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        page = visitor.page
        await page.goto(f"{site}/work/{case.assignment_id}")
        await page.click("a[data-large] >> nth=0")
        first = await page.locator("dialog.large img").get_attribute("src")
        await page.wait_for_function("document.querySelector('dialog.large img').naturalWidth > 100")
        await assert_accessible(page)
        await visitor.picture("case-photo")

        await visitor.press("ArrowRight")
        assert await page.locator("dialog.large img").get_attribute("src") != first
        await visitor.press("Escape")
        assert not await page.locator("dialog.large").is_visible()


async def test_a_photo_of_the_finished_work_is_added_from_the_phone(
    chromium: Browser, site: str, case: AssignmentOffered, look: Look
) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        page = visitor.page
        await page.goto(f"{site}/work/{case.assignment_id}")
        await page.click("summary:has-text('Fotoğraf ekle')")
        photo = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": a_photo((900, 600))}
        await page.set_input_files("#photo", files=[photo])  # type: ignore[list-item]
        await page.click(".acts button:has-text('Fotoğraf ekle')")

        await page.wait_for_selector(".story .line-photo img")
        await assert_accessible(page)


async def test_the_page_needs_no_script(chromium: Browser, site: str, case: AssignmentOffered) -> None:
    async with a_visit(chromium, Look(DESKTOP, "light"), scripts=False, **SIGNED_IN) as visitor:
        page = visitor.page
        await page.goto(f"{site}/work/{case.assignment_id}")
        await page.click("summary#a")
        await page.select_option("#answer-text", "ozel-mulk")
        await page.click("form[data-fills=answer] button")

        assert "özel mülkiyettedir" in await page.locator("#answer").input_value()


# Which keys were pressed beside those that wrote a letter into a field.
COUNT_KEYS = """
window.pressed = [];
addEventListener("keydown", (event) => {
  const writes = event.key.length === 1 && !event.ctrlKey && event.target.matches("input, textarea");
  if (!writes) pressed.push(event.key);
  sessionStorage.setItem("pressed", JSON.stringify(pressed));
}, true);
"""


async def test_an_operator_registers_a_call_in_under_ten_key_strokes_beside_the_text(
    chromium: Browser, site: str, look: Look
) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        page = visitor.page
        await page.goto(f"{site}/entry")
        await page.evaluate(COUNT_KEYS)
        await type_a_call(visitor)
        await page.wait_for_selector("[data-proposal='1']")
        await visitor.press("Escape", "1", "Control+Enter")
        await page.wait_for_url("**/entry/*")

        pressed = await page.evaluate("JSON.parse(sessionStorage.getItem('pressed'))")
        assert len(pressed) < 10, pressed  # Control and Enter count as two
