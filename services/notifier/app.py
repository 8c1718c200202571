"""The notifier's wiring: the only place that names concrete things together."""

from collections.abc import Mapping
from typing import Final

from pydantic import Field

from services.notifier.domain import Composer, Teller
from services.notifier.domain.failover import Weights
from services.notifier.handlers import Notifier
from services.notifier.office import LEASE, Clerk, Lanes, Later, PostOffice
from services.notifier.senders import SENDERS
from shared import municipality
from shared.contracts import (
    AddressFailed,
    AddressRecorded,
    CaseAsked,
    CaseClosed,
    CaseForwarded,
    CaseReopened,
    ContactRegistered,
    DeliveryReported,
    DutyCalled,
    Message,
    OptOutRecorded,
    TaskSettled,
)
from shared.messaging import Consumer, Service
from shared.messaging.topology import LANES
from shared.municipality.delivery import DeliveryRules
from shared.settings import Key, Settings, key_bytes, read, stop
from shared.tokens import CaseTokens, OptOutTokens
from shared.vault import Vault

SCHEMA = "notifier"
# The steps of a case that citizens are told of.
STEPS: Final[list[type[Message]]] = [CaseForwarded, CaseAsked, CaseClosed, CaseReopened]


class NotifierSettings(Settings):
    """What the notifier needs beside the common settings."""

    ilkim_vault_key: Key
    ilkim_blind_index_key: Key
    ilkim_tracking_key: Key
    ilkim_public_url: str = Field("", description="where citizens reach us; empty: replies link to nothing")
    notifier_per_second: str = Field(
        "", description="limits an upgraded account has beyond delivery.toml, e.g. `whatsapp=1000,netgsm=100`"
    )


def notifier() -> Service:
    """The process that replies to citizens."""
    settings = read(NotifierSettings)
    service = Service("notifier", SCHEMA, settings)
    vault = Vault(key_bytes(settings.ilkim_vault_key), key_bytes(settings.ilkim_blind_index_key))
    place = municipality.load_for_service(settings.ilkim_municipality)
    tracking = key_bytes(settings.ilkim_tracking_key)
    composer = Composer(place, CaseTokens(tracking), OptOutTokens(tracking), settings.ilkim_public_url.rstrip("/"))
    lanes = _lanes(place.delivery, settings.notifier_per_second)
    clerk = Clerk(place.delivery, place.zone, composer, lanes, LEASE)
    dead_address = {name: row.dead_address for name, row in SENDERS.items()}
    office = PostOffice(service, vault, place.delivery, lanes, clerk, dead_address)
    teller, surveys = Teller(place, composer), place.conversation.survey
    handlers = Notifier(teller, vault, clerk, office, surveys, place.conversation.question)
    told: list[type[Message]] = [AddressRecorded, ContactRegistered, *STEPS]
    for source in ("contacts", "cases"):
        queues = [f"notifier.{source}.{lane}" for lane in LANES]
        service.consume(Consumer(f"notifier-{source}", queues, told, handlers.tell, gate=office.wait_for_room))
    noted: list[type[Message]] = [DeliveryReported, AddressFailed, OptOutRecorded]
    service.consume(Consumer("notifier-receipts", ["notifier.receipts"], noted, handlers.note))
    service.consume(Consumer("notifier-settled", ["notifier.settled"], [TaskSettled], handlers.settle))
    service.consume(Consumer("notifier-duty", ["notifier.duty"], [DutyCalled], handlers.call_duty))
    service.background(office.run)
    service.background(Later(service, vault, teller, clerk, office, surveys).run)
    service.on_stop(office.let_go)
    service.on_stop(office.close)
    return service


def _lanes(rules: DeliveryRules, per_second: str) -> Lanes:
    """A lane for each provider that is configured here."""
    senders = {name: (row.channel, sender) for name, row in SENDERS.items() if (sender := row.configured())}
    limits = {name: rules.provider(name, channel) for name, (channel, _) in senders.items()}
    upgraded = _upgraded(per_second)
    rates = {name: upgraded.get(name, limit.per_second) for name, limit in limits.items()}
    return Lanes(senders, rates, Weights({name: limit.weight for name, limit in limits.items()}))


def _upgraded(given: str) -> Mapping[str, float]:
    try:
        pairs = (pair.split("=") for pair in given.split(",") if pair.strip())
        return {name.strip(): float(value) for name, value in pairs}
    except ValueError:
        stop(f"NOTIFIER_PER_SECOND: write e.g. whatsapp=1000,netgsm=100, not {given!r}")
