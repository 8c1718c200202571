"""The centre's mail server: SMTP, or LMTP behind the municipality's own. `250` is said once a mail is safe.

Sources: RFC 5321 (SMTP), 2033 (LMTP), 1870 (SIZE), 6152 (8BITMIME), 6531 (SMTPUTF8), 3463 (status codes).
"""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import Field

from services.intake.channels.base import Accept, Bookmarks, BothAway
from services.intake.channels.mail.ours import Mailbox
from shared.settings import ProviderSettings, given

log = structlog.get_logger()

MAIL_BYTES_MAX: Final = 25 * 1024 * 1024
# Many programs write longer lines than the 1,000 letters of RFC 5321.
LINE_BYTES_MAX: Final = 1024 * 1024
CONNECTIONS_MAX: Final = 40
RECIPIENTS_MAX: Final = 100
COMMANDS_MAX: Final = 1_000  # of each kind in one session
# From one command to the next, a whole mail's transfer included.
IDLE_SECONDS: Final = 120.0
SESSION_SECONDS_MAX: Final = 1_800.0
ACCEPT_SECONDS_MAX: Final = 90.0


class ListenerSettings(ProviderSettings):
    """Where citizens' mail is taken; without a port we do not listen."""

    email_listen_port: int = Field(ge=1, le=65535)
    email_listen_host: str = "127.0.0.1"
    email_lmtp: bool = Field(False, description="speak LMTP to the municipality's own mail server instead of SMTP")
    email_tls_certificate: Path | None = Field(None, description="PEM chain; with it STARTTLS is offered")
    email_tls_key: Path | None = None


def collector() -> "Listener | None":
    """The listener of this environment; None: not configured."""
    settings = given(ListenerSettings)
    return Listener(settings, Mailbox.from_environment()) if settings else None


class Listener:
    """Replicas on one machine share the port."""

    exclusive = False

    def __init__(self, settings: ListenerSettings, mailbox: Mailbox) -> None:
        self._settings = settings
        self._mailbox = mailbox
        self._open = 0

    async def run(self, accept: Accept, bookmarks: Bookmarks) -> None:
        """Serve until cancelled."""
        desk = _Desk(self._mailbox, accept, is_lmtp=self._settings.email_lmtp)
        tls = _tls(self._settings)
        server = await asyncio.get_running_loop().create_server(
            lambda: self._connection(desk, tls),
            self._settings.email_listen_host,
            self._settings.email_listen_port,
            reuse_port=True,
        )
        async with server:
            log.info("mail_listens", port=self._settings.email_listen_port, lmtp=self._settings.email_lmtp)
            await server.serve_forever()

    def _connection(self, desk: "_Desk", tls: ssl.SSLContext | None) -> asyncio.Protocol:
        if self._open >= CONNECTIONS_MAX:
            return _Full()
        kind = _LmtpConnection if self._settings.email_lmtp else _SmtpConnection
        connection = kind(
            desk,
            hostname=self._mailbox.domain,
            ident="ILKIM",
            data_size_limit=MAIL_BYTES_MAX,
            enable_SMTPUTF8=True,
            tls_context=tls,
            timeout=IDLE_SECONDS,
            command_call_limit=COMMANDS_MAX,
            loop=asyncio.get_running_loop(),
        )
        connection.counted(self)
        return connection

    def opened(self) -> None:
        self._open += 1

    def closed(self) -> None:
        self._open -= 1


class _Bounded:
    """A connection that is counted, ends some time, and never holds more than a mail in memory."""

    line_length_limit = LINE_BYTES_MAX
    _listener: Listener | None = None
    _bytes = 0
    _end: asyncio.TimerHandle | None = None

    def counted(self, listener: Listener) -> None:
        self._listener = listener

    def connection_made(self, transport: Any) -> None:
        if self._end is None and self._listener is not None:  # made again after STARTTLS
            self._listener.opened()
            self._end = asyncio.get_running_loop().call_later(SESSION_SECONDS_MAX, transport.abort)
        super().connection_made(transport)  # type: ignore[misc]

    def connection_lost(self, error: Exception | None) -> None:
        if self._end is not None and self._listener is not None:
            self._listener.closed()
            self._end.cancel()
            self._listener = None
        super().connection_lost(error)  # type: ignore[misc]

    def data_received(self, data: bytes) -> None:
        self._bytes += len(data)
        if self._bytes > 2 * MAIL_BYTES_MAX:  # far over what was announced, or a line without an end
            self.transport.abort()  # type: ignore[attr-defined]
            return
        super().data_received(data)  # type: ignore[misc]

    async def push(self, status: Any) -> None:
        self._bytes = 0
        await super().push(status)  # type: ignore[misc]


class _SmtpConnection(_Bounded, SMTP):
    pass


class _LmtpConnection(_Bounded, LMTP):
    pass


class _Full(asyncio.Protocol):
    """Says that there is no room, and goes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
        transport.close()


class _Desk:
    """What aiosmtpd asks at each step."""

    def __init__(self, mailbox: Mailbox, accept: Accept, *, is_lmtp: bool) -> None:
        self._mailbox, self._accept, self._is_lmtp = mailbox, accept, is_lmtp

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self._mailbox.is_ours(address):
            return "550 5.1.1 No such mailbox here"
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await self._take(envelope)
        return "\r\n".join([answer] * len(envelope.rcpt_tos)) if self._is_lmtp else answer  # one for each recipient

    async def _take(self, envelope: Envelope) -> str:
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        if not raw.strip():
            return "554 5.6.0 An empty mail"
        payload = self._mailbox.payload(
            "email",
            raw,
            datetime.now(UTC),
            (envelope.mail_from or "").strip("<>"),
            tuple(envelope.rcpt_tos),
            source="lmtp" if self._is_lmtp else "smtp",
        )
        try:
            async with asyncio.timeout(ACCEPT_SECONDS_MAX):
                await self._accept(payload)
        except (BothAway, TimeoutError, OSError):
            return "451 4.3.0 Not now, send it again"
        return "250 2.0.0 OK"


def _tls(settings: ListenerSettings) -> ssl.SSLContext | None:
    if settings.email_tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.email_tls_certificate, settings.email_tls_key)
    return context
