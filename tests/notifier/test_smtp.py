"""E-mail out: what stands in a mail, what can never be put into one, and what a lost connection leaves."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import dkim
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.channels import email as reader
from services.intake.channels.mail.kinds import LOOP_HEADER as READERS_LOOP_HEADER
from services.notifier.domain import Answer
from services.notifier.senders import Letter
from services.notifier.senders.mail import Composer
from shared.contracts import Channel, NoticeStatus, Purpose, WebhookReceived
from shared.ids import new_id
from shared.mailing import DkimKey, Outcome, smtp
from shared.mailing.letterhead import LOOP_HEADER
from shared.mailing.smtp import outcome_of
from tests.builders import AT, a_webhook, an_id
from tests.harness import until
from tests.notifier.kits.smtp import ADDRESS, NAME, TEXT, a_sender, mail_server

CITIZENS_ID = "first-mail@posta.example"


def a_letter(**changed: Any) -> Letter:
    return replace(Letter(an_id(), "main", "ayse@example.org", TEXT, 1), **changed)


def mail_of(letter: Letter, key: DkimKey | None = None) -> EmailMessage:
    return message_from_bytes(Composer(ADDRESS, NAME, key).compose(letter), policy=default)


def part_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").strip()


def as_payload(raw: bytes) -> WebhookReceived:
    details = {"addresses": ADDRESS, "domain": "ilkim.example"}
    return a_webhook(raw, channel=Channel.EMAIL, provider="email", received_at=AT, details=details)


def test_a_mail_says_who_writes_and_how_to_answer() -> None:
    letter = a_letter(subject="Başvurunuz alındı", reply_token="482715936-7k2m9qxd", number="482-715-936")
    mail = mail_of(letter)

    assert mail["From"] == f"{NAME} <{ADDRESS}>"
    assert mail["To"] == "ayse@example.org"
    assert mail["Subject"] == "Başvurunuz alındı"
    assert "cevap+482715936-7k2m9qxd@ilkim.example" in mail["Reply-To"]
    assert mail["Message-ID"] == f"<{letter.id}@ilkim.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert part_of(mail, "plain") == TEXT


def test_without_a_subject_the_number_stands_there_in_the_citizens_language() -> None:
    assert mail_of(a_letter(number="482-715-936"))["Subject"] == "Başvurunuz hakkında (482-715-936)"
    assert mail_of(a_letter(language="en"))["Subject"] == "About your request"


@pytest.mark.parametrize("thread", [CITIZENS_ID, f"{CITIZENS_ID} 1f2e3d4c5b6a"])
def test_an_answer_stands_under_the_mail_it_answers(thread: str) -> None:
    mail = mail_of(a_letter(thread_id=thread))

    assert mail["In-Reply-To"] == mail["References"] == f"<{CITIZENS_ID}>"
    assert mail["Auto-Submitted"] == "auto-replied"


@pytest.mark.parametrize("thread", ["wamid.HBgM", "sha256 0f0e", "", None, "a@b\r\nBcc: x@example.org", "<a@b>"])
def test_what_is_no_message_id_makes_no_thread(thread: str | None) -> None:
    mail = mail_of(a_letter(thread_id=thread))

    assert "In-Reply-To" not in mail
    assert "Bcc" not in mail


def test_a_long_message_id_is_not_broken() -> None:
    thread = f"{'a' * 150}@{'b' * 100}.example"

    assert f"In-Reply-To: <{thread}>\r\n".encode() in Composer(ADDRESS, NAME).compose(a_letter(thread_id=thread))


def test_text_is_shown_in_html_and_never_becomes_markup_or_a_link() -> None:
    page = part_of(mail_of(a_letter(text="<b>Ali & Veli</b>\nhttps://kotu.example\n\n<script>")), "html")

    assert "<p>&lt;b&gt;Ali &amp; Veli&lt;/b&gt;<br>https://kotu.example</p><p>&lt;script&gt;</p>" in page
    assert "<a " not in page


def test_who_wants_no_notices_finds_the_way_in_the_headers_and_beneath_the_text() -> None:
    url = "https://ilkim.example/bildirim/0123456789"
    mail = mail_of(a_letter(unsubscribe_url=url))

    assert mail["List-Unsubscribe"] == f"<{url}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert part_of(mail, "plain").endswith(url)
    assert f'<a href="{url}">' in part_of(mail, "html")


@settings(deadline=None)
@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_no_field_of_a_letter_can_add_a_header(subject: str, token: str, url: str) -> None:
    injected = "\r\nBcc: kurban@example.org\r\n\r\n"
    letter = a_letter(
        subject=subject + injected,
        text=injected + subject,
        reply_token=token + injected,
        unsubscribe_url=f"https://{url}{injected}",
        thread_id=f"a@b{injected}",
        number=None,
    )
    mail = mail_of(letter)

    assert "Bcc" not in mail
    assert {"From", "To", "Subject", "Date", "Message-ID"} <= set(mail.keys())
    assert mail.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(
    "address",
    ["", "ayse", "a@b", "a b@example.org", "a@example.org\r\nRCPT TO:<b@x.org>", "a@b.org,c@d.org", "<a@b.org>"],
)
async def test_what_is_no_address_is_never_offered_to_a_server(address: str) -> None:
    async with mail_server() as server:
        sender = a_sender(server.url)
        assert (await sender.send(a_letter(address=address))).answer is Answer.NEVER
        assert list(server.server.memory.find()) == []
        await sender.close()


def test_a_mail_is_signed_with_the_key_of_the_domain() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    der = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)
    letter = a_letter(subject="Şikâyetiniz", unsubscribe_url="https://ilkim.example/x", thread_id=CITIZENS_ID)
    raw = Composer(ADDRESS, NAME, DkimKey("ilkim2026", pem)).compose(letter)

    asked: list[bytes] = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    assert dkim.verify(raw, dnsfunc=dns)
    assert asked == [b"ilkim2026._domainkey.ilkim.example."]
    assert not dkim.verify(raw.replace(b"To: ayse", b"To: aysf"), dnsfunc=dns)


def test_our_own_mail_come_back_is_known_as_ours() -> None:
    assert LOOP_HEADER == READERS_LOOP_HEADER

    [message] = reader.read(as_payload(Composer(ADDRESS, NAME).compose(a_letter()))).messages
    assert (message.purpose, message.kind) == (Purpose.AUTOMATIC, "own")


async def test_the_return_path_tells_the_delivery_and_a_bounce_tells_it_back() -> None:
    letter = a_letter(address="ayse@geri.example")
    bounces: list[bytes] = []
    async with catching(bounces) as port, mail_server(centre_port=port, answer_after_seconds=0.0) as server:
        sender = a_sender(server.url)
        result = await sender.send(letter)
        await until(lambda: bool(bounces))
        await sender.close()

    [receipt] = reader.read(as_payload(bounces[0])).receipts
    assert (receipt.status, receipt.reference) == (NoticeStatus.FAILED, letter.id)
    assert receipt.provider_id == result.provider_id


@asynccontextmanager
async def catching(mails: list[bytes]) -> AsyncIterator[int]:
    """A server that keeps the bytes of every mail."""

    class Keep:
        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
            mails.append(envelope.content if isinstance(envelope.content, bytes) else b"")
            return "250 OK"

    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: SMTP(Keep(), loop=loop), "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_letters_share_a_connection() -> None:
    async with mail_server() as server:
        sender = a_sender(server.url)
        for _ in range(3):
            assert (await sender.send(a_letter(id=new_id()))).answer is Answer.ACCEPTED
        assert sender.server.idle == 1
        await sender.close()


async def test_a_kept_connection_that_died_meanwhile_costs_nothing() -> None:
    async with mail_server() as server:
        sender = a_sender(server.url)
        await sender.send(a_letter())
        transport = sender.server._idle[0][0].transport
        assert transport is not None
        transport.abort()
        assert (await sender.send(a_letter(id=new_id()))).answer is Answer.ACCEPTED
        await sender.close()
        assert len(server.taken()) == 2


async def test_many_letters_at_once_are_bounded_in_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    async with mail_server() as server:
        sender = a_sender(server.url)
        results = await asyncio.gather(*(sender.send(a_letter(id=new_id())) for _ in range(40)))
        assert {result.answer for result in results} == {Answer.ACCEPTED}
        assert sender.server.idle <= smtp.IDLE_CONNECTIONS_MAX
        await sender.close()


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def a_server(talk: Talk) -> AsyncIterator[str]:
    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def saying(*lines: bytes) -> Talk:
    """A server that answers each command with the next line, then hangs up."""

    async def talk(reader_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in lines:
            writer.write(line + b"\r\n")
            await writer.drain()
            await reader_.readline()
        writer.close()

    return talk


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        ((), Answer.LATER),
        ((b"554 5.3.2 No service here",), Answer.LATER),
        ((b"\xff\xfe\x00",), Answer.LATER),
        ((b"HTTP/1.1 200 OK", b"", b""), Answer.LATER),
        ((b"220 hi", b"250 hi"), Answer.LATER),
        ((b"220 hi", b"250 hi", b"250 ok"), Answer.LATER),
        ((b"220 hi", b"250 hi", b"250 ok", b"250 ok"), Answer.UNKNOWN),
        ((b"220 hi", b"250 hi", b"250 ok", b"250 ok", b"354 go"), Answer.UNKNOWN),
        ((b"220 hi", b"250 hi", b"250 ok", b"250 ok", b"452 4.3.1 disk full"), Answer.LATER),
        ((b"220 hi", b"250 hi", b"550 5.7.1 not you"), Answer.NEVER),
    ],
)
async def test_how_far_a_connection_came_tells_what_may_have_been_sent(
    lines: tuple[bytes, ...], answer: Answer
) -> None:
    async with a_server(saying(*lines)) as url:
        sender = a_sender(url)
        result = await sender.send(a_letter())
        await sender.close()

    assert result.answer is answer


async def test_a_server_that_never_greets_leaves_nothing_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT_SECONDS", 0.3)

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)
        writer.close()

    async with a_server(silent) as url:
        sender = a_sender(url)
        assert (await sender.send(a_letter())).answer is Answer.LATER
        await sender.close()


@pytest.mark.parametrize(
    ("code", "said", "outcome"),
    [
        (450, "4.2.0 later", Outcome.LATER),
        (550, "", Outcome.NEVER),
        (552, "5.2.2 full", Outcome.LATER),
        (552, "5.3.4 too large", Outcome.NEVER),
        (552, "", Outcome.LATER),
        (599, "5.9.9 new", Outcome.NEVER),
        (250, "odd", Outcome.UNKNOWN),
    ],
)
def test_codes_become_our_answers(code: int, said: str, outcome: Outcome) -> None:
    assert outcome_of(code, said) is outcome


async def test_what_a_server_writes_about_an_address_goes_no_further() -> None:
    async with mail_server() as server:
        server.order("code_550")
        sender = a_sender(server.url)
        result = await sender.send(a_letter())
        await sender.close()

    assert result.error == "550 5.1.1"
