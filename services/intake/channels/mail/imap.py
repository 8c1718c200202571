"""A mailbox on somebody else's server, read by UID: what was taken is known by UIDVALIDITY and UID, never by dates.

Blocking on purpose (`imaplib` in a thread): one connection, one command at a time. Sources: RFC 3501, 6851 (MOVE).
"""

import asyncio
import imaplib
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import structlog
from pydantic import Field, SecretStr

from services.intake.channels.base import Accept, Bookmarks, BothAway
from services.intake.channels.mail.listener import MAIL_BYTES_MAX
from services.intake.channels.mail.ours import Mailbox
from shared.contracts import WebhookReceived
from shared.settings import ProviderSettings, given

log = structlog.get_logger()

TIMEOUT_SECONDS: Final = 60.0
MAILS_IN_A_ROUND_MAX: Final = 500
BOOKMARK: Final = "folder"
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d+)")
_DATE: Final = re.compile(rb'INTERNALDATE "([^"]{10,40})"')


class ImapSettings(ProviderSettings):
    """The mailbox to read; without a host none is read."""

    email_imap_host: str
    email_imap_port: int = Field(993, ge=1, le=65535)
    email_imap_username: str
    email_imap_password: SecretStr
    email_imap_tls: Literal["implicit", "starttls", "off"] = "implicit"
    email_imap_folder: str = "INBOX"
    email_imap_move_to: str = Field("", description="folder for what was taken; empty: it stays, marked as read")
    email_imap_poll_seconds: float = Field(20.0, gt=0)


def collector() -> "Poller | None":
    """The poller of this environment; None: not configured."""
    settings = given(ImapSettings)
    return Poller(settings, Mailbox.from_environment()) if settings else None


@dataclass(frozen=True, slots=True)
class Bookmark:
    """The last UID that was taken; UIDs mean nothing once the folder has another validity."""

    validity: int
    uid: int

    @classmethod
    def read(cls, text: str | None, validity: int) -> "Bookmark | None":
        found = re.fullmatch(r"(\d+):(\d+)", text or "")
        return cls(validity, int(found[2])) if found and int(found[1]) == validity else None

    def __str__(self) -> str:
        return f"{self.validity}:{self.uid}"


class Poller:
    """Of a mailbox it has not seen before it takes what is unread; from then on everything, in order."""

    exclusive = True

    def __init__(self, settings: ImapSettings, mailbox: Mailbox) -> None:
        self._settings = settings
        self._mailbox = mailbox

    async def run(self, accept: Accept, bookmarks: Bookmarks) -> None:
        """Until the connection fails: whoever runs it starts it again."""
        folder = await asyncio.to_thread(Folder, self._settings)
        try:
            while True:
                await self._round(folder, accept, bookmarks)
                await asyncio.sleep(self._settings.email_imap_poll_seconds)
        finally:
            await asyncio.to_thread(folder.close)

    async def _round(self, folder: "Folder", accept: Accept, bookmarks: Bookmarks) -> None:
        """Take what is new. Ends early when it cannot be made safe now: the next round begins there."""
        validity = await asyncio.to_thread(folder.select)
        known = Bookmark.read(await bookmarks.get(BOOKMARK), validity)
        uids = await asyncio.to_thread(folder.new, known)
        for uid in uids[:MAILS_IN_A_ROUND_MAX]:
            payload = await asyncio.to_thread(self._payload, folder, uid)
            if payload is not None:
                try:
                    await accept(payload)
                except BothAway:
                    return
            await bookmarks.set(BOOKMARK, str(Bookmark(validity, uid)))
            if payload is not None and "trouble" not in payload.details:
                await asyncio.to_thread(folder.put_aside, uid)

    def _payload(self, folder: "Folder", uid: int) -> WebhookReceived | None:
        """None: it went meanwhile. What cannot be had goes as it is to a person, and stays in the mailbox."""
        try:
            about = folder.about(uid)
            if about is None:
                return None
            raw = folder.headers(uid) if about.size > MAIL_BYTES_MAX else folder.whole(uid)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            log.warning("mail_not_given", uid=uid, error=type(error).__name__)
            return self._made(uid, b"", datetime.now(UTC), trouble="not given")
        if raw is None:
            return None
        trouble = {"trouble": "too large"} if about.size > MAIL_BYTES_MAX else {}
        return self._made(uid, raw, about.received_at, size=str(about.size), **trouble)

    def _made(self, uid: int, raw: bytes, received_at: datetime, **more: str) -> WebhookReceived:
        return self._mailbox.payload("imap", raw, received_at, None, (), source="imap", uid=str(uid), **more)


