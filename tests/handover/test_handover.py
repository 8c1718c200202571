"""The service whole: by mail out, by link and mail back; silent, unreachable, withdrawn; twice, doubted, crashed."""

from datetime import timedelta

import asyncpg
import pytest

from services.handover.domain.letters import RETRY_SECONDS
from services.handover.senders.files import BYTES_MAX
from shared.contracts import (
    AssignmentEnded,
    CitizenAsked,
    CitizenSilent,
    EndReason,
    InstitutionWrote,
    ReturnReason,
    unpack,
)
from shared.files import PICTURE, KeptFile
from shared.ids import new_id
from simulators.faults import Fault
from tests.builders import AT, a_citizen_added, an_incident_grew
from tests.handover.conftest import MAILBOX, SASKI, YEDAS, Office, an_offer
from tests.harness import until


def mail_of(offer_id: object, **changed: object) -> InstitutionWrote:
    default = {"id": new_id(), "occurred_at": AT, "handover_id": offer_id, "text": "Lamba değiştirildi."}
    return InstitutionWrote.model_validate(default | changed)


def about(offer: object) -> dict[str, object]:
    return {name: getattr(offer, name) for name in ("assignment_id", "case_id", "number")}


async def test_the_mail_says_what_they_need_and_nothing_of_who_told_it(office: Office) -> None:
    offer, mail, _ = await office.sent()

    for words in (offer.number, "Sokak aydınlatması", "Kadıköy, Gül Sokak", "41.286700, 36.330000", "3071", offer.text):
        assert words in mail.text
    assert "Sokak aydınlatması" in mail.subject
    assert mail.headers["Reply-To"].partition("cevap+k.")[2].startswith(offer.assignment_id.hex)
    assert mail.return_path.startswith("bounce+k.")
    assert "Auto-Submitted" not in mail.headers


async def test_the_acceptance_comes_when_their_server_has_it(office: Office) -> None:
    office.mails.server.faults.add(Fault("code_451", 0.0), 1)
    offer = await office.offer()
    await office.is_in("waiting", offer)
    await office.no_answer()
    await office.retry_now()

    assert (await office.answer())["type"] == "assignment.accepted.v1"
    await office.is_in("sent", offer)


async def test_the_same_assignment_again_is_the_same_mail(office: Office) -> None:
    offer, _, _ = await office.sent()
    await office.tell(offer, offer.model_copy(update={"id": new_id()}))
    await office.no_answer()

    assert len(office.mails.taken()) == len(set(office.mails.taken()))
    assert await office.system.value("SELECT count(*) FROM letter") == 1


async def test_a_mail_whose_outcome_is_unknown_goes_again_under_the_same_id(office: Office) -> None:
    office.mails.server.faults.add(Fault("drop_reply", 0.0), 1)
    offer = await office.offer()
    first = await office.mail_about("bekliyoruz", offer)
    await until(lambda: office.holds("SELECT is_doubted FROM letter"))
    await office.retry_now()
    await office.is_in("sent", offer)

    mails = [mail for mail in office.mails.server.memory.find(MAILBOX) if offer.assignment_id.hex in mail.return_path]
    assert [mail.id for mail in mails] == [first.id, first.id]


async def test_a_sender_that_died_is_followed_by_another(office: Office) -> None:
    offer = an_offer()
    office.mails.server.faults.add(Fault("slow", 0.5), 1)
    await office.tell(offer, offer)
    await office.is_in("sending", offer)
    await office.system.pool.execute("UPDATE letter SET due_at = now() - interval '1 second'")
    await office.is_in("sent", offer)

    assert (await office.answer())["type"] == "assignment.accepted.v1"
    await office.no_answer()


async def test_who_cannot_be_reached_gives_the_case_to_a_person(office: Office) -> None:
    offer = await office.offer(owner=SASKI)
    answer = await office.answer()

    assert (answer["type"], answer["because"]) == ("assignment.returned.v1", ReturnReason.UNDELIVERABLE)
    assert "550" in answer["reason"]
    assert "hata.example" not in answer["reason"]
    assert await office.state(offer) == "undeliverable"


