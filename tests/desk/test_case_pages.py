"""The case page: the whole story, who told of it behind a press, and what it says while intake is away."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from services.desk.app import desk
from services.desk.domain.identity import Identity, Permission
from services.desk.web import SignIn
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
    Purpose,
)
from shared.contracts.inside import CasePeople, KnownPerson, ToldCase, ToldContact, ToldEarlier
from shared.messaging.topology import EVENTS
from tests.builders import AT, a_case_assigned, a_case_closed, a_case_returned, a_notice_recorded, an_id
from tests.desk.conftest import OWN, OWNERS, PASSWORD, USER, Desk, Reply, basic
from tests.desk.inside import Intake
from tests.harness import KEY, a_system, built, serving, until

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
        async with serving(service) as url, aiohttp.ClientSession(url, headers=basic(USER, PASSWORD)) as http:
            yield Room(Desk(system, http, service), intake)


@pytest.fixture
async def room(started: Room) -> AsyncIterator[Room]:
    yield started
    await started.desk.system.forget()


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Who signs in has these permissions and no others."""

    def allow(*permissions: Permission) -> None:
        identity = Identity(USER, USER, None, frozenset(permissions))
        monkeypatch.setattr(SignIn, "__call__", lambda self, request: identity)

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
