"""The notifier: each reply over the channel its citizen came by, sent at least once and never blindly twice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from services.notifier import store
from services.notifier.app import notifier
from services.notifier.office import post_office
from shared.contracts import (
    CaseEvent,
    CaseNumber,
    Channel,
    ContactRegistered,
    Effect,
    Message,
    NoticeStatus,
    Outcome,
    OwnerKind,
    ReplyRequested,
)
from shared.messaging.topology import EVENTS, NOTIFIER, reply_queue
from shared.municipality.delivery import Ladder, Rung
from tests.builders import (
    PHONE,
    a_case_asked,
    a_case_closed,
    a_case_forwarded,
    a_contact_registered,
    a_delivery_report,
    an_address_recorded,
    an_id,
)
from tests.harness import System, built, running, until
from tests.notifier.conftest import (
    Provider,
    a_notifier,
    a_provider,
    deliveries,
    notices,
    rule_with,
    statuses,
    tell,
)

NUMBER = "482-715-936"


@asynccontextmanager
async def at_work(system: System, provider: Provider) -> AsyncIterator[None]:
    async with running(a_notifier(system, provider.url)):
        yield


async def are(system: System, *expected: str) -> bool:
    return sorted(await statuses(system)) == sorted(expected)


def a_phone(number: int) -> str:
    return f"+9053200{number:05}"


def a_citizen(address: str = PHONE, **changed: Any) -> tuple[Message, ContactRegistered]:
    """A contact that opened a case, with its address before it."""
    contact = a_contact_registered(**changed)
    return an_address_recorded(person_id=contact.person_id, channel=contact.channel, address=address), contact


def step_of(contact: ContactRegistered, make: Any, **more: Any) -> CaseEvent:
    event: CaseEvent = make(case_id=contact.cases[0].case_id, number=contact.cases[0].number, **more)
    return event


async def tell_step(system: System, *events: CaseEvent) -> None:
    await system.tell(EVENTS, "router.told.routine", *events)


async def recorded(system: System) -> list[dict[str, Any]]:
    """The facts told of replies, in order."""
    return [event for event in await system.told() if event["type"] == "notice.recorded.v1"]


# What is told


async def test_a_contact_gets_its_number_once_however_often_the_event_comes(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    async with at_work(system, provider):
        for _ in range(5):
            await tell(system, address, contact)
        await until(partial(are, system, "accepted"))
        await tell(system, *a_citizen(a_phone(1)))
        await until(partial(are, system, "accepted", "accepted"))

    [entry] = provider.asked(PHONE)
    assert NUMBER in entry.text
    assert [fact["status"] for fact in await recorded(system)] == ["accepted", "accepted"]


async def test_two_notifiers_send_each_reply_once(system: System, provider: Provider) -> None:
    people = [a_citizen(a_phone(number)) for number in range(60)]
    async with at_work(system, provider), at_work(system, provider):
        for person in people:
            await tell(system, *person)
            await tell(system, *person)
        await until(partial(are, system, *["accepted"] * 60))

    assert len(provider.asked()) == len({entry.number for entry in provider.asked()}) == 60


@pytest.mark.parametrize(
    ("make", "more", "words"),
    [
        (a_case_closed, {"answer": "Konteyner boşaltıldı."}, "Konteyner boşaltıldı."),
        (a_case_closed, {"answer": "Yetkimiz dışında.", "outcome": Outcome.REJECTED}, "Yetkimiz dışında."),
        (a_case_asked, {"question": "Kapı numarası kaç?"}, "Kapı numarası kaç?"),
        (a_case_forwarded, {"owner": "saski", "owner_kind": OwnerKind.INSTITUTION}, "SASKİ"),
        (a_case_forwarded, {"owner": "new-one", "owner_kind": OwnerKind.INSTITUTION}, "new-one"),
    ],
)
async def test_a_step_a_citizen_cares_about_is_told_after_the_number(
    system: System, provider: Provider, make: Any, more: dict[str, Any], words: str
) -> None:
    address, contact = a_citizen()
    async with at_work(system, provider):
        await tell(system, address, contact)
        await until(partial(are, system, "accepted"))
        event = step_of(contact, make, **more)
        await tell_step(system, event, event)
        await until(partial(are, system, "accepted", "accepted"))

    first, second = provider.asked(PHONE)
    assert NUMBER in first.text
    assert words in second.text


async def test_danger_is_answered_with_whom_to_call(system: System, provider: Provider) -> None:
    async with at_work(system, provider):
        await tell(system, *a_citizen(lane="urgent", emergency_number="112"), lane="urgent")
        await until(partial(are, system, "accepted"))

    assert "112" in provider.asked()[0].text


async def test_a_further_case_of_a_message_is_told_by_its_number(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    further = a_contact_registered(
        contact_id=contact.contact_id,
        person_id=contact.person_id,
        effect=Effect.SPLIT,
        cases=(CaseNumber(case_id=an_id(), number="517-204-886"),),
    )
    async with at_work(system, provider):
        await tell(system, address, contact, further)
        await until(partial(are, system, *["accepted"] * 2))

    told = provider.asked(PHONE)[-1].text
    assert "517-204-886" in told and "Ek takip" in told


async def test_what_made_no_case_is_not_answered(system: System, provider: Provider) -> None:
    async with at_work(system, provider):
        await tell(system, *a_citizen(effect=Effect.NONE, cases=()))
        await tell(system, *a_citizen(a_phone(1)))
        await until(partial(are, system, "accepted"))

    assert provider.asked(PHONE) == []


async def test_everyone_who_joined_a_case_is_told_its_outcome_once(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    case = contact.cases[0]
    again = a_contact_registered(person_id=contact.person_id, effect=Effect.JOINED, cases=(case,))
    other_address, other = a_citizen(a_phone(1), effect=Effect.JOINED, cases=(case,))
    async with at_work(system, provider):
        await tell(system, address, contact, again, other_address, other)
        await until(partial(are, system, *["accepted"] * 3))
        await tell_step(system, step_of(contact, a_case_closed))
        await until(partial(are, system, *["accepted"] * 5))

    assert len(provider.asked(PHONE)) == 3
    assert len(provider.asked(a_phone(1))) == 2


async def test_who_left_no_address_is_recorded_as_such(system: System, provider: Provider) -> None:
    async with at_work(system, provider):
        await tell(system, a_contact_registered(person_id=None))
        await until(partial(are, system, "no_address"))

    assert provider.asked() == []
    assert [fact["status"] for fact in await recorded(system)] == ["no_address"]


async def test_a_reply_waits_for_an_address_that_comes_later(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    async with at_work(system, provider):
        await tell(system, contact)
        await until(partial(waiting, system, 1))
        await tell(system, address)
        await until(partial(are, system, "accepted"))

    assert len(provider.asked()) == 1


async def waiting(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) FROM retry") == count)


async def test_an_outcome_that_overtook_its_contact_waits_for_it(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    async with at_work(system, provider):
        await tell_step(system, step_of(contact, a_case_closed))
        await until(partial(waiting, system, 1))
        await tell(system, address, contact)
        await until(partial(are, system, "accepted", "accepted"))

    assert len(provider.asked()) == 2


async def test_a_department_s_link_is_not_clickable_in_our_reply(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    async with at_work(system, provider):
        await tell(system, address, contact)
        await until(partial(are, system, "accepted"))
        await tell_step(system, step_of(contact, a_case_closed, answer="https://kotu.example.com/x bakın \0{number}"))
        await until(partial(are, system, "accepted", "accepted"))

    assert "https://" not in provider.asked()[1].text
    assert "{number}" in provider.asked()[1].text


async def test_an_answer_of_any_length_and_language_is_told(system: System, provider: Provider) -> None:
    address, contact = a_citizen(language="en")
    async with at_work(system, provider):
        await tell(system, address, contact)
        await until(partial(are, system, "accepted"))
        await tell_step(system, step_of(contact, a_case_closed, answer="şükür " * 660))
        await until(partial(are, system, "accepted", "accepted"))

    assert all(len(entry.text) <= 4096 for entry in provider.asked())


@pytest.mark.parametrize("channel", [Channel.WEB, Channel.PHONE, Channel.SMS, Channel.CIMER])
async def test_a_channel_with_a_program_of_its_own_gets_replies_on_its_queue(
    system: System, provider: Provider, channel: Channel
) -> None:
    address, contact = a_citizen(channel=channel)
    async with at_work(system, provider):
        await tell(system, address, contact)
        await tell(system, address, contact)
        first = ReplyRequested.read(await system.take(reply_queue(channel)))
        await tell_step(system, step_of(contact, a_case_closed, answer="Bitti."))
        second = ReplyRequested.read(await system.take(reply_queue(channel)))

    assert (first.address, first.number, first.event) == (PHONE, NUMBER, "receipt")
    assert second.event == "closed"
    assert "Bitti." in second.text
    assert await system.depth(reply_queue(channel)) == 0
    assert provider.asked() == []
    assert await are(system, "accepted", "accepted")


async def test_no_table_and_no_event_shows_an_address_but_the_reply_itself(system: System, provider: Provider) -> None:
    async with at_work(system, provider):
        await tell(system, *a_citizen())
        await tell(system, *a_citizen(channel=Channel.SMS))
        await until(partial(are, system, "accepted", "accepted"))

    tables = await system.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'notifier'")
    for table in {row["name"] for row in tables} - {"outbox"}:
        shown = await system.value(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
        assert "5321112233" not in shown, table
    for event in await system.told():
        assert event["type"] == "reply.requested.v1" or "5321112233" not in str(event)


# What the provider answers

LATER = ["4", "190", "368", "80007", "130429", "131016", "131048", "131056"]
NEVER = ["100", "131026", "131047", "131051", "131008", "131031", "132001", "10"]
UNKNOWN = ["131000", "1", "2", "http_500", "http_502", "http_503", "drop_request"]


@pytest.mark.parametrize(("kinds", "status"), [(LATER, "waiting"), (NEVER, "failed"), (UNKNOWN, "unknown")])
async def test_each_answer_of_the_provider_has_its_status(
    system: System, provider: Provider, monkeypatch: pytest.MonkeyPatch, kinds: Sequence[str], status: str
) -> None:
    monkeypatch.setattr(post_office, "SWEEP_SECONDS", 3600.0)
    for number, kind in enumerate(kinds):
        provider.fault(kind, to=a_phone(number))
    async with at_work(system, provider):
        for number in range(len(kinds)):
            await tell(system, *a_citizen(a_phone(number)))
        await until(partial(are, system, *[status] * len(kinds)))

    assert {len(provider.stored(a_phone(number))) for number in range(len(kinds))} == {0}
    assert all((row["look_again_at"] is not None) == (status != "failed") for row in await notices(system))
    assert all(row["error"] and row["status"] == status for row in await deliveries(system))


async def test_what_was_certainly_not_sent_is_sent_later(system: System, provider: Provider) -> None:
    provider.fault("131056", count=2)
    async with at_work(system, provider):
        await tell(system, *a_citizen())
        await until(partial(are, system, "accepted"))

    assert [entry.error_code for entry in provider.asked()] == [131056, 131056, None]
    assert (await notices(system))[0]["attempts"] == 3


async def test_a_provider_that_is_down_gets_the_reply_when_it_is_back(system: System, provider: Provider) -> None:
    port = int(provider.url.rsplit(":", 1)[1]) - 1
    async with running(a_notifier(system, f"http://127.0.0.1:{port}")):
        await tell(system, *a_citizen())
        await until(partial(are, system, "waiting"))
        async with a_provider(port) as back:
            await until(partial(are, system, "accepted"))
            assert len(back.asked()) == 1


async def test_a_lost_answer_is_unknown_and_never_followed_by_a_second_send(system: System, provider: Provider) -> None:
    provider.fault("drop_reply")
    async with at_work(system, provider):
        await tell(system, *a_citizen())
        await until(partial(are, system, "unknown"))
        await until(partial(is_given_up, system))
        await asyncio.sleep(1.0)

    assert len(provider.asked()) == 1
    assert await are(system, "unknown")
    assert (await notices(system))[0]["reasons"] == ["outcome_unknown"]


async def is_given_up(system: System) -> bool:
    """Nothing is tried any more."""
    rows = await notices(system)
    return all(row["status"] == "unknown" and row["look_again_at"] is None for row in rows)


async def test_a_receipt_after_a_lost_answer_tells_the_outcome(system: System, provider: Provider) -> None:
    provider.fault("drop_reply", count=1)
    async with at_work(system, provider):
        await tell(system, *a_citizen())
        await until(partial(are, system, "unknown"))
        notice_id = UUID(int=(await notices(system))[0]["id"].int)
        await tell_receipt(system, notice_id, NoticeStatus.DELIVERED)
        await until(partial(are, system, "delivered"))
        await asyncio.sleep(1.0)

    assert len(provider.stored()) == 1


async def test_no_transaction_is_open_while_the_provider_is_called(system: System, provider: Provider) -> None:
    provider.fault("slow", seconds=1.0)
    async with at_work(system, provider):
        await tell(system, *a_citizen())
        await until(partial(are, system, "sending"))
        await until(lambda: bool(provider.asked()))
        states = await system.rows("SELECT state FROM pg_stat_activity WHERE application_name = 'ilkim-notifier'")
        await until(partial(are, system, "accepted"))

    assert "idle in transaction" not in {row["state"] for row in states}


async def test_a_slow_send_is_not_taken_for_dead(system: System, provider: Provider) -> None:
    """Its lease is renewed as long as its sender lives."""
    provider.fault("slow", count=1, seconds=2.5)
    async with at_work(system, provider), at_work(system, provider):
        await tell(system, *a_citizen())
        await until(partial(are, system, "accepted"))

    assert len(provider.asked()) == 1


# Crashes


async def test_a_sender_killed_between_claim_and_send_costs_a_lease_and_nothing_else(
    system: System, provider: Provider
) -> None:
    dead = a_notifier(system, provider.url)
    dead._background.clear()  # claims are committed, and its senders are no more
    dead._on_stop.clear()  # nor does it end in good order
    async with running(dead):
        await tell(system, *a_citizen())
        await until(partial(are, system, "sending"))
    assert provider.asked() == []
    async with at_work(system, provider), at_work(system, provider):
        await until(partial(are, system, "accepted"))
        await asyncio.sleep(0.5)

    assert len(provider.stored()) == 1


async def test_a_notifier_that_is_ended_gives_back_what_it_has_not_sent(system: System, provider: Provider) -> None:
    ended = a_notifier(system, provider.url)
    ended._background.clear()  # letters are handed in, and no sender takes them
    async with running(ended):
        await tell(system, *a_citizen())
        await until(partial(are, system, "sending"))

    assert await statuses(system) == ["waiting"]
    async with at_work(system, provider):
        await until(partial(are, system, "accepted"))
    assert len(provider.stored()) == 1


async def test_a_sender_killed_between_send_and_record_never_sends_again(
    system: System, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(post_office.PostOffice, "_record", die)
        patched.setattr(post_office, "LET_GO_SECONDS", 0.1)
        async with at_work(system, provider):
            await tell(system, *a_citizen())
            await until(lambda: len(provider.stored()) == 1)
            await asyncio.sleep(0.1)
    assert await are(system, "sending")
    async with at_work(system, provider), at_work(system, provider):
        await until(partial(are, system, "unknown"))
        await asyncio.sleep(1.0)

    assert len(provider.stored()) == 1
    assert (await deliveries(system))[0]["error"] == "sender_died"


async def test_a_reply_is_not_sent_when_its_claim_is_rolled_back(
    system: System, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail = iter([True])

    add = store.add_notices

    async def add_then_fail(*rest: Any) -> set[UUID]:
        added = await add(*rest)
        if next(fail, False):
            raise ZeroDivisionError
        return added

    monkeypatch.setattr(store, "add_notices", add_then_fail)
    async with at_work(system, provider):
        await tell(system, *a_citizen())
        await until(partial(are, system, "accepted"))

    assert len(provider.asked()) == 1


# Receipts


async def tell_receipt(system: System, reference: UUID, *reported: NoticeStatus, error: str | None = None) -> None:
    reports = [
        a_delivery_report(reference=reference, status=status, provider_id="wamid.x", error=error) for status in reported
    ]
    await system.tell(NOTIFIER, "receipts", *reports)


@pytest.mark.parametrize(
    ("reported", "status"),
    [
        (["sent", "delivered", "read"], "read"),
        (["read", "delivered", "sent"], "read"),
        (["delivered", "delivered", "sent", "sent"], "delivered"),
        (["failed", "delivered"], "delivered"),
        (["sent", "failed", "sent"], "failed"),
        (["sending", "waiting", "unknown"], "accepted"),
    ],
)
async def test_receipts_only_move_upward_however_they_come(
    system: System, provider: Provider, monkeypatch: pytest.MonkeyPatch, reported: list[str], status: str
) -> None:
    only_whatsapp = Ladder(channel=Channel.WHATSAPP, rungs=(Rung.WHATSAPP,))
    rule_with(monkeypatch, ladders=(only_whatsapp,))
    async with at_work(system, provider):
        await tell(system, *a_citizen())
        await until(partial(are, system, "accepted"))
        notice_id = UUID(int=(await notices(system))[0]["id"].int)
        for word in reported:
            await tell_receipt(system, notice_id, NoticeStatus(word))
        await until(partial(are, system, status))
        await tell_receipt(system, notice_id, *map(NoticeStatus, reported))
        await until(partial(receipts_are_taken, system, 2 * len(reported)))

    assert await are(system, status)
    facts = [fact["status"] for fact in await recorded(system)]
    assert len(facts) == len(set(facts))


async def receipts_are_taken(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) FROM inbox WHERE consumer = 'notifier-receipts'") >= count)


async def test_a_receipt_may_come_before_the_provider_s_answer(system: System, provider: Provider) -> None:
    provider.fault("slow", seconds=0.8)
    async with at_work(system, provider):
        await tell(system, *a_citizen())
        await until(partial(are, system, "sending"))
        notice_id = UUID(int=(await notices(system))[0]["id"].int)
        await tell_receipt(system, notice_id, NoticeStatus.DELIVERED)
        await until(partial(are, system, "delivered"))
        await until(lambda: bool(provider.stored()))
        await asyncio.sleep(1.2)

    assert await are(system, "delivered")
    assert len(provider.stored()) == 1


async def test_a_receipt_for_a_reply_nobody_knows_is_passed_over(system: System, provider: Provider) -> None:
    async with at_work(system, provider):
        await tell_receipt(system, an_id(), NoticeStatus.READ)
        await tell(system, *a_citizen())
        await until(partial(are, system, "accepted"))
        await until(partial(receipts_are_taken, system, 1))

    assert await system.value("SELECT count(*) FROM dead_letter") == 0


async def test_a_reply_that_waited_a_day_is_not_sent_any_more(system: System, provider: Provider) -> None:
    provider.fault("131056")
    async with at_work(system, provider):
        await tell(system, *a_citizen())
        await until(partial(are, system, "waiting"))
        await system.pool.execute("UPDATE notice SET expires_at = now() - interval '1 hour'")
        await until(partial(are, system, "expired"))

    assert (await recorded(system))[-1]["status"] == "expired"


async def test_replies_of_one_citizen_stay_in_order(system: System, provider: Provider) -> None:
    provider.fault("slow", count=1, seconds=0.6)
    cases = [CaseNumber(case_id=an_id(), number=f"111-222-{number:03}") for number in range(5)]
    address, first = a_citizen(cases=(cases[0],))
    others = [a_contact_registered(person_id=first.person_id, cases=(case,)) for case in cases[1:]]
    async with at_work(system, provider):
        await tell(system, address, first, *others)
        await until(partial(are, system, *["accepted"] * 5))

    numbers = [case.number for case in cases]
    assert [next(n for n in numbers if n in entry.text) for entry in provider.asked()] == numbers


async def test_a_notifier_whose_provider_is_away_is_ready_all_the_same(system: System) -> None:
    service = built(notifier, system)
    async with running(service):
        await until(service.broker_is_there)
        assert service.is_whole()
