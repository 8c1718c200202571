"""The kit: batch consumption, inbox and outbox in one transaction, confirmed publishing, topology, a service's run."""

from shared.messaging.consumer import Consumer, Unit
from shared.messaging.outbox import Outbox, Outgoing, Parcel, envelopes, single
from shared.messaging.outcomes import Never, NotNow
from shared.messaging.publisher import Publisher, Unconfirmed
from shared.messaging.service import Service

__all__ = [
    "Consumer",
    "Never",
    "NotNow",
    "Outbox",
    "Outgoing",
    "Parcel",
    "Publisher",
    "Service",
    "Unconfirmed",
    "Unit",
    "envelopes",
    "single",
]
