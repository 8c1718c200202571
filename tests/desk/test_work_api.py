"""The work list through its queues and its API, with a real broker and database."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts import Place, Proposal
from tests.builders import AT, a_citizen_added, an_assignment_offered, an_id
from tests.desk.conftest import CENTRE, OWN, USER, Desk, bearer
from tests.harness import until

CLOSING = {"outcome": "solved", "answer": "Konteyner boşaltıldı."}


async def test_what_a_department_is_offered_is_listed_and_its_receipt_given(at_desk: Desk) -> None:
    offer = await at_desk.offer(place=Place(street="Gazi Caddesi"), due_at=AT + timedelta(hours=4))

    answer = await at_desk.answer()
    assert (answer["type"], answer["assignment_id"]) == ("assignment.accepted.v1", str(offer.assignment_id))
    (item,) = (await at_desk.get(f"/api/work?owner={OWN}")).json()["items"]
    assert (item["number"], item["state"], item["place"]["street"]) == (offer.number, "waiting", "Gazi Caddesi")


async def test_the_same_offer_again_changes_nothing(at_desk: Desk) -> None:
    offer = await at_desk.offer()
    first = await at_desk.answer()

    await at_desk.tell(offer, offer.model_copy(update={"id": an_id(), "text": "Başka."}))

    assert (await at_desk.answer())["id"] == first["id"]
    assert await at_desk.system.value("SELECT count(*) FROM work_item") == 1
    assert await at_desk.system.value("SELECT count(*) FROM work_step") == 1
    assert await at_desk.system.value("SELECT text FROM work_item") == offer.text


async def test_the_centre_gives_no_receipt_it_decides(at_desk: Desk) -> None:
    offer = await at_desk.triage()

    done = await at_desk.post(f"/api/triage/{offer.assignment_id}/decide", {"owner": "zabita"})

    assert (done.status, done.json()["state"]) == (200, "done")
    answer = await at_desk.answer()
    assert (answer["type"], answer["decided_owner"], answer["by"]) == ("assignment.decided.v1", "zabita", USER)
    assert await at_desk.system.depth("router.answers") == 0
    assert await at_desk.ids("/api/triage") == []


async def test_an_answer_carries_the_key_of_its_owner(at_desk: Desk) -> None:
    offer = await at_desk.triage()
    await at_desk.post(f"/api/triage/{offer.assignment_id}/decide", {"owner": "zabita"})

    assert await at_desk.system.value("SELECT routing_keys FROM outbox") == [f"answer.{CENTRE}.decided"]


async def test_triage_shows_urgent_first_then_oldest_page_by_page(at_desk: Desk) -> None:
    young = await at_desk.triage(opened_at=AT)
    old = await at_desk.triage(opened_at=AT - timedelta(hours=1))
    urgent = await at_desk.triage(opened_at=AT, lane="urgent")
    expected = [str(offer.assignment_id) for offer in (urgent, old, young)]

    assert await at_desk.ids("/api/triage") == expected
    first = (await at_desk.get("/api/triage?limit=2")).json()
    assert first["next"] == expected[1]
    # The last one seen was decided meanwhile: the page behind it is the same.
    await at_desk.post(f"/api/triage/{expected[1]}/decide", {"owner": "zabita"})
    rest = (await at_desk.get(f"/api/triage?limit=2&after={first['next']}")).json()
    assert ([item["assignment_id"] for item in rest["items"]], rest["next"]) == (expected[2:], None)


async def test_triage_shows_what_the_router_proposes_and_why(at_desk: Desk) -> None:
    proposals = (
        Proposal(owner="zabita", topic="gurultu", confidence=0.41),
        Proposal(owner="fen-isleri", confidence=0.3),
    )
    await at_desk.triage(proposals=proposals, reasons=("iki birim de olabilir",), text="Gece inşaat gürültüsü var.")

    (item,) = (await at_desk.get("/api/triage")).json()["items"]
    assert item["text"] == "Gece inşaat gürültüsü var."
    assert [(row["owner"], row["confidence"]) for row in item["proposals"]] == [("zabita", 0.41), ("fen-isleri", 0.3)]
    assert item["proposals"][0]["owner_name"] == "Zabıta Müdürlüğü"
    assert item["reasons"] == ["iki birim de olabilir"]


async def test_the_work_list_shows_urgent_first_then_soonest_due(at_desk: Desk) -> None:
    never = await at_desk.offer(due_at=None, opened_at=AT - timedelta(days=3))
    late = await at_desk.offer(due_at=AT + timedelta(days=2))
    soon = await at_desk.offer(due_at=AT + timedelta(hours=2), owner="teftis-kurulu")
    urgent = await at_desk.offer(due_at=AT + timedelta(days=9), lane="urgent")

    assert await at_desk.ids("/api/work") == [str(offer.assignment_id) for offer in (urgent, soon, late, never)]
    assert await at_desk.ids("/api/work?owner=teftis-kurulu") == [str(soon.assignment_id)]
    assert await at_desk.ids(f"/api/work?limit=5&after={soon.assignment_id}") == [
        str(late.assignment_id),
        str(never.assignment_id),
    ]


@pytest.mark.parametrize(
    ("action", "body", "word"),
    [
        ("take", None, "progressed"),
        ("return", {"reason": "Bizim değil.", "proposal": "zabita"}, "returned"),
        ("ask", {"question": "Kapı numarası kaç?"}, "asked"),
        ("close", CLOSING, "closed"),
    ],
)
async def test_each_action_reaches_the_router_once_however_often_it_is_sent(
    at_desk: Desk, action: str, body: Any, word: str
) -> None:
    offer = await at_desk.offer()
    await at_desk.answer()

    answers = [await at_desk.post(f"/api/work/{offer.assignment_id}/{action}", body) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert word in (await at_desk.answer())["type"]
    assert await at_desk.system.value("SELECT count(*) FROM outbox") == 2


async def test_a_done_item_says_so(at_desk: Desk) -> None:
    offer = await at_desk.offer()
    await at_desk.post(f"/api/work/{offer.assignment_id}/close", CLOSING)

    refused = await at_desk.post(f"/api/work/{offer.assignment_id}/return", {"reason": "Bizim değil."})

    assert refused.status == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert "done already" in refused.json()["detail"]


async def test_what_the_citizen_adds_stands_with_the_item_and_answers_the_question(at_desk: Desk) -> None:
    offer = await at_desk.offer()
    await at_desk.post(f"/api/work/{offer.assignment_id}/ask", {"question": "Kapı numarası kaç?"})

    await at_desk.tell(offer, a_citizen_added(assignment_id=offer.assignment_id, text="12 numara."))

    await until(lambda: at_desk.system.value("SELECT question IS NULL FROM work_item"))
    story = (await at_desk.get(f"/api/work/{offer.assignment_id}")).json()
    assert [note["text"] for note in story["item"]["notes"]] == ["12 numara."]
    assert {step["kind"] for step in story["steps"]} == {"offered", "asked", "added"}


async def test_an_addition_that_overtakes_its_offer_waits_for_it(at_desk: Desk) -> None:
    offer = an_assignment_offered(owner=OWN)
    await at_desk.tell(offer, a_citizen_added(assignment_id=offer.assignment_id))
    await until(lambda: at_desk.system.value("SELECT count(*) = 1 FROM retry"))

    await at_desk.tell(offer, offer)

    await until(lambda: at_desk.system.value("SELECT count(*) = 1 FROM work_step WHERE kind = 'added'"))


@pytest.mark.parametrize(
    "body",
    [{"owner": "nobody"}, {"owner": CENTRE}, {"owner": "zabita", "topic": "nothing"}, {"owner": "zabita", "ownr": 1}],
)
async def test_a_decision_the_router_could_not_apply_is_refused_at_once(at_desk: Desk, body: dict[str, Any]) -> None:
    offer = await at_desk.triage()

    refused = await at_desk.post(f"/api/triage/{offer.assignment_id}/decide", body)

    assert refused.status == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert await at_desk.system.value("SELECT count(*) FROM outbox") == 0


async def test_an_unknown_item_is_not_found(at_desk: Desk) -> None:
    assert (await at_desk.post(f"/api/work/{an_id()}/take")).status == 404
    assert (await at_desk.get(f"/api/work/{an_id()}")).status == 404


@pytest.mark.parametrize("path", ["/api/triage", "/api/work"])
async def test_no_program_comes_in_without_a_token(at_desk: Desk, path: str) -> None:
    for headers in (
        {"Authorization": ""},
        bearer("wrong"),
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer ü"},
        {"Authorization": "Basic YXllczp4"},
    ):
        refused = await at_desk.get(path, headers)
        assert refused.status == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 404),
        ({"Sec-Fetch-Site": "same-origin"}, 404),
        ({"Origin": "{self}"}, 404),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{self}"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_another_site_cannot_act_through_a_signed_in_browser(
    at_desk: Desk, headers: dict[str, str], status: int
) -> None:
    sent = {name: value.replace("{self}", at_desk.url) for name, value in headers.items()}

    assert (await at_desk.post(f"/api/work/{an_id()}/take", headers=sent)).status == status
