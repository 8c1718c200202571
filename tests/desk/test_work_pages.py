"""The desk's pages as a browser without JavaScript sees and sends them, with a real broker and database."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from shared import municipality
from shared.contracts import CaseKind, Evidence, EvidenceKind, OwnerScore, Place, Proposal, Why
from shared.settings import Settings
from tests.builders import a_citizen_added, an_id
from tests.desk.conftest import CENTRE, OWN, Desk
from tests.harness import until

PLACE = municipality.load(Settings.model_fields["ilkim_municipality"].default)
PROPOSALS = (
    Proposal(owner="zabita", topic="gurultu", confidence=0.41),
    Proposal(owner="fen-isleri", confidence=0.3),
    Proposal(owner="park-bahceler", confidence=0.1),
)


@pytest.mark.parametrize("language", ["tr", "en"])
async def test_every_page_speaks_the_readers_language_and_keeps_to_itself(at_desk: Desk, language: str) -> None:
    offer = await at_desk.triage(proposals=PROPOSALS, place=Place(latitude=41.28, longitude=36.33), text="<b>Çöp</b>")

    for path in ("/", "/triage", f"/work/{offer.assignment_id}"):
        page = await at_desk.get(f"{path}?dil={language}")
        assert page.status == 200
        assert f'<html lang="{language}">' in page.text
        assert "&lt;b&gt;Çöp" in page.text
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"


async def test_pages_are_for_those_who_signed_in(at_desk: Desk) -> None:
    for path in ("/", "/triage", f"/work/{an_id()}", "/tasks", f"/tasks/{an_id()}"):
        assert (await at_desk.get(path, {"Authorization": ""})).status == 401


async def test_the_list_says_what_is_due_in_words_and_keeps_its_filter_in_the_address(at_desk: Desk) -> None:
    soon = datetime.now(UTC) + timedelta(hours=2, minutes=5)
    await at_desk.offer(due_at=soon, text="Randevu istiyorum.", number="111-111-111")
    await at_desk.offer(due_at=soon - timedelta(days=3), owner="teftis-kurulu", number="222-222-222")

    assert "2 saat kaldı" in (await at_desk.get("/")).text
    filtered = (await at_desk.get("/?owner=teftis-kurulu")).text
    assert "2 gün gecikti" in filtered
    assert "222-222-222" in filtered and "111-111-111" not in filtered
    assert '<option value="teftis-kurulu" selected>' in filtered


async def test_a_long_list_goes_on_behind_the_last_item(at_desk: Desk) -> None:
    await at_desk.triage()
    await at_desk.system.pool.execute(
        """
        INSERT INTO work_item
        SELECT (jsonb_populate_record(work_item, jsonb_build_object('assignment_id', gen_random_uuid()))).*
        FROM work_item, generate_series(1, 149)
        """
    )

    first = (await at_desk.get(f"/?owner={CENTRE}")).text
    onward = re.search(r'href="(/\?[^"]*after=[^"]+)"', first)

    assert onward and f"owner={CENTRE}" in onward[1]
    second = (await at_desk.get(onward[1].replace("&amp;", "&"))).text
    assert (first.count('class="words"'), second.count('class="words"')) == (100, 50)


async def test_a_proposal_is_chosen_and_the_next_item_comes(at_desk: Desk) -> None:
    first = await at_desk.triage(proposals=PROPOSALS, number="111-111-111", lane="urgent")
    await at_desk.triage(number="222-222-222", text="Sıradaki metin.")

    page = (await at_desk.get("/triage")).text
    assert [f'data-key="{key}"' in page for key in "1234"] == [True, True, True, False]
    sent = await at_desk.send(
        f"/work/{first.assignment_id}/decide?from=triage", owner="zabita", topic="gurultu", neighbourhood=""
    )

    assert sent.status == 303
    answer = await at_desk.answer()
    assert (answer["decided_owner"], answer["topic"]) == ("zabita", "gurultu")
    after = (await at_desk.get(sent.headers["Location"])).text
    assert "111-111-111 gönderildi: Zabıta Müdürlüğü" in after
    assert "Sıradaki metin." in after


async def test_triage_skips_what_a_colleague_holds_and_what_is_passed_over(at_desk: Desk) -> None:
    held = await at_desk.triage(text="Birinci.", lane="urgent")
    await at_desk.system.pool.execute("UPDATE work_item SET state = 'taken', taken_by = 'mehmet'")
    second = await at_desk.triage(text="İkinci.")

    assert "İkinci." in (await at_desk.get("/triage")).text
    assert "Sırada başka kayıt yok" in (await at_desk.get(f"/triage?after={second.assignment_id}")).text
    assert "mehmet" in (await at_desk.get(f"/work/{held.assignment_id}")).text


async def test_an_item_tells_its_story_even_from_before_it_came_back(at_desk: Desk) -> None:
    case = an_id()
    first = await at_desk.triage(case_id=case)
    await at_desk.send(f"/work/{first.assignment_id}/decide", owner=OWN)
    again = await at_desk.offer(case_id=case)
    await at_desk.tell(again, a_citizen_added(assignment_id=again.assignment_id, text="Hâlâ bekliyorum."))
    await at_desk.send(f"/work/{again.assignment_id}/ask", question="Kapı numarası kaç?")

    async def shows(told: str) -> bool:
        return told in (await at_desk.get(f"/work/{again.assignment_id}")).text

    for told in ("Birime verildi", "Gönderildi", "Özel Kalem Müdürlüğü", "Hâlâ bekliyorum.", "Kapı numarası kaç?"):
        await until(partial(shows, told))


@pytest.mark.parametrize(
    ("word", "fields", "told"),
    [
        ("close", {"outcome": "", "answer": "Bakıldı."}, "Bu alanı doldurun."),
        ("close", {"outcome": "solved", "answer": "a" * 4001}, "En çok 4.000 harf"),
        ("ask", {"question": " "}, "Bu alanı doldurun."),
        ("return", {"reason": "Bizim değil.", "proposal": "nobody"}, "Listeden seçin."),
    ],
)
async def test_what_was_typed_stays_when_it_is_refused(
    at_desk: Desk,
    word: str,
    fields: dict[str, Any],
    told: str,
) -> None:
    offer = await at_desk.offer()

    page = await at_desk.send(f"/work/{offer.assignment_id}/{word}", **fields)

    assert page.status == 422
    assert told in page.text
    assert all(value in page.text for value in fields.values() if len(value) > 8)


async def test_an_item_that_ended_otherwise_says_so(at_desk: Desk) -> None:
    offer = await at_desk.offer()
    closed = await at_desk.send(f"/work/{offer.assignment_id}/close", outcome="solved", answer="Bakıldı.")
    assert "vatandaşa yanıt gidiyor" in (await at_desk.get(closed.headers["Location"])).text

    refused = await at_desk.send(f"/work/{offer.assignment_id}/return", reason="Bizim değil.")

    assert refused.status == 409
    assert "başka bir sonuçla tamamlanmış" in refused.text


async def test_an_item_that_waits_for_the_citizen_is_not_late_and_is_due_later_after_their_answer(
    at_desk: Desk,
) -> None:
    now = datetime.now(UTC)
    offer = await at_desk.offer(due_at=now - timedelta(hours=3))
    assert "gecikti" in (await at_desk.get("/")).text
    await at_desk.send(f"/work/{offer.assignment_id}/ask", question="Kapı numarası kaç?")

    page = (await at_desk.get("/")).text
    assert "duraklatıldı" in page and "gecikti" not in page
    assert offer.number not in (await at_desk.get("/?due=late")).text

    moved = now + timedelta(days=2, hours=1)
    await at_desk.tell(offer, a_citizen_added(assignment_id=offer.assignment_id, text="On iki.", due_at=moved))

    async def is_moved() -> bool:
        return bool(await at_desk.system.value("SELECT due_at = $1 FROM work_item", moved))

    await until(is_moved)
    assert "2 gün kaldı" in (await at_desk.get("/")).text


async def test_an_item_nobody_knows_has_a_page_that_says_so(at_desk: Desk) -> None:
    page = await at_desk.get(f"/work/{an_id()}")

    assert page.status == 404
    assert "Sayfa bulunamadı" in page.text


async def test_a_form_on_another_site_changes_nothing(at_desk: Desk) -> None:
    offer = await at_desk.offer()

    async with at_desk.http.post(
        f"/work/{offer.assignment_id}/take", data={}, headers={"Origin": "https://evil.example"}
    ) as reply:
        assert reply.status == 403
    assert await at_desk.system.value("SELECT state FROM work_item") == "waiting"


WHY = Why(
    version="a1b2c3",
    threshold=0.95,
    scores=(
        OwnerScore(owner="zabita", topic="gurultu", by_words=2.4, by_model=0.4, confidence=0.41),
        OwnerScore(owner="fen-isleri", by_model=0.3, confidence=0.3),
    ),
    evidence=(
        Evidence(kind=EvidenceKind.TOPIC, code="gurultu", words=("gurultu",)),
        Evidence(kind=EvidenceKind.MODEL, code="fen-isleri", share=0.3),
        Evidence(kind=EvidenceKind.KIND, code="complaint"),
        Evidence(kind=EvidenceKind.DOUBT, code="unsure", share=0.41),
    ),
)
LOUD = "Gece <b>gürültü</b> var, yol da kazılıyor."


@pytest.mark.parametrize("path", ["/triage", "/work/{}"])
async def test_a_page_says_why_in_sentences_and_marks_the_words_that_matched(at_desk: Desk, path: str) -> None:
    offer = await at_desk.triage(proposals=PROPOSALS, why=WHY, text=LOUD, kind=CaseKind.COMPLAINT)

    page = (await at_desk.get(path.format(offer.assignment_id))).text

    assert "Gece &lt;b&gt;<mark>gürültü</mark>&lt;/b&gt; var" in page
    assert "Emin değil: en olası birim Zabıta Müdürlüğü %41, eşik %95; bu yüzden bir kişi karar verecek." in page
    assert "“gürültü” sözü" in page and "Metin modeli Fen İşleri Müdürlüğü için %30 diyor." in page
    assert "Karar sürümü: a1b2c3." in page and "Şikâyet" in page


async def test_what_speaks_for_a_proposal_stands_beside_it_and_only_there(at_desk: Desk) -> None:
    await at_desk.triage(proposals=PROPOSALS, why=WHY, text=LOUD)

    page = (await at_desk.get("/triage")).text

    first = page[page.index('data-key="1"') : page.index('data-key="2"')]
    assert page.count("“gürültü” sözü") == first.count("“gürültü” sözü") == 1


async def test_an_item_of_an_older_router_shows_the_reasons_it_came_with(at_desk: Desk) -> None:
    offer = await at_desk.triage(reasons=("Kural: eski usul.",))

    assert "Kural: eski usul." in (await at_desk.get(f"/work/{offer.assignment_id}")).text


async def test_a_tip_says_that_its_teller_is_hidden(at_desk: Desk) -> None:
    offer = await at_desk.offer(kind=CaseKind.TIP, hides_identity=True)

    for path in ("/", f"/work/{offer.assignment_id}"):
        assert "Kimliği gizli" in (await at_desk.get(path)).text


async def test_a_returned_item_says_who_returned_it_why_and_how_often(at_desk: Desk) -> None:
    returned = {"returned_by": "zabita", "returned_because": "Yol bizim değil.", "returns": 2}
    offer = await at_desk.triage(**returned)

    for path in ("/triage", f"/work/{offer.assignment_id}"):
        page = (await at_desk.get(path)).text
        assert "Zabıta Müdürlüğü iade etti" in page and "Yol bizim değil." in page
        assert "2 kez iade edildi" in page and "kişi karar verecek" in page


async def test_triage_begins_with_the_gravest_and_among_those_with_the_oldest(at_desk: Desk) -> None:
    now = datetime.now(UTC)
    for number, level, lane, hours in (
        ("111-111-111", "routine", "routine", 9),
        ("222-222-222", "high", "routine", 1),
        ("333-333-333", "emergency", "urgent", 1),
        ("444-444-444", "high", "routine", 2),
    ):
        await at_desk.triage(number=number, urgency=level, lane=lane, opened_at=now - timedelta(hours=hours))

    listed = (await at_desk.get("/api/triage")).json()["items"]
    behind = (await at_desk.get(f"/api/triage?after={listed[1]['assignment_id']}")).json()["items"]

    assert [row["number"][:3] for row in listed] == ["333", "444", "222", "111"]
    assert [row["number"][:3] for row in behind] == ["222", "111"]
    assert "Can güvenliği" in (await at_desk.get("/triage")).text


async def test_any_waiting_item_can_be_looked_at_first(at_desk: Desk) -> None:
    await at_desk.triage(text="Birinci metin.", lane="urgent")
    second = await at_desk.triage(text="İkinci metin.", number="222-222-222")

    page = (await at_desk.get(f"/triage?at={second.assignment_id}")).text

    assert "Birinci metin." in page
    assert f'action="/work/{second.assignment_id}/decide' in page
