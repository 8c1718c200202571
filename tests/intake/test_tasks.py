"""What a person must see: held contacts and parked payloads, let go on, discarded or blocked, each once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.intake.domain.holding import Doubt, Judgement, LoopLimit, doubt
from services.intake.domain.judging import WordJudge
from shared.contracts import Channel, Effect, Lane, MessageReceived, Purpose, Sender, TaskDecision, unpack
from shared.messaging.topology import DESK, INTAKE
from simulators.whatsapp.payloads import Account, message_webhook
from tests.builders import AT, a_message, a_settled_task, a_webhook
from tests.harness import System, until
from tests.intake.deciding import ilkadim, registered
from tests.intake.test_worker import VAULT, a_citizen_message, count, has, tell_webhook, told

SPAM = "Tebrikler! 500 TL hediye kazandiniz, detaylar ve kampanya icin hemen tiklayin www.ornek.link B001"
RUDE = "Şerefsiz herifler"
NO_LIMIT = LoopLimit(5, timedelta(minutes=10))


def a_line(text: str = "Çukur var", **changed: Any) -> MessageReceived:
    return a_message(**{"channel": Channel.SMS, "text": text} | changed)


def judged(text: str) -> Judgement:
    return WordJudge.of(ilkadim()).judge(a_line(text))


# The decision


@pytest.mark.parametrize("text", [SPAM, SPAM.upper()])
def test_an_advertisement_is_spam_with_its_reasons_and_none_of_its_words(text: str) -> None:
    found = judged(text)

    assert found.is_spam
    assert {"words_of_spam", "link"} <= set(found.because)


@pytest.mark.parametrize(
    "text",
    [
        "Sokak lambası yanmıyor",
        "ÇÖPLER ALINMADI ARTIK BİR ŞEY YAPIN YETER",
        "500 TL emlak vergisi çıkmış, nereye ödeyeceğim? www.ornek.bel.tr açılmıyor",
        "",
        "Tamam",
    ],
)
def test_a_citizen_s_words_are_no_spam_however_loud(text: str) -> None:
    assert not judged(text).is_spam


def test_rude_words_that_ask_for_something_are_registered_and_flagged() -> None:
    message = a_line("Şerefsizler üç gündür çöp konteyneri boşaltılmadı")
    found = doubt(message, is_blocked=False, contacts_before=0, limit=NO_LIMIT, judge=WordJudge.of(ilkadim()).judge)
    row = registered(message, doubt=found)

    assert (row.effect, row.flags) == (Effect.OPENED, ("abuse",))


def test_rude_words_alone_are_held() -> None:
    found = doubt(
        a_line(RUDE), is_blocked=False, contacts_before=0, limit=NO_LIMIT, judge=WordJudge.of(ilkadim()).judge
    )

    assert (found.holds_new, found.reason) == (True, "abuse")


@pytest.mark.parametrize(
    ("channel", "before", "holds", "holds_new"),
    [
        (Channel.EMAIL, 4, False, False),
        (Channel.EMAIL, 5, True, True),
        (Channel.WHATSAPP, 5, False, True),
    ],
)
def test_a_sender_of_too_many_is_held(channel: Channel, before: int, holds: bool, holds_new: bool) -> None:
    message = a_line(channel=channel)
    found = doubt(message, is_blocked=False, contacts_before=before, limit=NO_LIMIT, judge=lambda _: Judgement())

    assert (found.holds, found.holds_new) == (holds, holds_new)


def test_danger_is_never_held() -> None:
    row = registered(a_line("Yangın var " + SPAM), doubt=Doubt(holds=True, holds_new=True, reason="blocked"))

    assert (row.effect, row.lane) == (Effect.OPENED, "urgent")


@pytest.mark.parametrize(
    ("text", "reason"), [("DUR", "opt_out"), ("İPTAL.", "opt_out"), ("stop", "opt_out"), ("Başla", "opt_in")]
)
def test_a_word_that_stops_or_starts_notices_opens_no_case(text: str, reason: str) -> None:
    row = registered(a_line(text))

    assert (row.effect, row.reason) == (Effect.NONE, reason)
    assert registered(a_line(f"{text} diyen tabelayı kaldırdılar")).effect is Effect.OPENED
    assert registered(a_line(text, channel=Channel.EMAIL)).effect is Effect.OPENED


# With a worker


async def settle(system: System, task: str, decision: TaskDecision, note: str = "") -> None:
    settled = a_settled_task(task_id=UUID(task), source="intake", decision=decision, note=note)
    await system.tell(DESK, "settled.intake", settled, settled)


async def tasks(system: System, kind: str) -> list[dict[str, Any]]:
    return [task for task in await told(system, "task.requested.v1") if task["kind"] == kind]


async def is_settled(system: System, table: str) -> None:
    async def settled() -> bool:
        return bool(await system.value(f"SELECT count(*) > 0 FROM {table} WHERE settled_at IS NOT NULL"))

    await until(settled)


async def test_spam_is_held_counted_and_told_to_nobody_but_the_desk(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_line(SPAM))
    await has(at_work, "held_contact", 1)

    [task] = await tasks(at_work, "held")
    [registered] = await told(at_work, "contact.registered.v1")
    assert (task["reason"], task["contact_id"]) == ("spam", registered["contact_id"])
    assert "address" not in task
    assert registered["effect"] == "held"
    assert await count(at_work, "case_file") == 0
    for body in await at_work.take_all("notifier.contacts.routine"):
        assert [event["type"] for event in unpack(body)] == ["address.recorded.v1"]


async def test_what_a_person_lets_go_on_opens_its_case_once(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_line(SPAM))
    await has(at_work, "held_contact", 1)
    [task] = await tasks(at_work, "held")
    for _ in range(2):
        await settle(at_work, task["id"], TaskDecision.RELEASE)
    await has(at_work, "case_file", 1)

    [opened] = await told(at_work, "case.opened.v1")
    facts = await told(at_work, "contact.registered.v1")
    assert opened["contact_id"] == task["contact_id"]
    assert [fact["effect"] for fact in facts] == ["held", "opened"]
    assert await at_work.value("SELECT effect FROM contact") == "opened"
    counted = [event for body in await at_work.take_all("reporting.events") for event in unpack(body)]
    ours = [event for event in counted if event.get("contact_id") == task["contact_id"]]
    assert [event["effect"] for event in ours if event["type"] == "contact.registered.v1"] == ["held"]


async def test_what_a_person_discards_is_kept_and_opens_nothing(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_line(SPAM))
    await has(at_work, "held_contact", 1)
    [task] = await tasks(at_work, "held")
    await settle(at_work, task["id"], TaskDecision.DISCARD, "reklam")
    await is_settled(at_work, "held_contact")
    await settle(at_work, task["id"], TaskDecision.RELEASE)
    await at_work.tell(INTAKE, "routine", a_line())
    await has(at_work, "case_file", 1)

    [row] = await at_work.rows("SELECT decision, note FROM held_contact")
    assert (row["decision"], row["note"]) == ("discard", "reklam")
    assert await at_work.value("SELECT effect FROM contact WHERE id = $1", UUID(task["contact_id"])) == "held"


async def test_what_a_blocked_sender_writes_is_held_until_the_block_ends(at_work: System) -> None:
    now = datetime.now(UTC)
    await at_work.tell(INTAKE, "routine", a_line(SPAM, occurred_at=now))
    await has(at_work, "held_contact", 1)
    [task] = await tasks(at_work, "held")
    await settle(at_work, task["id"], TaskDecision.BLOCK)
    await has(at_work, "sender_block", 1)
    await at_work.tell(INTAKE, "routine", a_line("Lamba yanmıyor", occurred_at=now))
    await has(at_work, "held_contact", 2)
    later = now + timedelta(days=91)
    await at_work.tell(INTAKE, "routine", a_line("Lamba yanmıyor", occurred_at=later))
    await at_work.tell(INTAKE, "urgent", a_line("Yangın var", occurred_at=now))
    await has(at_work, "case_file", 2)

    assert {task["reason"] for task in await tasks(at_work, "held")} == {"spam", "blocked"}
    assert await count(at_work, "held_contact") == 2


async def test_the_sixth_mail_of_a_sender_within_ten_minutes_waits_for_a_person(at_work: System) -> None:
    machine = Sender(address="robot@example.org")
    for number in range(7):
        at = AT + timedelta(minutes=number)
        mail = a_message(channel=Channel.EMAIL, sender=machine, text=f"Konu {number}", occurred_at=at)
        await at_work.tell(INTAKE, "routine", mail)
        await has(at_work, "contact", number + 1)

    effects = await at_work.rows("SELECT effect, reason FROM contact ORDER BY occurred_at")
    assert [row["effect"] for row in effects] == ["opened"] * 5 + ["held"] * 2
    assert effects[-1]["reason"] == "too_many"


async def test_an_unreadable_payload_is_parked_and_harms_no_neighbour(at_work: System) -> None:
    good = message_webhook(Account(), [a_citizen_message()])
    await at_work.tell(INTAKE, "routine", *(a_webhook(body) for body in (b"no json", good, b"[1]")))
    await has(at_work, "contact", 1)
    await has(at_work, "parked_message", 2)

    parked = await tasks(at_work, "parked")
    assert [task["reason"] for task in parked] == ["unreadable"] * 2
    assert await count(at_work, "raw_message") == 3
    assert await count(at_work, "dead_letter") == 0


async def test_a_parked_payload_is_read_again_when_a_person_says_so(at_work: System) -> None:
    unknown = a_webhook(message_webhook(Account(), [a_citizen_message()]), provider="pigeon")
    await at_work.tell(INTAKE, "routine", unknown)
    await has(at_work, "parked_message", 1)
    [task] = await tasks(at_work, "parked")
    await settle(at_work, task["id"], TaskDecision.RELEASE)
    await has(at_work, "parked_message", 2)

    parked = await tasks(at_work, "parked")
    assert len({row["id"] for row in parked}) == 2
    # The reader that was missing is there now: the same payload, as a newer version of ours would see it.
    await make_readable(at_work, parked[1]["id"])
    await settle(at_work, parked[1]["id"], TaskDecision.RELEASE)
    await has(at_work, "contact", 1)
    assert await count(at_work, "case_file") == 1


async def make_readable(system: System, task: str) -> None:
    id_ = UUID(task)
    sealed = await system.value("SELECT sealed FROM parked_message WHERE task_id = $1", id_)
    payload = json.loads(VAULT.open(sealed, id_)) | {"provider": "whatsapp"}
    again = VAULT.seal(json.dumps(payload).encode(), id_)
    await system.pool.execute("UPDATE parked_message SET sealed = $2 WHERE task_id = $1", id_, again)


async def test_every_payload_accepted_is_a_contact_parked_or_told_before(at_work: System) -> None:
    lanes: tuple[Lane, ...] = ("urgent", "routine")
    bodies = [b"{}", b"no json", b"", message_webhook(Account(), [a_citizen_message()]), b"\xff\xfe"]
    for lane in lanes:
        await at_work.tell(INTAKE, lane, *(a_webhook(body) for body in bodies))
    await has(at_work, "raw_message", 10)
    await has(at_work, "parked_message", 6)

    assert await count(at_work, "inbound_message") == await count(at_work, "contact") == 1


async def test_an_opt_out_by_sms_is_told_to_the_notifier_and_opens_no_case(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_line("DUR"))
    [wish] = unpack(await at_work.take("notifier.receipts"))

    assert (wish["type"], wish["channel"], wish["opted_out"]) == ("opt_out.recorded.v1", "sms", True)
    assert await count(at_work, "case_file") == 0


async def test_automatic_mail_is_a_contact_that_nobody_answers(at_work: System) -> None:
    mail = a_message(channel=Channel.EMAIL, purpose=Purpose.AUTOMATIC, text="Yıllık izindeyim", kind="auto_reply")
    await at_work.tell(INTAKE, "routine", mail)
    await has(at_work, "contact", 1)

    [registered] = await told(at_work, "contact.registered.v1")
    assert (registered["effect"], registered["purpose"]) == ("none", "automatic")
    await tell_webhook(at_work, message_webhook(Account(), [a_citizen_message()]))
    await has(at_work, "case_file", 1)
