"""E-mail by SMTP, with the citizens' mail server as its provider."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from aiohttp.test_utils import TestServer

from services.notifier.senders import Letter, Sender
from services.notifier.senders.mail import Composer
from services.notifier.senders.smtp import Smtp
from shared.mailing import DkimKey, SmtpSettings
from simulators.faults import Fault
from simulators.mail.app import MailServer
from simulators.mail.settings import Settings
from tests.builders import an_id
from tests.notifier.kits.base import RunningProvider, SenderKit

ADDRESS = "cozum@ilkim.example"
NAME = "İlkadım Belediyesi Çözüm Merkezi"
TEXT = "Başvurunuz alındı: 482-715-936\n\nŞikâyetiniz Temizlik İşleri'ne iletildi."


class RunningMailServer:
    """The mail server, and hands to look into it."""

    def __init__(self, server: MailServer) -> None:
        self.server = server

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server.smtp_port}"

    def order(self, fault: str, seconds: float = 0.0) -> None:
        self.server.faults.add(Fault(fault, seconds), 1)

    def taken(self) -> list[str]:
        return [mail.text for mail in self.server.memory.find() if mail.status == "accepted"]


@asynccontextmanager
async def mail_server(**changed: Any) -> AsyncIterator[RunningMailServer]:
    """The citizens' mail server on free ports."""
    server = MailServer(Settings(**changed))
    async with TestServer(server.application()):
        yield RunningMailServer(server)


@asynccontextmanager
async def _provider() -> AsyncIterator[RunningProvider]:
    async with mail_server() as running:
        yield running


def a_sender(url: str, key: DkimKey | None = None) -> Smtp:
    """Our sender for a server there."""
    settings = SmtpSettings(smtp_host="127.0.0.1", smtp_port=urlsplit(url).port or 25)
    return Smtp(settings, Composer(ADDRESS, NAME, key))


def _sender(url: str) -> Sender:
    return a_sender(url)


SMTP = SenderKit(
    provider=_provider,
    sender=_sender,
    letter=Letter(an_id(), "main", "ayse@example.org", TEXT, 1),
    refused="code_550",
    later="code_451",
    codes={
        "code_421": "later",
        "code_450": "later",
        "code_451": "later",
        "code_452": "later",
        "code_522": "later",  # mailbox full
        "code_552": "later",
        "code_535": "later",
        "code_550": "never",
        "code_521": "never",
        "code_553": "never",
        "code_554": "never",
    },
    failing="drop_reply",
    huge=None,
    timeout_module="shared.mailing.smtp",
    speaks_http=False,
)
