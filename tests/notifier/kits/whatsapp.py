"""WhatsApp, sent to its own simulator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.notifier.senders import Letter
from services.notifier.senders.whatsapp import WhatsApp
from tests.builders import ACCOUNT, PHONE, an_id
from tests.notifier.conftest import Provider, a_provider
from tests.notifier.kits.base import RunningProvider, SenderKit


class _Running:
    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.url = provider.url

    def order(self, fault: str, seconds: float = 0.0) -> None:
        self._provider.fault(fault, count=1, seconds=seconds)

    def taken(self) -> list[str]:
        return [entry.text for entry in self._provider.stored()]


@asynccontextmanager
async def _running() -> AsyncIterator[RunningProvider]:
    async with a_provider() as provider:
        yield _Running(provider)


WHATSAPP = SenderKit(
    provider=_running,
    sender=lambda url: WhatsApp(url, "token"),
    letter=Letter(an_id(), ACCOUNT, PHONE, "Başvurunuz alındı: 482-715-936", 1),
    refused="131026",
    later="130429",
    codes={"131056": "later", "131047": "never", "190": "later", "100": "never", "131000": "unknown"},
    huge=None,
)
