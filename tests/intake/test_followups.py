"""Which case a contact belongs to: by choice, token, reference, quoted number or talk, and only for a party of it."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from services.intake.domain import Around, KnownCase
from shared.contracts import Attachment, CaseState, Channel, Effect, MessageReceived, NoticeStatus, Purpose, Sender
from shared.ids import new_id
from shared.messaging.topology import EVENTS, INTAKE
from shared.tokens import CaseTokens
from tests.builders import AT, NUMBER, PHONE, a_case_asked, a_message, a_notice_recorded
from tests.harness import System, until
from tests.intake.deciding import registered, rules
from tests.intake.test_worker import KEY_BYTES, count, has, the_number, told

ME: Final = new_id()
STRANGER: Final = new_id()


def a_case(**changed: Any) -> KnownCase:
    """An open case of mine, last spoken of an hour before `AT`."""
    default: dict[str, Any] = {
        "id": new_id(),
        "number": NUMBER,
        "state": CaseState.IN_PROGRESS,
        "lane": "routine",
        "last_contact_at": AT - timedelta(hours=1),
        "parties": frozenset({ME}),
    }
    return KnownCase(**default | changed)


def a_line(text: str = "Başka bir sokakta başka bir çukur var", **changed: Any) -> MessageReceived:
    return a_message(**{"channel": Channel.WHATSAPP, "text": text} | changed)


def joined(message: MessageReceived, **around: Any) -> tuple[tuple[UUID, ...], str]:
    """The cases it joins, and why."""
    row = registered(message, Around(**{"people": frozenset({ME})} | around))
    return row.joins, row.reason


# The decision


def test_the_case_that_was_chosen_is_joined_also_by_who_is_no_party_yet() -> None:
    case = a_case(parties=frozenset({STRANGER}))

    assert joined(a_message(channel=Channel.WEB), chosen=case) == ((case.id,), "chosen")


@pytest.mark.parametrize(("way", "why"), [("by_token", "reply_token"), ("referred", "reference"), ("quoted", "quoted")])
def test_a_case_that_is_pointed_to_is_joined_by_its_party_alone(way: str, why: str) -> None:
    case = a_case(state=CaseState.CLOSED)
    pointed: dict[str, Any] = {way: case if way == "by_token" else (case,)}

    assert joined(a_line(), **pointed) == ((case.id,), why)
    assert joined(a_line(), **pointed, people=frozenset({STRANGER})) == ((), "")
    assert joined(a_line(), **pointed, people=frozenset()) == ((), "")


def test_a_token_is_taken_from_an_address_that_the_party_told_us() -> None:
    case = a_case()

    assert joined(a_line(), by_token=case, people=frozenset({STRANGER}), told=frozenset({case.id}))[0] == (case.id,)


def test_the_choice_goes_before_the_token_the_token_before_the_reference_and_that_before_the_quoted() -> None:
    cases = [a_case() for _ in range(4)]
    around: dict[str, Any] = {
        "chosen": cases[0],
        "by_token": cases[1],
        "referred": (cases[2],),
        "quoted": (cases[3],),
    }
    for place, way in enumerate(["chosen", "by_token", "referred", "quoted"]):
        assert joined(a_line(), **around)[0] == (cases[place].id,)
        del around[way]


OF_WASTE: Final = "Kale Mahallesi pazar yerinde çöp konteyneri taştı, çöpler alınmıyor"
OF_DOGS: Final = "Bir de bizim sokakta başıboş köpek sürüsü var, okula giden çocuklar çok korkuyor"


@pytest.mark.parametrize("state", [CaseState.IN_PROGRESS, CaseState.WAITING_CITIZEN])
def test_a_text_about_another_matter_is_a_case_of_its_own_however_soon_it_comes(state: CaseState) -> None:
    case = a_case(state=state, text=OF_WASTE, last_contact_at=AT - timedelta(minutes=2))

    assert joined(a_line(OF_DOGS), open=(case,)) == ((), "")
    assert joined(a_line("Konteynerin yanındaki çöpler de duruyor, kokudan geçilmiyor artık"), open=(case,))[0]
    assert joined(a_line("köpek de var"), open=(case,))[0]


def test_a_first_line_without_a_matter_takes_the_matter_that_follows() -> None:
    case = a_case(text="Merhaba, kolay gelsin", last_contact_at=AT - timedelta(minutes=2))

    assert joined(a_line(OF_DOGS), open=(case,)) == ((case.id,), "recent")


def test_an_answer_comes_after_what_was_asked() -> None:
    case = a_case(state=CaseState.WAITING_CITIZEN, last_contact_at=AT + timedelta(days=2))

    assert joined(a_line(), open=(case,)) == ((), "")


def test_a_case_that_waits_for_the_citizen_gets_what_they_write_next() -> None:
    waits = a_case(state=CaseState.WAITING_CITIZEN, last_contact_at=AT - timedelta(days=9))

    assert joined(a_line(), open=(waits, a_case())) == ((waits.id,), "asked")


def test_who_goes_on_writing_within_minutes_writes_of_the_same_case() -> None:
    case = a_case(last_contact_at=AT - timedelta(minutes=29))

    assert joined(a_line(), open=(a_case(), case)) == ((case.id,), "recent")
    assert joined(a_line(), open=(a_case(last_contact_at=AT - timedelta(minutes=31)),)) == ((), "")
    assert joined(a_line(channel=Channel.EMAIL), open=(case,)) == ((), "")
    assert joined(a_line(channel=Channel.PHONE), open=(case,)) == ((), "")


@pytest.mark.parametrize(
    "words",
    ["Hâlâ gelen olmadı", "NE OLDU?", "ek olarak kapı no 12", "Teşekkür ederim", "any news?", "Düzeldi, sağ olun"],
)
def test_words_that_go_on_about_a_case_join_the_last_one(words: str) -> None:
    case = a_case()

    assert joined(a_line(words), open=(case,)) == ((case.id,), "follow_up_words")


@pytest.mark.parametrize(
    "words",
    [
        "Kolay gelsin, parkta banklar kırık, teşekkürler",
        "Cumhuriyet Mahallesi Lale Sokak 5 numaranın önünde üç kez aradım çöpler hâlâ alınmadı",
    ],
)
def test_a_matter_of_its_own_is_a_case_of_its_own_however_polite_or_tired(words: str) -> None:
    assert joined(a_line(words), open=(a_case(),)) == ((), "")


def test_a_photo_without_words_belongs_to_the_last_case() -> None:
    case = a_case()
    photo = a_line("", attachments=(Attachment(provider_id="1", media_type="image/jpeg"),))

    assert joined(photo, open=(case,)) == ((case.id,), "no_words")
    assert joined(photo, open=(a_case(last_contact_at=AT - timedelta(days=31)),)) == ((), "")


def test_a_closed_or_a_stranger_s_case_is_not_gone_on_about() -> None:
    soon = AT - timedelta(minutes=1)

    assert joined(a_line(), open=(a_case(state=CaseState.CLOSED, last_contact_at=soon),)) == ((), "")
    assert joined(a_line(), open=(a_case(parties=frozenset({STRANGER}), last_contact_at=soon),)) == ((), "")


def test_danger_is_a_case_of_its_own_unless_the_last_one_is_the_same_danger() -> None:
    soon = AT - timedelta(minutes=1)
    fire = a_case(lane="urgent", last_contact_at=soon)

    assert joined(a_line("Binada yangın var"), open=(a_case(last_contact_at=soon),)) == ((), "")
    assert joined(a_line("Yangın var, acele edin"), open=(fire,)) == ((fire.id,), "recent")


def test_thanks_alone_open_no_case() -> None:
    row = registered(a_line("Çok teşekkürler, sağ olun"))

    assert (row.effect, row.purpose, row.opens) == (Effect.NONE, Purpose.THANKS, ())


def test_thanks_are_told_from_thanks_and_a_request() -> None:
    words = rules().follow_ups

    assert words.only_thank("Teşekkürler, kolay gelsin")
    assert not words.only_thank("Çöp alınmadı teşekkürler")


@pytest.mark.parametrize(("kind", "purpose"), [("deleted", Purpose.REQUEST), ("reaction", Purpose.THANKS)])
def test_what_is_said_of_an_earlier_message_is_linked_to_its_case_and_opens_none(kind: str, purpose: Purpose) -> None:
    case = a_case()
    message = a_line("", kind=kind, purpose=purpose, concerns="wamid.1")
    row = registered(message, Around(people=frozenset({ME}), referred=(case,)))

    assert (row.effect, row.joins, row.links, row.reason) == (Effect.NONE, (), (case.id,), kind)


def test_an_edit_adds_to_its_case_and_opens_none() -> None:
    case = a_case()
    edit = a_line("Düzeltme: kapı no 7", kind="edited", concerns="wamid.1")

    assert joined(edit, referred=(case,))[0] == (case.id,)
    assert registered(edit).effect is Effect.NONE


def test_automatic_mail_is_linked_and_neither_opens_joins_nor_alarms() -> None:
    case = a_case()
    mail = a_line("Yangın var! Ofiste değilim", channel=Channel.EMAIL, purpose=Purpose.AUTOMATIC, kind="auto_reply")
    row = registered(mail, Around(people=frozenset({ME}), by_token=case, open=(case,)))

    assert (row.effect, row.joins, row.links) == (Effect.NONE, (), (case.id,))
    assert (row.lane, row.emergency_number) == ("routine", None)


# With a worker


async def opened_by(system: System, **changed: Any) -> MessageReceived:
    """A first message, registered."""
    before = await count(system, "contact")
    message = a_line("Sokağımızda çukur var", **changed)
    await system.tell(INTAKE, "routine", message)
    await has(system, "contact", before + 1)
    return message


async def effects(system: System) -> list[tuple[str, str]]:
    rows = await system.rows("SELECT effect, reason FROM contact ORDER BY registered_at, occurred_at")
    return [(row["effect"], row["reason"]) for row in rows]


async def test_an_answer_to_our_reply_joins_its_case(at_work: System) -> None:
    await opened_by(at_work)
    case_id = await at_work.value("SELECT id FROM case_file")
    notice = a_notice_recorded(case_id=case_id, status=NoticeStatus.ACCEPTED, provider_id="wamid.ours")
    await at_work.tell(EVENTS, "notifier.recorded", notice, notice)
    await has(at_work, "sent_message", 1)
    later = AT + timedelta(days=40)
    await at_work.tell(INTAKE, "routine", a_line("Kapı numarası 7", in_reply_to="wamid.ours", occurred_at=later))
    await has(at_work, "contact", 2)

    assert await effects(at_work) == [("opened", ""), ("joined", "reference")]


async def test_an_answer_to_the_receipt_joins_the_case_of_its_contact(at_work: System) -> None:
    mine = Sender(address="ayse@example.org")
    first = await opened_by(at_work, channel=Channel.EMAIL, sender=mine)
    sent = a_notice_recorded(contact_id=first.contact_id, channel=Channel.EMAIL, provider_id="<n1@example.org>")
    await at_work.tell(EVENTS, "notifier.recorded", sent)
    await has(at_work, "sent_message", 1)
    answer = {"channel": Channel.EMAIL, "references": ("<n1@example.org>",), "occurred_at": AT + timedelta(days=2)}
    await at_work.tell(INTAKE, "routine", a_line("Kapı no 7", sender=Sender(address="AYSE@example.org"), **answer))
    await at_work.tell(INTAKE, "routine", a_line("Ben de okuyayım", sender=Sender(address="o@example.org"), **answer))
    await has(at_work, "contact", 3)

    assert sorted(await effects(at_work)) == [("joined", "reference"), ("opened", ""), ("opened", "")]


async def test_a_reference_to_one_s_own_earlier_message_joins_its_case(at_work: System) -> None:
    first = await opened_by(at_work)
    reply = a_line("Bunun fotoğrafını çektim", in_reply_to=first.provider_id, occurred_at=AT + timedelta(days=40))
    await at_work.tell(INTAKE, "routine", reply)
    await has(at_work, "contact", 2)

    assert await effects(at_work) == [("opened", ""), ("joined", "reference")]


async def test_a_reply_token_joins_from_the_address_the_caller_told(at_work: System) -> None:
    told_us = Sender(address=PHONE, answers=({"channel": "email", "address": "Ayse@example.org"},))  # type: ignore[arg-type]
    await at_work.tell(INTAKE, "routine", a_message(sender=told_us))
    number = await the_number(at_work)
    token = CaseTokens(KEY_BYTES).reply_token(number)
    mail: dict[str, Any] = {"channel": Channel.EMAIL, "reply_token": token, "text": "Kapı numarası 7"}
    await at_work.tell(INTAKE, "routine", a_message(**mail, sender=Sender(address="ayse@example.org")))
    await has(at_work, "contact", 2)
    await at_work.tell(INTAKE, "routine", a_message(**mail, sender=Sender(address="o@example.org")))
    await has(at_work, "contact", 3)

    assert await effects(at_work) == [("opened", ""), ("joined", "reply_token"), ("opened", "")]
    addresses = [(row["address"], row["proven"]) for row in await told(at_work, "address.recorded.v1")]
    assert ("Ayse@example.org", False) in addresses


async def test_who_chose_a_case_on_the_form_is_a_party_of_it_from_then_on(at_work: System) -> None:
    await opened_by(at_work)
    [case] = await at_work.rows("SELECT id, number FROM case_file")
    neighbour = Sender(address=str(new_id()))
    form: dict[str, Any] = {"channel": Channel.WEB, "sender": neighbour}
    await at_work.tell(INTAKE, "routine", a_message(**form, text="Bizde de var", about_case=UUID(int=case["id"].int)))
    await has(at_work, "contact", 2)
    await at_work.tell(INTAKE, "routine", a_message(**form, text=f"{case['number']} ne oldu?"))
    await has(at_work, "contact", 3)

    assert [effect for effect, _ in await effects(at_work)] == ["opened", "joined", "joined"]


async def test_the_same_number_on_another_channel_may_join_by_its_tracking_number(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_message(sender=Sender(address="0532 111 22 33")))
    number = await the_number(at_work)
    await at_work.tell(INTAKE, "routine", a_line(f"{number} için yazıyorum", sender=Sender(address=PHONE)))
    await has(at_work, "contact", 2)

    assert await effects(at_work) == [("opened", ""), ("joined", "quoted")]


async def test_a_case_that_asked_gets_the_answer_of_its_citizen(at_work: System) -> None:
    await opened_by(at_work)
    [case] = await at_work.rows("SELECT id, number FROM case_file")
    asked = a_case_asked(case_id=UUID(int=case["id"].int), number=case["number"], version=3)
    await at_work.tell(EVENTS, "router.told.routine", asked)
    await until(lambda: is_asked(at_work))
    await at_work.tell(INTAKE, "routine", a_line("Lale Sokak 7", occurred_at=AT + timedelta(days=3)))
    await has(at_work, "contact", 2)

    assert await effects(at_work) == [("opened", ""), ("joined", "asked")]


async def is_asked(system: System) -> bool:
    return bool(await system.value("SELECT state = 'waiting_citizen' FROM case_file"))


async def test_what_a_sender_writes_on_in_the_same_batch_joins_what_it_began(at_work: System) -> None:
    lines = [a_line(f"satır {minutes}", occurred_at=AT + timedelta(minutes=minutes)) for minutes in (0, 5, 50)]
    await at_work.tell(INTAKE, "routine", *lines)
    await has(at_work, "contact", 3)

    assert [effect for effect, _ in await effects(at_work)] == ["opened", "joined", "opened"]
    assert await count(at_work, "case_file") == 2
