"""Files that WhatsApp keeps: fetched at once by the worker from a real server, or given up with a reason."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from services.intake import media
from services.intake.app import worker
from services.intake.channels import TooLarge
from services.intake.channels.download import Downloads, Forbidden, Gone
from services.intake.channels.whatsapp_media import WhatsAppMedia
from shared.contracts import Attachment, Channel
from shared.files import get_file
from shared.keeping import BYTES_MAX
from shared.messaging.topology import INTAKE
from shared.objects import Folder, Sealed
from simulators.whatsapp.app import Simulator
from simulators.whatsapp.payloads import Account, CitizenMessage, message_webhook
from simulators.whatsapp.settings import Settings
from tests.builders import ACCOUNT, AT, a_message, a_webhook
from tests.harness import System, built, running, until
from tests.intake.test_files import GPS, a_photo

TOKEN = "token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PHOTO = a_photo(gps=GPS)
KEY_BYTES = bytes(range(32))


@dataclass
class Phone:
    """A citizen's phone: hands files to WhatsApp, which tells their ids."""

    url: str

    async def upload(self, body: bytes = PHOTO, kind: str = "image/jpeg", **fault: Any) -> str:
        async with aiohttp.ClientSession(self.url) as client:
            async with client.post("/_simulator/media", data=body, headers={"Content-Type": kind}) as answer:
                media_id = str((await answer.json())["id"])
            if fault:
                async with client.post(f"/_simulator/media/{media_id}", json=fault) as answer:
                    assert answer.status == 204
        return media_id

    async def let_addresses_live(self, seconds: float) -> None:
        async with aiohttp.ClientSession(self.url) as client:
            await client.post("/_simulator/media_seconds", json={"seconds": seconds})


@pytest.fixture
async def phone() -> AsyncIterator[Phone]:
    async with TestServer(Simulator(Settings(access_token=TOKEN)).application()) as server:
        yield Phone(str(server.make_url("/")).rstrip("/"))


