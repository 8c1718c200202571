"""The SMS providers and social networks, all of them in one simulator."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest
from aiohttp.test_utils import TestServer

from services.notifier.senders import SENDERS, Letter, Sender
from simulators.faults import Fault
from simulators.outside.app import Outside
from simulators.outside.settings import Settings
from tests.builders import PHONE, an_id
from tests.notifier.kits.base import RunningProvider, SenderKit
from tests.outside import CREDENTIALS, url_variables

TEXT = "Başvurunuz alındı: 482-715-936"


class _Running:
    def __init__(self, outside: Outside, name: str, url: str) -> None:
        self.outside, self._name, self.url = outside, name, url

    def order(self, fault: str, seconds: float = 0.0) -> None:
        self.outside.providers[self._name].faults.add(Fault(fault, seconds), 1)

    def taken(self) -> list[str]:
        return [row.text for row in self.outside.world.memory.find(self._name) if row.status != "refused"]


def _provider(name: str) -> Callable[[], object]:
    @asynccontextmanager
    async def running() -> AsyncIterator[RunningProvider]:
        outside = Outside(Settings(secrets=CREDENTIALS, receipts=()))
        async with TestServer(outside.application()) as server:
            yield _Running(outside, name, str(server.make_url("")).rstrip("/"))

    return running


def _sender(name: str) -> Callable[[str], Sender]:
    def build(url: str) -> Sender:
        with pytest.MonkeyPatch.context() as patched:
            for variable, value in (CREDENTIALS | url_variables(url)).items():
                patched.setenv(variable, value)
            found = SENDERS[name].configured()
        assert found is not None, f"{name} is not configured by {sorted(os.environ)}"
        return found

    return build


def a_kit(name: str, refused: str, later: str, codes: Mapping[str, str], account: str, address: str) -> SenderKit:
    """A kit of a provider in `simulators.outside`; codes as its documents write them."""
    return SenderKit(
        provider=_provider(name),  # type: ignore[arg-type]
        sender=_sender(name),
        letter=Letter(an_id(), account, address, TEXT, 1),
        refused=f"code_{refused}",
        later=f"code_{later}",
        codes={f"code_{code}": answer for code, answer in codes.items()},
    )


def _all(answer: str, codes: str) -> dict[str, str]:
    return dict.fromkeys(codes.split(), answer)


_META_CODES = (
    _all("never", "10 100 200 551 1545041 2018001") | _all("later", "4 190 368 613 1200") | _all("unknown", "1 2")
)
OUTSIDE: Mapping[str, SenderKit] = {
    "netgsm": a_kit(
        "netgsm",
        refused="20",
        later="80",
        codes=_all("never", "20 40 50 51 70") | _all("later", "30 80 85") | _all("unknown", "100"),
        account="8503020000",
        address=PHONE,
    ),
    "verimor": a_kit(
        "verimor",
        refused="INVALID_DESTINATION_ADDRESS",
        later="INSUFFICIENT_CREDITS",
        codes=_all("later", "401 INSUFFICIENT_CREDITS")
        | _all("unknown", "MUKERRER_RAPORLAMA")
        | _all("never", "INVALID_SOURCE_ADDRESS MISSING_MESSAGE MESSAGE_TOO_LONG FORBIDDEN_MESSAGE INVALID_DATACODING"),
        account="908500000000",
        address=PHONE,
    ),
    "twilio": a_kit(
        "twilio",
        refused="21211",
        later="20429",
        codes=_all("never", "21211 21214 21408 21602 21606 21610 21612 21614 21617")
        | _all("later", "20003 20429 14107 21611"),
        account="903620000000",
        address=PHONE,
    ),
    "telegram": a_kit(
        "telegram",
        refused="403",
        later="429",
        codes=_all("never", "400 403") | _all("later", "401 404 429"),
        account="telegram-7700000001",
        address="500000001",
    ),
    "messenger": a_kit(
        "messenger",
        refused="551",
        later="613",
        codes=_META_CODES,
        account="messenger-100000000000001",
        address="600000000000001",
    ),
    "instagram": a_kit(
        "instagram",
        refused="1545041",
        later="4",
        codes=_META_CODES,
        account="instagram-17840000000000001",
        address="600000000000002",
    ),
    "x": a_kit(
        "x",
        refused="349",
        later="429",
        codes=_all("never", "108 150 349 403") | _all("later", "32 88 89 326 429") | _all("unknown", "130 131"),
        account="x-2000000001",
        address="3000000001",
    ),
}