async def test_a_bounce_makes_it_undeliverable(office: Office) -> None:
    offer, _, _ = await office.sent()
    bounce = mail_of(offer.assignment_id, kind="bounce", is_automatic=True, is_bounce=True, error="5.1.1")
    await office.wrote(bounce)

    assert (await office.answer())["because"] == ReturnReason.UNDELIVERABLE
    assert await office.state(offer) == "undeliverable"


async def test_an_answer_by_mail_goes_to_a_person_with_its_words(office: Office) -> None:
    offer, _, _ = await office.sent()
    await office.wrote(mail_of(offer.assignment_id, attachments=2))
    answer = await office.answer()

    assert (answer["because"], answer["assignment_id"]) == (ReturnReason.ANSWERED, str(offer.assignment_id))
    assert answer["reason"].startswith("Lamba değiştirildi.")
    assert "2 ek" in answer["reason"]
    assert await office.state(offer) == "answered_by_mail"


async def test_an_out_of_office_answer_is_no_answer(office: Office) -> None:
    offer, _, _ = await office.sent()
    await office.wrote(mail_of(offer.assignment_id, kind="auto_reply", is_automatic=True))
    await office.no_answer()

    assert await office.state(offer) == "sent"


async def test_a_mail_after_the_ending_is_a_task_for_a_person_and_stays_in_the_history(office: Office) -> None:
    offer, _, _ = await office.sent()
    await office.wrote(mail_of(offer.assignment_id))
    await office.answer()
    await office.wrote(mail_of(offer.assignment_id, text="Bir şey daha."))
    await office.no_answer()

    [task] = unpack(await office.system.take("desk.tasks"))
    assert (task["kind"], task["reason"], task["detail"]) == ("wrote", "after_the_end", YEDAS)
    assert (task["case_id"], task["number"], task["text"]) == (str(offer.case_id), offer.number, "Bir şey daha.")
    assert (await office.moves(offer))[-1] == "add"
    assert await office.state(offer) == "answered_by_mail"


async def test_an_automatic_mail_after_the_ending_asks_nobody(office: Office) -> None:
    offer, _, _ = await office.sent()
    await office.wrote(mail_of(offer.assignment_id))
    await office.answer()
    await office.wrote(mail_of(offer.assignment_id, kind="auto_reply", is_automatic=True))
    await office.no_answer()

    assert await office.system.depth("desk.tasks") == 0
    assert (await office.moves(offer))[-1] != "add"


async def test_photos_go_with_the_mail_and_what_is_not_there_or_too_large_is_left_to_the_link(office: Office) -> None:
    photo = await office.keep(KeptFile(PICTURE, "direk.jpg", b"\xff\xd8" + bytes(2_000)))
    large = await office.keep(KeptFile("application/pdf", "plan.pdf", bytes(BYTES_MAX)))
    lost = photo.model_copy(update={"id": new_id()})
    _, mail, _ = await office.sent(attachments=(photo, large, lost))

    assert mail.files == (("direk.jpg", PICTURE, 2_002),)
    assert "Başvuru ekleri: 3." in mail.text
    assert "henüz ulaşmayan 2 ek yalnız bağlantıdadır" in mail.text


async def test_the_silent_are_reminded_and_then_a_person_decides(office: Office) -> None:
    offer, first, _ = await office.sent()
    for count in (1, 2):
        await office.its_time_is_up(offer)
        await until(lambda: office.holds("SELECT reminders = $1 FROM handover", count))  # noqa: B023
    reminder = await office.mail_about("henüz yanıt alamadık", offer)
    await office.its_time_is_up(offer)
    answer = await office.answer()

    assert reminder.headers["In-Reply-To"] == f"<{first.id}>"
    assert (answer["type"], answer["because"]) == ("assignment.returned.v1", ReturnReason.NO_ANSWER)
    assert await office.moves(offer) == ["try", "arrive", "remind", "remind", "give_up"]


