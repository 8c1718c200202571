"""Which message travels where: who says it, to which exchange, under which key. Queues come from the topology."""

from dataclasses import dataclass
from typing import Final

from shared.contracts import (
    AddressFailed,
    AddressRecorded,
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentDecided,
    AssignmentEnded,
    AssignmentGathered,
    AssignmentOffered,
    AssignmentProgressed,
    AssignmentReturned,
    AssignmentSeparated,
    AssignmentWarned,
    CallReported,
    CaseAccepted,
    CaseAsked,
    CaseAssigned,
    CaseClosed,
    CaseForwarded,
    CaseGathered,
    CaseImported,
    CaseOpened,
    CaseProgressed,
    CaseReopened,
    CaseReturned,
    CaseSeparated,
    CitizenAdded,
    CitizenAsked,
    CitizenSilent,
    ContactJoined,
    ContactRegistered,
    DeliveryReported,
    DutyCalled,
    IncidentGrew,
    InstitutionWrote,
    Message,
    MessageReceived,
    NoticeRecorded,
    OptOutRecorded,
    ReopeningAsked,
    ReplyRequested,
    SurveyAnswered,
    TaskRequested,
    TaskSettled,
    WebhookReceived,
    WithdrawalAsked,
)
from shared.messaging import topology
from shared.messaging.topology import LANES, Queue


@dataclass(frozen=True)
class Party:
    """A program at the broker. `outside` ones may be written by anybody, in any language."""

    code: str
    name: str
    outside: bool = False


CHANNEL: Final = Party("channel", "a channel's program (kanal)", outside=True)
DEPARTMENT: Final = Party("department", "an owner's program: a department (birim) or institution (kurum)", outside=True)
INTAKE: Final = Party("intake", "the intake service")
ROUTER: Final = Party("router", "the router service")
NOTIFIER: Final = Party("notifier", "the notifier service")
REPORTING: Final = Party("reporting", "the reporting service")
DESK: Final = Party("desk", "the desk, for people of the solution centre (çözüm merkezi)")
HANDOVER: Final = Party("handover", "the hand-over service, for institutions (kurum) without a program of their own")
OPERATOR: Final = Party("operator", "a person who looks after the system (işletmen)")

# The first word of a queue's name says whose it is.
_CONSUMERS: Final = {
    **{party.code: party for party in (INTAKE, ROUTER, NOTIFIER, REPORTING, DESK, HANDOVER, DEPARTMENT)},
    "reply": CHANNEL,
    "dead": OPERATOR,
    "unrouted": OPERATOR,
}


@dataclass(frozen=True)
class Journey:
    """Messages that one party sends to one address. `enveloped`: several to an AMQP message, `{"events": [...]}`."""

    code: str
    sender: Party
    exchange: str
    address: str
    messages: tuple[type[Message], ...]
    summary: str
    enveloped: bool = False