@dataclass(frozen=True, slots=True)
class About:
    """What a mailbox tells of a mail before it is fetched; `size` in bytes."""

    size: int
    received_at: datetime


class Folder:
    """A folder on one connection. Raises imaplib's errors: `abort` when the connection is lost, else `error`."""

    def __init__(self, settings: ImapSettings) -> None:
        self._settings = settings
        self._connection = _connected(settings)
        try:
            self._connection.login(settings.email_imap_username, settings.email_imap_password.get_secret_value())
        except Exception:
            self.close()
            raise

    def select(self) -> int:
        """Look again; its UIDVALIDITY."""
        _checked(self._connection.select(_quoted(self._settings.email_imap_folder)))
        _, told = self._connection.response("UIDVALIDITY")
        if not told or told[0] is None:
            raise imaplib.IMAP4.error("the folder has no UIDVALIDITY")
        return int(told[0])

    def new(self, known: Bookmark | None) -> list[int]:
        """UIDs after the bookmark in order; without one those of unread mails."""
        asked = f"UID {known.uid + 1}:*" if known else "UNSEEN"
        found = _checked(self._connection.uid("SEARCH", asked))
        uids = sorted(int(word) for line in found if isinstance(line, bytes) for word in line.split())
        return [uid for uid in uids if known is None or uid > known.uid]  # `*` is the last one, however old

    def about(self, uid: int) -> About | None:
        """None: there is no such mail any more."""
        told = b" ".join(_lines(_checked(self._connection.uid("FETCH", str(uid), "(RFC822.SIZE INTERNALDATE)"))))
        size, date = _SIZE.search(told), _DATE.search(told)
        return About(int(size[1]), _moment(date[1] if date else b"")) if size else None

    def whole(self, uid: int) -> bytes | None:
        """The mail, which stays unread."""
        return _literal(_checked(self._connection.uid("FETCH", str(uid), "(BODY.PEEK[])")))

    def headers(self, uid: int) -> bytes | None:
        """What stands before the text of a mail."""
        return _literal(_checked(self._connection.uid("FETCH", str(uid), "(BODY.PEEK[HEADER])")))

    def put_aside(self, uid: int) -> None:
        """Mark it as read, or move it. It is ours already: when that fails it is only said in the log."""
        try:
            _checked(self._connection.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Seen)"))
            if self._settings.email_imap_move_to:
                self._move(uid, _quoted(self._settings.email_imap_move_to))
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            log.warning("mail_not_put_aside", uid=uid, error=type(error).__name__)

    def close(self) -> None:
        with suppress(imaplib.IMAP4.error, OSError):
            self._connection.logout()

    def _move(self, uid: int, folder: str) -> None:
        if "MOVE" in self._connection.capabilities:
            _checked(self._connection.uid("MOVE", str(uid), folder))
            return
        _checked(self._connection.uid("COPY", str(uid), folder))
        _checked(self._connection.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Deleted)"))
        _checked(self._connection.expunge())


def _connected(settings: ImapSettings) -> imaplib.IMAP4:
    host, port = settings.email_imap_host, settings.email_imap_port
    if settings.email_imap_tls == "implicit":
        return imaplib.IMAP4_SSL(host, port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT_SECONDS)
    connection = imaplib.IMAP4(host, port, timeout=TIMEOUT_SECONDS)
    if settings.email_imap_tls == "starttls":
        connection.starttls(ssl.create_default_context())
    return connection


def _checked(answer: tuple[str, list[Any]]) -> list[Any]:
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(f"the server answered {kind}")
    return data


def _lines(data: list[Any]) -> list[bytes]:
    return [part for item in data for part in (item if isinstance(item, tuple) else (item,)) if isinstance(part, bytes)]


def _literal(data: list[Any]) -> bytes | None:
    return next((bytes(item[1]) for item in data if isinstance(item, tuple) and len(item) > 1), None)


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _moment(date: bytes) -> datetime:
    """When the mailbox got it; now, where that cannot be."""
    now = datetime.now(UTC)
    try:
        at = datetime.strptime(date.decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except ValueError:
        return now
    return at if at.year > 1990 and at <= now else now
