"""E-mail by SMTP: plain and HTML, threaded, with a return path of its own for each send, signed where a key is given.

Codes: RFC 5321 (4.2.3), 3463 (enhanced ones). Headers: 3834 (Auto-Submitted), 2369 and 8058 (List-Unsubscribe).
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final, Literal

import aiosmtplib
from pydantic import Field, SecretStr

from services.notifier.domain import Answer, Result
from services.notifier.senders.base import Letter
from services.notifier.senders.mail import Composer, DkimKey, is_address, message_id
from shared.settings import ProviderSettings, given, read

# Where no code stands here, 4xx is `later` and 5xx `never`.
CODES: Final[Mapping[str, Answer]] = {
    "5.2.2": Answer.LATER,  # mailbox full: it is emptied some day, and the notice expires before long
    "5.3.1": Answer.LATER,  # their system is full
    "5.3.2": Answer.LATER,  # their system takes nothing now
    "5.7.0": Answer.LATER,  # sign in or encrypt first: our settings are wrong, not the letter
    "5.7.8": Answer.LATER,  # our password is wrong
    "530": Answer.LATER,  # sign in first
    "534": Answer.LATER,  # stronger sign-in wanted
    "535": Answer.LATER,  # our password is wrong
    "552": Answer.LATER,  # without an enhanced code: mailbox full
    "5.1.1": Answer.NEVER,  # no such mailbox
    "5.1.10": Answer.NEVER,  # their domain takes no mail
    "5.2.1": Answer.NEVER,  # mailbox closed
    "5.3.4": Answer.NEVER,  # too large for them
    "5.7.1": Answer.NEVER,  # refused by their policy
    "550": Answer.NEVER,
    "551": Answer.NEVER,
    "553": Answer.NEVER,
    "554": Answer.NEVER,
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


class LetterheadSettings(ProviderSettings):
    """Who our mails are from."""

    email_address: str = Field(description="e.g. cozum@ilkadim.bel.tr")
    email_name: str = "İlkadım Belediyesi Çözüm Merkezi"
    dkim_selector: str | None = Field(None, description="with DKIM_KEY: the name of the key in our DNS")
    dkim_key: SecretStr | None = Field(None, description="private key in PEM")


def sender() -> "Smtp | None":
    """The sender of this environment; None: no mail server is configured."""
    settings = given(SmtpSettings)
    if settings is None:
        return None
    head = read(LetterheadSettings)
    key = None
    if head.dkim_selector and head.dkim_key:
        key = DkimKey(head.dkim_selector, head.dkim_key.get_secret_value().encode())
    return Smtp(settings, Composer(head.email_address, head.email_name, key))


class Smtp:
    """Keeps a few connections open between letters; what was lost before the last dot is certainly not sent."""

    def __init__(self, settings: SmtpSettings, composer: Composer) -> None:
        self._settings = settings
        self._composer = composer
        self._room = asyncio.Semaphore(CONNECTIONS_MAX)
        self._idle: list[tuple[aiosmtplib.SMTP, float]] = []

    async def send(self, letter: Letter) -> Result:
        """One mail in one transaction."""
        if not is_address(letter.address):
            return Result(letter.id, Answer.NEVER, error="no mail address")
        progress = _Progress()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), self._room:
                return await self._hand_over(letter, progress)
        except aiosmtplib.SMTPResponseException as error:
            return Result(letter.id, answer_of(error.code, error.message), error=_words(error.code, error.message))
        except _UnwelcomeError as error:
            return Result(letter.id, Answer.LATER, error=str(error))
        except (aiosmtplib.SMTPException, TimeoutError, OSError, ValueError) as error:
            lost = Answer.UNKNOWN if progress.may_be_sent else Answer.LATER
            return Result(letter.id, lost, error=type(error).__name__)

    async def close(self) -> None:
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    async def _hand_over(self, letter: Letter, progress: "_Progress") -> Result:
        body = self._composer.compose(letter)
        async with self._connection(letter) as connection:
            await connection.rcpt(letter.address, encoding="utf-8")
            progress.may_be_sent = True
            await connection.data(body)
            progress.may_be_sent = False
        return Result(letter.id, Answer.ACCEPTED, provider_id=message_id(letter, self._composer.domain))

    @asynccontextmanager
    async def _connection(self, letter: Letter) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection on which MAIL was accepted; kept for the next letter unless something went wrong."""
        return_path = self._composer.return_path(letter)
        connection = await self._reused(return_path, letter) or await self._fresh(return_path, letter)
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

    async def _reused(self, return_path: str, letter: Letter) -> aiosmtplib.SMTP | None:
        """An idle one that still answers; their server may have closed it meanwhile."""
        while self._idle:
            connection, since = self._idle.pop()
            if time.monotonic() - since < IDLE_SECONDS_MAX:
                try:
                    await self._mail(connection, return_path, letter)
                except (aiosmtplib.SMTPException, OSError):
                    connection.close()
                    continue
                return connection
            connection.close()
        return None

    async def _fresh(self, return_path: str, letter: Letter) -> aiosmtplib.SMTP:
        settings = self._settings
        connection = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username or None,
            password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
            local_hostname=self._composer.domain,
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
            await self._mail(connection, return_path, letter)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _mail(self, connection: aiosmtplib.SMTP, return_path: str, letter: Letter) -> None:
        options = [] if letter.address.isascii() else ["SMTPUTF8"]
        if options and not connection.supports_extension("smtputf8"):
            raise aiosmtplib.SMTPRecipientRefused(553, "5.6.7 the server takes no such letters", letter.address)
        await connection.mail(return_path, options=options, encoding="utf-8" if options else "ascii")

    def _quit_later(self, connection: aiosmtplib.SMTP) -> None:
        """A refused letter leaves the connection in order only when RSET is heard; a new one is cheaper."""
        with suppress(aiosmtplib.SMTPException, OSError):
            connection.close()


class _UnwelcomeError(ConnectionError):
    """Raised when a server does not let us in: no letter was offered yet."""


class _Progress:
    """How far a send has come: once DATA is under way, nobody knows what a lost connection leaves."""

    may_be_sent = False


def answer_of(code: int, said: str) -> Answer:
    """What an SMTP reply means; the enhanced code is the finer one."""
    enhanced = _ENHANCED.search(said)
    if enhanced and enhanced[1] in CODES and enhanced[1][0] == str(code)[0]:
        return CODES[enhanced[1]]
    if str(code) in CODES and not (enhanced and code == 552):
        return CODES[str(code)]
    return Answer.LATER if 400 <= code < 500 else Answer.NEVER if 500 <= code < 600 else Answer.UNKNOWN


def _words(code: int, said: str) -> str:
    """The codes alone: what servers write behind them may hold the address."""
    enhanced = _ENHANCED.search(said)
    return f"{code} {enhanced[1]}" if enhanced else str(code)
