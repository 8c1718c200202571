"""The case page: the whole story, who told of it behind a press, and what it says while intake is away."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from PIL import Image

from services.desk.app import desk
from services.desk.domain.identity import Identity, Permission
from services.desk.handlers.door import Door
from shared.contracts import (
    AssignmentEnded,
    AssignmentOffered,
    AssignmentWarned,
    CaseKind,
    CaseNumber,
    Channel,
    CitizenSilent,
    EndReason,
    NoticeStatus,
    Place,
    Proposal,
    Purpose,
)
from shared.contracts.inside import CasePeople, KnownPerson, ToldCase, ToldContact, ToldEarlier
from shared.messaging.topology import EVENTS
from tests.builders import (
    AT,
    a_case_assigned,
    a_case_closed,
    a_case_gathered,
    a_case_returned,
    a_citizen_added,
    a_notice_recorded,
    an_id,
)
from tests.desk.conftest import OWN, OWNERS, PASSWORD, USER, Desk, Reply, bearer
from tests.desk.inside import Intake
from tests.harness import KEY, a_system, built, serving, until
from tests.intake.test_files import a_photo

NAME, PHONE = "Nermin Uydurma", "+905000000000"


@dataclass
class Room:
    """A desk with an intake to ask."""

    desk: Desk
    intake: Intake

    async def offer(self, **changed: Any) -> AssignmentOffered:
        return await self.desk.offer(**changed)

    async def page(self, offer: AssignmentOffered) -> str:
        return (await self.desk.get(f"/work/{offer.assignment_id}")).text

    async def shows(self, offer: AssignmentOffered, words: str) -> None:
        async def holds() -> bool:
            return words in await self.page(offer)

        await until(holds)

    async def look(self, offer: AssignmentOffered) -> Reply:
        return await self.desk.send(f"/work/{offer.assignment_id}/people")

    def knows(self, offer: AssignmentOffered, **told: Any) -> None:
        self.intake.cases[offer.case_id] = ToldCase(case_id=offer.case_id, number=offer.number, **told)
        person = KnownPerson(person_id=an_id(), channel=Channel.PHONE, name=NAME, address=PHONE, own=True)
        self.intake.people[offer.case_id] = CasePeople(people=(person,))


@pytest.fixture(scope="module")
async def started(amqp_url: str, database_url: str) -> AsyncIterator[Room]:
    intake = Intake()
    async with (
        a_system(amqp_url, database_url, "desk", OWNERS) as system,
        serving(intake.service()) as intake_url,
    ):
        service = built(desk, system, DESK_USER=USER, DESK_PASSWORD=PASSWORD, INTAKE_URL=intake_url)
        async with serving(service) as url, aiohttp.ClientSession(url, headers=bearer()) as http:
            yield Room(Desk(system, http, service), intake)


@pytest.fixture
async def room(started: Room) -> AsyncIterator[Room]:
    yield started
    await started.desk.system.forget()


def sit_down(monkeypatch: pytest.MonkeyPatch, identity: Identity) -> None:
    """From now on this is who sits at the desk."""
    monkeypatch.setattr(Door, "identity", lambda self, account: identity)


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Who signs in may work, has these permissions and no others."""

    def allow(*permissions: Permission) -> None:
        identity = Identity(USER, USER, None, frozenset({Permission.WORK, *permissions}))
        sit_down(monkeypatch, identity)

    return allow


def a_contact(**changed: Any) -> ToldContact:
    default = {"contact_id": an_id(), "at": AT, "channel": Channel.SMS, "effect": "joined", "kind": "text"}
    return ToldContact(**{**default, "purpose": Purpose.REQUEST, "own": True, **changed})


# The story


async def test_the_story_tells_what_the_citizen_said_and_by_which_channel(room: Room) -> None:
    offer = await room.offer()
    room.knows(offer, contacts=(a_contact(text="Hâlâ bekliyorum."), a_contact(own=False, text="Ben de gördüm.")))

    page = await room.page(offer)

    assert "Hâlâ bekliyorum." in page and "SMS" in page
    assert "Başka biri de bildirdi" in page
    assert room.intake.keys[-1].startswith("Bearer ") and KEY not in room.intake.keys[-1]


