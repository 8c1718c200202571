"""The intake worker: every contact once, its cases once, its address in the vault and nowhere else."""

import asyncio
import json
import uuid
from typing import Any
from uuid import UUID

import aiohttp

from services.intake.app import worker
from shared.contracts import (
    AddressRecorded,
    Channel,
    ContactJoined,
    ContactRegistered,
    DeliveryReported,
    MessageReceived,
    Place,
    Purpose,
    Sender,
    unpack,
)
from shared.messaging.topology import INTAKE, REPLIES, reply_queue
from shared.vault import Vault
from simulators.whatsapp.payloads import Account, CitizenMessage, MessageStatus, message_webhook, sign, status_webhook
from tests.builders import AT, PHONE, a_delivery_report, a_message, a_reply_requested, a_webhook
from tests.harness import APP_SECRET, System, built, running, until

KEY_BYTES = bytes(range(32))
VAULT = Vault(KEY_BYTES, KEY_BYTES)


def a_citizen_message(number: int = 0, **changed: Any) -> CitizenMessage:
    default = {"sender": f"90532111{number:04}", "id": f"wamid.{uuid.uuid4().hex}", "timestamp": int(AT.timestamp())}
    return CitizenMessage(**{**default, "text": f"Çukur var, {number}. kez", "name": "Ayşe Yılmaz", **changed})


async def tell_webhook(system: System, body: bytes) -> None:
    await system.tell(INTAKE, "routine", a_webhook(body))


async def count(system: System, table: str) -> int:
    return int(await system.value(f"SELECT count(*) FROM {table}"))


async def has(system: System, table: str, rows: int) -> None:
    async def holds() -> bool:
        return await count(system, table) >= rows

    await until(holds)


async def told(system: System, kind: str) -> list[dict[str, Any]]:
    """The events of one kind, those that were told to several counted once."""
    events = {event["id"]: event for event in await system.told() if event["type"] == kind}
    return list(events.values())


async def the_number(system: System, contacts: int = 1) -> str:
    await has(system, "contact", contacts)
    return str(await system.value("SELECT number FROM case_file ORDER BY opened_at DESC, id DESC LIMIT 1"))


async def test_a_message_becomes_one_contact_and_one_case(at_work: System) -> None:
    message = a_message(place=Place(street="Cumhuriyet Caddesi"))
    await at_work.tell(INTAKE, "routine", message)
    number = await the_number(at_work)

    [opened] = await told(at_work, "case.opened.v1")
    [registered] = await told(at_work, "contact.registered.v1")
    assert opened["number"] == number
    assert opened["text"] == message.text
    assert opened["place"] == {"street": "Cumhuriyet Caddesi"}
    assert registered["effect"] == "opened"
    assert registered["cases"] == [{"case_id": opened["case_id"], "number": number}]
    assert opened["person_id"] == registered["person_id"] == str(VAULT.pseudonym(Channel.PHONE, "main", PHONE))


async def test_the_raw_message_is_kept_byte_by_byte_and_sealed(at_work: System) -> None:
    body = message_webhook(Account(), [a_citizen_message(text="x" * 1_000_000)])
    await tell_webhook(at_work, body)
    await has(at_work, "contact", 1)

    row = (await at_work.rows("SELECT id, sealed FROM raw_message"))[0]
    assert VAULT.open(row["sealed"], UUID(int=row["id"].int)) == body
    assert b"Ay" not in row["sealed"][:100]
    [opened] = await told(at_work, "case.opened.v1")
    assert len(opened["text"]) == 20_000


async def test_a_webhook_with_many_messages_makes_as_many_contacts(at_work: System) -> None:
    await tell_webhook(at_work, message_webhook(Account(), [a_citizen_message(number) for number in range(300)]))
    await has(at_work, "contact", 300)

    assert await count(at_work, "case_file") == 300
    assert len({row["number"] for row in await told(at_work, "case.opened.v1")}) == 300
    assert len(await told(at_work, "address.recorded.v1")) == 300
    assert await count(at_work, "raw_message") == 1


