"""The notifier's schema, and the real WhatsApp simulator to send to."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from services.notifier import app
from services.notifier.app import notifier
from services.notifier.domain import status as statuses_of
from services.notifier.office import post_office
from services.notifier.senders import whatsapp
from shared.contracts import Message
from shared.messaging import Service, consumer
from shared.messaging.topology import NOTIFIER
from shared.municipality import Municipality, load
from simulators.whatsapp.app import Simulator
from simulators.whatsapp.faults import Fault
from simulators.whatsapp.memory import Entry
from simulators.whatsapp.settings import Settings
from tests.harness import System, a_system, built

UNKNOWN_WAIT_SECONDS = 0.6
ILKADIM = Path(__file__).parents[2] / "municipality" / "ilkadim"


@pytest.fixture(scope="module")
async def module_system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "notifier") as system:
        yield system


def quick(**changed: Any) -> Municipality:
    """İlkadım with waits that suit a test, and no quiet hours unless a test wants them."""
    place = load(ILKADIM)
    rules = place.delivery
    quiet = rules.quiet.model_copy(update={"rungs": ()})
    providers = tuple(
        one.model_copy(update={"unknown_wait_seconds": UNKNOWN_WAIT_SECONDS, "pair_seconds": 0.01, "per_second": 1000})
        for one in rules.providers
    )
    delivery = rules.model_copy(update={"quiet": quiet, "providers": providers, **changed})
    return place.model_copy(update={"delivery": delivery})


def rule_with(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    """The rules of delivery.toml with these changed."""
    monkeypatch.setattr(app.municipality, "load_for_service", lambda _: quick(**changed))


@pytest.fixture
async def system(module_system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    """Everything forgotten, and waits that suit a test."""
    monkeypatch.setattr(consumer, "RETRY_SECONDS", (0.1, 0.2, 0.4, 0.8, 1.6))
    monkeypatch.setattr(consumer, "RETRY_POLL_SECONDS", 0.05)
    monkeypatch.setattr(statuses_of, "RETRY_SECONDS", (0.2, 0.4, 0.8))
    monkeypatch.setattr(whatsapp, "RETRY_SECONDS", {})
    monkeypatch.setattr(post_office, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(post_office, "RENEW_SECONDS", 0.3)
    for module in (post_office, app):
        monkeypatch.setattr(module, "LEASE", timedelta(seconds=1.2))
    monkeypatch.setattr(app.municipality, "load_for_service", lambda _: quick())
    await module_system.forget()
    return module_system


@dataclass
class Provider:
    """The simulator in this process, and what it was asked."""

    simulator: Simulator
    url: str = ""
    entries: list[Entry] = field(default_factory=list)

    def asked(self, address: str | None = None) -> list[Entry]:
        """What it was asked to send, refused requests too, in order."""
        return list(self.simulator.memory.find(address.removeprefix("+") if address else None, 0.0))

    def stored(self, address: str | None = None) -> list[Entry]:
        """What it accepted, whether or not it could say so."""
        return [entry for entry in self.asked(address) if entry.wamid]

    def fault(self, kind: str, count: int | None = None, seconds: float = 0.0, to: str | None = None) -> None:
        self.simulator.faults.add(Fault(kind, seconds, to=to.removeprefix("+") if to else None), count)


@asynccontextmanager
async def a_provider(port: int = 0) -> AsyncIterator[Provider]:
    simulator = Simulator(Settings(access_token="token", statuses=()))
    async with TestServer(simulator.application(), port=port) as server:
        yield Provider(simulator, str(server.make_url("")).rstrip("/"))


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with a_provider() as provider:
        yield provider


def a_notifier(system: System, provider_url: str) -> Service:
    """The notifier as its own `app.py` wires it, sending to this provider."""
    return built(notifier, system, WHATSAPP_API_URL=provider_url)


async def tell(system: System, *events: Message, lane: str = "routine") -> None:
    """Tell contacts and addresses as intake does."""
    await system.tell(NOTIFIER, f"contacts.{lane}", *events)


async def notices(system: System) -> list[dict[str, Any]]:
    return await system.rows("SELECT * FROM notice ORDER BY id")


async def statuses(system: System) -> Sequence[str]:
    return [row["status"] for row in await notices(system)]


async def deliveries(system: System) -> list[dict[str, Any]]:
    return await system.rows("SELECT * FROM delivery ORDER BY created_at, id")
