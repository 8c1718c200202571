"""Giving one mail to an SMTP server: one transaction, a few connections kept open, and what its answer means.

Codes: RFC 5321 (4.2.3), 3463 (enhanced ones).
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

import aiosmtplib
from pydantic import Field, SecretStr

from shared.mailing.letterhead import is_address
from shared.settings import ProviderSettings


class Outcome(StrEnum):
    """The few answers of a mail server that matter to us."""

    ACCEPTED = "accepted"
    LATER = "later"  # certainly not sent: try again
    NEVER = "never"  # certainly not sent, and it would be refused again
    UNKNOWN = "unknown"  # may have been sent: only the very same mail again, by its message id


# Where no code stands here, 4xx is `later` and 5xx `never`.
CODES: Final[Mapping[str, Outcome]] = {
    "5.2.2": Outcome.LATER,  # mailbox full: it is emptied some day, and the notice expires before long
    "5.3.1": Outcome.LATER,  # their system is full
    "5.3.2": Outcome.LATER,  # their system takes nothing now
    "5.7.0": Outcome.LATER,  # sign in or encrypt first: our settings are wrong, not the letter
    "5.7.8": Outcome.LATER,  # our password is wrong
    "530": Outcome.LATER,  # sign in first
    "534": Outcome.LATER,  # stronger sign-in wanted
    "535": Outcome.LATER,  # our password is wrong
    "552": Outcome.LATER,  # without an enhanced code: mailbox full
    "5.1.1": Outcome.NEVER,  # no such mailbox
    "5.1.10": Outcome.NEVER,  # their domain takes no mail
    "5.2.1": Outcome.NEVER,  # mailbox closed
    "5.3.4": Outcome.NEVER,  # too large for them
    "5.7.1": Outcome.NEVER,  # refused by their policy
    "550": Outcome.NEVER,
    "551": Outcome.NEVER,
    "553": Outcome.NEVER,
    "554": Outcome.NEVER,
}
# No such mailbox, or one that was closed: as a server answers, and as a bounce tells it.
_DEAD: Final = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
DEAD_ADDRESS: Final = frozenset(f"{reply}{code}" for code in _DEAD for reply in ("", "550 ", "553 "))
TIMEOUT_SECONDS: Final = 9.0  # a sender answers within ten
CONNECTIONS_MAX: Final = 8
IDLE_CONNECTIONS_MAX: Final = 4
IDLE_SECONDS_MAX: Final = 20.0
_ENHANCED: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


class SmtpSettings(ProviderSettings):
    """The server that takes our mail; without a host we send none."""

    smtp_host: str
    smtp_port: int = Field(25, ge=1, le=65535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_tls: Literal["auto", "required", "implicit", "off"] = Field(
        "auto", description="auto: STARTTLS where offered, unchecked; required: and with a good certificate"
    )


@dataclass(frozen=True, slots=True)
class Post:
    """One mail with its envelope. `return_path` is where its bounce comes."""

    return_path: str
    address: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a mail; `error` holds codes alone: what servers write behind them may hold the address."""

    outcome: Outcome
    error: str | None = None