async def test_what_the_citizen_adds_is_sent_on_and_ends_the_wait_for_the_citizen(office: Office) -> None:
    offer, _, link = await office.sent()
    await office.post(link, choice="asking", text="Direk numarası kaç?")
    assert (await office.answer())["type"] == CitizenAsked.type_name()
    assert await office.system.value("SELECT next_at FROM handover") is None
    await office.tell(offer, a_citizen_added(assignment_id=offer.assignment_id, text="Direk numarası 17."))

    assert "Direk numarası 17." in (await office.mail_about("Direk numarası 17.", offer)).text
    assert await office.system.value("SELECT next_at IS NOT NULL FROM handover")
    assert "Direk numarası 17." in (await office.get(link)).text


async def test_a_citizen_who_says_nothing_ends_the_wait_too(office: Office) -> None:
    offer, _, link = await office.sent()
    await office.post(link, choice="asking", text="Direk numarası kaç?")
    silent = CitizenSilent(id=new_id(), occurred_at=AT, asked_at=AT, **about(offer))
    await office.tell(offer, silent)

    assert await office.mail_about("süresi içinde yanıt gelmedi", offer)
    assert await office.system.value("SELECT next_at IS NOT NULL FROM handover")


async def test_forty_reports_of_one_problem_are_one_mail_with_the_highest_count(office: Office) -> None:
    offer, _, _ = await office.sent()
    for reports in (3, 41, 17):
        await office.tell(offer, an_incident_grew(assignment_id=offer.assignment_id, reports=reports))
    await until(lambda: office.holds("SELECT reports = 41 FROM letter WHERE kind = 'growth'"))
    await office.retry_now()
    assert "Bildirim sayısı: 41" in (await office.mail_about("Bildirim sayısı", offer)).text


async def test_what_comes_before_the_assignment_waits_for_it(office: Office) -> None:
    offer = an_offer()
    await office.tell(offer, a_citizen_added(assignment_id=offer.assignment_id, text="Erken geldi."))
    await office.tell(offer, offer)

    assert await office.mail_about("Erken geldi.", offer)
    assert (await office.answer())["type"] == "assignment.accepted.v1"


async def test_a_withdrawn_case_is_told_to_who_has_it_and_answers_count_no_more(office: Office) -> None:
    offer, _, link = await office.sent()
    ended = AssignmentEnded(id=new_id(), occurred_at=AT, because=EndReason.WITHDRAWN, **about(offer))
    await office.tell(offer, ended)
    await office.mail_about("artık işlem yapmanız gerekmiyor", offer)
    page = await office.post(link, choice="solved", text="Onarıldı.")

    assert await office.state(offer) == "ended"
    assert "artık yanıtlanamaz" in page.text
    await office.no_answer(0.3)


async def test_what_a_citizen_wrote_lies_sealed(office: Office) -> None:
    offer, _, _ = await office.sent()
    sealed = await office.system.value("SELECT offer_sealed || content_sealed FROM handover JOIN letter ON true")

    assert offer.text.encode() not in bytes(sealed)


async def test_the_history_is_never_rewritten(office: Office) -> None:
    await office.sent()
    for statement in ("UPDATE handover_step SET move = 'arrive'", "DELETE FROM handover_step"):
        with pytest.raises(asyncpg.RaiseError):
            await office.system.pool.execute(statement)


async def test_hundreds_of_letters_do_not_hide_the_next(office: Office) -> None:
    """EXPLAIN of the hot questions: each has its index."""
    for query, index in (
        ("SELECT id FROM handover WHERE next_at <= now() ORDER BY next_at LIMIT 100", "handover_due"),
        (
            "SELECT id FROM letter WHERE state IN ('waiting', 'sending') AND due_at <= now()"
            " ORDER BY (lane = 'routine'), due_at LIMIT 16",
            "letter_due",
        ),
    ):
        async with office.system.pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL enable_seqscan = off")
            plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {query}"))
        assert index in plan


def test_a_letter_is_tried_for_two_days() -> None:
    assert timedelta(days=1) < timedelta(seconds=sum(RETRY_SECONDS)) < timedelta(days=3)