async def test_the_same_webhook_thirty_two_times_at_once_is_one_contact_and_one_case(
    at_work: System, edge_url: str
) -> None:
    body = message_webhook(Account(), [a_citizen_message()])
    headers = {"X-Hub-Signature-256": sign(body, APP_SECRET), "Content-Type": "application/json"}

    async def post(client: aiohttp.ClientSession) -> int:
        async with client.post(edge_url + "/webhooks/whatsapp", data=body, headers=headers) as answer:
            return answer.status

    async with running(built(worker, at_work)), aiohttp.ClientSession() as client:
        statuses = await asyncio.gather(*(post(client) for _ in range(32)))
        assert set(statuses) == {200}
        await has(at_work, "raw_message", 32)

    assert await count(at_work, "contact") == 1
    assert await count(at_work, "case_file") == 1
    assert len(await told(at_work, "case.opened.v1")) == 1
    assert len([event for event in await at_work.told() if event["type"] == "case.opened.v1"]) == 1


async def test_the_same_provider_id_is_another_contact_on_another_account(at_work: System) -> None:
    await at_work.tell(
        INTAKE,
        "routine",
        a_message(provider_id="7", account="main"),
        a_message(provider_id="7", account="second"),
        a_message(provider_id="7", account="main", channel=Channel.SMS),
        a_message(provider_id="7", account="main"),
    )
    await has(at_work, "contact", 3)
    await has(at_work, "raw_message", 4)

    assert await count(at_work, "contact") == 3


async def test_statuses_make_no_case_and_go_to_the_notifier(at_work: System) -> None:
    steps = [MessageStatus(f"wamid.{step}", "delivered", "905321112233", 1_700_000_000) for step in range(5)]
    await tell_webhook(at_work, status_webhook(Account(), steps))
    receipts = unpack(await at_work.take("notifier.receipts"))

    assert [DeliveryReported.model_validate(receipt).provider_id for receipt in receipts] == [s.wamid for s in steps]
    assert await count(at_work, "contact") == 0
    assert await count(at_work, "raw_message") == 1


async def test_a_channel_s_own_receipt_goes_to_the_notifier(at_work: System) -> None:
    report = a_delivery_report(channel=Channel.SMS)
    await at_work.tell(INTAKE, "routine", report)

    assert unpack(await at_work.take("notifier.receipts"))[0]["id"] == str(report.id)


async def test_several_requests_in_one_contact_are_several_cases(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_message(requests=("Çöp alınmadı", "Lamba yanmıyor", "Su kesik")))
    await has(at_work, "case_file", 3)

    opened = await told(at_work, "case.opened.v1")
    assert [event["text"] for event in opened] == ["Çöp alınmadı", "Lamba yanmıyor", "Su kesik"]
    [registered] = await told(at_work, "contact.registered.v1")
    assert len(registered["cases"]) == 3


async def test_what_asks_for_nothing_is_a_contact_without_a_case(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_message(purpose=Purpose.THANKS), a_message(purpose=Purpose.INFORMATION))
    await has(at_work, "contact", 2)

    assert await count(at_work, "case_file") == 0
    assert {event["effect"] for event in await told(at_work, "contact.registered.v1")} == {"none"}


async def test_danger_is_told_in_the_urgent_lane_with_the_number_to_call(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_message(text="Binada yangın var, acil yardım edin"))
    await has(at_work, "contact", 1)

    [registered] = await told(at_work, "contact.registered.v1")
    assert (registered["lane"], registered["emergency_number"]) == ("urgent", "112")


# Follow-ups


