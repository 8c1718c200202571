"""Exchanges, queues and bindings as data: the one place that knows them, declared by the deploy step alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel

from shared.contracts import Channel, Lane

LANES: Final[tuple[Lane, ...]] = ("urgent", "routine")

# The last fuse against a message that kills its consumer; attempts are counted in the database long before.
DELIVERY_LIMIT: Final = 50

INTAKE: Final = "ilkim.intake"
ROUTING: Final = "ilkim.routing"
EVENTS: Final = "ilkim.events"
NOTIFIER: Final = "ilkim.notifier"
DEPARTMENTS: Final = "ilkim.departments"
ANSWERS: Final = "ilkim.answers"
REPLIES: Final = "ilkim.replies"
DESK: Final = "ilkim.desk"
HANDOVER: Final = "ilkim.handover"
DEAD: Final = "ilkim.dead"
UNROUTED: Final = "ilkim.unrouted"


@dataclass(frozen=True)
class Exchange:
    """A durable exchange. `open` ones are written to by programs that are not ours: what they mis-key is kept."""

    name: str
    kind: ExchangeType
    purpose: str
    open: bool = False

    @property
    def arguments(self) -> dict[str, str]:
        return {"alternate-exchange": UNROUTED} if self.open else {}


@dataclass(frozen=True)
class Queue:
    """A quorum queue and the one binding that fills it."""

    name: str
    exchange: str
    key: str
    purpose: str

    @property
    def arguments(self) -> dict[str, str | int]:
        """Same on RabbitMQ 3.10 and 4.x. A message dies into `dead` only, and at least once."""
        arguments: dict[str, str | int] = {"x-queue-type": "quorum"}
        if self.exchange not in (DEAD, UNROUTED):
            arguments |= {
                "x-delivery-limit": DELIVERY_LIMIT,
                "x-overflow": "reject-publish",
                "x-dead-letter-exchange": DEAD,
                "x-dead-letter-routing-key": self.name,
                "x-dead-letter-strategy": "at-least-once",
            }
        return arguments


EXCHANGES: Final = (
    Exchange(UNROUTED, ExchangeType.FANOUT, "what an outside program sent with a key nobody binds"),
    Exchange(DEAD, ExchangeType.TOPIC, "dead letters; the key is the queue they died in"),
    Exchange(INTAKE, ExchangeType.DIRECT, "channels publish citizens' messages, key `urgent` or `routine`", open=True),
    Exchange(ROUTING, ExchangeType.DIRECT, "intake tells the router of opened cases, key is the lane"),
    Exchange(
        EVENTS,
        ExchangeType.TOPIC,
        "facts for whoever counts or replies, key `intake.<lane>`, `router.told|kept.<lane>`, `notifier.recorded`"
        " or `imported`",
    ),
    Exchange(
        NOTIFIER, ExchangeType.DIRECT, "addresses with their contacts, and providers' receipts, for the notifier alone"
    ),
    Exchange(DEPARTMENTS, ExchangeType.DIRECT, "work for owners, key `department.<code>.<lane>`"),
    Exchange(REPLIES, ExchangeType.DIRECT, "replies for channels with a program of their own, key `reply.<channel>`"),
    Exchange(
        DESK,
        ExchangeType.DIRECT,
        "tasks and calls for people, key `tasks`, danger to life `alerts`; settled ones, key `settled.<service>`",
    ),
    Exchange(HANDOVER, ExchangeType.DIRECT, "mails of institutions for the hand-over service, key `mails`"),
    Exchange(ANSWERS, ExchangeType.TOPIC, "owners answer, key `answer.<code>.<word>`", open=True),
)

# WhatsApp is sent to by the notifier itself.
_BY_AMQP: Final = tuple(channel for channel in Channel if channel is not Channel.WHATSAPP)


def reply_queue(channel: Channel) -> str:
    """The name, and the routing key, of the queue from which a channel's program takes replies."""
    return f"reply.{channel}"


_SERVICE_QUEUES: Final = (
    *(Queue(f"intake.{lane}", INTAKE, lane, "citizens' messages on their way to a contact") for lane in LANES),
    *(Queue(f"router.cases.{lane}", ROUTING, lane, "cases without an owner") for lane in LANES),
    Queue("router.answers", ANSWERS, "answer.#", "what owners say of their assignments"),
    *(
        Queue(f"notifier.contacts.{lane}", NOTIFIER, f"contacts.{lane}", "contacts and their addresses")
        for lane in LANES
    ),
    *(Queue(f"notifier.cases.{lane}", EVENTS, f"router.told.{lane}", "steps a citizen is told of") for lane in LANES),
    Queue("notifier.receipts", NOTIFIER, "receipts", "what providers said of our replies"),
    Queue("notifier.duty", NOTIFIER, "duty", "urgent cases at night, for whoever is on duty"),
    *(
        Queue(reply_queue(channel), REPLIES, reply_queue(channel), f"replies to go out by {channel}")
        for channel in _BY_AMQP
    ),
    Queue("intake.steps", EVENTS, "router.#", "steps of cases, for follow-ups and the tracking page"),
    Queue("intake.notices", EVENTS, "notifier.recorded", "what providers call our replies, for answers to them"),
    Queue("intake.settled", DESK, "settled.intake", "tasks of intake that a person settled"),
    Queue("router.settled", DESK, "settled.router", "tasks of the router that a person settled"),
    Queue("notifier.settled", DESK, "settled.notifier", "tasks of the notifier that a person settled"),
    Queue("desk.alerts", DESK, "alerts", "danger to life and limb, for a person to look at once"),
    Queue("desk.tasks", DESK, "tasks", "tasks for a person, and calls as they come in"),
    Queue("desk.contacts", EVENTS, "intake.#", "contacts, for the operator who waits for a number"),
    Queue("desk.cases", EVENTS, "router.#", "steps of cases, for their stories and for what is known of a place"),
    Queue("desk.notices", EVENTS, "notifier.recorded", "what became of replies, for the story of a case"),
    Queue("handover.mails", HANDOVER, "mails", "what institutions write to the reply addresses of hand-overs"),
    Queue("reporting.events", EVENTS, "#", "every fact, to be counted"),
    Queue("dead", DEAD, "#", "dead letters of the broker: none in a healthy system"),
    Queue("unrouted", UNROUTED, "", "mis-keyed messages: none in a healthy system"),
)


def owner_queue(owner: str, lane: Lane) -> str:
    """The name, and the routing key, of the queue an owner (department, institution or the centre) consumes."""
    return f"department.{owner}.{lane}"


def owner_queues(owners: Iterable[str]) -> Iterator[Queue]:
    """An urgent and a routine lane for each owner."""
    for owner in owners:
        for lane in LANES:
            name = owner_queue(owner, lane)
            yield Queue(name, DEPARTMENTS, name, f"{lane} work of {owner}")


def queues(owners: Iterable[str]) -> tuple[Queue, ...]:
    """Every queue of an installation with these owners."""
    return (*_SERVICE_QUEUES, *owner_queues(owners))


async def declare(channel: AbstractChannel, owners: Iterable[str]) -> int:
    """Declare everything; idempotent. Raises when a queue exists with other arguments. Returns the queue count."""
    for exchange in EXCHANGES:
        await channel.declare_exchange(exchange.name, exchange.kind, durable=True, arguments=dict(exchange.arguments))
    declared = queues(owners)
    for queue in declared:
        handle = await channel.declare_queue(queue.name, durable=True, arguments=dict(queue.arguments))
        await handle.bind(queue.exchange, queue.key)
    return len(declared)
