"""Webhooks as providers send them, from a folder outside the project, through the real endpoint and worker."""

import asyncio
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from services.intake.channels import whatsapp
from simulators.whatsapp.payloads import sign
from tests.builders import a_webhook
from tests.harness import APP_SECRET, System, until

REAL = Path(os.environ.get("ILKIM_DATA", "/nonexistent")) / "webhook" / "whatsapp_cloud"

pytestmark = pytest.mark.skipif(not REAL.exists(), reason="ILKIM_DATA names no folder with real webhooks")


def webhooks() -> list[bytes]:
    return [file.read_bytes() for file in sorted(REAL.rglob("*.json"))]


async def test_each_is_accepted_and_read_whole(
    at_work: System, edge_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bodies = [_distinct(json.loads(body), number) for number, body in enumerate(webhooks())]
    readings = [whatsapp.read(a_webhook(body)) for body in bodies]
    messages = [message for reading in readings for message in reading.messages]

    statuses = await asyncio.gather(*(post(edge_url, body) for body in bodies))
    assert set(statuses) == {200}
    await until(lambda: count(at_work, "raw_message", len(bodies)), 60)
    await until(lambda: count(at_work, "inbound_message", len(messages)), 60)

    assert await at_work.value("SELECT count(*) FROM dead_letter") == 0
    assert await at_work.value("SELECT count(*) FROM retry") == 0
    assert await at_work.value("SELECT count(*) FROM inbound_message") == len(messages)
    kinds = Counter((message.kind, str(message.purpose)) for message in messages)
    receipts = Counter(str(receipt.status) for reading in readings for receipt in reading.receipts)
    calls = sum(len(reading.calls) for reading in readings)
    opened = await at_work.value("SELECT count(*) FROM case_file")
    with capsys.disabled():
        print(f"\n{len(bodies)} webhooks, {len(messages)} messages, {dict(receipts)}, {calls} calls, {opened} cases")
        print("\n".join(f"{kind} {purpose}: {number}" for (kind, purpose), number in sorted(kinds.items())))


async def test_each_as_it_is_with_ids_that_repeat_crashes_nothing(at_work: System, edge_url: str) -> None:
    bodies = webhooks()
    assert set(await asyncio.gather(*(post(edge_url, body) for body in bodies))) == {200}
    await until(lambda: count(at_work, "raw_message", len(bodies)), 60)

    assert await at_work.value("SELECT count(*) FROM dead_letter") == 0


async def test_those_with_nothing_but_statuses_and_news_of_the_account_open_no_case(
    at_work: System, edge_url: str
) -> None:
    quiet = [body for body in webhooks() if not _has_messages(json.loads(body))]
    assert quiet
    await asyncio.gather(*(post(edge_url, body) for body in quiet))
    await until(lambda: count(at_work, "raw_message", len(quiet)), 60)

    assert await at_work.value("SELECT count(*) FROM case_file") == 0


async def post(url: str, body: bytes) -> int:
    headers = {"X-Hub-Signature-256": sign(body, APP_SECRET), "Content-Type": "application/json"}
    hook = f"{url}/webhooks/whatsapp"
    async with aiohttp.ClientSession() as client, client.post(hook, data=body, headers=headers) as answer:
        return answer.status


async def count(system: System, table: str, rows: int) -> bool:
    return int(await system.value(f"SELECT count(*) FROM {table}")) >= rows


def _has_messages(value: dict[str, Any]) -> bool:
    changes = [change for entry in value.get("entry", []) for change in entry.get("changes", [])]
    return any(change.get("value", {}).get("messages") for change in changes)


def _distinct(value: dict[str, Any], number: int) -> bytes:
    """The samples share their ids; apart they are as many messages."""
    changes = [change for entry in value.get("entry", []) for change in entry.get("changes", [])]
    messages = [message for change in changes for message in change.get("value", {}).get("messages") or []]
    for at, message in enumerate(messages):
        message["id"] = f"{message['id']}.{number}.{at}"
    return json.dumps(value).encode()
