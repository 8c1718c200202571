"""The ladder on real servers: WhatsApp's simulator, two SMS providers', the desk's queue, and a clock that is ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from services.notifier.app import notifier
from shared.contracts import (
    Channel,
    ContactRegistered,
    Effect,
    Message,
    NoticeStatus,
    Purpose,
    ReplyRequested,
    TaskDecision,
    TaskRequested,
)
from shared.messaging.topology import DESK, EVENTS, NOTIFIER, reply_queue
from shared.municipality.delivery import Quiet, Rung
from simulators.faults import Fault
from simulators.outside.app import Outside
from simulators.outside.memory import Message as Sent
from simulators.outside.settings import Settings
from tests.builders import (
    PHONE,
    a_case_closed,
    a_contact_registered,
    a_delivery_report,
    a_settled_task,
    an_address_failed,
    an_address_recorded,
    an_opt_out,
)
from tests.harness import System, built, running, until
from tests.notifier.conftest import Provider, deliveries, notices, quick, rule_with, statuses, tell
from tests.outside import CREDENTIALS, url_variables

MAIL = "ayse@example.org"


@dataclass
class Sms:
    """Both SMS providers, as they were asked."""

    outside: Outside
    url: str

    def sent(self, name: str = "") -> list[Sent]:
        names = (name,) if name else ("netgsm", "verimor")
        return [row for one in names for row in self.outside.world.memory.find(one) if row.status != "refused"]

    def refused(self, name: str) -> list[Sent]:
        return [row for row in self.outside.world.memory.find(name) if row.status == "refused"]

    def fault(self, name: str, kind: str, count: int | None = None) -> None:
        self.outside.providers[name].faults.add(Fault(kind, 0.0), count)


@pytest.fixture
async def sms() -> AsyncIterator[Sms]:
    outside = Outside(Settings(secrets=CREDENTIALS, receipts=()))
    async with TestServer(outside.application()) as server:
        yield Sms(outside, str(server.make_url("")).rstrip("/"))


@asynccontextmanager
async def at_work(system: System, provider: Provider, sms: Sms | None = None) -> AsyncIterator[None]:
    """The notifier with WhatsApp, and with both SMS providers where a test has them."""
    variables = {"WHATSAPP_API_URL": provider.url, "ILKIM_PUBLIC_URL": "https://ilkim.example.org"}
    if sms is not None:
        wanted = ("NETGSM", "VERIMOR")
        variables |= {
            name: value
            for name, value in (CREDENTIALS | url_variables(sms.url)).items()
            if name.startswith(wanted) and name != "VERIMOR_WEBHOOK_KEY"
        }
    async with running(built(notifier, system, **variables)):
        yield


def a_citizen(
    channel: Channel = Channel.WHATSAPP, address: str = PHONE, provider: str | None = "whatsapp", **changed: Any
) -> tuple[Message, ContactRegistered]:
    contact = a_contact_registered(channel=channel, provider=provider, **{"occurred_at": datetime.now(UTC), **changed})
    recorded = an_address_recorded(
        person_id=contact.person_id, channel=channel, provider=provider, address=address, account=contact.account
    )
    return recorded, contact


async def tell_outcome(system: System, contact: ContactRegistered, **more: Any) -> None:
    case = contact.cases[0]
    event = a_case_closed(case_id=case.case_id, number=case.number, **more)
    await system.tell(EVENTS, "router.told.routine", event)


async def are(system: System, *expected: str) -> bool:
    return sorted(await statuses(system)) == sorted(expected)


async def task(system: System) -> TaskRequested:
    return TaskRequested.read(await system.take("desk.tasks"))


# Windows


@pytest.mark.parametrize(
    ("ago", "is_template"),
    [(timedelta(hours=23, minutes=59), False), (timedelta(hours=24, seconds=1), True)],
)
async def test_within_24_hours_a_text_goes_and_after_them_an_approved_one(
    system: System, provider: Provider, ago: timedelta, is_template: bool
) -> None:
    async with at_work(system, provider):
        await tell(system, *a_citizen(last_message_at=datetime.now(UTC) - ago))
        await until(partial(are, system, "accepted"))

    [entry] = provider.asked()
    assert ("ilkim_basvuru_alindi" in entry.text) is is_template
    assert "482-715-936" in entry.text


async def test_a_citizen_who_writes_again_opens_the_window_again(system: System, provider: Provider) -> None:
    address, first = a_citizen(last_message_at=datetime.now(UTC) - timedelta(hours=30))
    again = a_contact_registered(
        person_id=first.person_id, provider="whatsapp", effect=Effect.NONE, cases=(), occurred_at=datetime.now(UTC)
    )
    async with at_work(system, provider):
        await tell(system, address, first)
        await until(partial(are, system, "accepted"))
        await tell(system, again)
        await asyncio.sleep(0.3)
        await tell_outcome(system, first)
        await until(partial(are, system, "accepted", "accepted"))

    assert "ilkim_" not in provider.asked()[1].text


async def test_a_window_that_closed_unseen_is_followed_by_the_approved_text(system: System, provider: Provider) -> None:
    provider.fault("131047", count=1)
    async with at_work(system, provider):
        await tell(system, *a_citizen())
        await until(partial(are, system, "accepted"))

    assert [entry.error_code for entry in provider.asked()] == [131047, None]
    assert [row["rung"] for row in await deliveries(system)] == [Rung.WHATSAPP, Rung.WHATSAPP_TEMPLATE]


# Dead numbers


async def test_a_dead_number_is_sent_an_sms_and_then_left_alone_by_whatsapp(
    system: System, provider: Provider, sms: Sms
) -> None:
    provider.fault("131026")
    address, contact = a_citizen()
    async with at_work(system, provider, sms):
        await tell(system, address, contact)
        await until(partial(are, system, "accepted"))
        asked = len(provider.asked())
        await tell_outcome(system, contact)
        await until(partial(are, system, "accepted", "accepted"))

    assert [row.citizen.removeprefix("+") for row in sms.sent()] == [PHONE.removeprefix("+")] * 2
    assert len(provider.asked()) == asked
    assert "whatsapp: address_failed" in (await notices(system))[1]["reasons"] + (await notices(system))[0]["reasons"]


async def test_a_failure_told_by_a_receipt_is_followed_by_the_next_way(
    system: System, provider: Provider, sms: Sms
) -> None:
    async with at_work(system, provider, sms):
        await tell(system, *a_citizen())
        await until(partial(are, system, "accepted"))
        [first] = await deliveries(system)
        report = a_delivery_report(reference=first["id"], status=NoticeStatus.FAILED, error="131026")
        await system.tell(NOTIFIER, "receipts", report)
        await until(lambda: bool(sms.sent()))
        await until(partial(are, system, "accepted"))

    assert "482-715-936" in sms.sent()[0].text


async def test_an_outcome_that_cannot_be_written_is_called_and_the_call_settles_it(
    system: System, provider: Provider
) -> None:
    address, contact = a_citizen()
    async with at_work(system, provider):
        await tell(system, address, contact)
        await until(partial(are, system, "accepted"))
        provider.fault("131026")
        await tell_outcome(system, contact, answer="Konteyner boşaltıldı.")
        asked = await task(system)
        await until(partial(are, system, "accepted", "handed_over"))
        settled = a_settled_task(task_id=asked.id)
        await system.tell(DESK, "settled.notifier", settled, settled)
        await until(partial(are, system, "accepted", "delivered"))

    assert (asked.kind, asked.source, asked.address, asked.number) == ("call", "notifier", PHONE, "482-715-936")
    assert "Konteyner boşaltıldı." in asked.text
    assert "whatsapp_template" not in asked.text
    told = [event for event in await system.told() if event["type"] == "notice.recorded.v1"]
    assert [fact["status"] for fact in told][-2:] == ["handed_over", "delivered"]


async def test_a_person_may_have_it_tried_again(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    async with at_work(system, provider):
        await tell(system, address, contact)
        await until(partial(are, system, "accepted"))
        provider.fault("131047", count=2)
        await tell_outcome(system, contact)
        asked = await task(system)
        await until(partial(are, system, "accepted", "handed_over"))
        retry = a_settled_task(task_id=asked.id, decision=TaskDecision.RETRY)
        await system.tell(DESK, "settled.notifier", retry)
        await until(partial(are, system, "accepted", "accepted"))

    assert {row["round"] for row in await deliveries(system)} == {1, 2}


async def test_a_person_may_give_it_up(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    async with at_work(system, provider):
        await tell(system, address, contact)
        await until(partial(are, system, "accepted"))
        provider.fault("131047", count=2)
        await tell_outcome(system, contact)
        asked = await task(system)
        await until(partial(are, system, "accepted", "handed_over"))
        given_up = a_settled_task(task_id=asked.id, decision=TaskDecision.DISCARD)
        await system.tell(DESK, "settled.notifier", given_up)
        await until(partial(are, system, "accepted", "failed"))


async def test_an_outcome_nobody_knows_is_given_to_a_person_who_sees_that(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    async with at_work(system, provider):
        await tell(system, address, contact)
        await until(partial(are, system, "accepted"))
        provider.fault("drop_reply")
        await tell_outcome(system, contact)
        asked = await task(system)

    assert (asked.kind, asked.reason) == ("undelivered", "outcome_unknown")
    assert len(provider.stored()) == 2


# Wishes and hours


async def test_who_opted_out_is_told_the_outcome_and_nothing_else(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    no_more = [an_opt_out(person_id=contact.person_id, channel=one) for one in (Channel.WHATSAPP, Channel.SMS)]
    async with at_work(system, provider):
        await system.tell(NOTIFIER, "receipts", *no_more)
        await until(partial(obstacles_are, system, 2))
        await tell(system, address, contact)
        await until(partial(are, system, "opted_out"))
        await tell_outcome(system, contact)
        await until(partial(are, system, "opted_out", "accepted"))

    assert len(provider.asked()) == 1


async def test_who_opts_in_again_is_told_again(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    moment = datetime.now(UTC)
    out = an_opt_out(person_id=contact.person_id, channel=Channel.WHATSAPP, occurred_at=moment)
    back = an_opt_out(
        person_id=contact.person_id,
        channel=Channel.WHATSAPP,
        opted_out=False,
        occurred_at=moment + timedelta(microseconds=1),
    )
    async with at_work(system, provider):
        await system.tell(NOTIFIER, "receipts", back, out)  # in whatever order they come
        await until(partial(obstacles_are, system, 1))
        await tell(system, address, contact)
        await until(partial(are, system, "accepted"))


async def obstacles_are(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) FROM obstacle") == count)


async def test_an_address_that_bounced_is_left_alone_until_the_citizen_writes_from_it(
    system: System, provider: Provider, sms: Sms
) -> None:
    address, contact = a_citizen()
    until_later = datetime.now(UTC) + timedelta(days=30)
    failed = an_address_failed(person_id=contact.person_id, channel=Channel.WHATSAPP, until=until_later)
    async with at_work(system, provider, sms):
        await tell(system, address, contact)
        await until(partial(are, system, "accepted"))
        await system.tell(NOTIFIER, "receipts", failed)
        await until(partial(obstacles_are, system, 1))
        await tell_outcome(system, contact)
        await until(partial(are, system, "accepted", "accepted"))
        assert len(sms.sent()) == 1
        await tell(system, a_contact_registered(person_id=contact.person_id, effect=Effect.JOINED))
        await until(partial(are, system, *["accepted"] * 3))

    assert len(provider.asked()) == 2


async def test_an_sms_at_night_waits_for_the_morning(
    system: System, provider: Provider, sms: Sms, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = datetime.now(quick().zone)
    night = Quiet(
        start=(local - timedelta(minutes=10)).time(),
        end=(local + timedelta(minutes=10)).time(),
        rungs=(Rung.SMS, Rung.CALL),
        at_once=("receipt",),
        at_once_minutes=15,
    )
    rule_with(monkeypatch, quiet=night)
    address, contact = a_citizen(Channel.SMS, provider="netgsm")
    async with at_work(system, provider, sms):
        await tell(system, address, contact)
        await until(partial(are, system, "accepted"))
        await tell_outcome(system, contact)
        await until(partial(are, system, "accepted", "waiting"))
        [waiting] = [row for row in await notices(system) if row["status"] == "waiting"]
        assert len(sms.sent()) == 1

    assert waiting["look_again_at"].astimezone(quick().zone).time() == night.end
    assert waiting["reasons"] == ["sms: quiet_hours"]
    rule_with(monkeypatch, quiet=night.model_copy(update={"start": time(3, 0), "end": time(3, 1)}))
    await system.pool.execute("UPDATE notice SET look_again_at = now() WHERE status = 'waiting'")
    async with at_work(system, provider, sms):
        await until(partial(are, system, "accepted", "accepted"))
    assert len(sms.sent()) == 2


async def test_a_machine_that_answers_every_receipt_gets_no_more_of_them(
    system: System, provider: Provider, sms: Sms
) -> None:
    address, contact = a_citizen(Channel.SMS, provider="netgsm")
    more = [
        a_contact_registered(person_id=contact.person_id, channel=Channel.SMS, provider="netgsm", effect=Effect.JOINED)
        for _ in range(7)
    ]
    async with at_work(system, provider, sms):
        await tell(system, address, contact)
        await until(partial(are, system, "accepted"))
        for count, one in enumerate(more, 2):
            await tell(system, one)
            await until(partial(counted, system, count))
        await until(partial(are, system, *["accepted"] * 5, *["failed"] * 3))

    assert len(sms.sent()) == 5


async def counted(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) FROM notice") == count)


@pytest.mark.parametrize(
    "changed",
    [{"purpose": Purpose.AUTOMATIC, "effect": Effect.JOINED}, {"effect": Effect.HELD, "cases": ()}],
)
async def test_a_machine_and_what_is_held_are_not_answered(
    system: System, provider: Provider, changed: dict[str, Any]
) -> None:
    _, other = a_citizen()
    async with at_work(system, provider):
        await tell(system, *a_citizen(**changed))
        await tell(system, an_address_recorded(person_id=other.person_id, address="+905320000001"), other)
        await until(partial(are, system, "accepted"))

    assert [entry.number for entry in provider.asked()] == ["905320000001"]


# Pace


async def test_one_recipient_gets_one_message_in_the_time_the_provider_asks_for(
    system: System, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_with(monkeypatch, providers=tuple(_paced(one, 1.0) for one in quick().delivery.providers))
    address, first = a_citizen()
    others = [a_contact_registered(person_id=first.person_id, provider="whatsapp") for _ in range(2)]
    stranger = a_citizen(address="+905320000002")
    async with at_work(system, provider), at_work(system, provider):
        await tell(system, address, first, *others, *stranger)
        await until(partial(are, system, *["accepted"] * 4))

    times = [entry.time for entry in provider.asked(PHONE)]
    assert all(later - earlier >= 0.7 for earlier, later in pairwise(times))
    assert provider.asked("+905320000002")[0].time < times[1]


def _paced(one: Any, seconds: float) -> Any:
    return one.model_copy(update={"pair_seconds": seconds})


async def test_a_line_sends_no_more_a_second_than_its_provider_allows_however_many_replicas_there_are(
    system: System, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowly = tuple(one.model_copy(update={"per_second": 20}) for one in quick().delivery.providers)
    rule_with(monkeypatch, providers=slowly)
    people = [a_citizen(address=f"+90532000{number:04}") for number in range(40)]
    async with at_work(system, provider), at_work(system, provider):
        for person in people:
            await tell(system, *person)
        await until(partial(are, system, *["accepted"] * 40))

    times = sorted(entry.time for entry in provider.asked())
    assert times[-1] - times[0] >= 40 / 20 - 0.6
    assert max(sum(begin <= at < begin + 1 for at in times) for begin in times) <= 20 + 10


# Two providers


async def test_when_one_sms_provider_cannot_the_other_sends_at_once(
    system: System, provider: Provider, sms: Sms
) -> None:
    sms.fault("netgsm", "code_80")
    people = [a_citizen(Channel.SMS, f"+90532000{number:04}", "netgsm") for number in range(12)]
    async with at_work(system, provider, sms):
        for person in people:
            await tell(system, *person)
        await until(partial(are, system, *["accepted"] * 12))

    assert len(sms.sent("verimor")) == 12
    assert len({row.citizen for row in sms.sent()}) == 12
    rows = await deliveries(system)
    assert {row["provider"] for row in rows if row["status"] == "accepted"} == {"verimor"}


async def test_after_an_unknown_outcome_the_other_provider_is_not_asked(
    system: System, provider: Provider, sms: Sms
) -> None:
    for name in ("netgsm", "verimor"):
        sms.fault(name, "drop_reply")
    async with at_work(system, provider, sms):
        await tell(system, *a_citizen(Channel.SMS, provider="netgsm"))
        await until(partial(are, system, "unknown"))
        await asyncio.sleep(1.0)

    assert len(sms.sent()) == 1


async def test_a_channel_that_is_down_holds_up_no_other(
    system: System, provider: Provider, sms: Sms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifier.office.lanes.LANE_MAX", 5)
    provider.fault("timeout", seconds=60.0)
    by_whatsapp = [a_citizen(address=f"+90532000{number:04}") for number in range(60)]
    async with at_work(system, provider, sms):
        for person in by_whatsapp:
            await tell(system, *person)
        await tell(system, *a_citizen(Channel.SMS, provider="netgsm"))
        await until(lambda: len(sms.sent()) == 1, 5.0)

    assert [row["status"] for row in await notices(system) if row["channel"] == "sms"] == ["accepted"]


# Receipts without our own id


async def test_a_receipt_by_the_provider_s_own_id_may_come_before_its_answer(
    system: System, provider: Provider, sms: Sms
) -> None:
    sms.fault("verimor", "code_INSUFFICIENT_CREDITS")
    async with at_work(system, provider, sms):
        await tell(system, *a_citizen(Channel.SMS, provider="netgsm"))
        await until(partial(are, system, "accepted"))
        [accepted] = [row for row in await deliveries(system) if row["status"] == "accepted"]
        early = {"channel": Channel.SMS, "provider": accepted["provider"], "reference": None}
        unknown = a_delivery_report(**early, provider_id="not-yet", status=NoticeStatus.DELIVERED)
        known = a_delivery_report(**early, provider_id=accepted["provider_id"], status=NoticeStatus.DELIVERED)
        await system.tell(NOTIFIER, "receipts", unknown, known)
        await until(partial(are, system, "delivered"))

    assert await system.value("SELECT provider_id FROM early_receipt") == "not-yet"


# Beside the tracking page


async def test_who_used_the_form_reads_on_the_page_and_hears_by_sms_that_there_is_news(
    system: System, provider: Provider, sms: Sms
) -> None:
    form, contact = a_citizen(Channel.WEB, "form-1", provider=None)
    told = an_address_recorded(person_id=contact.person_id, channel=Channel.SMS, address=PHONE, proven=False)
    async with at_work(system, provider, sms):
        await tell(system, form, told, contact)
        await until(partial(are, system, "accepted"))
        await tell_outcome(system, contact, answer="Konteyner boşaltıldı.")
        await until(partial(are, system, *["accepted"] * 3))
        replies = [ReplyRequested.read(body) for body in await system.take_all(reply_queue(Channel.WEB))]

    assert [reply.event for reply in replies] == ["receipt", "closed"]
    assert {reply.address for reply in replies} == {"form-1"}
    [news] = sms.sent()
    assert "482-715-936" in news.text
    assert "Konteyner" not in news.text


async def test_who_gave_no_other_address_than_the_form_hears_nothing_more(
    system: System, provider: Provider, sms: Sms
) -> None:
    form, contact = a_citizen(Channel.WEB, "form-1", provider=None)
    async with at_work(system, provider, sms):
        await tell(system, form, contact)
        await until(partial(are, system, "accepted"))
        await tell_outcome(system, contact)
        await until(partial(are, system, "accepted", "accepted"))

    assert sms.sent() == []


async def test_an_address_that_was_only_told_gets_no_word_of_the_case(
    system: System, provider: Provider, sms: Sms
) -> None:
    provider.fault("131026")
    address, contact = a_citizen(Channel.FACE_TO_FACE, "nobody", provider="desk")
    told = an_address_recorded(person_id=contact.person_id, channel=Channel.SMS, address=PHONE, proven=False)
    async with at_work(system, provider, sms):
        await tell(system, address, told, contact)
        await until(partial(are, system, "accepted"))
        await tell_outcome(system, contact, answer="Konteyner boşaltıldı.")
        await until(partial(are, system, "accepted", "accepted"))

    assert all("Konteyner" not in row.text and "482-715-936" in row.text for row in sms.sent())
    assert all(row["news_only"] for row in await deliveries(system))


async def test_a_notice_that_cannot_be_decided_stops_no_other(system: System, provider: Provider, sms: Sms) -> None:
    provider.fault("131056", count=2)
    people = [a_citizen(), a_citizen(address="+905320000003")]
    async with at_work(system, provider):
        for person in people:
            await tell(system, *person)
        await until(partial(are, system, "accepted", "accepted"))
    broken, whole = (row["id"] for row in await notices(system))
    await system.pool.execute("UPDATE delivery SET status = 'failed'")
    await system.pool.execute("UPDATE notice SET status = 'waiting', look_again_at = now()")
    await system.pool.execute('UPDATE notice SET words = \'{"nonsense": "x"}\' WHERE id = $1', broken)
    provider.fault("131026")  # so that it must be said anew, for SMS
    async with at_work(system, provider, sms):
        await until(partial(are, system, "accepted", "waiting"))

    assert [row["reasons"][-1] for row in await notices(system) if row["id"] == broken] == ["undecided"]
    assert await system.value("SELECT status FROM notice WHERE id = $1", whole) == "accepted"
