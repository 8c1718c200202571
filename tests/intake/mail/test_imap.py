"""The mailbox poller on a real Dovecot: every mail once, in order, whatever fails on the way."""

import asyncio
import imaplib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ops.debian import PackagesUnavailable
from services.intake.channels import BothAway, email
from services.intake.channels.mail import imap
from services.intake.channels.mail.imap import Bookmark, ImapSettings, Poller
from services.intake.channels.mail.ours import Mailbox as Ours
from services.intake.channels.mail.ours import MailboxSettings
from shared.contracts import WebhookReceived
from tests.harness import until
from tests.intake.mail import dovecot
from tests.intake.mail.dovecot import PASSWORD, Mailbox
from tests.intake.mail.samples import CENTRE, a_mail


class Kept:
    """Bookmarks in memory."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    async def get(self, name: str) -> str | None:
        return self.values.get(name)

    async def set(self, name: str, value: str) -> None:
        self.values[name] = value


class Desk:
    """What the poller gives its mails to."""

    def __init__(self) -> None:
        self.taken: list[WebhookReceived] = []
        self.is_away = False
        self.bookmarks = Kept()

    async def accept(self, payload: WebhookReceived) -> None:
        if self.is_away:
            raise BothAway
        self.taken.append(payload)

    def texts(self) -> list[str]:
        return [payload.body.decode().rpartition("\r\n\r\n")[2].strip() for payload in self.taken]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One that Dovecot's user reaches too."""
    for place in (tmp_path, *tmp_path.parents[:2]):
        place.chmod(0o755)
    return tmp_path / "dovecot"


@pytest.fixture
async def mailbox(folder: Path) -> AsyncIterator[Mailbox]:
    try:
        await asyncio.to_thread(dovecot.unpacked)
    except PackagesUnavailable as error:
        pytest.skip(f"LEFT OUT: the mailbox poller was not tried on a real server, {error}")
    async with dovecot.a_mailbox(folder) as running:
        yield running


async def using(mailbox: Mailbox, work: Callable[[imaplib.IMAP4], Any]) -> Any:
    def speak() -> Any:
        with imaplib.IMAP4("127.0.0.1", mailbox.port, timeout=10) as client:
            client.login("test", PASSWORD)
            return work(client)

    return await asyncio.to_thread(speak)


async def put(mailbox: Mailbox, *texts: str, flags: str = "") -> None:
    def append(client: imaplib.IMAP4) -> None:
        for text in texts:
            client.append("INBOX", flags, None, a_mail(text, Message_ID=f"<{hash(text)}@example.org>"))

    await using(mailbox, append)


async def flags_of(mailbox: Mailbox) -> list[bytes]:
    def look(client: imaplib.IMAP4) -> list[bytes]:
        client.select("INBOX", readonly=True)
        return [line for line in client.uid("FETCH", "1:*", "(FLAGS)")[1] if isinstance(line, bytes)]

    found: list[bytes] = await using(mailbox, look)
    return found


def a_poller(mailbox: Mailbox, **changed: Any) -> Poller:
    default: dict[str, Any] = {
        "email_imap_host": "127.0.0.1",
        "email_imap_port": mailbox.port,
        "email_imap_username": "test",
        "email_imap_password": PASSWORD,
        "email_imap_tls": "off",
        "email_imap_poll_seconds": 0.05,
    }
    return Poller(ImapSettings(**(default | changed)), Ours(MailboxSettings(email_address=CENTRE)))


@asynccontextmanager
async def polling(mailbox: Mailbox, desk: Desk, **changed: Any) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(a_poller(mailbox, **changed).run(desk.accept, desk.bookmarks))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_mails_are_taken_once_in_order_and_marked_as_read(mailbox: Mailbox) -> None:
    desk = Desk()
    await put(mailbox, "bir", "iki")
    async with polling(mailbox, desk):
        await until(lambda: len(desk.taken) == 2)
        await put(mailbox, "üç")
        await until(lambda: len(desk.taken) == 3)
        await asyncio.sleep(0.2)

    assert desk.texts() == ["bir", "iki", "üç"]
    assert all(b"\\Seen" in line for line in await flags_of(mailbox))
    assert [len(email.read(payload).messages) for payload in desk.taken] == [1, 1, 1]


async def test_a_restart_goes_on_where_it_stood(mailbox: Mailbox) -> None:
    desk = Desk()
    await put(mailbox, "bir")
    async with polling(mailbox, desk):
        await until(lambda: len(desk.taken) == 1)
    await put(mailbox, "iki")
    async with polling(mailbox, desk):
        await until(lambda: len(desk.taken) == 2)

    assert desk.texts() == ["bir", "iki"]


async def test_of_a_mailbox_never_seen_the_read_mails_are_left(mailbox: Mailbox) -> None:
    desk = Desk()
    await put(mailbox, "okunmuş", flags="\\Seen")
    await put(mailbox, "yeni")
    async with polling(mailbox, desk):
        await until(lambda: len(desk.taken) == 1)
        await asyncio.sleep(0.2)

    assert desk.texts() == ["yeni"]