async def test_while_intake_is_away_the_page_says_so_and_tells_the_rest(room: Room) -> None:
    offer = await room.offer()

    page = await room.page(offer)

    assert "temasları şu an okunamıyor" in page
    assert "Birime verildi" in page


async def test_the_story_goes_on_while_the_case_is_with_others(room: Room) -> None:
    offer = await room.offer()
    about = {"case_id": offer.case_id, "number": offer.number}
    await room.desk.system.tell(
        EVENTS,
        "router.told.routine",
        a_case_returned(**about, version=3, returned_by=OWN, assignment_id=an_id(), reason="Yol bizim değil."),
        a_case_assigned(**about, version=4, owner="fen-isleri"),
        a_case_closed(**about, version=5, owner="fen-isleri", answer="Çukur kapatıldı."),
    )

    for words in ("Yol bizim değil.", "Fen İşleri Müdürlüğü", "Çukur kapatıldı."):
        await room.shows(offer, words)


async def test_what_the_citizen_was_told_stands_with_whether_it_arrived(room: Room) -> None:
    offer = await room.offer()
    notice = {"notice_id": an_id(), "case_id": offer.case_id, "event": "closed", "channel": Channel.SMS}
    sent = a_notice_recorded(**notice, occurred_at=AT)
    arrived = a_notice_recorded(**notice, status=NoticeStatus.DELIVERED, occurred_at=AT + timedelta(seconds=3))
    await room.desk.system.tell(EVENTS, "notifier.recorded", arrived)
    await room.shows(offer, "ulaştı")

    await room.desk.system.tell(EVENTS, "notifier.recorded", sent)
    await until(lambda: room.desk.system.value("SELECT count(*) = 1 FROM inbox WHERE event_id = $1", sent.id))

    assert "ulaştı" in await room.page(offer)


async def test_a_warning_stands_in_the_story(room: Room) -> None:
    offer = await room.offer()
    about = {"assignment_id": offer.assignment_id, "case_id": offer.case_id, "number": offer.number}
    warned = AssignmentWarned(id=an_id(), occurred_at=AT, clock="legal", due_at=AT, step="soon", **about)
    await room.desk.tell(offer, warned)

    await room.shows(offer, "Süre uyarısı")
    assert "Yasal süre" in await room.page(offer)


async def test_a_question_that_was_not_answered_in_time_is_waited_for_no_longer(room: Room) -> None:
    offer = await room.offer()
    await room.desk.send(f"/work/{offer.assignment_id}/ask", question="Kapı numarası kaç?")
    about = {"assignment_id": offer.assignment_id, "case_id": offer.case_id, "number": offer.number}
    await room.desk.tell(offer, CitizenSilent(id=an_id(), occurred_at=AT, asked_at=AT, **about))

    await room.shows(offer, "Vatandaş süresinde yanıtlamadı")
    assert (await room.desk.send(f"/work/{offer.assignment_id}/ask", question="Peki sokak?")).status == 303


async def test_what_the_citizen_withdrew_is_over_and_cannot_be_closed(room: Room) -> None:
    offer = await room.offer()
    about = {"assignment_id": offer.assignment_id, "case_id": offer.case_id, "number": offer.number}
    ended = AssignmentEnded(id=an_id(), occurred_at=AT, because=EndReason.WITHDRAWN, text="Vazgeçtim.", **about)
    await room.desk.tell(offer, ended)
    await room.shows(offer, "vatandaş vazgeçti")

    refused = await room.desk.send(f"/work/{offer.assignment_id}/close", outcome="solved", answer="Yapıldı.")

    assert refused.status == 409


async def test_an_earlier_case_is_a_link_where_it_stands_here(room: Room) -> None:
    other = await room.offer(number="111-111-111")
    follows = CaseNumber(case_id=an_id(), number="333-333-333")
    offer = await room.offer(follows=follows)
    earlier = {"opened_at": AT, "is_open": False}
    here = ToldEarlier(case_id=other.case_id, number=other.number, **earlier)
    elsewhere = ToldEarlier(case_id=an_id(), number="222-222-222", metres=12.0, **earlier)
    room.knows(offer, of_person=(here,), of_place=(elsewhere,))

    page = await room.page(offer)

    assert f'<a href="/work/{other.assignment_id}">111-111-111</a>' in page
    assert "222-222-222" in page and "12 m ötede" in page
    assert "333-333-333" in page


