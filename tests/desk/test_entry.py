"""What an operator enters becomes one contact, with decision, place and ways to answer as they were told."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from services.desk.domain import Entry, PetitionPart, Wish, faults, message_of, petition_lacks, split_street
from services.desk.handlers import Entries
from services.desk.handlers.entries import STREETS_MAX
from services.desk.pages import TEMPLATES
from shared.contracts import Channel, ContactPoint, Decided, Effect, Proposal, Purpose
from shared.messaging.topology import EVENTS
from shared.pages import Pages
from tests.builders import PHONE, a_case_assigned, a_case_closed, a_case_number, a_contact_registered, an_id
from tests.desk.conftest import PLACE, USER, Desk
from tests.harness import until

ZONE = ZoneInfo("Europe/Istanbul")
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
RUBBISH = "Sokağımızdaki çöpler üç gündür alınmadı"
KALE = next(row for row in PLACE.neighbourhoods if row.name == "Kale")


def an_entry(**changed: Any) -> Entry:
    return Entry.model_validate(
        {"id": an_id(), "channel": "phone", "text": RUBBISH, "phone": "0532 111 22 33"} | changed
    )


def the_message(entry: Entry) -> Any:
    return message_of(entry, "ayse", NOW, ZONE, None)


async def told(at_desk: Desk, lane: str = "routine") -> dict[str, Any]:
    return dict(json.loads(await at_desk.system.take(f"intake.{lane}")))


def fields(**changed: str) -> dict[str, str]:
    return {"id": str(an_id()), "channel": "phone", "text": RUBBISH, "phone": "0532 111 22 33", **changed}


# --- what an entry becomes


def test_a_call_is_answered_where_the_caller_wishes() -> None:
    message = the_message(an_entry(wish=Wish.WHATSAPP, email="ayse@example.org", name=" Ayşe  Yılmaz "))

    assert (message.channel, message.sender.address, message.sender.name) == (Channel.PHONE, PHONE, "Ayşe Yılmaz")
    assert message.sender.answers == (
        ContactPoint(channel=Channel.WHATSAPP, address=PHONE),
        ContactPoint(channel=Channel.EMAIL, address="ayse@example.org"),
    )
    assert (message.provider, message.purpose, message.decided) == ("desk", Purpose.REQUEST, None)


def test_who_wants_no_answer_is_given_none() -> None:
    assert the_message(an_entry(wish=Wish.NONE)).sender.answers == ()


def test_the_operator_s_choice_travels_as_decided() -> None:
    message = the_message(an_entry(owner="zabita", topic="gurultu", neighbourhood=KALE.code))

    assert message.decided == Decided(owner="zabita", topic="gurultu", neighbourhood=KALE.code, by="ayse")


def test_what_was_answered_at_once_makes_no_case() -> None:
    message = the_message(an_entry(answered=True, answer="SASKİ'ye 185'ten ulaşabilirsiniz.", owner="saski"))

    assert (message.purpose, message.decided) == (Purpose.INFORMATION, None)
    assert message.answer == "SASKİ'ye 185'ten ulaşabilirsiniz."


def test_what_is_added_to_a_case_is_decided_already() -> None:
    case = an_id()

    message = the_message(an_entry(about_case=str(case), owner="zabita"))

    assert (message.about_case, message.decided) == (case, None)


def test_paper_counts_from_the_day_it_came_in() -> None:
    message = the_message(an_entry(channel="petition", received_on="2026-02-27", postal="Kale Mah. 70. Sokak No 4"))

    assert message.occurred_at == datetime(2026, 2, 27, 9, tzinfo=ZONE)
    assert message.sender.address == "Kale Mah. 70. Sokak No 4"
    assert the_message(an_entry(channel="petition", received_on="2026-03-02")).occurred_at <= NOW


def test_a_cimer_application_is_known_by_its_own_number() -> None:
    first, second = (the_message(an_entry(channel="cimer", reference="2600123456")) for _ in range(2))

    assert first.provider_id == second.provider_id == first.sender.address == "2600123456"


def test_a_call_has_no_field_of_a_petition_whatever_the_browser_kept() -> None:
    entry = an_entry(received_on="2020-01-01", postal="x", muhtar_of=KALE.code, reference="5")

    assert (entry.received_on, entry.postal, entry.muhtar_of, entry.reference) == (None, None, None, None)


def test_a_petition_says_what_it_lacks() -> None:
    assert petition_lacks(an_entry(channel="petition", name="Ayşe Yılmaz")) == [
        PetitionPart.ADDRESS,
        PetitionPart.SIGNATURE,
    ]
    assert petition_lacks(an_entry(channel="petition", name="A", postal="b", signed="true")) == []
    assert petition_lacks(an_entry()) == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"phone": "12"}, "phone"),
        ({"email": "ayse"}, "email"),
        ({"text": " "}, "text"),
        ({"channel": "pigeon"}, "channel"),
        ({"channel": "petition", "received_on": "2026-13-01"}, "received_on"),
        ({"name": "a" * 201}, "name"),
    ],
)
def test_a_field_that_cannot_be_is_named(changed: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        an_entry(**changed)

    assert {fault["loc"][0] for fault in caught.value.errors()} == {field}


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, {}),
        ({"channel": "whatsapp"}, {"channel": "wrong.unknown"}),
        ({"answered": True}, {"answer": "wrong.missing"}),
        ({"channel": "cimer"}, {"reference": "wrong.missing"}),
        ({"channel": "petition", "received_on": "2026-03-03"}, {"received_on": "wrong.date"}),
        ({"channel": "petition", "received_on": "2025-03-03"}, {"received_on": "wrong.date"}),
        ({"wish": "email"}, {"email": "wrong.missing"}),
    ],
)
def test_what_a_single_field_cannot_tell_is_found_too(changed: dict[str, Any], wrong: dict[str, str]) -> None:
    assert faults(an_entry(**changed), NOW.date()) == wrong


def test_a_street_from_the_suggestions_brings_its_neighbourhood() -> None:
    codes = {KALE.name: KALE.code}

    assert split_street("Gazi Caddesi, Kale", codes) == ("Gazi Caddesi", KALE.code)
    assert split_street("Gazi Caddesi, No 4", codes) == ("Gazi Caddesi, No 4", None)
    assert split_street(None, codes) == (None, None)


# --- at the desk


async def test_an_entry_goes_to_intake_and_its_number_is_shown(at_desk: Desk) -> None:
    form = fields(proposal="zabita|gurultu", street="Gazi Caddesi, Kale", name="Ayşe Yılmaz")

    sent = await at_desk.send("/entry", **form)

    assert (sent.status, sent.headers["Location"]) == (303, f"/entry/{form['id']}")
    message = await told(at_desk)
    assert (message["type"], message["channel"], message["provider_id"]) == ("message.received.v1", "phone", form["id"])
    assert message["decided"] == {"owner": "zabita", "topic": "gurultu", "neighbourhood": KALE.code, "by": USER}
    assert message["place"] == {"street": "Gazi Caddesi", "neighbourhood": "Kale"}

    assert "Numara hazırlanıyor" in (await at_desk.get(f"/entry/{form['id']}")).text
    contact = await at_desk.system.value("SELECT contact_id FROM entry")
    registered = a_contact_registered(contact_id=contact, cases=(a_case_number(number="482-715-936"),))
    await at_desk.system.tell(EVENTS, "intake.routine", a_contact_registered(), registered, a_contact_registered())

    await until(lambda: at_desk.system.value("SELECT effect = 'opened' FROM entry"))
    assert "482-715-936" in (await at_desk.get(f"/entry/{form['id']}")).text
    assert "482-715-936" in (await at_desk.get(f"/entry/{form['id']}/number")).text


async def test_a_form_pressed_twice_is_one_contact(at_desk: Desk) -> None:
    form = fields()

    answers = [await at_desk.send("/entry", **form) for _ in range(3)]

    assert {answer.headers["Location"] for answer in answers} == {f"/entry/{form['id']}"}
    assert await at_desk.system.value("SELECT count(*) FROM outbox") == 1


async def test_a_cimer_number_entered_by_two_leads_to_the_first(at_desk: Desk) -> None:
    first, second = (fields(channel="cimer", reference="2600123456") for _ in range(2))
    await at_desk.send("/entry", **first)

    again = await at_desk.send("/entry", **second)

    assert again.headers["Location"] == f"/entry/{first['id']}?again=yes"
    assert "daha önce girilmiş" in (await at_desk.get(again.headers["Location"])).text
    assert await at_desk.system.value("SELECT count(*) FROM outbox") == 1


async def test_words_of_danger_take_the_urgent_lane_and_show_the_number_to_call(at_desk: Desk) -> None:
    text = "Evimizde yangın var, alevler yükseliyor"

    assert "112 aranmalı" in (await at_desk.send("/entry/hints", **fields(text=text))).text
    await at_desk.send("/entry", **fields(text=text))

    assert (await told(at_desk, "urgent"))["text"] == text


async def test_proposals_come_with_their_reasons_while_typing(at_desk: Desk) -> None:
    hints = (await at_desk.send("/entry/hints", **fields())).text

    assert 'value="temizlik-isleri|cop-toplama"' in hints
    assert "Temizlik İşleri Müdürlüğü" in hints
    assert "sözü Çöp toplama konusunu gösteriyor" in hints or "sözleri Çöp toplama konusunu gösteriyor" in hints
    assert "<html" not in hints


async def test_without_scripts_a_button_shows_the_proposals_and_keeps_what_was_typed(at_desk: Desk) -> None:
    page = await at_desk.send("/entry", **fields(show="yes", name="Ayşe Yılmaz"))

    assert page.status == 200
    assert 'value="temizlik-isleri|cop-toplama"' in page.text
    assert RUBBISH in page.text and "Ayşe Yılmaz" in page.text
    assert await at_desk.system.value("SELECT count(*) FROM entry") == 0


async def test_similar_cases_are_shown_and_can_be_added_to(at_desk: Desk) -> None:
    proposals = (Proposal(owner="temizlik-isleri", topic="cop-toplama", confidence=0.4),)
    like = await at_desk.triage(
        neighbourhood=KALE.code,
        proposals=proposals,
        opened_at=datetime.now(UTC) - timedelta(days=2),
        number="111-111-111",
    )
    await at_desk.triage(
        neighbourhood=KALE.code,
        proposals=proposals,
        opened_at=datetime.now(UTC) - timedelta(days=60),
        number="222-222-222",
    )

    hints = (await at_desk.send("/entry/hints", **fields(neighbourhood=KALE.code))).text

    assert "111-111-111" in hints and "222-222-222" not in hints
    await at_desk.send("/entry", **fields(neighbourhood=KALE.code, about_case=str(like.case_id)))
    assert (await told(at_desk))["about_case"] == str(like.case_id)


def a_fact(make: Any, case: UUID, version: int, **changed: Any) -> Any:
    about = {"case_id": case, "version": version, "number": "333-333-333", "owner": "temizlik-isleri"}
    return make().model_copy(update=about | changed)


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "out of order"])
async def test_cases_of_every_owner_are_known_by_topic_and_place(at_desk: Desk, turned: bool) -> None:
    case, other = an_id(), an_id()
    place = {"topic": "cop-toplama", "neighbourhood": KALE.code, "opened_at": datetime.now(UTC)}
    facts = [
        a_fact(a_case_assigned, case, 2, **place | {"topic": "gurultu"}),
        a_fact(a_case_assigned, case, 4, **place),
        a_fact(a_case_closed, case, 5),
        a_fact(a_case_assigned, other, 2, **place, number="444-444-444"),
    ]
    for fact in reversed(facts) if turned else facts:
        await at_desk.system.tell(EVENTS, "router.kept.routine", fact)
    await until(lambda: at_desk.system.value("SELECT count(*) = 4 FROM inbox WHERE consumer = 'desk-cases'"))

    hints = (await at_desk.send("/entry/hints", **fields(neighbourhood=KALE.code))).text

    assert "benzer 2 kayıt" in hints
    assert hints.index("444-444-444") < hints.index("333-333-333") < hints.index("kapandı")


@pytest.mark.parametrize(("standard", "words"), [("su", "185"), ("iri-atik-bilgi", "Koltuk")])
async def test_answered_at_once_is_told_and_makes_no_case(at_desk: Desk, standard: str, words: str) -> None:
    form = fields(text="Sular ne zaman gelecek?", answered="true", standard=standard)
    await at_desk.send("/entry", **form)

    message = await told(at_desk)
    assert message["purpose"] == "information"
    assert words in message["answer"]
    contact = await at_desk.system.value("SELECT contact_id FROM entry")
    none = a_contact_registered(contact_id=contact, effect=Effect.NONE, cases=())
    await at_desk.system.tell(EVENTS, "intake.routine", none)
    await until(lambda: at_desk.system.value("SELECT effect = 'none' FROM entry"))
    assert "Bilgi verildi, talep açılmadı" in (await at_desk.get(f"/entry/{form['id']}")).text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"text": ""}, "Bu alanı doldurun."),
        ({"phone": "12"}, "Telefon numarası böyle olmaz."),
        ({"proposal": "other"}, "Bu alanı doldurun."),
        ({"proposal": "nobody|"}, "Listeden seçin."),
        ({"neighbourhood": "5"}, "Listeden seçin."),
        ({"channel": "cimer"}, "Bu alanı doldurun."),
        ({"wish": "pigeon"}, "Listeden seçin."),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    at_desk: Desk, changed: dict[str, str], words: str
) -> None:
    page = await at_desk.send("/entry", **fields(name="Ayşe Yılmaz", **changed))

    assert page.status == 422
    assert words in page.text and "Ayşe Yılmaz" in page.text
    assert await at_desk.system.value("SELECT count(*) FROM outbox") == 0


async def test_a_petition_s_gaps_are_hints_and_no_hindrance(at_desk: Desk) -> None:
    form = fields(channel="petition", name="Ayşe Yılmaz")

    assert "adres, imza" in (await at_desk.send("/entry/hints", **form)).text
    assert (await at_desk.send("/entry", **form)).status == 303


async def test_streets_are_suggested_with_their_neighbourhoods(at_desk: Desk) -> None:
    found = (await at_desk.get("/entry/streets?q=ataturk")).json()

    assert found and all(re.fullmatch(r".+ (Bulvarı|Caddesi|Sokak|\w+), .+", name) for name in found)
    assert len(found) <= STREETS_MAX
    assert (await at_desk.get("/entry/streets?q=a")).json() == []


async def test_the_form_is_there_without_a_router(at_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: object) -> None:
        return None

    monkeypatch.setattr(Entries, "advise", silent)

    assert "Öneri şu an alınamıyor" in (await at_desk.send("/entry/hints", **fields())).text
    assert (await at_desk.send("/entry", **fields())).status == 303


def test_every_field_that_can_be_wrong_has_a_name() -> None:
    keys = Pages(TEMPLATES, PLACE).catalogue.keys

    for field in Entry.model_fields:
        assert f"entry.{field}" in keys, field
