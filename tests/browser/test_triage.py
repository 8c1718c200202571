"""Why, triage, incidents and splits in a real browser: by keyboard alone, on a phone and on a desktop."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest
from playwright.async_api import Browser

from services.desk.app import desk
from services.router.app import MODEL
from services.router.domain.decision import Decision, Report, decide
from services.router.domain.knowledge import load_knowledge
from shared.contracts import (
    AssignmentOffered,
    CaseKind,
    IncidentOf,
    OwnerKind,
    Place,
    Proposal,
    SimilarCase,
    TaskKind,
    TaskRequested,
)
from shared.ids import derived_id
from shared.messaging.topology import DEPARTMENTS, DESK, EVENTS, owner_queue
from tests.browser.visitor import DESKTOP, Look, Visitor, a_visit
from tests.builders import a_case_assigned, a_task, an_assignment_offered, an_id, an_incident_grew
from tests.desk.conftest import OWNERS, PASSWORD, PLACE, USER, bearer
from tests.harness import System, a_system, built, serving, until

SIGNED_IN: dict[str, Any] = {"extra_http_headers": bearer()}
KNOWLEDGE = load_knowledge(PLACE, MODEL)
BOTH = "Kale Mahallesi 70. Sokak'ta çöpler üç gündür alınmıyor, ayrıca evin önündeki sokak lambası da yanmıyor."
UNCLEAR = (
    "Merhaba, 100. Yıl Bulvarı'nda eczanenin önünde her akşam aynı dert: arabalar yolun iki yanına duruyor, çöp "
    "arabası geçemiyor, kaldırımdan yürünmüyor. Kaç kere yazdım, kimse ilgilenmedi. Lütfen biri baksın."
)
BURST = "Gazi Caddesi'nde ana boru patladı, su evlerin bodrumuna giriyor."
CENTRE = {"owner": OWNERS[0], "owner_kind": OwnerKind.CENTRE}


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def an_offer(text: str, number: str, **changed: Any) -> AssignmentOffered:
    """As the router offers it, with the grounds it really has."""
    at = ago(hours=3)
    decision: Decision = decide(Report(text, occurred_at=at), KNOWLEDGE)
    default = {
        "text": text,
        "number": number,
        "assignment_id": derived_id(at, "browser", number),
        "opened_at": at,
        "occurred_at": at,
        "why": decision.why,
        "neighbourhood": decision.neighbourhood,
        "proposals": decision.proposals,
        "kind": CaseKind.COMPLAINT,
        "urgency": decision.level,
        "secondary": decision.secondary,
    }
    return an_assignment_offered(**{**default, **changed})


@lru_cache
def similar() -> tuple[SimilarCase, ...]:
    return tuple(
        SimilarCase(
            case_id=an_id(), number=number, owner=owner, opened_at=ago(days=days), metres=metres, confidence=share
        )
        for number, owner, days, metres, share in (
            ("613-908-254", "zabita", 1, 42, 0.83),
            ("250-117-493", "temizlik-isleri", 6, 210, 0.64),
        )
    )


UNCLEAR_OFFER = an_offer(
    UNCLEAR, "482-715-936", **CENTRE, lane="urgent", similar=similar(), urgency="urgent", due_at=ago(hours=-30)
)
RETURNED_OFFER = an_offer(
    "Köprünün altında birisi geceleri kaçak hafriyat döküyor, plakasını da yazabilirim.",
    "517-204-886",
    **CENTRE,
    kind=CaseKind.TIP,
    hides_identity=True,
    returns=2,
    returned_by="zabita",
    returned_because="Hafriyat denetimi büyükşehir belediyesinin yetkisinde; bizde ekip yok.",
)
BURST_OFFER = an_offer(
    BURST,
    "730-582-164",
    owner=OWNERS[1],
    incident=IncidentOf(incident_id=an_id(), reports=40),
    similar=similar(),
    proposals=(),
)
SPLIT = a_task(
    kind=TaskKind.SPLIT,
    source="intake",
    reason="several_owners",
    occurred_at=ago(minutes=12),
    detail="temizlik-isleri",
    address=None,
    number="904-556-018",
    text=BOTH,
    place=Place(street="70. Sokak", neighbourhood="Kale"),
    proposals=(
        Proposal(owner="yedas", topic="sokak-aydinlatma", confidence=0.9),
        Proposal(owner="zabita", confidence=0.3),
    ),
)


@pytest.fixture(scope="module")
async def module_system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "desk", OWNERS) as system:
        yield system


@pytest.fixture(scope="module")
async def module_site(module_system: System) -> AsyncIterator[str]:
    async with serving(built(desk, module_system, DESK_USER=USER, DESK_PASSWORD=PASSWORD, ROUTER_URL="")) as url:
        yield url


@pytest.fixture
async def system(module_system: System) -> System:
    await module_system.forget()
    return module_system


@pytest.fixture
async def site(module_site: str, system: System) -> str:
    """Where the desk is served: two cases to decide, one problem with many reports, one message for two owners."""
    task: TaskRequested = SPLIT
    await system.tell(DESK, "tasks", task)
    known = [a_case_assigned(case_id=row.case_id, number=row.number) for row in similar()]
    await system.tell(EVENTS, "router.kept.routine", *known)
    for offer in (UNCLEAR_OFFER, RETURNED_OFFER, BURST_OFFER):
        await system.send(DEPARTMENTS, owner_queue(offer.owner, offer.lane), offer.model_dump_json().encode())
    for number in range(3):
        grew = an_incident_grew(
            assignment_id=BURST_OFFER.assignment_id,
            case_id=BURST_OFFER.case_id,
            occurred_at=ago(minutes=20 - number),
            reports=40,
            joined_number=f"482-715-94{number}",
            text="Gazi Caddesi su altında, dükkâna su giriyor. Yardım edin.",
        )
        await system.send(DEPARTMENTS, owner_queue(OWNERS[1], "routine"), grew.model_dump_json().encode())
    await until(lambda: system.value("SELECT count(*) = 3 FROM incident_report"))
    await until(lambda: system.value("SELECT count(*) = 3 FROM work_item"))
    await until(lambda: system.value("SELECT count(*) = 2 FROM known_case"))
    await until(lambda: system.value("SELECT count(*) = 1 FROM task"))
    return module_site


async def is_in_order(visitor: Visitor, picture: str) -> None:
    """Everybody can use the page, and nobody scrolls sideways."""
    await visitor.picture(picture)
    assert await visitor.violations() == []
    assert not await visitor.is_wider_than_the_screen()


PAGES = {
    "triage": "/triage",
    "returned": f"/triage?at={RETURNED_OFFER.assignment_id}",
    "case": f"/work/{UNCLEAR_OFFER.assignment_id}",
    "incident": f"/work/{BURST_OFFER.assignment_id}",
    "split": f"/tasks/{SPLIT.id}",
}


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_open_to_everybody(chromium: Browser, site: str, look: Look, name: str) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        await visitor.page.goto(site + PAGES[name])

        await is_in_order(visitor, name)


async def test_why_is_told_in_english_too(chromium: Browser, site: str) -> None:
    async with a_visit(chromium, Look(DESKTOP, "light"), **SIGNED_IN) as visitor:
        await visitor.page.goto(f"{site}{PAGES['case']}?dil=en")

        await visitor.page.wait_for_selector("text=Why did it come here?")
        await is_in_order(visitor, "case-en")


async def decided(system: System) -> dict[str, Any] | None:
    rows = await system.rows("SELECT detail, text FROM work_step WHERE kind = 'decided'")
    return rows[0] if rows else None


async def test_one_key_decides_and_the_next_case_comes(
    chromium: Browser, site: str, system: System, look: Look
) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        await visitor.page.goto(f"{site}/triage")
        await visitor.press("1")
        await visitor.page.wait_for_url("**/triage?done=*")

        await visitor.page.wait_for_selector("text=482-715-936 gönderildi")
        await visitor.page.wait_for_selector("#said ~ *:has-text('517-204-886')")
        assert (await decided(system) or {})["detail"] == UNCLEAR_OFFER.proposals[0].owner
        await is_in_order(visitor, "decided")


async def test_any_owner_is_found_by_a_part_of_its_name_without_turkish_letters(
    chromium: Browser, site: str, system: System, look: Look
) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        await visitor.page.goto(f"{site}/triage")
        await visitor.tab_to("#owner")
        await visitor.page.keyboard.type("yazi isl")
        await visitor.page.wait_for_selector("#owner-hits li[aria-selected=true]:has-text('Yazı İşleri')")
        await is_in_order(visitor, "search")
        await visitor.press("Enter")
        assert await visitor.page.locator("#owner").input_value() == "Yazı İşleri Müdürlüğü"
        await visitor.tab_to("#neighbourhood")
        await visitor.page.keyboard.type("kilicd")
        await visitor.press("Enter", "Tab", "Enter")
        await visitor.page.wait_for_url("**/triage?done=*")

        assert (await decided(system) or {})["detail"] == "yazi-isleri"


async def test_what_matches_nothing_chooses_nothing(chromium: Browser, site: str, system: System) -> None:
    async with a_visit(chromium, Look(DESKTOP, "light"), **SIGNED_IN) as visitor:
        await visitor.page.goto(f"{site}/triage")
        await visitor.page.fill("#owner", "böyle bir birim yok")
        await visitor.page.wait_for_selector("#owner-hits :text('Eşleşen yok')")
        await visitor.press("Escape", "Tab")

        assert await visitor.page.locator("#owner").input_value() == ""
        assert await visitor.page.locator("select[name=owner]").input_value() == ""


async def test_without_scripts_the_lists_and_proposals_work_as_they_are(
    chromium: Browser, site: str, system: System
) -> None:
    async with a_visit(chromium, Look(DESKTOP, "light"), scripts=False, **SIGNED_IN) as visitor:
        await visitor.page.goto(f"{site}/triage")
        await visitor.page.select_option("#owner", "yazi-isleri")
        await visitor.page.click("text=Gönder")
        await visitor.page.wait_for_url("**/triage?done=*")

        assert (await decided(system) or {})["detail"] == "yazi-isleri"


async def test_a_case_is_joined_to_the_same_problem_by_one_press(
    chromium: Browser, site: str, system: System, look: Look
) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        await visitor.page.goto(f"{site}/triage")
        await visitor.page.click("[aria-label='613-908-254 ile aynı sorun']")

        await visitor.page.wait_for_selector("text=482-715-936 artık 613-908-254 ile birlikte yürüyor.")


async def test_a_split_is_settled_by_keyboard_alone(chromium: Browser, site: str, system: System, look: Look) -> None:
    async with a_visit(chromium, look, **SIGNED_IN) as visitor:
        await visitor.page.goto(site + PAGES["split"])
        assert await visitor.page.locator("[name=chosen-1]").is_checked()
        await visitor.press("2")
        assert await visitor.page.locator("[name=chosen-2]").is_checked()
        await visitor.tab_to("[name=decision][value=done]")
        await visitor.press("Enter")
        await visitor.page.wait_for_url("**/tasks?done=*")

        assert (
            await system.value("SELECT chosen->0->>'owner' || ' ' || (chosen->1->>'owner') FROM task") == "yedas zabita"
        )
        await visitor.page.goto(site + PAGES["split"])
        await is_in_order(visitor, "split-settled")