# Who told of it


async def test_who_told_of_it_is_not_on_the_page_until_it_is_asked_for(room: Room) -> None:
    offer = await room.offer()
    room.knows(offer)

    page = await room.page(offer)

    assert NAME not in page and PHONE not in page
    assert "İletişim bilgisini göster" in page
    assert str(offer.case_id) not in room.intake.asked


async def test_each_look_is_kept_and_told(room: Room) -> None:
    offer = await room.offer()
    room.knows(offer)

    looked = await room.look(offer)

    assert NAME in looked.text and 'href="tel:+905000000000"' in looked.text
    assert "gördüğünüz kaydedildi" in looked.text
    [look] = await room.desk.system.rows("SELECT by_whom, what, subject FROM look")
    assert look == {"by_whom": USER, "what": "case", "subject": offer.case_id}


async def test_without_the_permission_nothing_is_shown_and_intake_is_not_asked(room: Room, only: Any) -> None:
    offer = await room.offer()
    room.knows(offer)
    only(Permission.WORK)

    looked = await room.look(offer)

    assert looked.status == 403
    assert NAME not in looked.text and "İletişim bilgisini göster" not in await room.page(offer)
    assert str(offer.case_id) not in room.intake.asked


async def test_who_told_a_tip_takes_a_permission_of_its_own(room: Room, only: Any) -> None:
    offer = await room.offer(kind=CaseKind.TIP, hides_identity=True)
    room.knows(offer)

    only(Permission.WORK, Permission.CONTACT_DETAILS)
    assert (await room.look(offer)).status == 403
    assert str(offer.case_id) not in room.intake.asked

    only(Permission.WORK, Permission.CONTACT_DETAILS, Permission.TIP_IDENTITY)
    assert NAME in (await room.look(offer)).text


async def test_earlier_cases_do_not_give_away_who_told_a_tip(room: Room, only: Any) -> None:
    offer = await room.offer(kind=CaseKind.TIP, hides_identity=True)
    room.knows(offer, of_person=(ToldEarlier(case_id=an_id(), number="222-222-222", opened_at=AT, is_open=True),))

    only(Permission.WORK, Permission.CONTACT_DETAILS)
    assert "222-222-222" not in await room.page(offer)

    only(Permission.WORK, Permission.TIP_IDENTITY)
    assert "222-222-222" in await room.page(offer)


# Place and photos


async def test_the_place_is_drawn_from_our_own_ground_with_a_way_to_the_phones_map(room: Room) -> None:
    offer = await room.offer(place=Place(latitude=41.2853, longitude=36.3321), neighbourhood="61820")

    page = await room.page(offer)

    assert 'class="place-map"' in page and 'class="pin"' in page
    assert "19 Mayıs" in page
    assert 'href="geo:41.285300,36.332100?q=41.285300,36.332100"' in page


async def test_without_a_point_the_neighbourhood_is_drawn_and_without_either_nothing(room: Room) -> None:
    somewhere = await room.page(await room.offer(place=Place(), neighbourhood="61820"))
    nowhere = await room.page(await room.offer(place=Place(), neighbourhood=None))

    assert 'class="here"' in somewhere and 'class="pin"' not in somewhere and "geo:" not in somewhere
    assert "place-map" not in nowhere


async def send_photo(room: Room, offer: AssignmentOffered, *bodies: bytes) -> Reply:
    form = aiohttp.FormData()
    for body in bodies:
        form.add_field("photo", body, filename="IMG_1.jpg", content_type="image/jpeg")
    address = f"/work/{offer.assignment_id}/finished-photo"
    async with room.desk.http.post(address, data=form, allow_redirects=False) as reply:
        return Reply(reply.status, reply.headers, await reply.text())