async def test_who_quotes_their_own_number_joins_their_case(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_message())
    number = await the_number(at_work)
    await at_work.tell(INTAKE, "routine", a_message(text=f"{number} ne oldu? {number.replace('-', ' ')} diyorum"))
    await has(at_work, "contact", 2)

    assert await count(at_work, "case_file") == 1
    [joined] = await told(at_work, "contact.joined.v1")
    case_id = await at_work.value("SELECT id FROM case_file")
    assert ContactJoined.model_validate(joined).case_id == UUID(int=case_id.int)
    registered = [event for event in await told(at_work, "contact.registered.v1") if event["effect"] == "joined"]
    assert [case["number"] for case in registered[0]["cases"]] == [number]
    assert await count(at_work, "joined_case") == 1


async def test_a_point_that_comes_with_a_follow_up_goes_along(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_message())
    number = await the_number(at_work)
    await at_work.tell(INTAKE, "routine", a_message(text=number, place=Place(latitude=41.2867, longitude=36.33)))
    await has(at_work, "contact", 2)

    [joined] = await told(at_work, "contact.joined.v1")
    assert joined["place"] == {"latitude": 41.2867, "longitude": 36.33}


async def test_who_quotes_somebody_else_s_number_opens_a_case_of_their_own(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_message())
    number = await the_number(at_work)
    stranger = Sender(address="+905559998877")
    await at_work.tell(INTAKE, "routine", a_message(text=f"{number} numaralı başvuru", sender=stranger))
    await has(at_work, "contact", 2)

    assert await count(at_work, "case_file") == 2
    assert await told(at_work, "contact.joined.v1") == []


async def test_who_gives_no_address_joins_nothing(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_message(sender=Sender()))
    number = await the_number(at_work)
    await at_work.tell(INTAKE, "routine", a_message(text=number, sender=Sender()))
    await has(at_work, "contact", 2)

    assert await count(at_work, "case_file") == 2
    assert await told(at_work, "address.recorded.v1") == []


async def test_a_number_nobody_has_opens_a_case(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_message(text="111-111-111 ve 999 999 999 nolu"))
    await has(at_work, "contact", 1)

    assert await count(at_work, "case_file") == 1


# Privacy


async def test_an_address_or_a_name_stands_in_no_event_but_the_notifier_s(at_work: System) -> None:
    text = "Beni 0532 111 22 33 numarasından arayın ya da ayse@example.com yazın"
    await at_work.tell(INTAKE, "routine", a_message(text=text), a_message(channel=Channel.WEB, text=text))
    await tell_webhook(at_work, message_webhook(Account(), [a_citizen_message(2233, text=text)]))
    await has(at_work, "contact", 3)
    number = await the_number(at_work, 3)
    await at_work.tell(INTAKE, "routine", a_message(text=f"{number} {text}"))
    await has(at_work, "contact", 4)

    events = await at_work.told()
    assert any(event["type"] == "address.recorded.v1" for event in events)
    for event in events:
        if event["type"] != AddressRecorded.type_name():
            digits = "".join(filter(str.isdigit, json.dumps({k: v for k, v in event.items() if "id" not in k})))
            assert "5321112233" not in digits, event
            assert "Ayşe" not in json.dumps(event, ensure_ascii=False)
            assert "ayse@" not in json.dumps(event, ensure_ascii=False)


