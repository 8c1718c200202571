"""Calls: who calls and what they asked before is told while it rings; who was missed is called back, once."""

from datetime import timedelta
from typing import Any

import pytest

from services.intake import channels
from services.intake.channels import Adapter, FailedAddress, Reading
from services.intake.handlers import parking
from shared.contracts import CallReported, CallState, Channel, Sender, TaskDecision, WebhookReceived, unpack
from shared.messaging.topology import DESK, INTAKE
from tests.builders import AT, PHONE, a_call, a_message, a_settled_task, a_webhook
from tests.harness import System, until
from tests.intake.test_worker import VAULT, count, has, told

CALLS: dict[bytes, Reading] = {}


@pytest.fixture(autouse=True)
def exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exchange whose payload is only the name of what it tells."""
    CALLS.clear()
    adapters = dict(channels.ADAPTERS) | {
        "exchange": Adapter(Channel.PHONE, lambda payload: CALLS[payload.body]),
        "mailbox": Adapter(Channel.EMAIL, lambda payload: CALLS[payload.body]),
    }
    monkeypatch.setattr(parking, "ADAPTERS", adapters)


def a_payload(reading: Reading, provider: str = "exchange", channel: Channel = Channel.PHONE) -> WebhookReceived:
    name = f"payload {len(CALLS)}".encode()
    CALLS[name] = reading
    return a_webhook(name, provider=provider, channel=channel)


async def ring(system: System, *calls: CallReported) -> None:
    await system.tell(INTAKE, "urgent", a_payload(Reading(calls=calls)))


async def reported(system: System, calls: int = 1) -> list[dict[str, Any]]:
    async def there() -> bool:
        return len(await told(system, "call.reported.v1")) >= calls

    await until(there)
    return await told(system, "call.reported.v1")


async def test_a_call_brings_the_cases_of_its_number_on_every_channel(at_work: System) -> None:
    await at_work.tell(
        INTAKE,
        "routine",
        a_message(text="Çukur var"),
        a_message(channel=Channel.WHATSAPP, text="Lamba yanmıyor", occurred_at=AT + timedelta(days=1)),
        a_message(channel=Channel.SMS, sender=Sender(address="0532 111 22 33"), occurred_at=AT + timedelta(days=2)),
        a_message(sender=Sender(address="+905000000001")),
    )
    await has(at_work, "case_file", 4)
    await ring(at_work, a_call(address="05321112233"))
    [call] = await reported(at_work)

    assert [case["channel"] for case in call["history"]] == ["sms", "whatsapp", "phone"]
    assert all(case["is_open"] for case in call["history"])
    assert call["address"] == PHONE
    assert call["person_id"] == str(VAULT.pseudonym(Channel.PHONE, "main", PHONE))
    assert await count(at_work, "contact") == 4


async def test_who_hides_the_number_has_no_history_and_is_not_called_back(at_work: System) -> None:
    await ring(at_work, a_call(address=None, state=CallState.MISSED))
    [call] = await reported(at_work)

    assert "person_id" not in call
    assert await count(at_work, "call_back") == 0


async def test_a_caller_who_was_missed_is_on_the_list_once_until_called_back(at_work: System) -> None:
    missed = [a_call(state=CallState.MISSED, occurred_at=AT + timedelta(minutes=minutes)) for minutes in range(4)]
    await ring(at_work, *missed[:2])
    await ring(at_work, missed[2])
    await reported(at_work, 3)
    [task] = await told(at_work, "task.requested.v1")
    assert (task["kind"], task["address"], task["reason"]) == ("call_back", PHONE, "missed_call")
    done = a_settled_task(task_id=task["id"], source="intake", decision=TaskDecision.DONE)
    await at_work.tell(DESK, "settled.intake", done)
    await until(lambda: nobody_waits(at_work))
    await ring(at_work, missed[3])
    await reported(at_work, 4)

    assert len(await told(at_work, "task.requested.v1")) == 2


async def nobody_waits(system: System) -> bool:
    return bool(await system.value("SELECT bool_and(settled_at IS NOT NULL) FROM call_back"))


async def test_a_bounce_tells_the_notifier_who_is_not_reached_and_for_how_long(at_work: System) -> None:
    mine = Sender(address="ayse@example.org")
    await at_work.tell(INTAKE, "routine", a_message(channel=Channel.EMAIL, sender=mine))
    await has(at_work, "contact", 1)
    failed = (
        FailedAddress("AYSE@example.org", "5.1.1", is_permanent=True),
        FailedAddress("nobody@example.org", "5.1.1", is_permanent=True),
    )
    payload = a_payload(Reading(failed_addresses=failed), "mailbox", Channel.EMAIL)
    await at_work.tell(INTAKE, "routine", payload)
    [event] = unpack(await at_work.take("notifier.receipts"))

    assert event["type"] == "address.failed.v1"
    assert event["person_id"] == str(VAULT.pseudonym(Channel.EMAIL, "main", "ayse@example.org"))
    assert event["until"].startswith((AT + timedelta(days=180)).date().isoformat())