async def test_a_photo_of_the_finished_work_stands_in_the_story_without_where_it_was_taken(room: Room) -> None:
    offer = await room.offer()
    assert (
        await send_photo(room, offer, a_photo(gps={1: "N", 2: (41.0, 17.0, 0.0), 3: "E", 4: (36.0, 20.0, 0.0)}))
    ).status == 303

    page = await room.page(offer)
    file_id = await room.desk.system.value("SELECT file_id FROM case_attachment WHERE source = 'finished'")
    async with room.desk.http.get(f"/files/{file_id}") as shown:
        body = await shown.read()

    assert "Biten işin fotoğrafı" in page and f'src="/files/{file_id}"' in page
    assert shown.content_type == "image/jpeg"
    assert not Image.open(BytesIO(body)).getexif()


async def test_the_same_photo_twice_is_one(room: Room) -> None:
    offer = await room.offer()
    for _ in range(2):
        await send_photo(room, offer, a_photo())

    assert await room.desk.system.value("SELECT count(*) FROM case_attachment") == 1


@pytest.mark.parametrize("body", [b"%PDF-1.7", b"MZ program", b"", b"\xff\xd8\xff broken"])
async def test_what_is_no_photo_is_refused_beside_the_field(room: Room, body: bytes) -> None:
    offer = await room.offer()

    refused = await send_photo(room, offer, body)

    assert refused.status == 422 and 'id="photo-error"' in refused.text
    assert await room.desk.system.value("SELECT count(*) FROM case_attachment") == 0