async def test_no_table_shows_an_address_or_a_name(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_message())
    await tell_webhook(at_work, message_webhook(Account(), [a_citizen_message(2233)]))
    await has(at_work, "contact", 2)

    tables = await at_work.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'intake'")
    for table in {row["name"] for row in tables} - {"outbox"}:
        shown = await at_work.value(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
        assert "5321112233" not in shown, table
        assert "Ayşe" not in shown, table


async def test_an_address_is_told_with_a_person_s_first_contact_only(at_work: System) -> None:
    for contacts in (1, 2):
        await at_work.tell(INTAKE, "routine", a_message())
        await has(at_work, "contact", contacts)

    [address] = await told(at_work, "address.recorded.v1")
    assert AddressRecorded.model_validate(address).address == PHONE


async def test_the_notifier_gets_the_address_before_the_contact(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_message())
    events = unpack(await at_work.take("notifier.contacts.routine"))

    assert [event["type"] for event in events] == ["address.recorded.v1", "contact.registered.v1"]
    assert ContactRegistered.model_validate(events[1]).person_id == AddressRecorded.model_validate(events[0]).person_id


# Bad input over AMQP


async def test_a_message_with_nul_and_half_letters_is_registered(at_work: System) -> None:
    body = json.loads(a_message().model_dump_json()) | {
        "text": "a\u0000b \ud83d çöp",
        "sender": {"address": PHONE, "name": "Ay\u0000\udc00şe"},
        "provider_id": "id\u0000\ud83d",
        "place": {"street": "Sok\u0000ak"},
    }
    await at_work.send(INTAKE, "routine", json.dumps(body).encode())
    await has(at_work, "contact", 1)

    assert await count(at_work, "case_file") == 1


async def test_a_webhook_with_nul_and_half_letters_is_registered(at_work: System) -> None:
    body = message_webhook(Account(), [a_citizen_message(text="a\0b \ud83d", name="N\0\udc00", id="wamid.\0\ud83d")])
    await tell_webhook(at_work, body)
    await has(at_work, "contact", 1)

    assert await count(at_work, "case_file") == 1


async def test_an_unknown_channel_or_wrong_types_are_shelved_and_the_next_is_registered(at_work: System) -> None:
    good = json.loads(a_message().model_dump_json())
    wrong: list[dict[str, Any]] = [
        good | {"channel": "pigeon"},
        good | {"text": 7},
        good | {"sender": "Ayşe"},
        good | {"account": "Main Line!"},
        good | {"provider_id": ""},
        good | {"occurred_at": "2026-01-01T00:00:00"},
        good | {"occurred_at": "9999-12-31T23:59:59Z"},
        good | {"requests": ["x"] * 11},
        good | {"place": {"latitude": 100}},
    ]
    for body in wrong:
        await at_work.send(INTAKE, "routine", json.dumps(body).encode())
    await at_work.send(INTAKE, "routine", json.dumps(good | {"colour": "red"}).encode())
    await has(at_work, "contact", 1)
    await has(at_work, "dead_letter", len(wrong))

    assert await count(at_work, "contact") == 1
    shelf = await at_work.rows("SELECT body FROM dead_letter")
    assert sorted(json.dumps(json.loads(row["body"])) for row in shelf) == sorted(json.dumps(body) for body in wrong)


async def test_a_reply_to_the_form_waits_on_its_page(at_work: System) -> None:
    reply = a_reply_requested(text="Alındı \ud83d\0".encode("utf-8", "replace").decode())
    await at_work.tell(REPLIES, reply_queue(Channel.WEB), reply, reply)
    await has(at_work, "web_reply", 1)

    assert await count(at_work, "web_reply") == 1


async def test_a_message_of_one_megabyte_is_one_case(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_message(text="çöp " * 250_000))
    await has(at_work, "contact", 1)

    [opened] = await told(at_work, "case.opened.v1")
    assert len(opened["text"]) == 20_000


async def test_a_thousand_messages_by_two_workers_are_a_thousand_contacts(at_work: System) -> None:
    messages = [a_message(sender=Sender(address=f"+9053211{number % 300:05}")) for number in range(1000)]
    async with running(built(worker, at_work)):
        for at in range(0, 1000, 40):
            part: list[MessageReceived] = messages[at : at + 40]
            await at_work.tell(INTAKE, "routine", *part, *part[:10])
        await has(at_work, "contact", 1000)

    assert await count(at_work, "contact") == await count(at_work, "case_file") == 1000
    assert await count(at_work, "contact_point") == 300
    assert len(await told(at_work, "address.recorded.v1")) == 300
    assert await count(at_work, "dead_letter") == await count(at_work, "retry") == 0
