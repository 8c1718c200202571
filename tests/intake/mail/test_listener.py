"""The mail server: takes what is for us, refuses the rest with the right code, says 250 only when a mail is safe."""

import asyncio
import smtplib
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.intake.channels import BothAway, email
from services.intake.channels.mail import listener
from services.intake.channels.mail.listener import Listener, ListenerSettings
from services.intake.channels.mail.ours import Mailbox, MailboxSettings
from shared.contracts import WebhookReceived
from tests.harness import until
from tests.intake.mail.samples import CENTRE, DELIVERY, DOMAIN, a_mail

SENDER = "ayse@example.org"
TOKEN = f"cevap+482715936-7k2m9qxd@{DOMAIN}"


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Door:
    """A listener that runs, and what it made safe."""

    def __init__(self) -> None:
        self.port = free_port()
        self.taken: list[WebhookReceived] = []
        self.trouble: Exception | None = None

    async def accept(self, payload: WebhookReceived) -> None:
        if self.trouble:
            raise self.trouble
        self.taken.append(payload)

    async def talk(self, said: Callable[[smtplib.SMTP], Any], kind: type[smtplib.SMTP] = smtplib.SMTP) -> Any:
        """Speak to it from a thread, as a mail server would."""

        def speak() -> Any:
            with kind("127.0.0.1", self.port, timeout=10) as client:
                return said(client)

        return await asyncio.to_thread(speak)

    async def send(self, raw: bytes, to: list[str] | None = None, mail_from: str = SENDER) -> Any:
        return await self.talk(lambda client: client.sendmail(mail_from, to or [CENTRE], raw))


@asynccontextmanager
async def listening(**changed: Any) -> AsyncIterator[Door]:
    door = Door()
    settings = ListenerSettings(email_listen_port=door.port, **changed)
    running = asyncio.create_task(
        Listener(settings, Mailbox(MailboxSettings(email_address=CENTRE))).run(door.accept, None)  # type: ignore[arg-type]
    )
    try:
        await until(lambda: answers(door.port))
        yield door
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with listening() as found:
        yield found


async def test_a_mail_is_taken_untouched_with_its_envelope(door: Door) -> None:
    raw = a_mail()
    await door.send(raw, [CENTRE, TOKEN])

    [payload] = door.taken
    assert payload.body == raw + b"\r\n"
    assert payload.details["mail_from"] == SENDER
    assert payload.details["rcpt_to"] == f"{CENTRE}\n{TOKEN}"
    [message] = email.read(payload).messages
    assert message.reply_token == "482715936-7k2m9qxd"


@pytest.mark.parametrize(
    "address", [CENTRE, CENTRE.upper(), TOKEN, f"bounce+{DELIVERY}@{DOMAIN}", f"postmaster@{DOMAIN}"]
)
async def test_mail_to_an_address_of_ours_is_taken(door: Door, address: str) -> None:
    await door.send(a_mail(), [address])

    assert len(door.taken) == 1


@pytest.mark.parametrize("address", [f"baskan@{DOMAIN}", "cozum@elsewhere.example", f"x+cozum@{DOMAIN}"])
async def test_mail_for_others_is_refused(door: Door, address: str) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        await door.send(a_mail(), [address])

    assert refused.value.recipients[address][0] == 550
    assert door.taken == []


async def test_a_bounce_with_the_null_sender_is_taken(door: Door) -> None:
    await door.send(a_mail(), mail_from="")

    assert door.taken[0].details["mail_from"] == ""


async def test_while_nothing_can_be_made_safe_the_sender_must_come_again(door: Door) -> None:
    door.trouble = BothAway()
    with pytest.raises(smtplib.SMTPDataError) as later:
        await door.send(a_mail())
    door.trouble = None
    await door.send(a_mail())

    assert later.value.smtp_code == 451
    assert len(door.taken) == 1


async def test_a_mail_announced_too_large_is_refused_before_it_is_sent(door: Door) -> None:
    def announce(client: smtplib.SMTP) -> tuple[int, bytes]:
        client.ehlo()
        return client.mail(SENDER, [f"SIZE={listener.MAIL_BYTES_MAX + 1}"])

    assert (await door.talk(announce))[0] == 552


async def test_a_mail_that_is_too_large_is_refused(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MAIL_BYTES_MAX", 50_000)

    def write(client: smtplib.SMTP) -> tuple[int, bytes]:
        client.ehlo()
        client.mail(SENDER)
        client.rcpt(CENTRE)
        return client.data(a_mail("çok uzun\r\n" * 8_000))

    async with listening() as small:
        assert (await small.talk(write))[0] == 552
        assert small.taken == []


async def test_a_line_without_an_end_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MAIL_BYTES_MAX", 50_000)

    def write(client: smtplib.SMTP) -> None:
        client.ehlo()
        client.mail(SENDER)
        client.rcpt(CENTRE)
        client.docmd("DATA")
        for _ in range(1_000):
            client.send("a" * 10_000)
        client.getreply()

    async with listening() as small:
        with pytest.raises((OSError, smtplib.SMTPServerDisconnected)):
            await small.talk(write)


async def test_long_lines_and_letters_beyond_ascii_are_taken(door: Door) -> None:
    await door.send(a_mail("şğıöçü" * 20_000))

    assert len(door.taken[0].body) > 200_000


async def test_an_empty_mail_is_refused(door: Door) -> None:
    with pytest.raises(smtplib.SMTPDataError) as refused:
        await door.send(b"")

    assert refused.value.smtp_code == 554


async def test_who_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "IDLE_SECONDS", 0.3)
    async with listening() as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        async with asyncio.timeout(10):
            await reader.read()
        writer.close()


async def test_no_more_connections_are_held_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "CONNECTIONS_MAX", 2)
    async with listening() as door:
        held = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(2)]
        for reader, _ in held:
            assert (await reader.readline()).startswith(b"220")
        reader, _ = await asyncio.open_connection("127.0.0.1", door.port)
        assert (await reader.readline()).startswith(b"421")
        held[0][1].close()
        await until(lambda: takes(door.port))
        held[1][1].close()


async def takes(port: int) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    line = await reader.readline()
    writer.close()
    return line.startswith(b"220")


async def test_lmtp_answers_once_for_each_recipient() -> None:
    async with listening(email_lmtp=True) as door:

        def write(client: smtplib.SMTP) -> list[int]:
            client.docmd("LHLO", "mx.example.org")
            client.mail(SENDER)
            client.rcpt(CENTRE)
            client.rcpt(TOKEN)
            client.docmd("DATA")
            client.send(a_mail() + b"\r\n.\r\n")
            return [client.getreply()[0] for _ in range(2)]

        assert await door.talk(write) == [250, 250]
        assert len(door.taken) == 1


async def test_starttls_is_offered_with_a_certificate(tmp_path: Path) -> None:
    certificate, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    await asyncio.to_thread(subprocess.run, [*made, *files], check=True, capture_output=True)
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False

    def send(client: smtplib.SMTP) -> None:
        client.starttls(context=context)
        client.sendmail(SENDER, [CENTRE], a_mail())

    async with listening(email_tls_certificate=certificate, email_tls_key=key) as door:
        await door.talk(send)
        assert len(door.taken) == 1


def test_without_a_port_there_is_no_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMAIL_LISTEN_PORT", raising=False)

    assert listener.collector() is None


def test_a_listener_needs_a_mailbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_LISTEN_PORT", "2525")
    monkeypatch.delenv("EMAIL_ADDRESS", raising=False)

    with pytest.raises((SystemExit, ValidationError)):
        listener.collector()