@pytest.fixture
async def at_work(system: System, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[System]:
    monkeypatch.setattr(media, "RETRY_SECONDS", (0.05, 0.05))
    monkeypatch.setattr(media, "POLL_SECONDS", 0.02)
    async with running(built(worker, system, WHATSAPP_API_URL=phone.url)):
        yield system


async def write(system: System, *media_ids: str, at: datetime = AT) -> None:
    """A citizen sends photos, one message each."""
    messages = [
        CitizenMessage("905000000000", f"wamid.{number}", int(at.timestamp()), kind="image", content={"id": media_id})
        for number, media_id in enumerate(media_ids)
    ]
    await system.tell(INTAKE, "routine", a_webhook(message_webhook(Account(), messages), received_at=at))


async def settled(system: System, files: int = 1) -> list[dict[str, Any]]:
    async def holds() -> bool:
        return int(await system.value("SELECT count(*) FROM file WHERE state <> 'pending'")) >= files

    await until(holds)
    return await system.rows("SELECT * FROM file ORDER BY told_at, id")


def objects_of(system: System) -> Sealed:
    return Sealed(Folder(system.objects), KEY_BYTES)


async def test_a_photo_is_fetched_and_kept_with_its_place_and_without_its_metadata(
    at_work: System, phone: Phone
) -> None:
    await write(at_work, await phone.upload())
    [row] = await settled(at_work)

    assert (row["state"], row["media_type"], row["attempts"]) == ("kept", "image/jpeg", 1)
    assert (row["width"], row["height"]) == (80, 40)
    assert row["latitude"] == pytest.approx(41.2867, abs=1e-4)
    file = await get_file(objects_of(at_work), UUID(int=row["id"].int))
    assert file.media_type == "image/jpeg"
    assert b"0532" not in file.body


async def test_a_photo_s_place_is_the_case_s_when_nothing_else_was_told(system: System, phone: Phone) -> None:
    async with running(built(worker, system, WHATSAPP_API_URL=phone.url, ILKIM_GATHER_SECONDS="2")):
        now = datetime.now(UTC)
        await write(system, await phone.upload(a_photo(gps=GPS, taken=f"{now:%Y:%m:%d %H:%M:%S}")), at=now)
        await until(lambda: _told(system, "case.opened.v1"))

    [opened] = [event for event in await system.told() if event["type"] == "case.opened.v1"]
    assert opened["place"]["latitude"] == pytest.approx(41.2867, abs=1e-4)
    assert opened["place"]["longitude"] == pytest.approx(36.33, abs=1e-4)


async def test_a_photo_that_comes_after_its_case_was_opened_still_places_it_once(at_work: System, phone: Phone) -> None:
    await write(at_work, await phone.upload(fault="http_500", count=1))
    await settled(at_work)

    [opened] = [event for event in await at_work.told() if event["type"] == "case.opened.v1"]
    assert "latitude" not in opened["place"]
    [placed] = [event for event in await at_work.told() if event["type"] == "contact.joined.v1"]
    assert (placed["case_id"], placed["text"]) == (opened["case_id"], "")
    assert placed["place"]["latitude"] == pytest.approx(41.2867, abs=1e-4)
    assert await at_work.value("SELECT latitude FROM case_file") == pytest.approx(41.2867, abs=1e-4)


async def test_a_late_photo_from_elsewhere_places_nothing(at_work: System, phone: Phone) -> None:
    ankara = GPS | {2: (39.0, 55.0, 0.0), 4: (32.0, 51.0, 0.0)}
    await write(at_work, await phone.upload(a_photo(gps=ankara), fault="http_500", count=1))
    await settled(at_work)

    assert not await _told(at_work, "contact.joined.v1")
    assert await at_work.value("SELECT latitude FROM case_file") is None


async def test_departments_know_the_file_s_id_before_it_is_there(at_work: System, phone: Phone) -> None:
    await write(at_work, await phone.upload())
    [row] = await settled(at_work)

    [opened] = [event for event in await at_work.told() if event["type"] == "case.opened.v1"]
    assert [file["id"] for file in opened["attachments"]] == [str(row["id"])]


async def test_the_same_message_again_is_the_same_file(at_work: System, phone: Phone) -> None:
    media_id = await phone.upload()
    await write(at_work, media_id)
    await settled(at_work)
    await write(at_work, media_id)
    await until(lambda: _raw_messages(at_work, 2))

    assert len(await settled(at_work)) == 1


async def test_an_address_that_expired_is_asked_for_again(at_work: System, phone: Phone) -> None:
    await phone.let_addresses_live(0)
    await write(at_work, await phone.upload())
    await until(lambda: _attempts(at_work, 1))
    await phone.let_addresses_live(60)
    [row] = await settled(at_work)

    assert row["state"] == "kept"
    assert row["attempts"] > 1


@pytest.mark.parametrize("fault", ["gone", "http_500", "wrong_hash"])
async def test_a_bad_moment_of_the_provider_is_waited_out(at_work: System, phone: Phone, fault: str) -> None:
    await write(at_work, await phone.upload(fault=fault, count=1))
    [row] = await settled(at_work)

    assert (row["state"], row["attempts"]) == ("kept", 2)


@pytest.mark.parametrize(
    ("fault", "state", "reason"),
    [
        ("lost", "lost", "gone"),
        ("http_500", "lost", "never_came"),
        ("elsewhere", "lost", "gone"),
        ("redirect", "lost", "gone"),
        ("endless", "refused", "too_large"),
    ],
)
async def test_what_never_comes_is_given_up_with_a_reason(
    at_work: System, phone: Phone, fault: str, state: str, reason: str
) -> None:
    await write(at_work, await phone.upload(fault=fault))
    [row] = await settled(at_work)

    assert (row["state"], row["reason"]) == (state, reason)


async def test_a_program_in_a_photo_s_clothes_is_refused(at_work: System, phone: Phone) -> None:
    await write(at_work, await phone.upload(b"MZ\x90\0 not a photo"))
    [row] = await settled(at_work)

    assert (row["state"], row["reason"]) == ("refused", "not_allowed")


async def test_a_slow_file_holds_up_no_other(at_work: System, phone: Phone) -> None:
    slow = await phone.upload(fault="slow", seconds=3)
    await write(at_work, slow, *[await phone.upload() for _ in range(5)])
    rows = await settled(at_work, 5)

    assert [row["state"] for row in rows].count("pending") == 1


async def test_a_file_is_fetched_by_one_of_two_workers(at_work: System, phone: Phone) -> None:
    async with running(built(worker, at_work, WHATSAPP_API_URL=phone.url)):
        await write(at_work, *[await phone.upload() for _ in range(20)])
        rows = await settled(at_work, 20)

    assert {(row["state"], row["attempts"]) for row in rows} == {("kept", 1)}


async def test_what_a_dead_worker_had_claimed_is_fetched_when_its_lease_ends(
    system: System, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "POLL_SECONDS", 0.02)
    async with running(built(worker, system)):  # its provider is away
        await write(system, await phone.upload())
        await until(lambda: _attempts(system, 1))
    await system.pool.execute("UPDATE file SET due_at = now() + interval '0.3 seconds'")
    async with running(built(worker, system, WHATSAPP_API_URL=phone.url)):
        [row] = await settled(system)

    assert row["state"] == "kept"


async def test_a_source_that_breaks_stops_no_other_file_and_is_given_up(
    at_work: System, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch, strange = WhatsAppMedia.fetch, await phone.upload()

    async def breaks(self: WhatsAppMedia, attachment: Attachment, account: str, bytes_max: int) -> bytes:
        if attachment.provider_id == strange:
            raise KeyError("a fault of ours")
        return await fetch(self, attachment, account, bytes_max)

    monkeypatch.setattr(WhatsAppMedia, "fetch", breaks)
    monkeypatch.setattr(media, "LEASE", timedelta(seconds=0.1))
    await write(at_work, strange, await phone.upload(), await phone.upload())
    rows = await settled(at_work, 3)

    assert sorted((row["state"], row["reason"]) for row in rows if row["state"] == "lost") == [("lost", "never_came")]
    assert [row["state"] for row in rows].count("kept") == 2


async def test_a_file_whose_provider_nobody_fetches_from_is_lost_at_once_or_after_a_week(at_work: System) -> None:
    files = (Attachment(provider_id="1"),)
    await at_work.tell(
        INTAKE,
        "routine",
        a_message(attachments=files),
        a_message(attachments=files, provider="netgsm", channel=Channel.SMS),
    )
    await until(lambda: _files(at_work, 2))

    rows = await at_work.rows("SELECT state, reason FROM file ORDER BY state")
    assert [(row["state"], row["reason"]) for row in rows] == [("lost", "no_source"), ("pending", None)]


async def test_a_file_that_was_handed_over_before_its_message_is_kept(at_work: System) -> None:
    file_id = "0195e000-0000-8000-8000-000000000001"
    await at_work.tell(
        INTAKE,
        "routine",
        a_message(attachments=(Attachment(id=UUID(file_id), provider_id="form", media_type="image/jpeg"),)),
    )
    [row] = await settled(at_work)

    assert (str(row["id"]), row["state"], row["attempts"]) == (file_id, "kept", 0)


async def _told(system: System, kind: str) -> bool:
    return any(event["type"] == kind for event in await system.told())


async def _raw_messages(system: System, count: int) -> bool:
    return int(await system.value("SELECT count(*) FROM raw_message")) >= count


async def _files(system: System, count: int) -> bool:
    return int(await system.value("SELECT count(*) FROM file")) >= count


async def _attempts(system: System, count: int) -> bool:
    return int(await system.value("SELECT coalesce(max(attempts), 0) FROM file")) >= count


# The source itself, and where it may go


async def test_a_file_is_never_read_beyond_its_limit(phone: Phone) -> None:
    source = WhatsAppMedia(phone.url, TOKEN)
    media_id = await phone.upload(b"x" * 5000)

    with pytest.raises(TooLarge):
        await source.fetch(Attachment(provider_id=media_id), ACCOUNT, 4999)
    assert len(await source.fetch(Attachment(provider_id=media_id), ACCOUNT, 5000)) == 5000


async def test_a_wrong_token_is_our_own_trouble_and_loses_no_file(phone: Phone) -> None:
    source = WhatsAppMedia(phone.url, "wrong")

    with pytest.raises(OSError, match="token"):
        await source.fetch(Attachment(provider_id=await phone.upload()), ACCOUNT, BYTES_MAX)


async def test_an_id_that_would_lead_elsewhere_stays_within_its_path(phone: Phone) -> None:
    with pytest.raises((ValueError, OSError)):
        await WhatsAppMedia(phone.url, TOKEN).fetch(Attachment(provider_id="../../_simulator/stats"), ACCOUNT, 100)


@pytest.mark.parametrize(
    "url",
    [
        "http://lookaside.fbsbx.com/a",
        "https://lookaside.fbsbx.com:8443/a",
        "https://lookaside.fbsbx.com.evil.example/a",
        "https://evil.example/lookaside.fbsbx.com",
        "https://user@lookaside.fbsbx.com/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "ftp://lookaside.fbsbx.com/a",
        "//lookaside.fbsbx.com/a",
        "https://[broken/a",
        "",
    ],
)
async def test_an_address_that_is_not_the_provider_s_is_not_called(url: str) -> None:
    with pytest.raises(Forbidden):
        await Downloads(("lookaside.fbsbx.com", ".fbcdn.net")).get(url, BEARER, 100)


async def test_a_provider_s_name_that_leads_into_our_own_network_is_not_called() -> None:
    with pytest.raises(Forbidden):
        await Downloads(("localhost",)).get("https://localhost/a", BEARER, 100)


async def test_another_port_of_the_trusted_host_is_not_trusted(phone: Phone) -> None:
    with pytest.raises(Forbidden):
        await Downloads((), own=phone.url).get("http://127.0.0.1:9/a", BEARER, 100)


async def test_a_file_that_is_not_there_is_gone_with_its_status(phone: Phone) -> None:
    with pytest.raises(Gone) as gone:
        await Downloads((), own=phone.url).get(f"{phone.url}/media/none", BEARER, 100)

    assert gone.value.status == 404