class MailServer:
    """Keeps a few connections open between mails; what was lost before the last dot is certainly not sent."""

    def __init__(self, settings: SmtpSettings, domain: str) -> None:
        """`domain` is how we greet."""
        self._settings = settings
        self._domain = domain
        self._room = asyncio.Semaphore(CONNECTIONS_MAX)
        self._idle: list[tuple[aiosmtplib.SMTP, float]] = []

    @property
    def idle(self) -> int:
        """Connections that wait for the next mail."""
        return len(self._idle)

    async def deliver(self, post: Post) -> Delivered:
        """One mail in one transaction, within ten seconds. Never raises."""
        if not is_address(post.address):
            return Delivered(Outcome.NEVER, "no mail address")
        progress = _Progress()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), self._room:
                await self._hand_over(post, progress)
        except aiosmtplib.SMTPResponseException as error:
            return Delivered(outcome_of(error.code, error.message), _words(error.code, error.message))
        except _UnwelcomeError as error:
            return Delivered(Outcome.LATER, str(error))
        except (aiosmtplib.SMTPException, TimeoutError, OSError, ValueError) as error:
            return Delivered(Outcome.UNKNOWN if progress.may_be_sent else Outcome.LATER, type(error).__name__)
        return Delivered(Outcome.ACCEPTED)

    async def close(self) -> None:
        """Let go of the connections."""
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    async def _hand_over(self, post: Post, progress: "_Progress") -> None:
        async with self._connection(post) as connection:
            await connection.rcpt(post.address, encoding="utf-8")
            progress.may_be_sent = True
            await connection.data(post.body)
            progress.may_be_sent = False

    @asynccontextmanager
    async def _connection(self, post: Post) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection on which MAIL was accepted; kept for the next letter unless something went wrong."""
        connection = await self._reused(post) or await self._fresh(post)
        try:
            yield connection
        except aiosmtplib.SMTPResponseException:
            self._quit_later(connection)
            raise
        except BaseException:
            connection.close()
            raise
        if len(self._idle) < IDLE_CONNECTIONS_MAX:
            self._idle.append((connection, time.monotonic()))
        else:
            connection.close()

    async def _reused(self, post: Post) -> aiosmtplib.SMTP | None:
        """An idle one that still answers; their server may have closed it meanwhile."""
        while self._idle:
            connection, since = self._idle.pop()
            if time.monotonic() - since < IDLE_SECONDS_MAX:
                try:
                    await self._mail(connection, post)
                except (aiosmtplib.SMTPException, OSError):
                    connection.close()
                    continue
                return connection
            connection.close()
        return None

    async def _fresh(self, post: Post) -> aiosmtplib.SMTP:
        settings = self._settings
        connection = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username or None,
            password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
            local_hostname=self._domain,
            timeout=TIMEOUT_SECONDS,
            use_tls=settings.smtp_tls == "implicit",
            start_tls={"auto": None, "required": True}.get(settings.smtp_tls, False),
            validate_certs=settings.smtp_tls != "auto",
        )
        try:
            await connection.connect()
        except aiosmtplib.SMTPResponseException as error:
            connection.close()  # whatever they say before a letter is offered is not about the letter
            raise _UnwelcomeError(_words(error.code, error.message)) from error
        try:
            await self._mail(connection, post)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _mail(self, connection: aiosmtplib.SMTP, post: Post) -> None:
        options = [] if post.address.isascii() else ["SMTPUTF8"]
        if options and not connection.supports_extension("smtputf8"):
            raise aiosmtplib.SMTPRecipientRefused(553, "5.6.7 the server takes no such letters", post.address)
        await connection.mail(post.return_path, options=options, encoding="utf-8" if options else "ascii")

    def _quit_later(self, connection: aiosmtplib.SMTP) -> None:
        """A refused letter leaves the connection in order only when RSET is heard; a new one is cheaper."""
        with suppress(aiosmtplib.SMTPException, OSError):
            connection.close()


class _UnwelcomeError(ConnectionError):
    """Raised when a server does not let us in: no letter was offered yet."""


class _Progress:
    """How far a send has come: once DATA is under way, nobody knows what a lost connection leaves."""

    may_be_sent = False


def outcome_of(code: int, said: str) -> Outcome:
    """What an SMTP reply means; the enhanced code is the finer one."""
    enhanced = _ENHANCED.search(said)
    if enhanced and enhanced[1] in CODES and enhanced[1][0] == str(code)[0]:
        return CODES[enhanced[1]]
    if str(code) in CODES and not (enhanced and code == 552):
        return CODES[str(code)]
    return Outcome.LATER if 400 <= code < 500 else Outcome.NEVER if 500 <= code < 600 else Outcome.UNKNOWN


def _words(code: int, said: str) -> str:
    """The codes alone: what servers write behind them may hold the address."""
    enhanced = _ENHANCED.search(said)
    return f"{code} {enhanced[1]}" if enhanced else str(code)