async def test_a_mail_somebody_read_before_us_is_taken_all_the_same(mailbox: Mailbox) -> None:
    desk = Desk()
    await put(mailbox, "bir")
    async with polling(mailbox, desk):
        await until(lambda: len(desk.taken) == 1)
    await put(mailbox, "iki", flags="\\Seen")
    async with polling(mailbox, desk):
        await until(lambda: len(desk.taken) == 2)


async def test_a_rebuilt_mailbox_begins_anew_with_what_is_unread(mailbox: Mailbox) -> None:
    desk = Desk()
    desk.bookmarks.values["folder"] = "1:999999"
    await put(mailbox, "bir")
    async with polling(mailbox, desk):
        await until(lambda: len(desk.taken) == 1)

    assert desk.bookmarks.values["folder"] != "1:999999"


async def test_while_nothing_can_be_made_safe_the_mail_waits(mailbox: Mailbox) -> None:
    desk = Desk()
    desk.is_away = True
    await put(mailbox, "bir", "iki")
    async with polling(mailbox, desk):
        await asyncio.sleep(0.3)
        assert desk.taken == []
        assert not any(b"\\Seen" in line for line in await flags_of(mailbox))
        desk.is_away = False
        await until(lambda: len(desk.taken) == 2)


async def test_a_mail_the_server_does_not_give_holds_up_no_other_and_is_told(mailbox: Mailbox) -> None:
    desk = Desk()
    mailbox.refused.append(re.compile(rb"FETCH 2 .*BODY"))
    await put(mailbox, "bir", "iki", "üç")
    async with polling(mailbox, desk):
        await until(lambda: len(desk.taken) == 3)

    assert [payload.details.get("trouble") for payload in desk.taken] == [None, "not given", None]
    with pytest.raises(ValueError, match="did not give"):
        email.read(desk.taken[1])


async def test_a_mail_that_is_too_large_is_told_by_its_headers_and_stays(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "MAIL_BYTES_MAX", 5_000)
    desk = Desk()
    await put(mailbox, "çok uzun " * 2_000, "kısa")
    async with polling(mailbox, desk):
        await until(lambda: len(desk.taken) == 2)

    [message] = email.read(desk.taken[0]).messages
    assert (message.kind, message.sender.address) == ("too_large", "ayse.yilmaz@example.org")
    assert len(desk.taken[0].body) < 1_000
    assert [b"\\Seen" in line for line in await flags_of(mailbox)] == [False, True]


async def test_what_was_taken_is_moved_where_it_is_wished(mailbox: Mailbox) -> None:
    await using(mailbox, lambda client: client.create("Alindi"))
    desk = Desk()
    await put(mailbox, "bir")
    async with polling(mailbox, desk, email_imap_move_to="Alindi"):
        await until(lambda: len(desk.taken) == 1)
        await until(lambda: is_empty(mailbox))


async def is_empty(mailbox: Mailbox) -> bool:
    return bool(await using(mailbox, lambda client: client.select("INBOX", readonly=True)[1] == [b"0"]))


async def test_a_mail_that_cannot_be_marked_is_not_taken_again(mailbox: Mailbox) -> None:
    desk = Desk()
    mailbox.refused.append(re.compile(rb"STORE"))
    await put(mailbox, "bir")
    async with polling(mailbox, desk):
        await until(lambda: len(desk.taken) == 1)
        await asyncio.sleep(0.3)

    assert desk.texts() == ["bir"]


async def test_a_lost_connection_ends_the_round_and_the_next_start_goes_on(mailbox: Mailbox) -> None:
    desk = Desk()
    await put(mailbox, "bir")
    async with polling(mailbox, desk) as task:
        await until(lambda: len(desk.taken) == 1)
        mailbox.drop_everybody()
        with pytest.raises((imaplib.IMAP4.abort, OSError)):
            await task
    await put(mailbox, "iki")
    async with polling(mailbox, desk):
        await until(lambda: len(desk.taken) == 2)

    assert desk.texts() == ["bir", "iki"]


async def test_a_wrong_password_is_an_error_to_be_seen(mailbox: Mailbox) -> None:
    with pytest.raises(imaplib.IMAP4.error):
        await a_poller(mailbox, email_imap_password="yanlis").run(Desk().accept, Kept())


def test_a_bookmark_of_another_validity_is_none() -> None:
    assert Bookmark.read("7:42", 7) == Bookmark(7, 42)
    assert Bookmark.read("7:42", 8) is None
    assert Bookmark.read(None, 7) is None
    assert Bookmark.read("nonsense", 7) is None


def test_without_a_host_there_is_no_poller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"EMAIL_IMAP_{name}", raising=False)

    assert imap.collector() is None
