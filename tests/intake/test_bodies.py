"""Large payloads: the bytes lie sealed in the object store, the message travels without them and is read whole."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from services.intake import bodies, webhooks
from services.intake.app import worker
from services.intake.bodies import BODY_BYTES_MAX, INLINE_BYTES_MAX, body_key, put_away
from shared.contracts import WebhookReceived, unpack
from shared.messaging import consumer
from shared.messaging.topology import INTAKE
from shared.objects import Folder, Missing, Sealed
from simulators.whatsapp.payloads import Account, CitizenMessage, message_webhook, sign
from tests.builders import AT, a_message, a_webhook
from tests.harness import APP_SECRET, System, built, running, until

KEY_BYTES = bytes(range(32))
LARGE = message_webhook(Account(), [CitizenMessage("905000000000", "wamid.A", int(AT.timestamp()), "ç" * 300_000)])


class NoStore:
    """An object store that is away."""

    async def put(self, key: str, body: bytes) -> None:
        raise ConnectionError

    async def get(self, key: str) -> bytes:
        raise ConnectionError

    async def delete(self, key: str) -> None:
        raise ConnectionError

    async def close(self) -> None:
        return


@pytest.fixture
def objects(system: System) -> Sealed:
    return Sealed(Folder(system.objects), KEY_BYTES)


@pytest.fixture
async def at_work(system: System) -> AsyncIterator[System]:
    async with running(built(worker, system)):
        yield system


async def post(url: str, body: bytes) -> int:
    headers = {"X-Hub-Signature-256": sign(body, APP_SECRET), "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as client,
        client.post(url + "/webhooks/whatsapp", data=body, headers=headers) as a,
    ):
        return a.status


async def count(system: System, table: str, rows: int) -> bool:
    return int(await system.value(f"SELECT count(*) FROM {table}")) >= rows


async def test_a_large_payload_travels_as_a_key_and_lies_sealed(system: System, edge_url: str, objects: Sealed) -> None:
    assert await post(edge_url, LARGE) == 200
    [told] = unpack(await system.take("intake.routine"))

    payload = WebhookReceived.model_validate(told)
    assert payload.body == b""
    assert payload.body_key == body_key(payload.id)
    assert await objects.get(payload.body_key) == LARGE
    assert b"wamid" not in (system.objects / payload.body_key).read_bytes()


async def test_a_small_payload_travels_whole(objects: Sealed) -> None:
    payload = a_webhook(b"x" * INLINE_BYTES_MAX)

    assert await put_away(objects, payload) is payload
    assert await put_away(objects, a_message()) is not None


async def test_a_payload_beyond_the_limit_is_refused(objects: Sealed) -> None:
    with pytest.raises(ValueError, match="at most"):
        await put_away(objects, a_webhook(b"x" * (BODY_BYTES_MAX + 1)))


async def test_a_large_payload_is_registered_and_its_raw_message_is_a_reference(at_work: System, edge_url: str) -> None:
    assert await post(edge_url, LARGE) == 200
    await until(lambda: count(at_work, "contact", 1))

    [row] = await at_work.rows("SELECT id, sealed, body_key FROM raw_message")
    assert (row["sealed"], row["body_key"]) == (None, f"raw/{row['id']}")


async def test_nothing_is_accepted_while_the_object_store_is_away(
    edge_url: str, monkeypatch: pytest.MonkeyPatch, system: System
) -> None:
    async def away(*_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(Folder, "put", away)

    assert await post(edge_url, LARGE) == 503
    assert await system.depth("intake.routine") == 0


async def test_a_body_that_cannot_be_had_now_waits_and_harms_no_neighbour(
    system: System, objects: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "RETRY_SECONDS", (0.1,) * 7)
    monkeypatch.setattr(consumer, "RETRY_POLL_SECONDS", 0.05)
    payload = await put_away(objects, a_webhook(LARGE))
    get = Folder.get
    monkeypatch.setattr(Folder, "get", NoStore.get)
    async with running(built(worker, system)):
        await system.tell(INTAKE, "routine", payload, a_message())
        await until(lambda: count(system, "contact", 1))
        await until(lambda: count(system, "retry", 1))
        monkeypatch.setattr(Folder, "get", get)
        await until(lambda: count(system, "contact", 2))

    assert await system.value("SELECT count(*) FROM dead_letter") == 0


async def test_a_body_that_is_not_there_is_shelved_with_the_reason(at_work: System) -> None:
    payload = a_webhook(b"")
    await at_work.tell(INTAKE, "routine", payload.model_copy(update={"body_key": body_key(payload.id)}), a_message())
    await until(lambda: count(at_work, "dead_letter", 1))
    await until(lambda: count(at_work, "contact", 1))

    assert "Missing" in await at_work.value("SELECT reason FROM dead_letter")


@pytest.mark.parametrize("key", ["raw/0195e000-0000-8000-8000-000000000001", "files/x", "../x"])
async def test_a_payload_may_not_name_another_s_body(at_work: System, objects: Sealed, key: str) -> None:
    await objects.put("raw/0195e000-0000-8000-8000-000000000001", LARGE)
    await at_work.tell(INTAKE, "routine", a_webhook(b"", body_key=key))
    await until(lambda: count(at_work, "dead_letter", 1))

    assert not await count(at_work, "contact", 1)


async def test_more_large_ones_than_fit_at_once_all_come_in(
    at_work: System, objects: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "LOADED_MAX", 2)
    monkeypatch.setattr(consumer, "RETRY_POLL_SECONDS", 0.05)
    monkeypatch.setattr(consumer, "RETRY_SECONDS", (0.1,) * 7)
    payloads = []
    for number in range(6):
        message = CitizenMessage("905000000000", f"wamid.{number}", int(AT.timestamp()), "x" * 300_000)
        payloads.append(await put_away(objects, a_webhook(message_webhook(Account(), [message]))))
    await at_work.tell(INTAKE, "routine", *payloads)

    await until(lambda: count(at_work, "inbound_message", 6))


async def test_what_was_forgotten_is_missing(objects: Sealed) -> None:
    payload = await put_away(objects, a_webhook(LARGE))
    assert isinstance(payload, WebhookReceived) and payload.body_key
    await objects.delete(payload.body_key)

    with pytest.raises(Missing):
        await objects.get(payload.body_key)


def test_meta_s_own_limit_fits_into_ours() -> None:
    assert webhooks.BODY_BYTES_MAX <= BODY_BYTES_MAX