async def test_a_file_of_a_case_of_others_is_not_given_out(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = await room.offer()
    await send_photo(room, offer, a_photo())
    file_id = await room.desk.system.value("SELECT file_id FROM case_attachment")
    stranger = Identity(USER, USER, frozenset({"zabita"}), frozenset({Permission.WORK}))
    sit_down(monkeypatch, stranger)

    assert (await room.desk.get(f"/files/{file_id}")).status == 404


# Standard texts, one press, by number


def option_of(page: str, code: str) -> str:
    """The words that a choice puts in, as the page carries them."""
    found = re.search(rf'<option value="{code}" data-text="([^"]*)"', page)
    assert found, f"no standard text {code}"
    return unescape(found[1])


async def test_a_standard_text_comes_with_what_the_case_tells(room: Room) -> None:
    place = Place(street="70. Sokak")
    offer = await room.offer(topic="yol-bakim", place=place, neighbourhood="61820", number="111-222-333")

    page = await room.page(offer)

    mended = option_of(page, "yol-onarildi")
    assert "19 Mayıs, 70. Sokak" in mended and "111-222-333" in mended and "Özel Kalem Müdürlüğü" in mended
    assert page.index('value="yol-onarildi"') < page.index('value="yapildi"')
    assert "konteyner-sor" not in page


async def test_a_citizen_who_wrote_in_english_is_answered_so(room: Room) -> None:
    offer = await room.offer(language="en", number="111-222-333")

    assert "On your request 111-222-333" in option_of(await room.page(offer), "yapildi")


async def test_without_scripts_a_text_is_put_in_by_the_page_itself(room: Room) -> None:
    offer = await room.offer(number="111-222-333")

    page = (await room.desk.get(f"/work/{offer.assignment_id}?text=vazgecti")).text

    assert "111-222-333 numaralı başvurunuz isteğiniz üzerine kapatıldı.</textarea>" in page
    assert '<option value="withdrawn" selected>' in page


async def test_nothing_is_sent_while_a_slot_stands_open(room: Room) -> None:
    offer = await room.offer(place=Place(), neighbourhood=None)
    text = option_of(await room.page(offer), "ozel-mulk")
    assert "{place}" in text

    closed = await room.desk.send(f"/work/{offer.assignment_id}/close", outcome="rejected", answer=text)
    asked = await room.desk.send(f"/work/{offer.assignment_id}/ask", question="Yer {place} mi?")
    by_program = await room.desk.post(f"/api/work/{offer.assignment_id}/close", {"outcome": "rejected", "answer": text})

    assert [closed.status, asked.status, by_program.status] == [422, 422, 422]
    assert "Süslü ayraç içinde" in closed.text and "Süslü ayraç içinde" in asked.text
    assert {row["state"] for row in await room.desk.system.rows("SELECT state FROM work_item")} == {"waiting"}


async def test_not_ours_is_one_press_with_its_reason(room: Room) -> None:
    offer = await room.offer(proposals=(Proposal(owner="fen-isleri", confidence=0.4),))
    assert '<button class="button wide-button" name="to" value="fen-isleri">' in await room.page(offer)

    sent = await room.desk.send(f"/work/{offer.assignment_id}/return", to="fen-isleri", reason="", proposal="")

    assert sent.status == 303
    assert await room.desk.answer()  # the receipt
    answer = await room.desk.answer()
    assert answer["proposal"] == "fen-isleri"
    assert answer["reason"] == "Bizim görev alanımızda değil; Fen İşleri Müdürlüğü ilgilenir."


async def test_a_reason_that_was_typed_goes_with_the_press(room: Room) -> None:
    offer = await room.offer()
    await room.desk.answer()

    await room.desk.send(f"/work/{offer.assignment_id}/return", to="fen-isleri", reason="Yol onların.")

    assert (await room.desk.answer())["reason"] == "Yol onların."


async def test_a_case_is_joined_to_another_by_its_number(room: Room) -> None:
    offer = await room.offer()
    other = a_case_assigned(number="444-555-666", owner="fen-isleri")
    await room.desk.system.tell(EVENTS, "router.told.routine", other)
    await until(lambda: room.desk.system.value("SELECT count(*) = 1 FROM known_case"))
    await room.desk.answer()

    sent = await room.desk.send(f"/work/{offer.assignment_id}/gather", number=" 444555666 ")

    assert sent.status == 303
    assert (await room.desk.answer())["into"] == str(other.case_id)


async def test_a_number_nobody_knows_is_said_beside_its_field(room: Room) -> None:
    offer = await room.offer()

    sent = await room.desk.send(f"/work/{offer.assignment_id}/gather", number="999-999-999")

    assert sent.status == 422 and "Bu numarayla açık bir kayıt yok." in sent.text


async def test_an_item_of_others_is_not_there(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = await room.offer()
    room.knows(offer)
    stranger = Identity(USER, USER, frozenset({"zabita"}), frozenset(Permission))
    sit_down(monkeypatch, stranger)

    assert (await room.desk.get(f"/work/{offer.assignment_id}")).status == 404
    assert (await room.look(offer)).status == 404
    assert str(offer.case_id) not in room.intake.asked


# What changed meanwhile


async def test_what_changed_while_the_page_was_open_is_shown_before_anything_is_done(room: Room) -> None:
    offer = await room.offer(version=2)
    assert 'name="version" value="2"' in await room.page(offer)
    gathered = a_case_gathered(case_id=offer.case_id, number=offer.number, version=3, head_number="777-777-777")
    await room.desk.system.tell(EVENTS, "router.kept.routine", gathered)
    await room.shows(offer, "777-777-777")
    typed = {"outcome": "solved", "answer": "Yapıldı."}

    stale = await room.desk.send(f"/work/{offer.assignment_id}/close", version="2", **typed)
    assert stale.status == 409
    assert "Siz bu sayfadayken kayıt değişti" in stale.text and "Yapıldı.</textarea>" in stale.text

    assert (await room.desk.send(f"/work/{offer.assignment_id}/close", version="3", **typed)).status == 303


async def test_an_answer_says_in_view_of_which_step_it_was_given_until_we_moved_the_case(room: Room) -> None:
    offer = await room.offer(version=2)
    await room.desk.answer()

    await room.desk.send(f"/work/{offer.assignment_id}/ask", question="Kapı numarası kaç?")
    await room.desk.tell(offer, a_citizen_added(assignment_id=offer.assignment_id, text="Dört."))
    await room.shows(offer, "Dört.")
    await room.desk.send(f"/work/{offer.assignment_id}/close", outcome="solved", answer="Yapıldı.")

    assert (await room.desk.answer())["seen_version"] == 2
    assert "seen_version" not in await room.desk.answer()


async def test_a_case_leads_to_its_latest_item_for_those_who_may_see_it(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = await room.offer()

    seen = await room.desk.get(f"/case/{offer.case_id}")
    unknown = await room.desk.get(f"/case/{an_id()}")
    sit_down(monkeypatch, Identity(USER, USER, frozenset({"zabita"}), frozenset({Permission.WORK})))
    of_others = await room.desk.get(f"/case/{offer.case_id}")

    assert str(offer.assignment_id) in seen.text
    assert (seen.status, unknown.status, of_others.status) == (200, 404, 404)
