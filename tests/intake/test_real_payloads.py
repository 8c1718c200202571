"""Payloads of SMS providers and social networks from a folder outside the project, through endpoint and worker.

Below `webhook/` each folder is a provider's: files of JSON or of forms, or documents with JSON between fences.
"""

import asyncio
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from services.intake.app import edge
from services.intake.channels import ADAPTERS
from tests.builders import a_webhook
from tests.harness import System, built, serving, until
from tests.intake.kits import KITS
from tests.intake.kits.base import Posted

ROOT = Path(os.environ.get("ILKIM_DATA", "/nonexistent")) / "webhook"
# Whose payloads a folder holds.
FOLDERS = {
    "telegram": "telegram",
    "messenger": "messenger",
    "messenger_legacy": "messenger",
    "instagram": "instagram",
    "sms_twilio": "twilio",
    "sms_verimor": "verimor",
    "santral_verimor": "verimor-santral",
    "santral_bulutfon": "bulutfon",
}
# Telephone exchanges have no kit: what an endpoint needs, and how it is posted to.
EXCHANGES = {
    "verimor-santral": ({"VERIMOR_SANTRAL_KEY": "agreed"}, Posted(query="?key=agreed")),
    "bulutfon": (
        {"BULUTFON_HOOK_USER": "exchange", "BULUTFON_HOOK_PASSWORD": "agreed"},
        Posted(headers={"Authorization": aiohttp.encode_basic_auth("exchange", "agreed")}),
    ),
}
# What an endpoint may say: taken, or no payload of this provider.
ANSWERS = frozenset({200, 400})
FENCED = re.compile(r"```json\s.*?```", re.DOTALL)
EXAMPLE = re.compile(r"```[^\n]*\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.skipif(not ROOT.exists(), reason="ILKIM_DATA names no folder with real webhooks")


def bodies_of(folder: str) -> list[bytes]:
    files = [file for file in sorted((ROOT / folder).rglob("*")) if file.is_file() and file.name != "SOURCE.md"]
    return [body for file in files for body in _bodies(file)]


def _bodies(file: Path) -> Iterator[bytes]:
    if file.suffix != ".md":
        yield file.read_bytes()
        return
    if file.parent.name.startswith("santral"):
        yield from (block.strip().encode() for block in EXAMPLE.findall(file.read_text(encoding="utf-8")))
        return
    for block in FENCED.findall(file.read_text(encoding="utf-8")):
        start = min((at for at in (block.find("[\n"), block.find("{\n")) if at >= 0), default=-1)
        if start >= 0:
            yield block[start:].removesuffix("```").strip().encode()


@pytest.fixture(scope="module")
async def module_edge(module_system: System) -> AsyncIterator[str]:
    """An edge with every endpoint configured."""
    environment = {name: value for kit in KITS.values() for name, value in kit.environment.items()}
    environment |= {name: value for needed, _ in EXCHANGES.values() for name, value in needed.items()}
    service = built(edge, module_system, **environment)
    async with serving(service) as url:
        await until(service.broker_is_there)
        yield url


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if (ROOT / folder).exists()])
async def test_each_is_taken_or_refused_and_what_is_taken_is_kept(
    at_work: System, edge_url: str, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, bodies = FOLDERS[folder], bodies_of(folder)
    assert bodies
    statuses = await asyncio.gather(*(post(edge_url, name, body) for body in bodies))
    taken = [body for body, status in zip(bodies, statuses, strict=True) if status == 200]
    assert set(statuses) <= ANSWERS

    await until(lambda: kept(at_work, len(taken)), 60)
    found = Counter(status for status in statuses)
    messages, receipts, calls, parked = 0, 0, 0, 0
    for body in taken:
        try:
            reading = ADAPTERS[name].read(a_webhook(body, channel=ADAPTERS[name].channel, provider=name))
        except (ValueError, RecursionError):
            parked += 1
            continue
        messages, receipts = messages + len(reading.messages), receipts + len(reading.receipts)
        calls += len(reading.calls)
    assert await at_work.value("SELECT count(*) FROM retry") == 0
    assert await at_work.value("SELECT count(*) FROM dead_letter") == 0
    assert await at_work.value("SELECT count(*) FROM parked_message") == parked
    with capsys.disabled():
        print(f"\n{folder}: {len(bodies)} payloads, {dict(found)}", end=", ")
        print(f"{messages} messages, {receipts} receipts, {calls} calls, {parked} parked")


async def post(url: str, name: str, body: bytes) -> int:
    address = f"{url}/webhooks/{name}"
    try:
        posted = EXCHANGES[name][1] if name in EXCHANGES else _signed(name, body, address)
    except UnicodeDecodeError:
        return 400
    async with (
        aiohttp.ClientSession() as client,
        client.post(address + posted.query, data=body, headers=posted.headers) as answer,
    ):
        return answer.status


def _signed(name: str, body: bytes, address: str) -> Posted:
    signed = KITS[name].signed
    assert signed is not None
    return signed(body, address)


async def kept(system: System, count: int) -> bool:
    """Every payload that was taken is stored."""
    return bool(await system.value("SELECT count(*) FROM raw_message") >= count)
