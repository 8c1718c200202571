"""The notifier's wiring: the only place that names concrete things together."""

from pydantic import Field

from services.notifier.handlers import Notifier
from services.notifier.office import PostOffice
from services.notifier.senders import SENDERS
from shared import municipality
from shared.contracts import (
    AddressRecorded,
    CaseAsked,
    CaseClosed,
    CaseForwarded,
    ContactRegistered,
    DeliveryReported,
    Message,
)
from shared.messaging import Consumer, Service
from shared.messaging.topology import LANES
from shared.settings import Key, Settings, key_bytes, read
from shared.vault import Vault

SCHEMA = "notifier"


class NotifierSettings(Settings):
    """What the notifier needs beside the common settings."""

    ilkim_vault_key: Key
    ilkim_blind_index_key: Key
    notifier_unknown_wait_seconds: float = Field(120, gt=0, description="for a receipt, after an unknown outcome")


def notifier() -> Service:
    """The process that replies to citizens."""
    settings = read(NotifierSettings)
    service = Service("notifier", SCHEMA, settings)
    vault = Vault(key_bytes(settings.ilkim_vault_key), key_bytes(settings.ilkim_blind_index_key))
    senders = {row.channel: sender for row in SENDERS.values() if (sender := row.configured())}
    office = PostOffice(service, vault, senders, settings.notifier_unknown_wait_seconds)
    handlers = Notifier(municipality.load(settings.ilkim_municipality), vault, office)
    told: list[type[Message]] = [AddressRecorded, ContactRegistered, CaseForwarded, CaseAsked, CaseClosed]
    for source in ("contacts", "cases"):
        queues = [f"notifier.{source}.{lane}" for lane in LANES]
        service.consume(Consumer(f"notifier-{source}", queues, told, handlers.tell, gate=office.wait_for_room))
    service.consume(Consumer("notifier-receipts", ["notifier.receipts"], [DeliveryReported], handlers.note))
    service.background(office.run)
    service.on_stop(office.let_go)
    return service