JOURNEYS: Final = (
    Journey(
        "citizen-messages",
        CHANNEL,
        topology.INTAKE,
        "{lane}",
        (MessageReceived,),
        "Hand over a citizen's message; it becomes exactly one contact (temas), however often it is sent.",
    ),
    Journey(
        "delivery-reports",
        CHANNEL,
        topology.INTAKE,
        "{lane}",
        (DeliveryReported,),
        "Tell what became of a reply (bildirim) that was taken from `reply.{channel}`.",
    ),
    Journey(
        "webhooks",
        INTAKE,
        topology.INTAKE,
        "{lane}",
        (WebhookReceived, MessageReceived),
        "What came in over HTTP, made safe before the provider is answered.",
    ),
    Journey(
        "case-work",
        INTAKE,
        topology.ROUTING,
        "{lane}",
        (CaseOpened, ContactJoined, ReopeningAsked, WithdrawalAsked),
        "Cases (talep) that want an owner, and what citizens add to them or say of them.",
        enveloped=True,
    ),
    Journey(
        "old-cases",
        OPERATOR,
        topology.EVENTS,
        "imported",
        (CaseImported,),
        "Cases of a system that was used before, to be counted with ours (`ilkim import`).",
        enveloped=True,
    ),
    Journey(
        "contact-facts",
        INTAKE,
        topology.EVENTS,
        "intake.{lane}",
        (ContactRegistered, SurveyAnswered),
        "Contacts (temas) that were stored, without any address, and what citizens say of closed cases.",
        enveloped=True,
    ),
    Journey(
        "contacts",
        INTAKE,
        topology.NOTIFIER,
        "contacts.{lane}",
        (AddressRecorded, ContactRegistered),
        "Contacts to be answered, each new person's address before the contact. Nobody else reads the addresses.",
        enveloped=True,
    ),
    Journey(
        "receipts",
        INTAKE,
        topology.NOTIFIER,
        "receipts",
        (DeliveryReported, AddressFailed, OptOutRecorded),
        "What providers said of our replies and addresses, and who wants no more notices.",
        enveloped=True,
    ),
    Journey(
        "intake-tasks",
        INTAKE,
        topology.DESK,
        "tasks",
        (TaskRequested, CallReported),
        "Held and unreadable messages, missed calls (görev), and calls as they come in.",
        enveloped=True,
    ),
    Journey(
        "alerts",
        INTAKE,
        topology.DESK,
        "alerts",
        (TaskRequested,),
        "Messages that tell of danger to life and limb (acil uyarı): a person looks at once. They change nothing in "
        "how their case is routed.",
        enveloped=True,
    ),
    Journey(
        "handover-tasks",
        HANDOVER,
        topology.DESK,
        "tasks",
        (TaskRequested,),
        "What institutions write about cases that are not with them any more (görev).",
        enveloped=True,
    ),
    Journey(
        "institution-mails",
        INTAKE,
        topology.HANDOVER,
        "mails",
        (InstitutionWrote,),
        "What institutions (kurum) wrote to the reply address of a hand-over: no contact comes of it.",
        enveloped=True,
    ),
    Journey(
        "entries",
        DESK,
        topology.INTAKE,
        "{lane}",
        (MessageReceived,),
        "What an operator entered for a citizen who called, came or wrote on paper.",
    ),
    Journey(
        "case-facts",
        ROUTER,
        topology.EVENTS,
        "router.kept.{lane}",
        (CaseAssigned, CaseAccepted, CaseProgressed, CaseReturned, CaseGathered, CaseSeparated),
        "Steps in the life of a case (talep) that are counted, numbered by `version`.",
        enveloped=True,
    ),
    Journey(
        "told-facts",
        ROUTER,
        topology.EVENTS,
        "router.told.{lane}",
        (CaseForwarded, CaseAsked, CaseClosed, CaseReopened),
        "Steps in the life of a case (talep) that its citizen is told of as well.",
        enveloped=True,
    ),
    Journey(
        "assignments",
        ROUTER,
        topology.DEPARTMENTS,
        "department.{code}.{lane}",
        (AssignmentOffered, CitizenAdded, IncidentGrew, AssignmentEnded, CitizenSilent, AssignmentWarned),
        "Work for an owner, and what becomes of it without the owner's doing.",
    ),
    Journey(
        "duty",
        ROUTER,
        topology.NOTIFIER,
        "duty",
        (DutyCalled,),
        "Urgent cases outside office hours, for whoever is on duty (nöbetçi). Nobody else reads the numbers.",
    ),
    Journey(
        "answers",
        DEPARTMENT,
        topology.ANSWERS,
        "answer.{code}.{word}",
        (
            AssignmentAccepted,
            AssignmentProgressed,
            AssignmentReturned,
            CitizenAsked,
            AssignmentClosed,
            AssignmentGathered,
            AssignmentSeparated,
        ),
        "Say what becomes of an assignment: accepted, progressed, returned (iade), asked, closed, or gathered with "
        "another report of the same problem (olay).",
    ),
    Journey(
        "decisions",
        DESK,
        topology.ANSWERS,
        "answer.{code}.{word}",
        (AssignmentDecided,),
        "A person at the solution centre says whose a case is.",
    ),
    Journey(
        "settled-intake-tasks",
        DESK,
        topology.DESK,
        "settled.intake",
        (TaskSettled,),
        "How a person settled a task (görev) that intake asked for.",
    ),
    Journey(
        "settled-notifier-tasks",
        DESK,
        topology.DESK,
        "settled.notifier",
        (TaskSettled,),
        "How a person settled a task (görev) that the notifier asked for.",
    ),
    Journey(
        "settled-router-tasks",
        DESK,
        topology.DESK,
        "settled.router",
        (TaskSettled,),
        "How a person settled a task (görev) that the router asked for.",
    ),
    Journey(
        "notifier-tasks",
        NOTIFIER,
        topology.DESK,
        "tasks",
        (TaskRequested,),
        "Replies that need a person (görev): to be called, written on paper, or that reached nobody.",
        enveloped=True,
    ),
    Journey(
        "router-tasks",
        ROUTER,
        topology.DESK,
        "tasks",
        (TaskRequested,),
        "What a person decides about a case (görev): who else gets one of it, whether it is opened again, who is asked "
        "why nothing happens.",
        enveloped=True,
    ),
    Journey(
        "notice-facts",
        NOTIFIER,
        topology.EVENTS,
        "notifier.recorded",
        (NoticeRecorded,),
        "What became of each reply (bildirim).",
        enveloped=True,
    ),
    Journey(
        "replies",
        NOTIFIER,
        topology.REPLIES,
        "reply.{channel}",
        (ReplyRequested,),
        "Replies (bildirim) for channels whose own program delivers them.",
    ),
)


def template(address: str) -> str:
    """A queue's name or key with its lane, owner or channel replaced by the parameter's name."""
    words = address.split(".")
    if words[-1] in LANES:
        words[-1] = "{lane}"
    if len(words) > 1 and words[0] in ("department", "reply"):
        words[1] = "{code}" if words[0] == "department" else "{channel}"
    return ".".join(words)


def consumer(queue: Queue) -> Party:
    """Who takes messages from a queue. Raises KeyError for a queue nobody here knows."""
    return _CONSUMERS[queue.name.split(".")[0]]


def arriving(queue: Queue) -> list[Journey]:
    """The journeys that end in a queue, by its binding."""
    key = template(queue.key).split(".")
    return [
        journey
        for journey in JOURNEYS
        if journey.exchange == queue.exchange and _matches(key, journey.address.split("."))
    ]


def _matches(key: list[str], address: list[str]) -> bool:
    """AMQP's topic rule for the keys in use, where `#` stands at the end only; a plain key matches itself."""
    if key[-1] == "#":
        return key[:-1] == address[: len(key) - 1]
    return len(key) == len(address) and all(ours in ("*", theirs) for ours, theirs in zip(key, address, strict=True))
